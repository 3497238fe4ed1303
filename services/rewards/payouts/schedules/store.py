"""The SQL of schedules of payout runs and of their times."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from asyncpg import Record

from services.rewards.approvals.domain import ApprovalState, Subject
from services.rewards.approvals.store import approval_of, author_of
from services.rewards.payouts.runs.domain.runs import RunState
from services.rewards.payouts.schedules.domain import (
    Every,
    Schedule,
    ScheduledRun,
    ScheduledTime,
    SchedulePlace,
    ScheduleTerms,
    Time,
    TimePlace,
    TimeState,
)
from services.rewards.providers.domain.contract import ProviderName
from shared.postgres import Connection


class Key(NamedTuple):
    """What names a schedule of all communities'."""

    community: str
    schedule_id: str


class Standing(NamedTuple):
    """A schedule, and its last day of which it is known what became of it."""

    schedule: Schedule
    last_day: date | None


class Computed(NamedTuple):
    """A run of a time that is computed, and what it has to approve: the state it is in, its payouts and money."""

    community: str
    schedule_id: str
    day: date
    run_id: str
    run_state: RunState
    payable_count: int
    amount_minor: int
    currency: str
    made_by_person: str | None


async def add_schedule(conn: Connection, schedule: Schedule) -> None:
    """Add a schedule that somebody proposes."""
    terms = schedule.terms
    await conn.execute(
        """
        insert into payout_schedules (
            community, schedule_id, effective_from, every, on_day, month_of_quarter, at, state, proposed_at,
            proposed_by_person, proposed_by, proposed_by_credential)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        """,
        schedule.community,
        schedule.schedule_id,
        terms.effective_from,
        terms.every,
        terms.on_day,
        terms.month_of_quarter,
        terms.at,
        schedule.approval.state,
        schedule.approval.proposed_at,
        *schedule.approval.proposed_by,
    )


async def set_stopped(conn: Connection, schedule: Schedule) -> None:
    """Set since when, and by whom, a schedule is stopped; one that is stopped stays as it is."""
    await conn.execute(
        """
        update payout_schedules
        set stopped_at = $3, stopped_by_person = $4, stopped_by = $5, stopped_by_credential = $6
        where community = $1 and schedule_id = $2 and stopped_at is null
        """,
        schedule.community,
        schedule.schedule_id,
        schedule.stopped_at,
        *(schedule.stopped_by or (None, None, None)),
    )


async def find_schedule(conn: Connection, *, community: str, schedule_id: str) -> Schedule | None:
    """A schedule as it is."""
    row = await conn.fetchrow(
        "select * from payout_schedules where community = $1 and schedule_id = $2", community, schedule_id
    )
    return None if row is None else _schedule(row)


async def page_of_schedules(
    conn: Connection, *, community: str, state: ApprovalState | None, after: SchedulePlace | None, limit: int
) -> list[Schedule]:
    """Schedules, newest first, beginning after a place."""
    rows = await conn.fetch(
        """
        select * from payout_schedules
        where community = $1 and ($2::text is null or state = $2)
          and ($3::timestamptz is null or (proposed_at, schedule_id) < ($3, $4::uuid))
        order by proposed_at desc, schedule_id desc limit $5
        """,
        community,
        state,
        *(after or (None, None)),
        limit,
    )
    return [_schedule(row) for row in rows]


async def count_in_force(conn: Connection, *, community: str) -> int:
    """How many schedules are in force in a community."""
    count: int = await conn.fetchval(
        "select count(*) from payout_schedules where community = $1 and state = 'approved' and stopped_at is null",
        community,
    )
    return count


async def load_due(conn: Connection, *, now: datetime, limit: int) -> list[Key]:
    """Schedules in force of all communities to be looked at: those that wait longest, in order of keys."""
    rows = await conn.fetch(
        """
        select community, schedule_id from payout_schedules
        where state = 'approved' and stopped_at is null and next_at <= $1
        order by next_at limit $2
        """,
        now,
        limit,
    )
    return sorted(Key(row["community"], str(row["schedule_id"])) for row in rows)


