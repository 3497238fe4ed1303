"""The SQL of voids, of what they took, and of which content events are about."""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from uuid import UUID

from asyncpg import Record

from services.scoring.limits.domain.claims import Heads
from services.scoring.voids.domain import (
    NOTHING_STANDS,
    AwardKey,
    ContentKey,
    Standing,
    Void,
    Voided,
    Why,
    strongest,
)
from shared.contracts.award_ids import award_id_range
from shared.postgres import Connection

#: Community, uid and time of an event.
TimedEvent = tuple[str, str, datetime]
#: What people give and take themselves is no rule's: no void takes it.
NOT_EARNED = ["manual.award.v1"]
_FIRST = "00000000-0000-0000-0000-000000000000"
_LAST = "ffffffff-ffff-ffff-ffff-ffffffffffff"


async def add_content_events(conn: Connection, *, events: Iterable[tuple[str, str, str, datetime]]) -> None:
    """Note which contents new events are about: community, content, uid and time.

    Raises UniqueViolationError for an event that is there: its mark lets none come twice, so that would be a bug.
    """
    await conn.copy_records_to_table(
        "content_events", columns=("community", "content_id", "event_uid", "event_time"), records=events
    )


async def note_content_events(conn: Connection, *, events: Iterable[tuple[str, str, str, datetime]]) -> None:
    """Note which contents events are about, as far as that is not known: in the order of `add_content_events`."""
    rows = list(events)
    await conn.execute(
        """
        insert into content_events (community, content_id, event_uid, event_time)
        select * from unnest($1::text[], $2::uuid[], $3::uuid[], $4::timestamptz[])
        on conflict do nothing
        """,
        *([row[part] for row in rows] for part in range(4)),
    )


async def find_communities_with_voids(conn: Connection, *, communities: Collection[str]) -> set[str]:
    """Of these communities those in which some void stands."""
    rows = await conn.fetch(
        """
        select c.community from unnest($1::text[]) as c(community)
        where exists (select from voids v where v.community = c.community and v.is_standing)
        """,
        list(communities),
    )
    return {row["community"] for row in rows}


async def load_heads_and_voids(
    conn: Connection, *, members: Collection[tuple[str, str]], communities: Collection[str]
) -> tuple[dict[tuple[str, str], str], set[str]]:
    """The heads of those members who are merged into others, and those of the communities in which a void stands.

    One round trip for what every batch has to know of both: nearly always nothing. Both are locked.
    """
    rows = await conn.fetch(
        """
        select community, member_id, head_id from merges
        join unnest($1::text[], $2::uuid[]) as k(community, member_id) using (community, member_id)
        where head_id is not null
        union all
        select c.community, null, null from unnest($3::text[]) as c(community)
        where exists (select from voids v where v.community = c.community and v.is_standing)
        """,
        [community for community, _ in members],
        [member_id for _, member_id in members],
        list(communities),
    )
    heads = {(row["community"], str(row["member_id"])): str(row["head_id"]) for row in rows if row["member_id"]}
    return heads, {row["community"] for row in rows if row["member_id"] is None}


async def load_standing(
    conn: Connection, *, contents: Collection[ContentKey], members: Collection[tuple[str, str]], heads: Heads
) -> Standing:
    """The voids that stand over contents, and over members who are nobody else (`members` are heads)."""
    rows = await conn.fetch(
        """
        with over as (
            select v.* from voids v join unnest($1::text[], $2::uuid[]) as k(community, content_id)
                using (content_id, community)
            where v.is_standing
            union all
            select v.* from unnest($3::text[], $4::uuid[]) as k(community, member_id)
            cross join lateral (
                select v.* from voids v
                where v.community = k.community and v.why = 'suspended' and v.is_standing
                    and v.member_id in (
                        select k.member_id union all
                        select m.member_id from merges m
                        where m.community = k.community and m.head_id = k.member_id)) v)
        select o.*, coalesce(m.head_id, o.member_id) as person_id
        from over o left join merges m using (community, member_id)
        """,
        [community for community, _ in contents],
        [content_id for _, content_id in contents],
        [community for community, _ in members],
        [member_id for _, member_id in members],
    )
    if not rows:
        return NOTHING_STANDS
    of_contents: dict[ContentKey, list[Void]] = {}
    of_members: dict[tuple[str, str], list[Void]] = {}
    persons = dict(heads)
    for row in rows:
        void = _void(row)
        persons[void.community, void.member_id] = str(row["person_id"])
        if void.content_id is None:
            of_members.setdefault((void.community, str(row["person_id"])), []).append(void)
        else:
            of_contents.setdefault((void.community, void.content_id), []).append(void)
    return Standing(of_contents, of_members, persons)


