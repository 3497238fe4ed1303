"""The SQL of awards, and of the marks of events."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from asyncpg import Record

from services.scoring.awards.domain.activities import Marks
from services.scoring.awards.domain.awards import (
    Award,
    AwardPlace,
    Earned,
    EventKey,
    RecordedAward,
    RestatedBy,
    RulePoints,
    Told,
)
from services.scoring.limits.domain.claims import Word
from shared.contracts.award_ids import award_id_range
from shared.contracts.programme import SPENDABLE
from shared.postgres import Connection, copy_new

#: The fields of Award, of which only the last, its traceparent, mark of backfill and campaign, are not kept.
_FIELD_COLUMNS = tuple("slot" if name == "beneficiary" else name for name in Award._fields[:-4])
AWARD_COLUMNS = (*_FIELD_COLUMNS, "restatement_id", "recorded_at")
_AWARD_COLUMNS = ", ".join(AWARD_COLUMNS)


async def put_marks(conn: Connection, *, marks: Mapping[EventKey, Marks]) -> dict[EventKey, Marks]:
    """Set marks; return those that were set before, as they were.

    `marks` are in key order: transactions that mark the same events wait for one another, and never in a
    circle. Of two words on an event the later stays.
    """
    # Nearly always all are new: to copy them in takes 40 % of what the upsert below does.
    columns = ("community", "event_uid", "scored", "retracted", "event_time")
    if all(mark.word is None for mark in marks.values()) and await copy_new(
        conn,
        "activities",
        columns=columns,
        records=[(*key, mark.scored, False, mark.event_time) for key, mark in marks.items()],
    ):
        return {}
    rows = await conn.fetch(
        """
        with marked as (
            insert into activities as a (community, event_uid, scored, event_time, retracted, said_at, said_id,
                                         said_uid, said_by)
            select * from unnest($1::text[], $2::uuid[], $3::bool[], $4::timestamptz[], $5::bool[],
                                 $6::timestamptz[], $7::text[], $8::uuid[], $9::uuid[])
            on conflict (event_uid, community) do update
                set (scored, event_time, retracted, said_at, said_id, said_uid, said_by) = (
                    select a.scored or excluded.scored, coalesce(a.event_time, excluded.event_time), w.*
                    from (values (excluded.retracted, excluded.said_at, excluded.said_id, excluded.said_uid,
                                  excluded.said_by),
                                 (a.retracted, a.said_at, a.said_id, a.said_uid, a.said_by))
                        as w(retracted, said_at, said_id, said_uid, said_by)
                    order by w.said_at desc nulls last, w.said_id collate "C" desc nulls last, w.said_uid desc
                    limit 1)
            returning community, event_uid, old.scored, old.event_time, old.retracted, old.said_at, old.said_id,
                old.said_uid, old.said_by)
        select * from marked where scored is not null
        """,
        [community for community, _ in marks],
        [event_uid for _, event_uid in marks],
        [mark.scored for mark in marks.values()],
        [mark.event_time for mark in marks.values()],
        [mark.retracted for mark in marks.values()],
        *([mark.word and mark.word[part] for mark in marks.values()] for part in (0, 1, 2, 4)),
    )
    return {(row["community"], str(row["event_uid"])): _marks(row) for row in rows}


def _marks(row: Record) -> Marks:
    word = None
    if row["said_at"] is not None:
        by = None if row["said_by"] is None else str(row["said_by"])
        word = Word(row["said_at"], row["said_id"], str(row["said_uid"]), row["retracted"], by)
    return Marks(row["scored"], row["event_time"], word)


async def load_marks(conn: Connection, *, events: Iterable[EventKey]) -> dict[EventKey, Marks]:
    """The marks of events, as far as they have some."""
    keys = list(events)
    rows = await conn.fetch(
        """
        select * from activities join unnest($1::text[], $2::uuid[]) as k(community, event_uid)
            using (event_uid, community)
        """,
        [community for community, _ in keys],
        [event_uid for _, event_uid in keys],
    )
    return {(row["community"], str(row["event_uid"])): _marks(row) for row in rows}


async def add_awards(conn: Connection, *, awards: Iterable[Award], recorded_at: datetime) -> None:
    """Append awards.

    COPY takes half the time of an insert. It raises UniqueViolationError for an award that is there: the
    marks of the events let none come twice, so that would be a bug, and must stop the line.
    """
    await conn.copy_records_to_table(
        "awards",
        columns=AWARD_COLUMNS,
        records=[(*award[:-4], award.restatement_id, recorded_at) for award in awards],
    )


async def load_earned(conn: Connection, *, events: Iterable[tuple[str, str, datetime]]) -> list[Earned]:
    """The awards of events, each by its community, uid and time, with what was told of them last."""
    keys = list(events)
    ranges = [award_id_range(uid, time) for _, uid, time in keys]
    rows = await conn.fetch(
        f"""
        select a.* from unnest($1::text[], $2::uuid[], $3::uuid[], $4::uuid[])
            as k(community, event_uid, lowest, highest)
        cross join lateral (
            select {_AWARD_COLUMNS} from awards
            where award_id between lowest and highest and community = k.community and event_uid = k.event_uid
            offset 0) a
        order by a.award_id
        """,  # noqa: S608 -- the columns are a constant
        [community for community, _, _ in keys],
        [uid for _, uid, _ in keys],
        [lowest for lowest, _ in ranges],
        [highest for _, highest in ranges],
    )
    recorded = [_recorded_award(row).award for row in rows]
    last: dict[str, Award] = {}
    for award in recorded:
        if award.amends is not None and award.revision is not None:
            known = last.get(award.amends)
            if known is None or (known.revision or 0) < award.revision:
                last[award.amends] = award
    return [
        Earned(award, award.points, 0)
        if (amendment := last.get(award.award_id)) is None
        else Earned(award, amendment.total or 0, amendment.revision or 0)
        for award in recorded
        if award.amends is None
    ]


async def page_of_awards(
    conn: Connection, *, community: str, member_ids: Sequence[str], after: AwardPlace | None, limit: int
) -> list[RecordedAward]:
    """Awards of members who are one person, by event time and id, beginning after one."""
    rows = await conn.fetch(
        f"""
        select a.* from unnest($2::uuid[]) as g(one_id) cross join lateral (
            select {_AWARD_COLUMNS} from awards
            where community = $1 and member_id = g.one_id
                and ($3::timestamptz is null or (event_time, award_id) > ($3, $4::uuid))
            order by event_time, award_id limit $5) a
        order by event_time, award_id limit $5
        """,  # noqa: S608 -- the columns are a constant
        community,
        list(member_ids),
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


async def load_event_awards(
    conn: Connection, *, events: Iterable[tuple[str, str, datetime]], limit_count: int
) -> list[RecordedAward]:
    """Of events by their communities, uids and times the awards, in the order of their ids; of each so many."""
    keys = list(events)
    ranges = [award_id_range(uid, time) for _, uid, time in keys]
    rows = await conn.fetch(
        f"""
        select a.* from unnest($1::text[], $2::uuid[], $3::uuid[], $4::uuid[])
            as k(community, event_uid, lowest, highest)
        cross join lateral (
            select {_AWARD_COLUMNS} from awards
            where award_id between lowest and highest and community = k.community and event_uid = k.event_uid
            order by award_id limit $5) a
        order by a.award_id
        """,  # noqa: S608 -- the columns are a constant
        [community for community, _, _ in keys],
        [uid for _, uid, _ in keys],
        [lowest for lowest, _ in ranges],
        [highest for _, highest in ranges],
        limit_count,
    )
    return [_recorded_award(row) for row in rows]


async def load_rule_points(
    conn: Connection, *, community: str, member_ids: Sequence[str], at: datetime, known_at: datetime
) -> list[RulePoints]:
    """The points of members who are one person, by rule, of events until `at`, recorded until `known_at`."""
    rows = await conn.fetch(
        """
        select rule_id, sum(points)::bigint as points,
            sum(case when amends is null then 1
                     else (total <> 0)::int - (total - points <> 0)::int end)::bigint as awards,
            count(*) filter (where amends is not null) as amendments, coalesce(score, $5) as score
        from awards
        where community = $1 and member_id = any($2::uuid[]) and event_time <= $3 and recorded_at <= $4
        group by rule_id, score order by rule_id, score nulls first
        """,
        community,
        list(member_ids),
        at,
        known_at,
        SPENDABLE,
    )
    return [RulePoints(*row) for row in rows]


async def load_score_months(
    conn: Connection,
    *,
    community: str,
    member_ids: Sequence[str],
    scores: Sequence[str],
    at: datetime,
    known_at: datetime,
) -> list[tuple[str, date, int]]:
    """What members who are one person earned of scores, by month of the community's calendar (its first day)."""
    rows = await conn.fetch(
        """
        select score, date_trunc('month', coalesce(day, (event_time at time zone 'UTC')::date))::date as month,
            sum(points)::bigint as points
        from awards
        where community = $1 and member_id = any($2::uuid[]) and score = any($3::text[]) and event_time <= $4
            and recorded_at <= $5
        group by 1, 2 order by 1, 2
        """,
        community,
        list(member_ids),
        list(scores),
        at,
        known_at,
    )
    return [(row["score"], row["month"], row["points"]) for row in rows]