async def lock_standing(conn: Connection, key: Key) -> Standing:
    """A schedule as it is, and the last day of it; until the commit its community's calendar stays."""
    (row,) = await conn.fetch(
        "select * from payout_schedules where community = $1 and schedule_id = $2 for update", *key
    )
    last_day = await conn.fetchval(
        "select max(day) from payout_schedule_times where community = $1 and schedule_id = $2", *key
    )
    return Standing(_schedule(row), last_day)


async def set_next(conn: Connection, schedule: Schedule, *, at: datetime | None) -> None:
    """Set when a schedule is looked at next; None where it has no more times."""
    await conn.execute(
        "update payout_schedules set next_at = $3 where community = $1 and schedule_id = $2",
        schedule.community,
        schedule.schedule_id,
        at,
    )


async def put_off(conn: Connection, keys: Sequence[Key], *, at: datetime) -> None:
    """Have schedules looked at later, which took too long; not those that another worker is at by now."""
    await conn.execute(
        """
        update payout_schedules s set next_at = $3
        from (
            select community, schedule_id from payout_schedules
            join unnest($1::text[], $2::uuid[]) as late(community, schedule_id) using (community, schedule_id)
            order by community, schedule_id for update of payout_schedules skip locked) l
        where s.community = l.community and s.schedule_id = l.schedule_id
        """,
        [key.community for key in keys],
        [key.schedule_id for key in keys],
        at,
    )


