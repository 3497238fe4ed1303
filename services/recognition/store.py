"""The only SQL of recognition."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from uuid import UUID

import asyncpg
import orjson

from services.recognition.domain.leaderboard import Board, Place
from services.recognition.domain.member import Grant, Held, Member
from services.recognition.domain.thresholds import Thresholds
from shared.contracts.programme import Recognition
from shared.postgres import Connection, copy_new

MemberKey = tuple[str, str]
"""Community, member."""
AwardKey = tuple[str, str]
"""Award, community: in the order of the table's key."""
BEFORE_EVERY_MEMBER = UUID(int=0)
PROGRAMMES_REMEMBERED_COUNT = 64


async def add_new_awards(conn: Connection, awards: Iterable[AwardKey]) -> set[AwardKey]:
    """Note these awards as applied; return those that were before. `awards` are in order, none of them twice."""
    keys = list(awards)
    # Nearly always all are new: to copy them in takes a third of what the insert below does.
    if await copy_new(conn, "applied_awards", ("award_id", "community"), keys):
        return set()
    rows = await conn.fetch(
        """
        with added as (
            insert into applied_awards (award_id, community)
            select * from unnest($1::uuid[], $2::text[])
            on conflict do nothing
            returning award_id, community)
        select * from unnest($1::uuid[], $2::text[]) except all select * from added
        """,
        [award_id for award_id, _ in keys],
        [community for _, community in keys],
    )
    return {(str(row[0]), row[1]) for row in rows}


# --- programmes ---------------------------------------------------------------------------------------


async def add_programme(
    conn: Connection,
    community: str,
    programme_id: str,
    *,
    version: int,
    effective_from: datetime,
    recognition: str,
) -> None:
    """Remember a programme version's recognition section (JSON); a second time changes nothing."""
    await conn.execute(
        "insert into programmes (community, version, programme_id, effective_from, recognition)"
        " values ($1, $2, $3, $4, $5) on conflict do nothing",
        community,
        version,
        programme_id,
        effective_from,
        recognition,
    )


async def hold_programmes(conn: Connection, communities: Collection[str]) -> None:
    """Keep the versions in force as they are until this transaction ends, for as many as want to."""
    await conn.execute(
        "select pg_advisory_xact_lock_shared(hashtextextended(c, 0)) from unnest($1::text[]) c",
        sorted(communities),
    )


async def _stop_awards(conn: Connection, community: str) -> None:
    """Wait for every transaction that holds the community's programme, and let no other begin to."""
    await conn.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", community)


async def put_due_programmes_in_force(conn: Connection, now: datetime) -> list[str]:
    """Put the newest version that is due in force and begin the re-evaluation of its members.

    Waits for every transaction that holds the programme of such a community, so that none applies awards
    by the older version afterwards. Returns the communities.
    """
    due = await conn.fetch(
        """
        select community, max(p.version) as version
        from programmes p left join programmes_in_force f using (community)
        where p.effective_from <= $1 and p.version > coalesce(f.version, 0)
        group by community
        order by community
        """,
        now,
    )
    for row in due:
        await _stop_awards(conn, row["community"])
        await conn.execute(
            """
            insert into programmes_in_force (community, version, evaluated_up_to, evaluated)
            values ($1, $2, $3, false)
            on conflict (community) do update
            set version = excluded.version, evaluated_up_to = excluded.evaluated_up_to, evaluated = false
            where programmes_in_force.version < excluded.version
            """,
            row["community"],
            row["version"],
            BEFORE_EVERY_MEMBER,
        )
    return [row["community"] for row in due]


@lru_cache(maxsize=PROGRAMMES_REMEMBERED_COUNT)
def _thresholds(programme_id: str, version: int, recognition: str) -> Thresholds:
    return Thresholds.of(programme_id, version, Recognition.model_validate_json(recognition))


async def load_programmes(
    conn: Connection, communities: Collection[str]
) -> dict[str, tuple[Thresholds, datetime]]:
    """The thresholds in force per community, and since when; communities without a programme are not there."""
    rows = await conn.fetch(
        """
        select p.community, p.programme_id, p.version, p.effective_from, p.recognition
        from programmes_in_force f join programmes p using (community, version)
        where f.community = any($1::text[])
        """,
        list(communities),
    )
    return {
        row["community"]: (
            _thresholds(row["programme_id"], row["version"], row["recognition"]),
            row["effective_from"],
        )
        for row in rows
    }