async def find_marks(conn: Connection, *, community: str, event_uid: str) -> Marks | None:
    """The marks of an event."""
    return (await load_marks(conn, events=[(community, event_uid)])).get((community, event_uid))


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
        day=row["day"],
        week=row["week"],
        amends=None if row["amends"] is None else str(row["amends"]),
        revision=row["revision"],
        cause=row["cause"],
        total=row["total"],
        score=row["score"],
        available_at=row["available_at"],
        expires_at=row["expires_at"],
        traceparent=None,
        restatement_id=None if row["restatement_id"] is None else str(row["restatement_id"]),
    )
    return RecordedAward(award, row["recorded_at"])


async def add_awards_as_told(conn: Connection, *, awards: Sequence[RecordedAward]) -> list[Award]:
    """Add awards and amendments that were told before, unless they are there; note what was told of each last.

    Returns those that were not there.
    """
    names = ", ".join(AWARD_COLUMNS)
    rows = await conn.fetch(
        f"""
        with added as (
            insert into awards ({names})
            select * from unnest($1::text[], $2::uuid[], $3::uuid[], $4::int[], $5::text[], $6::text[], $7::text[],
                $8::int[], $9::uuid[], $10::text[], $11::timestamptz[], $12::timestamptz[], $13::date[],
                $14::date[], $15::uuid[], $16::int[], $17::text[], $18::int[], $19::text[], $20::timestamptz[],
                $21::timestamptz[], $22::uuid[], $23::timestamptz[])
            on conflict do nothing
            returning *), noted as (
        insert into awards_read_back as r (community, event_uid, award_id, total, revision, programme_version)
        select distinct on (coalesce(amends, award_id), community) community, event_uid,
            coalesce(amends, award_id), coalesce(total, points), coalesce(revision, 0), programme_version
        from added order by coalesce(amends, award_id), community, revision desc nulls last
        on conflict (event_uid, award_id, community) do update
            set total = excluded.total, revision = excluded.revision where r.revision < excluded.revision)
        select award_id::text, community from added
        """,  # noqa: S608 -- the columns are a constant
        *(
            list(column)
            for column in zip(*((*award[:-4], award.restatement_id, at) for award, at in awards), strict=True)
        ),
    )
    added = {(row["award_id"], row["community"]) for row in rows}
    return [award for award, _ in awards if (award.award_id, award.community) in added]