async def add_time(conn: Connection, time: ScheduledTime) -> None:
    """Add what becomes of a time of a schedule, by each rail. Its day is there once."""
    await conn.execute(
        """
        insert into payout_schedule_times (community, schedule_id, day, due_at, missed_count, noted_at)
        values ($1, $2, $3, $4, $5, $6)
        """,
        time.community,
        time.schedule_id,
        *time.time,
        time.missed_count,
        time.noted_at,
    )
    await conn.executemany(
        """
        insert into payout_schedule_runs (
            community, schedule_id, day, provider, currency, state, noted_at, run_id, reason)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        [
            (
                *(time.community, time.schedule_id, time.time.day, run.provider or "", run.currency),
                *(run.state, time.noted_at, run.run_id, run.reason),
            )
            for run in time.runs
        ],
    )


async def set_prepared(conn: Connection, computed: Computed, *, at: datetime) -> None:
    """Set that a run of a time is computed."""
    await conn.execute(
        """
        update payout_schedule_runs set state = 'prepared', noted_at = $5
        where community = $1 and schedule_id = $2 and day = $3 and run_id = $4
        """,
        computed.community,
        computed.schedule_id,
        computed.day,
        computed.run_id,
        at,
    )


async def load_computed(conn: Connection, *, limit: int) -> list[Computed]:
    """Runs of times that have been computed, with what is to approve, the first noted first; they are locked.

    Another worker's are left to it.
    """
    rows = await conn.fetch(
        """
        select t.*, r.state as run_state, r.currency as run_currency, r.created_by_person,
               coalesce(p.count, 0) as count, coalesce(p.minor, 0)::bigint as minor
        from payout_schedule_runs t join payout_runs r using (community, run_id)
        cross join lateral (
            select count(*) as count, sum(amount_minor) as minor from payouts
            where community = t.community and run_id = t.run_id and state = 'eligible') p
        where t.state = 'computing' and r.state <> 'computing'
        order by t.noted_at, t.run_id limit $1 for update of t skip locked
        """,
        limit,
    )
    return [
        Computed(
            row["community"],
            str(row["schedule_id"]),
            row["day"],
            str(row["run_id"]),
            RunState(row["run_state"]),
            row["count"],
            row["minor"],
            row["run_currency"],
            str(row["created_by_person"]) if row["created_by_person"] else None,
        )
        for row in rows
    ]


async def page_of_times(
    conn: Connection, *, community: str, schedule_id: str, after: TimePlace | None, limit: int
) -> list[ScheduledTime]:
    """Times of a schedule that have come, newest first, beginning after a place."""
    rows = await conn.fetch(
        """
        select * from payout_schedule_times
        where community = $1 and schedule_id = $2 and ($3::date is null or day < $3)
        order by day desc limit $4
        """,
        community,
        schedule_id,
        after.day if after else None,
        limit,
    )
    return await _times(conn, rows)


async def load_last_times(
    conn: Connection, *, community: str, schedule_ids: Sequence[str]
) -> dict[str, ScheduledTime]:
    """What became of the last time of each of these schedules that had one."""
    rows = await conn.fetch(
        """
        select t.* from unnest($2::uuid[]) as s(schedule_id)
        cross join lateral (
            select * from payout_schedule_times
            where community = $1 and schedule_id = s.schedule_id order by day desc limit 1) t
        """,
        community,
        list(schedule_ids),
    )
    return {time.schedule_id: time for time in await _times(conn, rows)}


async def count_refused(conn: Connection) -> int:
    """How many schedules in force, of all communities, lacked a run at their last time."""
    count: int = await conn.fetchval(
        """
        select count(distinct (t.community, t.schedule_id))
        from payout_schedule_runs t join payout_schedules s using (community, schedule_id)
        where t.state = 'refused' and s.state = 'approved' and s.stopped_at is null
          and not exists (
            select from payout_schedule_times l
            where l.community = t.community and l.schedule_id = t.schedule_id and l.day > t.day)
        """
    )
    return count


async def load_people_with(conn: Connection, *, community: str, roles: Sequence[str], limit: int) -> list[str]:
    """People of a community who have one of these roles and may act, by their ids."""
    rows = await conn.fetch(
        """
        select p.person_id from followed_people p
        where community = $1 and kind = 'person' and roles && $2::text[]
          and not exists (select from followed_people d where d.person_id = p.person_id and d.disabled)
        order by person_id limit $3
        """,
        community,
        list(roles),
        limit,
    )
    return [str(row["person_id"]) for row in rows]


def _schedule(row: Record) -> Schedule:
    return Schedule(
        community=row["community"],
        schedule_id=str(row["schedule_id"]),
        terms=ScheduleTerms(
            effective_from=row["effective_from"],
            every=Every(row["every"]),
            on_day=row["on_day"],
            at=row["at"],
            month_of_quarter=row["month_of_quarter"],
        ),
        approval=approval_of(row, subject=Subject.PAYOUT_SCHEDULE),
        stopped_at=row["stopped_at"],
        stopped_by=None if row["stopped_at"] is None else author_of(row, "stopped_by"),
    )


async def _times(conn: Connection, rows: Sequence[Record]) -> list[ScheduledTime]:
    """Times of one community with what became of each by each rail, in the order of `rows`."""
    found = await conn.fetch(
        """
        select r.* from payout_schedule_runs r
        join unnest($2::uuid[], $3::date[]) as t(schedule_id, day) using (schedule_id, day)
        left join payout_runs u using (community, run_id)
        where r.community = $1
        order by r.provider, u.exchange is not null, r.currency
        """,
        rows[0]["community"] if rows else "",
        [row["schedule_id"] for row in rows],
        [row["day"] for row in rows],
    )
    runs: dict[tuple[object, date], list[ScheduledRun]] = {}
    for row in found:
        runs.setdefault((row["schedule_id"], row["day"]), []).append(
            ScheduledRun(
                ProviderName(row["provider"]) if row["provider"] else None,
                row["currency"],
                TimeState(row["state"]),
                str(row["run_id"]) if row["run_id"] else None,
                row["reason"],
            )
        )
    return [
        ScheduledTime(
            community=row["community"],
            schedule_id=str(row["schedule_id"]),
            time=Time(row["day"], row["due_at"]),
            missed_count=row["missed_count"],
            noted_at=row["noted_at"],
            runs=runs.get((row["schedule_id"], row["day"]), ()),
        )
        for row in rows
    ]