async def recognition_in_force(conn: Connection, community: str) -> tuple[int, Recognition]:
    """The version in force and its recognition section; version 0 and an empty section when there is none."""
    row = await conn.fetchrow(
        "select version, recognition from programmes_in_force join programmes using (community, version)"
        " where community = $1",
        community,
    )
    if row is None:
        return 0, Recognition()
    return row["version"], Recognition.model_validate_json(row["recognition"])


# --- members ------------------------------------------------------------------------------------------


def _member(row: asyncpg.Record) -> Member:
    return Member(
        community=row["community"],
        member_id=str(row["member_id"]),
        points=row["points"],
        awards_by_rule=orjson.loads(row["awards_by_rule"]),
        standing={key: Held(*held) for key, held in orjson.loads(row["standing"]).items()},
        last_award_id=str(row["last_award_id"]),
        version=row["version"],
    )


async def load_members(conn: Connection, keys: Collection[MemberKey]) -> dict[MemberKey, Member]:
    """The members that are known. The worker that owns their partition, and holds their programme, is the
    only one to change them."""
    rows = await conn.fetch(
        """
        select m.* from members m
        join unnest($1::text[], $2::uuid[]) as k(community, member_id) using (community, member_id)
        """,
        [key[0] for key in keys],
        [key[1] for key in keys],
    )
    members = (_member(row) for row in rows)
    return {(member.community, member.member_id): member for member in members}


async def load_stale_members(conn: Connection, limit_count: int) -> tuple[str, list[Member]] | None:
    """The next members of a community whose re-evaluation is not done; None when none is left.

    Nobody applies awards of that community until this transaction ends.
    """
    row = await conn.fetchrow(
        "select community, evaluated_up_to from programmes_in_force where not evaluated"
        " order by community limit 1 for update"
    )
    if row is None:
        return None
    await _stop_awards(conn, row["community"])
    rows = await conn.fetch(
        "select * from members where community = $1 and member_id > $2 order by community, member_id limit $3",
        row["community"],
        row["evaluated_up_to"],
        limit_count,
    )
    return row["community"], [_member(one) for one in rows]


async def store_evaluated(conn: Connection, community: str, up_to: str | None) -> None:
    """Note up to which member a community has been re-evaluated; None is all of them."""
    await conn.execute(
        "update programmes_in_force set evaluated_up_to = coalesce($2::uuid, evaluated_up_to),"
        " evaluated = $2::uuid is null where community = $1",
        community,
        up_to,
    )


async def store_members(conn: Connection, members: Iterable[Member]) -> None:
    """Write the members' totals and what stands, in the order of their keys."""
    ordered = sorted(members, key=lambda one: (one.community, one.member_id))
    await conn.execute(
        """
        insert into members (community, member_id, points, awards_by_rule, standing, last_award_id, version)
        select * from unnest($1::text[], $2::uuid[], $3::bigint[], $4::jsonb[], $5::jsonb[], $6::uuid[], $7::int[])
        on conflict (community, member_id) do update
        set points = excluded.points, awards_by_rule = excluded.awards_by_rule, standing = excluded.standing,
            last_award_id = excluded.last_award_id, version = excluded.version
        """,
        [one.community for one in ordered],
        [one.member_id for one in ordered],
        [one.points for one in ordered],
        [orjson.dumps(one.awards_by_rule).decode() for one in ordered],
        [orjson.dumps(one.standing, default=list).decode() for one in ordered],
        [one.last_award_id for one in ordered],
        [one.version for one in ordered],
    )


async def add_board_points(conn: Connection, points: Mapping[Board, int]) -> None:
    """Add to the boards of weeks and months; `points` is in the order of its keys."""
    await conn.execute(
        """
        insert into board_points as b (community, period, starts_on, member_id, points)
        select * from unnest($1::text[], $2::text[], $3::date[], $4::uuid[], $5::bigint[])
        on conflict (community, period, starts_on, member_id) do update set points = b.points + excluded.points
        """,
        [key[0] for key in points],
        [key[1] for key in points],
        [key[2] for key in points],
        [key[3] for key in points],
        list(points.values()),
    )