async def load_restatements(
    conn: Connection, *, community: str, restatement_ids: Iterable[str]
) -> dict[str, RestatedBy]:
    """What was said of restatements, by id."""
    rows = await conn.fetch(
        """
        select restatement_id::text, version, reason from restatements
        where community = $1 and restatement_id = any($2::uuid[])
        """,
        community,
        sorted(restatement_ids),
    )
    return {row["restatement_id"]: RestatedBy(*row) for row in rows}


async def load_restated(conn: Connection, *, events: Iterable[tuple[str, str, datetime]]) -> dict[str, int]:
    """The awards of events that a restatement made or amended, and what the last of these brought each to."""
    keys = list(events)
    ranges = [award_id_range(uid, time) for _, uid, time in keys]
    rows = await conn.fetch(
        """
        select distinct on (1) coalesce(a.amends, a.award_id)::text as award_id,
            coalesce(a.total, a.points) as total
        from unnest($1::text[], $2::uuid[], $3::uuid[], $4::uuid[]) as k(community, event_uid, lowest, highest)
        cross join lateral (
            select award_id, amends, points, total, revision, restatement_id from awards
            where award_id between lowest and highest and community = k.community and event_uid = k.event_uid
            offset 0) a
        where a.restatement_id is not null
        order by 1, a.revision desc nulls last
        """,
        [community for community, _, _ in keys],
        [uid for _, uid, _ in keys],
        [lowest for lowest, _ in ranges],
        [highest for _, highest in ranges],
    )
    return {row["award_id"]: row["total"] for row in rows}


async def is_anything_read_back(conn: Connection) -> bool:
    """Whether there are awards whose events are still to be read again."""
    found: bool = await conn.fetchval("select exists (select from awards_read_back)")
    return found


async def load_read_back(conn: Connection, *, events: Iterable[EventKey]) -> dict[EventKey, dict[str, Told]]:
    """What was read back of events, by award."""
    keys = list(events)
    rows = await conn.fetch(
        """
        select r.community, r.event_uid, r.award_id, r.total, r.revision, r.programme_version
        from awards_read_back r join unnest($1::text[], $2::uuid[]) as k(community, event_uid)
            using (community, event_uid)
        """,
        [community for community, _ in keys],
        [event_uid for _, event_uid in keys],
    )
    told: dict[EventKey, dict[str, Told]] = {}
    for row in rows:
        key = (row["community"], str(row["event_uid"]))
        told.setdefault(key, {})[str(row["award_id"])] = Told(
            row["total"], row["revision"], row["programme_version"]
        )
    return told


async def drop_read_back(conn: Connection, *, events: Iterable[EventKey]) -> None:
    """Forget what was read back of events: they have been read again."""
    keys = list(events)
    await conn.execute(
        """
        delete from awards_read_back r using unnest($1::text[], $2::uuid[]) as k(community, event_uid)
        where r.community = k.community and r.event_uid = k.event_uid
        """,
        [community for community, _ in keys],
        [event_uid for _, event_uid in keys],
    )
