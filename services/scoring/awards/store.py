"""The SQL of awards, and of the marks of events."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from asyncpg import Record

from services.scoring.awards.domain.activities import Marks
from services.scoring.awards.domain.awards import (
    Award,
    AwardPlace,
    EventKey,
    RecordedAward,
    RulePoints,
    ToldAward,
)
from shared.contracts.award_ids import award_id_range
from shared.postgres import Connection, copy_new

#: The fields of Award, of which only the last, its traceparent, is not kept.
_FIELD_COLUMNS = tuple("slot" if name == "beneficiary" else name for name in Award._fields[:-1])
AWARD_COLUMNS = (*_FIELD_COLUMNS, "recorded_at")
_AWARD_COLUMNS = ", ".join(AWARD_COLUMNS)


async def put_marks(conn: Connection, *, marks: Mapping[EventKey, Marks]) -> dict[EventKey, Marks]:
    """Set marks; return those that were set before, as they were.

    `marks` are in key order: transactions that mark the same events wait for one another, and never in a
    circle.
    """
    # Nearly always all are new: to copy them in takes 40 % of what the upsert below does.
    columns = ("community", "event_uid", "scored", "retracted", "event_time")
    if not any(mark.retracted for mark in marks.values()) and await copy_new(
        conn, "activities", columns=columns, records=[(*key, *mark) for key, mark in marks.items()]
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
        [mark.scored for mark in marks.values()],
        [mark.retracted for mark in marks.values()],
        [mark.event_time for mark in marks.values()],
    )
    return {
        (row["community"], str(row["event_uid"])): Marks(row["scored"], row["retracted"], row["event_time"])
        for row in rows
    }


async def add_awards(conn: Connection, *, awards: Iterable[Award], recorded_at: datetime) -> None:
    """Append awards.

    COPY takes half the time of an insert. It raises UniqueViolationError for an award that is there: the
    marks of the events let none come twice, so that would be a bug, and must stop the line.
    """
    await conn.copy_records_to_table(
        "awards",
        columns=AWARD_COLUMNS,
        records=[(*award[:-1], recorded_at) for award in awards],
    )


async def load_awards(conn: Connection, *, events: Iterable[EventKey]) -> list[Award]:
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
    return [_recorded_award(row).award for row in rows]


async def page_of_awards(
    conn: Connection, *, community: str, member_id: str, after: AwardPlace | None, limit: int
) -> list[RecordedAward]:
    """Awards of a member by event time and id, beginning after one."""
    rows = await conn.fetch(
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
    return [_recorded_award(row) for row in rows]


async def page_of_event_awards(
    conn: Connection, *, community: str, event_uid: str, after: AwardPlace | None, limit: int
) -> list[RecordedAward]:
    """Awards of an event by id, beginning after one; they all have the event's time."""
    marks = await find_marks(conn, community=community, event_uid=event_uid)
    if marks is None or marks.event_time is None:
        return []
    rows = await conn.fetch(
        f"""
        select {_AWARD_COLUMNS} from awards
        where community = $1 and event_uid = $2 and award_id between $3 and $4
            and ($5::uuid is null or award_id > $5)
        order by award_id limit $6
        """,  # noqa: S608 -- the columns are a constant
        community,
        event_uid,
        *award_id_range(event_uid, marks.event_time),
        after.award_id if after else None,
        limit,
    )
    return [_recorded_award(row) for row in rows]


async def load_rule_points(
    conn: Connection, *, community: str, member_id: str, at: datetime, as_known_at: datetime
) -> list[RulePoints]:
    """A member's points by rule, of events until `at`, as recorded until `as_known_at`."""
    rows = await conn.fetch(
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
    return [RulePoints(*row) for row in rows]


async def find_marks(conn: Connection, *, community: str, event_uid: str) -> Marks | None:
    """The marks of an event."""
    row = await conn.fetchrow(
        "select scored, retracted, event_time from activities where community = $1 and event_uid = $2",
        community,
        event_uid,
    )
    return None if row is None else Marks(*row)


def _recorded_award(row: Record) -> RecordedAward:
    award = Award(
        community=row["community"],
        award_id=str(row["award_id"]),
        member_id=str(row["member_id"]),
        points=row["points"],
        rule_id=row["rule_id"],
        beneficiary=row["slot"],
        programme_id=row["programme_id"],
        programme_version=row["programme_version"],
        event_uid=str(row["event_uid"]),
        event_type=row["event_type"],
        event_time=row["event_time"],
        received_at=row["received_at"],
        reverses=None if row["reverses"] is None else str(row["reverses"]),
        day=row["day"],
        week=row["week"],
        traceparent=None,
    )
    return RecordedAward(award, row["recorded_at"])


async def add_awards_as_told(conn: Connection, *, awards: Sequence[RecordedAward]) -> set[str]:
    """Add awards that were given before, unless they are there; return the ids of those that were not."""
    names = ", ".join(AWARD_COLUMNS)
    rows = await conn.fetch(
        f"""
        with added as (
            insert into awards ({names})
            select * from unnest($1::text[], $2::uuid[], $3::uuid[], $4::int[], $5::text[], $6::text[], $7::text[],
                $8::int[], $9::uuid[], $10::text[], $11::timestamptz[], $12::timestamptz[], $13::uuid[],
                $14::date[], $15::date[], $16::timestamptz[])
            on conflict do nothing
            returning community, event_uid, award_id, points, programme_version, reverses),
        noted as (
            insert into awards_read_back (community, event_uid, award_id, points, programme_version, is_reversal)
            select community, event_uid, award_id, points, programme_version, reverses is not null from added)
        select award_id from added
        """,  # noqa: S608 -- the columns are a constant
        *(list(column) for column in zip(*((*award[:-1], at) for award, at in awards), strict=True)),
    )
    return {str(row["award_id"]) for row in rows}


async def is_anything_read_back(conn: Connection) -> bool:
    """Whether there are awards whose events are still to be scored again."""
    found: bool = await conn.fetchval("select exists (select from awards_read_back)")
    return found


async def take_read_back(
    conn: Connection, *, events: Iterable[EventKey], is_reversal: bool
) -> dict[EventKey, dict[str, ToldAward]]:
    """What was read back of events that are scored now, by award; it is needed this once."""
    keys = list(events)
    rows = await conn.fetch(
        """
        delete from awards_read_back r
        using unnest($1::text[], $2::uuid[]) as k(community, event_uid)
        where r.community = k.community and r.event_uid = k.event_uid and r.is_reversal = $3
        returning r.community, r.event_uid, r.award_id, r.points, r.programme_version
        """,
        [community for community, _ in keys],
        [event_uid for _, event_uid in keys],
        is_reversal,
    )
    told: dict[EventKey, dict[str, ToldAward]] = {}
    for row in rows:
        key = (row["community"], str(row["event_uid"]))
        told.setdefault(key, {})[str(row["award_id"])] = ToldAward(row["points"], row["programme_version"])
    return told