async def add_grants(
    conn: Connection, grants: Sequence[Grant], holders: Mapping[tuple[str, str, str], int], now: datetime
) -> None:
    """Write what was granted and taken back, and add to the numbers of holders (in the order of their keys)."""
    await conn.execute(
        """
        insert into grants (community, grant_id, member_id, kind, name, title, award_id, event_time,
                            programme_version, reverses, granted_at)
        select g.*, $11 from unnest($1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[],
                                    $7::uuid[], $8::timestamptz[], $9::int[], $10::uuid[]) as g
        """,
        [one.community for one in grants],
        [one.grant_id for one in grants],
        [one.member_id for one in grants],
        [one.kind for one in grants],
        [one.name for one in grants],
        [one.title for one in grants],
        [one.award_id for one in grants],
        [one.event_time for one in grants],
        [one.version for one in grants],
        [one.reverses for one in grants],
        now,
    )
    await conn.execute(
        """
        insert into holders as h (community, kind, name, members)
        select * from unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
        on conflict (community, kind, name) do update set members = h.members + excluded.members
        """,
        [key[0] for key in holders],
        [key[1] for key in holders],
        [key[2] for key in holders],
        list(holders.values()),
    )


async def store_names(conn: Connection, names: Mapping[MemberKey, tuple[int, str | None]]) -> None:
    """Write the members' names, each with the revision that says it; an older revision changes nothing."""
    ordered = sorted(names)
    await conn.execute(
        """
        insert into member_names as n (community, member_id, revision, name)
        select * from unnest($1::text[], $2::uuid[], $3::int[], $4::text[])
        on conflict (community, member_id) do update set revision = excluded.revision, name = excluded.name
        where excluded.revision > n.revision
        """,
        [key[0] for key in ordered],
        [key[1] for key in ordered],
        [names[key][0] for key in ordered],
        [names[key][1] for key in ordered],
    )


# --- what the API reads -------------------------------------------------------------------------------

# Falling magnitude is falling points, coarsely (migrations/0001): PostgreSQL walks the index and sorts no more
# than the magnitudes that the page touches.
_PAGE = """
    select page.member_id, page.points, n.name
    from (
        select community, member_id, points, magnitude from {source}
        and magnitude between 1 and floor(1 + 2 * ln(greatest($2::bigint, 1)::float8))::smallint
        and (points, member_id) < ($2::bigint, $3::uuid)
        order by magnitude desc, points desc, member_id desc limit $4
    ) page
    left join member_names n using (community, member_id)
    order by page.points desc, page.member_id desc
"""
_ALL_TIME_PAGE = _PAGE.format(source="members where community = $1")
_PERIOD_PAGE = _PAGE.format(source="board_points where community = $1 and period = $5 and starts_on = $6")
POINTS_ABOVE_ALL = 2**63 - 1


async def leaderboard_page(
    conn: Connection, community: str, board: tuple[str, date] | None, after: Place, limit_count: int
) -> list[asyncpg.Record]:
    """Members (member_id, points, name) with points, most first; `board` is (period, first day), None is all time.

    Members with the same points follow one another by falling id, so that a page is one index range.
    """
    bounds = (
        community,
        POINTS_ABOVE_ALL if after.points is None else after.points,
        after.member_id or BEFORE_EVERY_MEMBER,
        limit_count,
    )
    if board is None:
        return list(await conn.fetch(_ALL_TIME_PAGE, *bounds))
    return list(await conn.fetch(_PERIOD_PAGE, *bounds, *board))


async def holders_of(conn: Connection, community: str) -> dict[tuple[str, str], int]:
    """How many members hold each badge and level, by (kind, name)."""
    rows = await conn.fetch("select kind, name, members from holders where community = $1", community)
    return {(row["kind"], row["name"]): row["members"] for row in rows}


async def find_member(conn: Connection, community: str, member_id: UUID) -> tuple[str | None, Member] | None:
    """The member's name and totals; None when nothing is known of them."""
    row = await conn.fetchrow(
        """
        select n.name, n.member_id is not null as named, m.*
        from (select $1::text as community, $2::uuid as member_id) k
        left join member_names n using (community, member_id)
        left join members m using (community, member_id)
        """,
        community,
        member_id,
    )
    if row is None or not (row["named"] or row["points"] is not None):
        return None
    if row["points"] is None:
        return row["name"], Member(community, str(member_id))
    return row["name"], _member(row)


async def load_grants(conn: Connection, community: str, grant_ids: Collection[str]) -> list[asyncpg.Record]:
    """These grants (grant_id, kind, name, title, award_id, event_time), oldest first."""
    return list(
        await conn.fetch(
            "select grant_id, kind, name, title, award_id, event_time from grants"
            " where community = $1 and grant_id = any($2::uuid[]) order by event_time, kind, name",
            community,
            list(grant_ids),
        )
    )
