"""What happened in the weeks that the scorecard looks at, from what other capabilities keep."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from services.analytics.decisions.store import count_weeks
from services.analytics.ideas.store import count_due
from services.analytics.response_times.domain.waiting import added
from services.analytics.response_times.store.reading import Asked, load_waits
from services.analytics.scorecard.domain.weeks import (
    Week,
)
from services.analytics.solutions.store import count_solved
from shared.calendars import Span
from shared.postgres import Connection

#: What is promised: an answer, or a decision on a report, within so long.
PROMISED: Final = timedelta(hours=24)
#: And a decision on an appeal.
APPEALS_PROMISED: Final = timedelta(days=7)
#: A question has an accepted answer within so long.
SOLVED_WITHIN: Final = timedelta(days=7)
#: Recognition reaches so many days: somebody has it who received any in them.
RECOGNISED_DAYS: Final = 90


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
    await _add_changes(conn, weeks, community=community, bounds=bounds, now=now)
    await _add_surveys(conn, weeks, community=community, spans=spans)
    for number, (due, in_time) in (await count_due(conn, community=community, bounds=bounds, now=now)).items():
        weeks[number - 1].update(ideas_due=due, ideas_in_time=in_time)
    await _add_people(conn, weeks, community=community, spans=spans, bounds=bounds)
    await _add_decisions(conn, weeks, community=community, spans=spans, bounds=bounds)
    solved = await count_solved(conn, community=community, bounds=bounds, now=now, within=SOLVED_WITHIN)
    for number, (due, in_time) in solved.items():
        weeks[number - 1].update(solved_due=due, solved=in_time)
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


async def _add_decisions(
    conn: Connection,
    weeks: Sequence[dict[str, Any]],
    *,
    community: str,
    spans: Sequence[Span],
    bounds: Sequence[datetime],
) -> None:
    knows: bool = await conn.fetchval(
        """
        select exists (select from decisions
            where community = $1 and kind = 'decision' and state <> 'withdrawn' and made_at < $2)
        """,
        community,
        bounds[-1],
    )
    counted = await count_weeks(conn, community=community, spans=spans, bounds=bounds)
    for number, week in enumerate(weeks, 1):
        week["knows_decisions"] = knows
        if number in counted:
            week["decisions"] = counted[number]


async def _add_people(
    conn: Connection,
    weeks: Sequence[dict[str, Any]],
    *,
    community: str,
    spans: Sequence[Span],
    bounds: Sequence[datetime],
) -> None:
    """Who was active in which week; whom of these a badge, a level or thanks reached in the days up to its end.

    And who of them was in an audience when it ended, where any is known: by the highest revision that has begun,
    as a later one may say that it began before an earlier.

    Who is merged is one. What was taken back reached nobody. Members are found by their community: of those of
    others no row is read.
    """
    rows = await conn.fetch(
        """
        with active as materialized (
            select distinct width_bucket(d.day, $4::date[]) as week, p.member_id as person_id
            from retention_people p cross join lateral unnest(p.days) as d(day)
            where p.community = $1 and d.day between $2 and $3),
        ids as materialized (
            select person_id, person_id as member_id from active
            union select a.person_id, m.member_id from merges m join active a on a.person_id = m.head_id
            where m.community = $1),
        reached as materialized (
            select i.person_id, r.day from (
                select g.member_id, coalesce(g.day, (g.event_time at time zone 'UTC')::date) as day from grants g
                where g.community = $1 and g.reverses is null
                    and coalesce(g.day, (g.event_time at time zone 'UTC')::date) between $2::date - $6::int and $3
                    and not exists (
                        select from grants b where b.community = g.community and b.reverses = g.grant_id)
                union
                select t.to_id, t.day from tie_days t
                where t.community = $1 and t.day between $2::date - $6::int and $3 and t.kind = 'thanks'
                    and t.times > 0) r
            join ids i using (member_id)),
        recognised as (
            select distinct w.week, r.person_id
            from unnest($4::date[]) with ordinality as w(starts_on, week)
            join reached r on r.day between w.starts_on + 6 - $6::int + 1 and w.starts_on + 6),
        turns as materialized (
            select i.person_id, t.is_in, t.since,
                min(t.since) over (
                    partition by t.member_id, t.audience_id order by t.revision
                    rows between 1 following and unbounded following) as ends_at
            from ids i join audience_turns t on t.member_id = i.member_id and t.community = $1),
        ins as (
            select distinct w.week, t.person_id
            from unnest($5::timestamptz[]) with ordinality as w(ends_at, week)
            join turns t on t.is_in and t.since < w.ends_at and (t.ends_at is null or t.ends_at >= w.ends_at))
        select a.week, count(*)::int as active, count(r.person_id)::int as recognised,
            count(i.person_id)::int as in_audience,
            exists (select from turns) or exists (
                select from followed_members f
                join audience_turns t on t.member_id = f.member_id and t.community = f.community
                where f.community = $1) as knows_audiences
        from active a
        left join recognised r on r.week = a.week and r.person_id = a.person_id
        left join ins i on i.week = a.week and i.person_id = a.person_id
        group by 1
        """,
        community,
        spans[0].starts_on,
        spans[-1].ends_on,
        [span.starts_on for span in spans],
        list(bounds[1:]),
        RECOGNISED_DAYS,
    )
    for row in rows:
        weeks[row["week"] - 1].update({name: value for name, value in row.items() if name != "week"})


async def _add_surveys(
    conn: Connection, weeks: Sequence[dict[str, Any]], *, community: str, spans: Sequence[Span]
) -> None:
    """Who was asked in which week, and who answered: an answer that was changed counts once, where it is now.

    A person who is several members was asked once on one occasion, and answers once.
    """
    for row in await conn.fetch(
        """
        with asked as (
            select width_bucket(asked_on, $4::date[]) as week, count(*) as asked from (
                select min(q.asked_on) as asked_on from survey_asked q
                left join merges m on m.community = q.community and m.member_id = q.member_id
                where q.community = $1 and q.asked_on between $2::date - 366 and $3
                group by q.survey_id, coalesce(m.head_id, q.member_id), q.trigger) occasions
            where asked_on between $2 and $3 group by 1),
        given as (
            select week, sum(answers) as answers from (
                select width_bucket(day, $4::date[]) as week, count(*) as answers from (
                    select max(a.answered_on) as day from survey_answers a
                    join events e using (community, event_uid)
                    left join survey_asked q using (community, invitation_id)
                    left join merges m on m.community = q.community and m.member_id = q.member_id
                    where a.community = $1 and a.answered_on between $2 and $3::date + 366
                        and e.retracted_by is null
                    group by a.survey_id, coalesce(m.head_id, q.member_id, a.invitation_id),
                        coalesce(q.trigger, a.invitation_id::text)) named
                where day between $2 and $3 group by 1
                union all
                select width_bucket(b.counted_on, $4::date[]), sum(o.value::int)
                from survey_blocks b cross join lateral jsonb_each_text(b.answers) o
                where b.community = $1 and b.counted_on between $2 and $3 group by 1) parts
            group by 1)
        select week, coalesce(asked, 0)::int as asked, coalesce(answers, 0)::int as answered
        from asked full join given using (week)
        """,
        community,
        spans[0].starts_on,
        spans[-1].ends_on,
        [span.starts_on for span in spans],
    ):
        weeks[row["week"] - 1].update(surveys_asked=row["asked"], surveys_answered=row["answered"])


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


async def _add_changes(
    conn: Connection,
    weeks: Sequence[dict[str, Any]],
    *,
    community: str,
    bounds: Sequence[datetime],
    now: datetime,
) -> None:
    """Versions of the programme by when they took effect, but the first, which changes nothing; and appeals."""
    for row in await conn.fetch(
        """
        select width_bucket(effective_from, $4::timestamptz[]) as week, count(*)::int as changes,
            count(note)::int as noted, count(backtested)::int as backtests_due,
            (count(*) filter (where backtested))::int as backtested
        from programmes where community = $1 and effective_from >= $2 and effective_from < $3 and version > 1
            and effective_from <= $5
        group by 1
        """,
        community,
        bounds[0],
        bounds[-1],
        list(bounds[:-1]),
        now,
    ):
        weeks[row["week"] - 1].update(
            changes=row["changes"],
            changes_noted=row["noted"],
            backtests_due=row["backtests_due"],
            changes_backtested=row["backtested"],
        )
    for row in await conn.fetch(
        """
        select width_bucket(appealed_at, $4::timestamptz[]) as week, count(*)::int as due,
            (count(*) filter (where appeal_decided_at <= appealed_at + $5::interval))::int as in_time
        from guideline_cases
        where community = $1 and appealed_at >= $2 and appealed_at < $3 and state <> 'withdrawn'
            and (appeal_decided_at is not null or appealed_at <= $6::timestamptz - $5::interval)
        group by 1
        """,
        community,
        bounds[0],
        bounds[-1],
        list(bounds[:-1]),
        APPEALS_PROMISED,
        now,
    ):
        weeks[row["week"] - 1].update(appeals_due=row["due"], appeals_in_time=row["in_time"])


async def _add_questions(
    conn: Connection,
    weeks: Sequence[dict[str, Any]],
    *,
    community: str,
    bounds: Sequence[datetime],
    now: datetime,
) -> None:
    asked = Asked(community, bounds[0], bounds[-1])
    parts = await load_waits(conn, asked, bounds=bounds[:-1], now=now, within=PROMISED)
    for number, week in enumerate(weeks, 1):
        those = {part: waits for part, waits in parts.items() if part.period == number}
        week["waits"] = added(those.values())
        week["first_waits"] = added(waits for part, waits in those.items() if part.is_first)
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