async def load_all_standing(conn: Connection, *, community: str) -> Standing:
    """All voids of a community that stand."""
    rows = await conn.fetch(
        """
        select v.content_id, v.member_id, coalesce(m.head_id, v.member_id) as person_id
        from voids v left join merges m using (community, member_id)
        where v.community = $1 and v.is_standing
        """,
        community,
    )
    return await load_standing(
        conn,
        contents={(community, str(row["content_id"])) for row in rows if row["content_id"] is not None},
        members={(community, str(row["person_id"])) for row in rows if row["content_id"] is None},
        heads={
            (community, str(row["member_id"])): str(row["person_id"])
            for row in rows
            if row["person_id"] != row["member_id"]
        },
    )


async def lock_void(conn: Connection, *, community: str, void_id: str) -> Void | None:
    """A void as it is, locked until the transaction ends."""
    row = await conn.fetchrow(
        "select * from voids where community = $1 and void_id = $2 for update", community, void_id
    )
    return None if row is None else _void(row)


async def put_void(conn: Connection, void: Void, *, now: datetime) -> None:
    """Store a void as it is now; it is to be worked off."""
    await conn.execute(
        """
        insert into voids (community, void_id, why, case_id, content_id, member_id, starts_at, ends_at,
                           is_standing, revision, changed_at, judged_id)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        on conflict (void_id, community) do update set member_id = excluded.member_id,
            starts_at = excluded.starts_at, ends_at = excluded.ends_at, is_standing = excluded.is_standing,
            revision = excluded.revision, changed_at = excluded.changed_at, judged_id = excluded.judged_id,
            swept_to = null, is_swept = false
        """,
        void.community,
        void.void_id,
        void.why,
        void.case_id,
        void.content_id,
        void.member_id,
        void.starts_at,
        void.ends_at,
        void.is_standing,
        void.revision,
        now,
        void.judged_id,
    )


async def set_swept(conn: Connection, void: Void, *, swept_to: str | None, is_swept: bool) -> None:
    """Note how far a void is worked off, which is locked."""
    await conn.execute(
        "update voids set swept_to = $3, is_swept = $4 where community = $1 and void_id = $2",
        void.community,
        void.void_id,
        swept_to,
        is_swept,
    )


async def find_next_to_sweep(conn: Connection) -> Void | None:
    """The void that has waited longest to be worked off."""
    row = await conn.fetchrow("select * from voids where not is_swept order by changed_at, void_id limit 1")
    return None if row is None else _void(row)


async def load_suspensions(
    conn: Connection, *, community: str, member_ids: Sequence[str] | None, limit: int
) -> list[Void]:
    """Suspensions of members who are one person, or those that last (of all, None), the newest first."""
    rows = await conn.fetch(
        """
        select * from voids
        where community = $1 and why = 'suspended'
            and (member_id = any($2::uuid[]) or $2 is null and is_standing and coalesce(ends_at > now(), true))
        order by starts_at desc, void_id limit $3
        """,
        community,
        None if member_ids is None else list(member_ids),
        limit,
    )
    return [_void(row) for row in rows]


async def load_events_of_content(
    conn: Connection, *, community: str, content_id: str, after: str | None, limit: int
) -> list[TimedEvent]:
    """The next events that are about a content, by uid."""
    rows = await conn.fetch(
        """
        select event_uid, event_time from content_events
        where content_id = $2 and community = $1 and event_uid > $3 order by event_uid limit $4
        """,
        community,
        content_id,
        after or _FIRST,
        limit,
    )
    return [(community, str(row["event_uid"]), row["event_time"]) for row in rows]


async def load_first_events(conn: Connection, *, community: str, content_id: str, limit: int) -> list[TimedEvent]:
    """The first events that are about a content, by time."""
    rows = await conn.fetch(
        """
        select event_uid, event_time from content_events
        where content_id = $2 and community = $1 order by event_time, event_uid limit $3
        """,
        community,
        content_id,
        limit,
    )
    return [(community, str(row["event_uid"]), row["event_time"]) for row in rows]


