"""The only SQL of scoring."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from asyncpg import Record

from services.scoring.domain.activities import Marks
from services.scoring.domain.awards import Award, EventKey
from services.scoring.domain.rules import CapKey, Declined
from shared.contracts.award_ids import award_id_range
from shared.postgres import Connection, copy_new

#: The fields of Award that are stored, and when it was recorded.
AWARD_COLUMNS = (*Award._fields[:-1], "recorded_at")
_AWARD_COLUMNS = ", ".join(AWARD_COLUMNS)


async def share_heads(conn: Connection, communities: Sequence[str]) -> dict[str, int]:
    """The newest version of each community (0: none), locked against publishing until the commit."""
    query = "select community, version from programme_heads where community = any($1) order by 1 for share"
    heads = {row["community"]: row["version"] for row in await conn.fetch(query, communities)}
    if len(heads) < len(communities):
        await conn.execute(
            """
            insert into programme_heads (community, version)
            select community, 0 from unnest($1::text[]) as c(community) order by 1
            on conflict do nothing
            """,
            communities,
        )
        heads = {row["community"]: row["version"] for row in await conn.fetch(query, communities)}
    return heads


async def lock_head(conn: Connection, community: str) -> tuple[str | None, int, bool, datetime]:
    """Lock a community for publishing: its programme, newest version, whether it was unknown, and the time.

    The time is the database's, taken once every batch that was being scored has ended.
    """
    created = await conn.fetchval(
        """
        insert into programme_heads (community, version) values ($1, 0)
        on conflict do nothing returning true
        """,
        community,
    )
    row = await conn.fetchrow(
        "select programme_id, version from programme_heads where community = $1 for update", community
    )
    assert row is not None  # noqa: S101 -- inserted above and never deleted
    return row["programme_id"], row["version"], bool(created), await conn.fetchval("select clock_timestamp()")


async def add_version(conn: Connection, version: Mapping[str, Any]) -> None:
    """Store a version and make it the community's newest; the head must be locked."""
    await conn.execute(
        """
        insert into programme_versions (community, version, programme_id, title, effective_from, published_at,
            published_by, source_text, document, document_sha256)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        """,
        version["community"],
        version["version"],
        version["programme_id"],
        version["title"],
        version["effective_from"],
        version["published_at"],
        version["published_by"],
        version["source_text"],
        orjson.dumps(version["document"]).decode(),
        version["document_sha256"],
    )
    await conn.execute(
        "update programme_heads set programme_id = $2, version = $3 where community = $1",
        version["community"],
        version["programme_id"],
        version["version"],
    )


async def versions(conn: Connection, community: str) -> list[Record]:
    """Every version of a community's programme, oldest first, with its document."""
    return list(
        await conn.fetch(
            """
            select version, effective_from, document from programme_versions
            where community = $1 order by version
            """,
            community,
        )
    )


async def newest_version(conn: Connection, community: str) -> Record | None:
    """The newest version of a community's programme."""
    return await conn.fetchrow(
        "select * from programme_versions where community = $1 order by version desc limit 1", community
    )


async def version(conn: Connection, community: str, number: int) -> Record | None:
    """One version of a community's programme."""
    return await conn.fetchrow(
        "select * from programme_versions where community = $1 and version = $2", community, number
    )


async def page_of_versions(conn: Connection, community: str, before: int | None, limit: int) -> list[Record]:
    """Versions of a community's programme, newest first, beginning below `before`."""
    return list(
        await conn.fetch(
            """
            select programme_id, version, title, effective_from, published_at, published_by, document_sha256
            from programme_versions where community = $1 and ($2::int is null or version < $2)
            order by version desc limit $3
            """,
            community,
            before,
            limit,
        )
    )


