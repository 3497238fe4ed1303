"""The SQL of decisions, of when they were looked at again, and of objectives."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from services.analytics.decisions.domain import (
    Aim,
    Aims,
    Decision,
    DecisionPlace,
    Reminder,
    WeekDecisions,
)
from shared.calendars import Span
from shared.contracts.facts import ObjectiveSet
from shared.contracts.figures import FigureName
from shared.postgres import Connection

#: A decision is looked at in time up to so many days after the day that was set for it.
REVIEWED_DAYS: Final = 7


async def put_decision(conn: Connection, decision: Decision, *, remind_at: datetime | None) -> None:
    """Keep a revision, and the decision as it stands by it unless a later one is there."""
    one = decision
    await conn.execute(
        """
        insert into decision_revisions (community, decision_id, revision, review_on, changed_at)
        values ($1, $2, $3, $4, $5) on conflict do nothing
        """,
        one.community,
        one.decision_id,
        one.revision,
        one.review_on,
        one.changed_at,
    )
    await conn.execute(
        """
        insert into decisions as d (community, decision_id, revision, kind, figure, about, value, seen_on,
            review_on, state, person_id, made_at, changed_at, remind_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        on conflict (community, decision_id) do update
        set revision = excluded.revision, review_on = excluded.review_on, state = excluded.state,
            changed_at = excluded.changed_at, remind_at = excluded.remind_at
        where excluded.revision > d.revision
        """,
        one.community,
        one.decision_id,
        one.revision,
        one.kind,
        one.figure,
        one.about,
        one.value,
        one.seen_on,
        one.review_on,
        one.state,
        one.person_id,
        one.made_at,
        one.changed_at,
        remind_at,
    )


async def add_objectives(conn: Connection, *, said: Sequence[ObjectiveSet]) -> None:
    """Keep what indicators aim at; what is known stays as it is."""
    await conn.executemany(
        """
        insert into objectives (community, indicator, revision, objective, starts_on, set_at)
        values ($1, $2, $3, $4, $5, $6) on conflict do nothing
        """,
        [
            (
                fact["community"],
                fact["data"]["indicator"],
                fact["data"]["revision"],
                fact["data"]["objective"],
                fact["data"]["starts_on"],
                fact["data"]["set_at"],
            )
            for fact in said
        ],
    )


async def load_aims(conn: Connection, *, community: str) -> Aims:
    """What each indicator was said to aim at, in no order."""
    found: dict[Any, list[Aim]] = defaultdict(list)
    for row in await conn.fetch(
        "select indicator, revision, objective, starts_on from objectives where community = $1", community
    ):
        found[row["indicator"]].append(Aim(row["revision"], row["objective"], row["starts_on"]))
    return found


async def page_of_decisions(
    conn: Connection,
    *,
    community: str,
    figures: Sequence[FigureName],
    about: str | None,
    after: DecisionPlace | None,
    limit_count: int,
) -> list[Decision]:
    """Notes and decisions that are not withdrawn, on these figures (none: on any), the newest first."""
    rows = await conn.fetch(
        """
        select * from decisions
        where community = $1 and ($2::text[] = '{}' or figure = any($2)) and ($3::text is null or about = $3)
            and state <> 'withdrawn' and ($4::uuid is null or decision_id < $4)
        order by decision_id desc limit $5
        """,
        community,
        list(figures),
        about,
        None if after is None else after.decision_id,
        limit_count,
    )
    return [_decision(row) for row in rows]


async def take_reminders(conn: Connection, *, now: datetime, limit_count: int) -> list[Reminder]:
    """Take decisions of which whoever made them is to be written to by now; they are not taken again."""
    rows = await conn.fetch(
        """
        with due as (
            select community, decision_id, remind_at from decisions where remind_at <= $1
            order by remind_at, community, decision_id limit $2 for update skip locked)
        update decisions d set remind_at = null from due
        where d.community = due.community and d.decision_id = due.decision_id
        returning d.community, d.decision_id::text, d.review_on, d.seen_on, d.person_id::text, due.remind_at
        """,
        now,
        limit_count,
    )
    return [Reminder(*row) for row in rows if row["review_on"] is not None]


async def load_members_of(conn: Connection, *, community: str, person_id: str) -> list[str]:
    """The members whom a person is tied to, as who they are merged into; none of one who was disabled."""
    rows = await conn.fetch(
        """
        select distinct coalesce(m.head_id, t.member_id)::text as member_id
        from followed_people p cross join unnest(p.members) as t(member_id)
        left join merges m on m.community = p.community and m.member_id = t.member_id
        where p.community = $1 and p.person_id = $2 and not p.disabled order by 1 limit 1
        """,
        community,
        person_id,
    )
    return [row["member_id"] for row in rows]


async def count_weeks(
    conn: Connection, *, community: str, spans: Sequence[Span], bounds: Sequence[datetime]
) -> dict[int, WeekDecisions]:
    """By the number of the week from 1: decisions that were made in it, and those to be looked at again by then.

    The weeks begin at `bounds`, whose last is the last one's end. Notes and what is withdrawn count nowhere. One
    is looked at in time where its next revision came up to REVIEWED_DAYS days after the day that was set.
    """
    found: dict[int, WeekDecisions] = {}
    for row in await conn.fetch(
        """
        select width_bucket(made_at, $4::timestamptz[]) as week, count(*)::int as made from decisions
        where community = $1 and made_at >= $2 and made_at < $3 and kind = 'decision' and state <> 'withdrawn'
        group by 1
        """,
        community,
        bounds[0],
        bounds[-1],
        list(bounds[:-1]),
    ):
        found[row["week"]] = WeekDecisions(made=row["made"])
    for row in await conn.fetch(
        """
        select width_bucket(r.review_on + $5::int, $4::date[]) as week, count(*)::int as due,
            (count(*) filter (
                where (next.changed_at at time zone 'UTC')::date <= r.review_on + $5::int))::int as in_time
        from decision_revisions r
        join decisions d on d.community = r.community and d.decision_id = r.decision_id
        left join decision_revisions next on next.community = r.community and next.decision_id = r.decision_id
            and next.revision = r.revision + 1
        where r.community = $1 and r.review_on between $2::date - $5::int and $3::date - $5::int
            and d.state <> 'withdrawn'
        group by 1
        """,
        community,
        spans[0].starts_on,
        spans[-1].ends_on,
        [span.starts_on for span in spans],
        REVIEWED_DAYS,
    ):
        made = found.get(row["week"], WeekDecisions()).made
        found[row["week"]] = WeekDecisions(made, row["due"], row["in_time"])
    return found


def _decision(row: Any) -> Decision:
    return Decision(
        row["community"],
        str(row["decision_id"]),
        row["revision"],
        row["kind"],
        row["figure"],
        row["about"],
        row["value"],
        row["seen_on"],
        row["review_on"],
        row["state"],
        None if row["person_id"] is None else str(row["person_id"]),
        row["made_at"],
        row["changed_at"],
    )
