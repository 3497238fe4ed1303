"""How goals stand, from what was declared and counted; and who is told when one turns."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from services.analytics.goals import store
from services.analytics.goals.domain.counting import outcome_of
from services.analytics.goals.domain.definitions import (
    Definition,
    VersionGoals,
    definitions_of,
    in_force,
    past_windows,
)
from services.analytics.goals.domain.pace import WEEKS_MAX_COUNT, Daily, GoalState, Standing, standing
from services.analytics.goals.store import ServingRule, Turn
from services.analytics.managers.store import load_managers
from services.analytics.metrics import GOAL_TURNS, GOALS_BEHIND
from services.analytics.settings import Settings
from services.analytics.turns.handlers import take_turns
from services.analytics.turns.store import Turns
from shared.calendars import Calendar, Span
from shared.contracts.facts import MESSAGE_REQUESTED, AcceptedEvent, MessageRequestedData
from shared.contracts.ids import prepared, uuid5_text
from shared.followed_communities import load_calendar
from shared.postgres import Connection
from shared.topics import MESSAGES
from shared.transaction import Transaction

WATCH_EVERY_SECONDS: Final = 30.0
#: Communities whose goals one transaction looks at.
WATCHED_COUNT: Final = 20
#: Windows of a goal that are over and shown.
PAST_MAX_COUNT: Final = 8
_SPREAD_DAYS: Final = timedelta(days=7 * WEEKS_MAX_COUNT)
_MESSAGES: Final = prepared(UUID("5a3c1c9e-0f1d-5b86-9d0a-7c6a0c2d4e11"))


@dataclass(frozen=True, slots=True)
class GoalStory:
    """A goal with its past: how it stands, what serves it, and what it was before; newest first.

    `current` is None where the programme declares it no more.
    """

    current: Standing | None
    rules: Sequence[ServingRule]
    past: Sequence[Standing]
    definitions: Sequence[Definition | None]
    turns: Sequence[Turn]


async def note_outcomes(tx: Transaction, events: Sequence[AcceptedEvent]) -> None:
    """Keep what events brought about that goals count."""
    outcomes = {outcome for event in events if (outcome := outcome_of(event)) is not None}
    if outcomes:
        await store.add_outcomes(tx.conn, outcomes=outcomes)


async def load_standings(conn: Connection, *, community: str, calendar: Calendar, now: datetime) -> list[Standing]:
    """How each goal of the programme in force stands, in the order of the document."""
    versions = await store.load_versions(conn, community=community, until=now)
    return await standings(conn, in_force(versions, now), community=community, calendar=calendar, now=now)


async def standings(
    conn: Connection, definitions: Sequence[Definition], *, community: str, calendar: Calendar, now: datetime
) -> list[Standing]:
    """How goals stand in the windows that a moment is in."""
    today = calendar.day_of(now)
    spans = [one.window_of(today, calendar) if one.is_measured else None for one in definitions]
    return await _counted(conn, list(zip(definitions, spans, strict=True)), community=community, today=today)


async def _counted(
    conn: Connection, windows: Sequence[tuple[Definition, Span | None]], *, community: str, today: date
) -> list[Standing]:
    begun = [span.starts_on for _, span in windows if span is not None]
    if not begun:
        return [standing(definition, None, daily={}, today=today) for definition, _ in windows]
    days = Span(min(*begun, today - _SPREAD_DAYS), today)
    daily = await store.load_daily(
        conn, community=community, definitions=[definition for definition, _ in windows], days=days
    )
    return [
        standing(definition, span, daily=counts, today=today)
        for (definition, span), counts in zip(windows, daily, strict=True)
    ]


async def load_standings_at(
    conn: Connection, *, community: str, calendar: Calendar, ends: Sequence[date]
) -> list[list[Standing]]:
    """How the goals of then stood at the end of each of some days, oldest first, by what happened until then."""
    moments = [calendar.start_of(end + timedelta(days=1)) for end in ends]
    versions = await store.load_versions(conn, community=community, until=moments[-1])
    declared = [in_force(versions, moment) for moment in moments]
    windows = [
        (one, one.window_of(end, calendar) if one.is_measured else None, end)
        for end, definitions in zip(ends, declared, strict=True)
        for one in definitions
    ]
    begun = [span.starts_on for _, span, _ in windows if span is not None]
    days = Span(min([*begun, ends[0] - _SPREAD_DAYS]), ends[-1])
    daily = await store.load_daily(
        conn, community=community, definitions=[definition for definition, _, _ in windows], days=days
    )
    found: dict[date, list[Standing]] = {end: [] for end in ends}
    until: dict[tuple[Any, date], Daily] = {}
    for (definition, span, end), counts in zip(windows, daily, strict=True):
        key = definition.counts, end
        if key not in until:
            until[key] = {day: number for day, number in counts.items() if day <= end}
        found[end].append(standing(definition, span, daily=until[key], today=end + timedelta(days=1)))
    return [found[end] for end in ends]


async def load_story(
    conn: Connection, goal_id: str, *, community: str, calendar: Calendar, now: datetime
) -> GoalStory | None:
    """A goal with its past; None where no version of the programme ever declared it."""
    versions = await store.load_versions(conn, community=community, until=now)
    definitions = definitions_of(versions, goal_id)
    if not definitions:
        return None
    current = next((one for one in in_force(versions, now) if one.goal_id == goal_id), None)
    found = await standings(conn, [current], community=community, calendar=calendar, now=now) if current else []
    rules: list[ServingRule] = []
    if current is not None:
        rules = await store.load_serving(
            conn, community=community, version=current.version, goal_id=goal_id, days=found[0].span
        )
    return GoalStory(
        found[0] if found else None,
        rules,
        await _past(conn, versions, goal_id=goal_id, community=community, calendar=calendar, now=now),
        definitions[::-1],
        await store.load_turns(conn, community=community, goal_id=goal_id),
    )


async def _past(
    conn: Connection,
    versions: Sequence[VersionGoals],
    *,
    goal_id: str,
    community: str,
    calendar: Calendar,
    now: datetime,
) -> list[Standing]:
    today = calendar.day_of(now)
    windows = past_windows(versions, goal_id, before=today, calendar=calendar, limit_count=PAST_MAX_COUNT)
    return await _counted(conn, [(one.definition, one.span) for one in windows], community=community, today=today)


async def watch(tx: Transaction[Settings]) -> bool:
    """Note which goals turned, and tell managers; a timer calls this while it returns True."""
    every = timedelta(minutes=tx.settings.goals_check_minutes)
    is_more = await take_turns(
        tx,
        lambda community: _watch(tx, community=community),
        turns=Turns.GOALS,
        every=every,
        limit_count=WATCHED_COUNT,
    )
    oldest = await store.find_oldest_check(tx.conn)
    GOALS_BEHIND.set(0 if oldest is None else max(0.0, (tx.now - oldest - every).total_seconds()))
    return is_more


async def _watch(tx: Transaction[Settings], *, community: str) -> None:
    calendar = await load_calendar(tx.conn, community=community)
    for found in await load_standings(tx.conn, community=community, calendar=calendar, now=tx.now):
        await _note(tx, found, community=community)


async def _note(tx: Transaction, found: Standing, *, community: str) -> None:
    if found.span is None or found.state is GoalState.UNMEASURED:
        return
    turn = Turn(found.span.starts_on, found.state, tx.now)
    goal_id = found.definition.goal_id
    before = await store.add_turn(tx.conn, community=community, goal_id=goal_id, turn=turn)
    if before is found.state:
        return
    GOAL_TURNS.labels(state=found.state.value).inc()
    # What goes wrong is an alert, which tells it: this is the good news, once in a window.
    if found.state is GoalState.MET:
        members = await load_managers(tx.conn, community=community)
        _tell(tx, found, community=community, members=members)


def _tell(tx: Transaction, found: Standing, *, community: str, members: Collection[str]) -> None:
    """Ask for a message to each; of one goal, window and state it is the same message, however often it turns."""
    goal, span = found.definition, found.span
    for member_id in sorted(members):
        request_id = uuid5_text(
            _MESSAGES, f"{community}|{goal.goal_id}|{span and span.starts_on}|{found.state}|{member_id}"
        )
        data: MessageRequestedData = {
            "request_id": request_id,
            "kind": "goal",
            "member_id": member_id,
            "values": {
                "title": goal.title,
                "state": found.state.value,
                "actual": str(found.actual),
                "target": str(goal.target),
                "forecast": "" if found.forecast is None else str(round(found.forecast.value)),
            },
            "expires_at": tx.now + timedelta(days=7),
        }
        tx.tell(
            MESSAGES,
            MESSAGE_REQUESTED,
            fact_id=request_id,
            community=community,
            subject=member_id,
            data=data,
        )