async def set_marks(conn: Connection, marks: Mapping[EventKey, Marks]) -> dict[EventKey, Marks]:
    """Set marks; return those that were set before, as they were.

    `marks` are in key order: transactions that mark the same events wait for one another, and never in a
    circle.
    """
    # Nearly always all are new: to copy them in takes 40 % of what the upsert below does.
    columns = ("community", "event_uid", "scored", "retracted", "event_time")
    if not any(one.retracted for one in marks.values()) and await copy_new(
        conn, "activities", columns, [(*key, *one) for key, one in marks.items()]
    ):
        return {}
    rows = await conn.fetch(
        """
        with marked as (
            insert into activities as a (community, event_uid, scored, retracted, event_time)
            select * from unnest($1::text[], $2::uuid[], $3::bool[], $4::bool[], $5::timestamptz[])
            on conflict (event_uid, community) do update
                set scored = a.scored or excluded.scored, retracted = a.retracted or excluded.retracted,
                    event_time = coalesce(a.event_time, excluded.event_time)
            returning community, event_uid, old.scored, old.retracted, old.event_time)
        select * from marked where scored is not null
        """,
        [community for community, _ in marks],
        [event_uid for _, event_uid in marks],
        [one.scored for one in marks.values()],
        [one.retracted for one in marks.values()],
        [one.event_time for one in marks.values()],
    )
    return {
        (row["community"], str(row["event_uid"])): Marks(row["scored"], row["retracted"], row["event_time"])
        for row in rows
    }


async def lock_caps(conn: Connection, keys: Sequence[CapKey]) -> dict[CapKey, int]:
    """The points used of each cap, locked until the commit; `keys` are in order."""
    rows = await conn.fetch(
        """
        insert into cap_usage as c (community, member_id, rule_id, day, points)
        select *, 0 from unnest($1::text[], $2::uuid[], $3::text[], $4::date[])
        on conflict (community, member_id, rule_id, day) do update set points = c.points
        returning community, member_id, rule_id, day, points
        """,
        [key.community for key in keys],
        [key.member_id for key in keys],
        [key.rule_id for key in keys],
        [key.day for key in keys],
    )
    return {CapKey(row[0], str(row[1]), row[2], row[3]): row[4] for row in rows}


async def set_caps(conn: Connection, usage: Mapping[CapKey, int]) -> None:
    """Store the points used of caps that are locked."""
    await conn.execute(
        """
        update cap_usage c set points = u.points
        from unnest($1::text[], $2::uuid[], $3::text[], $4::date[], $5::int[])
            as u(community, member_id, rule_id, day, points)
        where c.community = u.community and c.member_id = u.member_id and c.rule_id = u.rule_id
            and c.day = u.day and c.points <> u.points
        """,
        [key.community for key in usage],
        [key.member_id for key in usage],
        [key.rule_id for key in usage],
        [key.day for key in usage],
        list(usage.values()),
    )


async def add_awards(conn: Connection, awards: Iterable[Award], recorded_at: datetime) -> None:
    """Append awards.

    COPY takes half the time of an insert. It raises UniqueViolationError for an award that is there: the
    marks of the events let none come twice, so that would be a bug, and must stop the line.
    """
    await conn.copy_records_to_table(
        "awards",
        columns=AWARD_COLUMNS,
        records=[(*one[:-1], recorded_at) for one in awards],
    )


async def add_declined(conn: Connection, declined: Iterable[Declined]) -> None:
    """Remember why rules gave nothing, or less."""
    await conn.copy_records_to_table(
        "declined",
        columns=("community", "event_uid", "rule_id", "slot", "reason", "detail"),
        records=[(one.event["community"], one.event["uid"], *one[1:]) for one in declined],
    )


