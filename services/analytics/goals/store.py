"""The SQL of goals: what was declared, what was counted by day, and when a goal's state turned."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Final, NamedTuple

import orjson

from services.analytics.goals.domain.counting import OUTCOMES, Outcome, types_of
from services.analytics.goals.domain.definitions import Definition, VersionGoals
from services.analytics.goals.domain.pace import Daily, GoalState
from shared.calendars import Span
from shared.postgres import Connection

#: Versions that the history of goals goes back.
VERSIONS_MAX_COUNT: Final = 200
#: Turns of a goal that are shown.
TURNS_MAX_COUNT: Final = 50


class ServingRule(NamedTuple):
    """A rule that serves a goal, and what its awards amount to in some days."""

    rule_id: str
    title: str
    points: int


class Turn(NamedTuple):
    """That a goal's state turned in a window; noticed then."""

    starts_on: date
    state: GoalState
    noticed_at: datetime


async def add_outcomes(conn: Connection, *, outcomes: Collection[Outcome]) -> None:
    """Keep what events brought about; what is known stays as it is."""
    await conn.execute(
        """
        insert into goal_outcomes (community, day, outcome, event_uid)
        select * from unnest($1::text[], $2::date[], $3::text[], $4::uuid[]) on conflict do nothing
        """,
        *(list(column) for column in zip(*outcomes, strict=True)),
    )


async def load_versions(conn: Connection, *, community: str, until: datetime) -> list[VersionGoals]:
    """The goals of the newest VERSIONS_MAX_COUNT versions that took effect until then, oldest first."""
    rows = await conn.fetch(
        """
        select version, effective_from, document -> 'goals' as goals from programmes
        where community = $1 and effective_from <= $2 order by version desc limit $3
        """,
        community,
        until,
        VERSIONS_MAX_COUNT,
    )
    return [
        VersionGoals(row["version"], row["effective_from"], orjson.loads(row["goals"] or "[]"))
        for row in reversed(rows)
    ]


async def load_daily(
    conn: Connection, *, community: str, definitions: Collection[Definition], days: Span
) -> list[Daily]:
    """What each definition counts, by day, in their order; quiet days are not there."""
    types = sorted({name for one in definitions for name in types_of(one)})
    outcomes = sorted({one.metric for one in definitions if one.metric in OUTCOMES})
    found: dict[str, dict[date, int]] = defaultdict(dict)
    rows = await conn.fetch(
        """
        select type as name, day, sum(events)::bigint as number from event_days
        where community = $1 and day between $2 and $3 and type = any($4::text[]) and events > 0 group by 1, 2
        union all
        select o.outcome, o.day, count(*) from goal_outcomes o join events e using (community, event_uid)
        where o.community = $1 and o.day between $2 and $3 and o.outcome = any($5::text[])
            and e.received_at is not null and e.retracted_by is null
        group by 1, 2
        """,
        community,
        *days,
        types,
        outcomes,
    )
    if any(one.metric == "new_members" for one in definitions):
        rows += await conn.fetch(
            """
            select 'new_members' as name, day, sum(people)::bigint as number from retention_figures
            where community = $1 and figure = 'newcomer' and day between $2 and $3 group by day
            """,
            community,
            *days,
        )
    if any(one.metric == "survey_answers" for one in definitions):
        # Anonymous answers are nobody's event: they are counted when they are five or more.
        rows += await conn.fetch(
            """
            select 'anonymous' as name, b.counted_on as day, sum(o.value::int)::bigint as number
            from survey_blocks b cross join lateral jsonb_each_text(b.answers) o
            where b.community = $1 and b.counted_on between $2 and $3 group by 2
            """,
            community,
            *days,
        )
    for row in rows:
        found[row["name"]][row["day"]] = row["number"]
    # Fifty goals in thirteen weeks are few different counts.
    counted = {one.counts: _daily(one, found) for one in definitions}
    return [counted[one.counts] for one in definitions]


def _daily(definition: Definition, found: Mapping[str, Mapping[date, int]]) -> Daily:
    names = [*types_of(definition), str(definition.metric)]
    if definition.metric == "survey_answers":
        names.append("anonymous")
    daily: dict[date, int] = defaultdict(int)
    for name in names:
        for day, number in found.get(name, {}).items():
            daily[day] += number
    return dict(daily)


async def load_serving(
    conn: Connection, *, community: str, version: int, goal_id: str, days: Span | None
) -> list[ServingRule]:
    """The rules of a version that serve a goal, by what their awards amount to in some days, most first."""
    rows = await conn.fetch(
        """
        select r.one ->> 'id' as rule_id, r.one ->> 'title' as title, coalesce((
            select sum(d.points) from rule_days d
            where d.community = p.community and d.rule_id = r.one ->> 'id' and d.day between $4 and $5), 0)::bigint
            as points
        from programmes p cross join lateral jsonb_array_elements(p.document -> 'rules') r(one)
        where p.community = $1 and p.version = $2 and r.one ->> 'goal' = $3
        order by points desc, rule_id
        """,
        community,
        version,
        goal_id,
        *(days or (None, None)),
    )
    return [ServingRule(*row) for row in rows]


async def find_oldest_check(conn: Connection) -> datetime | None:
    """When the goals of the community were looked at that have waited longest; None where there is none."""
    found: datetime | None = await conn.fetchval(
        "select checked_at from goal_checks order by checked_at nulls last limit 1"
    )
    return found


async def add_turn(conn: Connection, *, community: str, goal_id: str, turn: Turn) -> GoalState | None:
    """Note a goal's state in a window where it is another than before; return the one before."""
    before = await conn.fetchval(
        """
        select state from goal_turns where community = $1 and goal_id = $2 and starts_on = $3
        order by turn_id desc limit 1
        """,
        community,
        goal_id,
        turn.starts_on,
    )
    if before != turn.state:
        await conn.execute(
            """
            insert into goal_turns (community, goal_id, starts_on, state, noticed_at) values ($1, $2, $3, $4, $5)
            """,
            community,
            goal_id,
            *turn,
        )
    return None if before is None else GoalState(before)


async def load_turns(conn: Connection, *, community: str, goal_id: str) -> list[Turn]:
    """When a goal's state turned, newest first, at most TURNS_MAX_COUNT."""
    rows = await conn.fetch(
        """
        select starts_on, state, noticed_at from goal_turns where community = $1 and goal_id = $2
        order by turn_id desc limit $3
        """,
        community,
        goal_id,
        TURNS_MAX_COUNT,
    )
    return [Turn(row["starts_on"], GoalState(row["state"]), row["noticed_at"]) for row in rows]
