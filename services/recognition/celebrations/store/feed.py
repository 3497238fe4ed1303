"""The SQL of the feed of celebrations, and of who reacted to them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from asyncpg import Record

from services.recognition.celebrations.domain import Celebration, FeedPlace, Shown
from shared.contracts.facts.celebrations import CelebrationKind
from shared.postgres import Connection

SEEN = "seen"
# Whoever wants no part in what others see, and who is suspended now, as whoever they are merged into.
_ABSENT = """
    select coalesce(m.head_id, b.member_id) from followed_members b
    left join merges m on m.community = b.community and m.member_id = b.member_id
    where b.community = $1 and (b.off_boards or b.bot or b.is_erased) and (m.head_id is null or not b.bot)
    union all
    select coalesce(m.head_id, s.member_id) from suspensions s
    left join merges m on m.community = s.community and m.member_id = s.member_id
    where s.community = $1 and s.stands and s.starts_at <= now() and coalesce(s.ends_at > now(), true)
"""


class OpenBadges(NamedTuple):
    """Of the programme in force the badges that everybody may know of, and those that are secret."""

    named: Sequence[str]
    secret: Sequence[str]


@dataclass(frozen=True)
class Asked:
    """Which celebrations: of whom (all members of a person), of what kinds, and by whom they are looked at."""

    community: str
    member_ids: Sequence[str] | None = None
    kinds: Sequence[CelebrationKind] | None = None
    #: None where secret badges are shown, too. One that is in force no more is as its own version said.
    badges: OpenBadges | None = None
    #: Whoever looks, for their own reactions: all members of a person.
    by_ids: Sequence[str] = ()
    #: Whether those are left out who want no part in it or are suspended.
    hides_absent: bool = True


async def page_of_celebrations(
    conn: Connection, *, asked: Asked, after: FeedPlace | None, limit_count: int
) -> list[Shown]:
    """What was celebrated, newest first, with who reacted."""
    rows = await conn.fetch(
        f"""
        select c.*, coalesce(m.head_id, c.member_id) as whose, n.name as member_name
        from celebrations c
        left join merges m on m.community = c.community and m.member_id = c.member_id
        left join followed_members n on n.community = c.community
            and n.member_id = coalesce(m.head_id, c.member_id)
        where c.community = $1 and c.stands and not c.is_twin
            and ($2::uuid[] is null or c.member_id = any($2))
            and ($3::text[] is null or c.kind = any($3))
            and ($4::text[] is null or c.kind <> 'badge' or c.name = any($4)
                or not (c.name = any($9::text[]) or exists (select from programmes p
                where p.community = c.community and p.version = c.programme_version and p.recognition -> 'badges'
                    @> jsonb_build_array(jsonb_build_object('id', c.name, 'secret', true)))))
            and (not $5 or c.member_id is null or coalesce(m.head_id, c.member_id) not in ({_ABSENT}))
            and ($6::timestamptz is null or (c.celebrated_at, c.celebration_id) < ($6, $7::uuid))
        order by c.celebrated_at desc, c.celebration_id desc limit $8
        """,  # noqa: S608 -- of the code
        asked.community,
        asked.member_ids,
        asked.kinds,
        None if asked.badges is None else list(asked.badges.named),
        asked.hides_absent,
        *(after or (None, None)),
        limit_count,
        None if asked.badges is None else list(asked.badges.secret),
    )
    counts, own = await _reactions(
        conn,
        community=asked.community,
        celebration_ids=[row["celebration_id"] for row in rows],
        by_ids=asked.by_ids,
    )
    return [_shown(row, counts, own) for row in rows]


async def _reactions(
    conn: Connection, *, community: str, celebration_ids: Collection[str], by_ids: Sequence[str]
) -> tuple[dict[str, dict[str, int]], dict[str, set[str]]]:
    rows = await conn.fetch(
        """
        select r.celebration_id, r.reaction, count(distinct coalesce(m.head_id, r.member_id)) as members,
            bool_or(r.member_id = any($3::uuid[])) as is_own
        from celebration_reactions r
        left join merges m on m.community = r.community and m.member_id = r.member_id
        where r.community = $1 and r.celebration_id = any($2::uuid[]) group by 1, 2
        """,
        community,
        list(celebration_ids),
        list(by_ids),
    )
    counts: dict[str, dict[str, int]] = {}
    own: dict[str, set[str]] = {}
    for row in rows:
        counts.setdefault(str(row["celebration_id"]), {})[row["reaction"]] = row["members"]
        if row["is_own"]:
            own.setdefault(str(row["celebration_id"]), set()).add(row["reaction"])
    return counts, own


def _shown(row: Record, counts: dict[str, dict[str, int]], own: dict[str, set[str]]) -> Shown:
    celebration_id = str(row["celebration_id"])
    of_all, of_own = dict(counts.get(celebration_id, {})), set(own.get(celebration_id, ()))
    seen_count = of_all.pop(SEEN, 0)
    return Shown(
        Celebration(
            community=row["community"],
            member_id=str(row["member_id"]),
            kind=row["kind"],
            name=row["name"],
            title=row["title"],
            event_time=row["event_time"],
            version=row["programme_version"],
            number=row["number"] or None,
            tier=row["tier"] or None,
            together=row["together"],
            day=row["day"],
            event_uid=_text(row["event_uid"]),
            award_id=_text(row["award_id"]),
            grant_id=_text(row["grant_id"]),
        ),
        celebration_id,
        _text(row["whose"]),
        row["member_name"],
        row["celebrated_at"],
        of_all,
        frozenset(of_own - {SEEN}),
        seen_count,
        SEEN in of_own,
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)


async def add_reactions(conn: Connection, *, reactions: Collection[tuple[str, str, str, str, str]]) -> None:
    """Keep who reacted or saw: community, event, celebration, member and what. Twice is once."""
    columns = [list(column) for column in zip(*sorted(reactions), strict=True)]
    await conn.execute(
        """
        insert into celebration_reactions (community, event_uid, celebration_id, member_id, reaction)
        select k.* from unnest($1::text[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[])
            as k(community, event_uid, celebration_id, member_id, reaction)
        where exists (
            select from celebrations c where c.community = k.community and c.celebration_id = k.celebration_id)
        on conflict do nothing
        """,
        *columns,
    )


async def delete_reactions(conn: Connection, *, events: Collection[tuple[str, str]]) -> None:
    """Forget what these events said, by community and event: they were taken back."""
    await conn.execute(
        """
        delete from celebration_reactions r using unnest($1::text[], $2::uuid[]) as k(community, event_uid)
        where r.community = k.community and r.event_uid = k.event_uid
        """,
        [community for community, _ in events],
        [uid for _, uid in events],
    )


async def load_open_badges(conn: Connection, *, community: str) -> OpenBadges:
    """Which badges of the programme in force everybody may know of, and which only whoever holds them."""
    rows = await conn.fetch(
        """
        select badge ->> 'id' as id, coalesce((badge ->> 'secret')::boolean, false) as is_secret
        from programmes_in_force f join programmes p using (community, version),
            jsonb_array_elements(coalesce(p.recognition -> 'badges', '[]')) badge
        where f.community = $1
        """,
        community,
    )
    return OpenBadges(
        [row["id"] for row in rows if not row["is_secret"]], [row["id"] for row in rows if row["is_secret"]]
    )