async def load_awarded_events(
    conn: Connection,
    *,
    community: str,
    member_ids: Sequence[str],
    since: datetime,
    until: datetime | None,
    after: str | None,
    limit: int,
) -> list[tuple[str, TimedEvent]]:
    """What rules had for members for events of a time: ids of awards and claims, in order, with their events."""
    lowest = str(award_id_range(_FIRST, since)[0])
    highest = _LAST if until is None else str(award_id_range(_LAST, until)[1])
    rows = await conn.fetch(
        """
        select award_id, event_uid, event_time from (
            (select award_id, event_uid, event_time from awards
             where community = $1 and member_id = any($2::uuid[]) and event_time >= $3
                and ($4::timestamptz is null or event_time < $4) and amends is null and award_id > $7
                and points > 0 and event_type <> all($9)
             order by award_id limit $8)
            union
            (select award_id, event_uid, event_time from claims
             where award_id between $5 and $6 and award_id > $7 and community = $1 and member_id = any($2::uuid[])
                and event_time >= $3 and ($4 is null or event_time < $4) and not takes
             order by award_id limit $8)) found
        order by award_id limit $8
        """,
        community,
        list(member_ids),
        since,
        until,
        lowest,
        highest,
        after or _FIRST,
        limit,
        NOT_EARNED,
    )
    return [(str(row["award_id"]), (community, str(row["event_uid"]), row["event_time"])) for row in rows]


async def add_voided(conn: Connection, *, voided: Collection[Voided]) -> None:
    """Note what voids take; what is known of them stays."""
    await conn.execute(
        """
        insert into voided_awards (community, award_id, void_id, why, member_id, event_uid, event_time)
        select * from unnest($1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::uuid[], $6::uuid[],
                             $7::timestamptz[])
        on conflict do nothing
        """,
        *([one[part] for one in voided] for part in range(7)),
    )


async def take_released(conn: Connection, void: Void, *, limit: int) -> list[Voided]:
    """Forget of what a void took what it takes no more, the next so many awards; they are returned."""
    rows = await conn.fetch(
        """
        delete from voided_awards a using (
            select award_id from voided_awards
            where void_id = $2 and community = $1
                and (not $3 or event_time < $4::timestamptz or event_time >= $5::timestamptz)
            order by award_id limit $6) taken
        where a.void_id = $2 and a.community = $1 and a.award_id = taken.award_id returning a.*
        """,
        void.community,
        void.void_id,
        void.is_standing,
        void.starts_at,
        void.ends_at,
        limit,
    )
    return [_voided(row) for row in rows]


async def load_whys(conn: Connection, *, awards: Collection[AwardKey]) -> dict[AwardKey, Why]:
    """Why awards are void, of those that are."""
    rows = await conn.fetch(
        """
        select community, award_id, array_agg(why) as whys
        from voided_awards join unnest($1::text[], $2::uuid[]) as k(community, award_id)
            using (award_id, community)
        group by 1, 2
        """,
        [community for community, _ in awards],
        [award_id for _, award_id in awards],
    )
    found = {(row["community"], str(row["award_id"])): strongest(Why(why) for why in row["whys"]) for row in rows}
    return {key: why for key, why in found.items() if why is not None}


async def sum_voided(conn: Connection, *, community: str, void_id: str) -> tuple[int, int]:
    """How many awards a void takes, and how many points they would be, of those that can be spent."""
    row = await conn.fetchrow(
        """
        select count(*)::int as awards,
            coalesce(sum(coalesce(a.points, c.weight))
                filter (where coalesce(a.score, c.score) is null), 0)::bigint as points
        from voided_awards v
        left join awards a on a.award_id = v.award_id and a.community = v.community
        left join claims c on c.award_id = v.award_id and c.community = v.community
        where v.void_id = $2 and v.community = $1
        """,
        community,
        void_id,
    )
    assert row is not None  # noqa: S101 -- sums have a row
    return row["awards"], row["points"]


async def count_to_sweep(conn: Connection) -> int:
    """How many voids are still to be worked off."""
    found: int = await conn.fetchval("select count(*) from voids where not is_swept")
    return found


def _void(row: Record) -> Void:
    return Void(
        community=row["community"],
        void_id=str(row["void_id"]),
        why=Why(row["why"]),
        member_id=str(row["member_id"]),
        case_id=_text(row["case_id"]),
        content_id=_text(row["content_id"]),
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        is_standing=row["is_standing"],
        revision=row["revision"],
        swept_to=_text(row["swept_to"]),
        is_swept=row["is_swept"],
        judged_id=_text(row["judged_id"]),
    )


def _voided(row: Record) -> Voided:
    return Voided(
        row["community"],
        str(row["award_id"]),
        str(row["void_id"]),
        Why(row["why"]),
        str(row["member_id"]),
        str(row["event_uid"]),
        row["event_time"].astimezone(UTC),
    )


def _text(found: UUID | None) -> str | None:
    return None if found is None else str(found)
