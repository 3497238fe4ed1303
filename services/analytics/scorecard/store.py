"""What happened in the weeks that the scorecard looks at, from what other capabilities keep."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from services.analytics.response_times.domain.waiting import Waited
from services.analytics.scorecard.domain import Week
from shared.calendars import Span
from shared.postgres import Connection

#: What is promised: an answer, or a decision on a report, within so long.
PROMISED: Final = timedelta(hours=24)


async def load_weeks(
    conn: Connection,
    *,
    community: str,
    spans: Sequence[Span],
    bounds: Sequence[datetime],
    now: datetime,
    activation_days: int,
) -> list[Week]:
    """What happened in each of `spans`, oldest first. They begin at `bounds`, whose last is the last one's end."""
    weeks: list[dict[str, Any]] = [{} for _ in spans]
    await _add_questions(conn, weeks, community=community, bounds=bounds, now=now)
    await _add_cases(conn, weeks, community=community, bounds=bounds, now=now)
    for row in await conn.fetch(
        """
        select width_bucket(day, $4::date[]) as week, channel, sum(events)::bigint as events from event_days
        where community = $1 and day between $2 and $3 and events > 0 group by 1, 2
        """,
        community,
        spans[0].starts_on,
        spans[-1].ends_on,
        [span.starts_on for span in spans],
    ):
        weeks[row["week"] - 1].setdefault("events_by_channel", {})[row["channel"]] = row["events"]
    for row in await conn.fetch(
        """
        select width_bucket(day, $4::date[]) as week,
            coalesce(sum(people) filter (where figure = 'newcomer'), 0)::bigint as due,
            coalesce(sum(people) filter (where figure = 'activated'), 0)::bigint as activated
        from retention_figures
        where community = $1 and figure = any(array['newcomer', 'activated']) and day between $2 and $3
            and day + $5::int <= $6::date
        group by 1
        """,
        community,
        spans[0].starts_on,
        spans[-1].ends_on,
        [span.starts_on for span in spans],
        activation_days,
        spans[-1].ends_on,
    ):
        weeks[row["week"] - 1].update(newcomers_due=row["due"], newcomers_activated=row["activated"])
    return [Week(**week) for week in weeks]


async def _add_cases(
    conn: Connection,
    weeks: Sequence[dict[str, Any]],
    *,
    community: str,
    bounds: Sequence[datetime],
    now: datetime,
) -> None:
    for row in await conn.fetch(
        """
        select width_bucket(opened_at, $4::timestamptz[]) as week, count(*)::bigint as due,
            count(*) filter (where first_decided_at <= opened_at + $5::interval) as in_time
        from guideline_cases
        where community = $1 and opened_at >= $2 and opened_at < $3 and state <> 'withdrawn'
            and opened_at <= $6::timestamptz - $5::interval
        group by 1
        """,
        community,
        bounds[0],
        bounds[-1],
        list(bounds[:-1]),
        PROMISED,
        now,
    ):
        weeks[row["week"] - 1].update(cases_due=row["due"], cases_in_time=row["in_time"])
    for row in await conn.fetch(
        """
        select width_bucket(c.opened_at, $4::timestamptz[]) as week,
            coalesce(m.head_id, c.member_id)::text as person_id, count(*) as cases
        from guideline_cases c left join merges m on m.community = c.community and m.member_id = c.member_id
        where c.community = $1 and c.opened_at >= $2 and c.opened_at < $3 and c.state in ('upheld', 'appealed')
            and c.member_id is not null
        group by 1, 2
        """,
        community,
        bounds[0],
        bounds[-1],
        list(bounds[:-1]),
    ):
        weeks[row["week"] - 1].setdefault("upheld_by_person", {})[row["person_id"]] = row["cases"]


async def _add_questions(
    conn: Connection,
    weeks: Sequence[dict[str, Any]],
    *,
    community: str,
    bounds: Sequence[datetime],
    now: datetime,
) -> None:
    waits: dict[int, list[Waited]] = defaultdict(list)
    first_waits: dict[int, list[Waited]] = defaultdict(list)
    for week, is_first, *waited in await conn.fetch(
        """
        select width_bucket(asked_at, $4::timestamptz[]) as week, is_first,
            coalesce(ceil(extract(epoch from answered_at - asked_at)),
                floor(extract(epoch from greatest($5::timestamptz, asked_at) - asked_at)))::bigint as seconds,
            answered_at is not null as is_answered, asked_at <= $5::timestamptz - $6::interval as is_due,
            count(*) as questions
        from response_questions
        where community = $1 and asked_at >= $2 and asked_at < $3 group by 1, 2, 3, 4, 5
        """,
        community,
        bounds[0],
        bounds[-1],
        list(bounds[:-1]),
        now,
        PROMISED,
    ):
        waits[week].append(Waited(*waited))
        if is_first:
            first_waits[week].append(Waited(*waited))
    for week, found in waits.items():
        weeks[week - 1].update({"waits": found, "first_waits": first_waits[week]})
    for row in await conn.fetch(
        """
        select width_bucket(asked_at, $4::timestamptz[]) as week, answerer_id::text, count(*) as answers
        from response_questions
        where community = $1 and asked_at >= $2 and asked_at < $3 and answerer_id is not null group by 1, 2
        """,
        community,
        bounds[0],
        bounds[-1],
        list(bounds[:-1]),
    ):
        weeks[row["week"] - 1].setdefault("answers", {})[row["answerer_id"]] = row["answers"]