async def awards_of_events(conn: Connection, events: Iterable[EventKey]) -> list[Award]:
    """The awards that scored events earned, without reversals."""
    keys = list(events)
    scored = await conn.fetch(
        """
        select community, event_uid, event_time from activities
        join unnest($1::text[], $2::uuid[]) as k(community, event_uid) using (community, event_uid)
        where event_time is not null
        """,
        [community for community, _ in keys],
        [event_uid for _, event_uid in keys],
    )
    ranges = [award_id_range(str(row["event_uid"]), row["event_time"]) for row in scored]
    rows = await conn.fetch(
        f"""
        select a.* from unnest($1::text[], $2::uuid[], $3::uuid[], $4::uuid[])
            as k(community, event_uid, lowest, highest)
        cross join lateral (
            select {_AWARD_COLUMNS} from awards
            where award_id between lowest and highest and community = k.community and event_uid = k.event_uid
                and reverses is null
            offset 0) a  -- one by one: the planner takes a range for a large share of the table
        order by community, event_uid, award_id
        """,  # noqa: S608 -- the columns are a constant
        [row["community"] for row in scored],
        [row["event_uid"] for row in scored],
        [lowest for lowest, _ in ranges],
        [highest for _, highest in ranges],
    )
    return [
        Award(
            community=row["community"],
            award_id=str(row["award_id"]),
            member_id=str(row["member_id"]),
            points=row["points"],
            rule_id=row["rule_id"],
            slot=row["slot"],
            programme_id=row["programme_id"],
            programme_version=row["programme_version"],
            event_uid=str(row["event_uid"]),
            event_type=row["event_type"],
            event_time=row["event_time"],
            received_at=row["received_at"],
            reverses=None,
            traceparent=None,
        )
        for row in rows
    ]


async def page_of_awards(
    conn: Connection, community: str, member_id: str, after: tuple[datetime, str] | None, limit: int
) -> list[Record]:
    """Awards of a member by event time and id, beginning after one."""
    return list(
        await conn.fetch(
            f"""
            select {_AWARD_COLUMNS} from awards
            where community = $1 and member_id = $2
                and ($3::timestamptz is null or (event_time, award_id) > ($3, $4::uuid))
            order by event_time, award_id limit $5
            """,  # noqa: S608 -- the columns are a constant
            community,
            member_id,
            *(after or (None, None)),
            limit,
        )
    )


async def page_of_event_awards(
    conn: Connection, community: str, event_uid: str, after: tuple[datetime, str] | None, limit: int
) -> list[Record]:
    """Awards of an event by id, beginning after one; they all have the event's time."""
    marks = await marks_of(conn, community, event_uid)
    if marks is None or marks["event_time"] is None:
        return []
    return list(
        await conn.fetch(
            f"""
            select {_AWARD_COLUMNS} from awards
            where community = $1 and event_uid = $2 and award_id between $3 and $4
                and ($5::uuid is null or award_id > $5)
            order by award_id limit $6
            """,  # noqa: S608 -- the columns are a constant
            community,
            event_uid,
            *award_id_range(event_uid, marks["event_time"]),
            after[1] if after else None,
            limit,
        )
    )


async def score(
    conn: Connection, community: str, member_id: str, at: datetime, as_known_at: datetime
) -> list[Record]:
    """A member's points by rule, of events until `at`, as recorded until `as_known_at`."""
    return list(
        await conn.fetch(
            """
            select rule_id, sum(points)::bigint as points,
                count(*) filter (where reverses is null) as awards,
                count(*) filter (where reverses is not null) as reversals
            from awards
            where community = $1 and member_id = $2 and event_time <= $3 and recorded_at <= $4
            group by rule_id order by rule_id
            """,
            community,
            member_id,
            at,
            as_known_at,
        )
    )


async def marks_of(conn: Connection, community: str, event_uid: str) -> Record | None:
    """The marks of an event."""
    return await conn.fetchrow(
        "select scored, retracted, event_time from activities where community = $1 and event_uid = $2",
        community,
        event_uid,
    )


async def declined_of(conn: Connection, community: str, event_uid: str) -> list[Record]:
    """Why rules gave nothing, or less, for an event."""
    return list(
        await conn.fetch(
            """
            select rule_id, slot, reason, detail from declined
            where community = $1 and event_uid = $2 order by rule_id
            """,
            community,
            event_uid,
        )
    )
