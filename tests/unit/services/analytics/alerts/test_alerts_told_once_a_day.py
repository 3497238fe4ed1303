"""Alerts: told when they begin, change and end, never twice on a day, and never forgotten."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.analytics.alerts.domain import (
    Alert,
    AlertKey,
    AlertName,
    AlertState,
    Look,
    alert_id,
    changed,
    fact_id,
    looks_at_goals,
    looks_at_lineage,
)
from services.analytics.goals.domain.definitions import Definition
from services.analytics.goals.domain.pace import GoalState, Standing

DAY = date(2026, 6, 1)
AT = datetime(2026, 6, 1, 9, tzinfo=UTC)
GOAL = AlertKey(AlertName.GOAL, "heard")
LOST = AlertKey(AlertName.LINEAGE, "awards")
SO, NOT_SO, TOO_EARLY = Look(True, {"actual": "3"}), Look(False, {"actual": "9"}), Look(None, {})


def told(
    kept: dict[AlertKey, Alert], looks: dict[AlertKey, Look], *, day: int = 0, hour: int = 0
) -> Sequence[Alert]:
    """What is told then, which is kept."""
    at = AT + timedelta(days=day, hours=hour)
    alerts = changed(looks, kept, today=DAY + timedelta(days=day), now=at)
    kept |= {alert.key: alert for alert in alerts}
    return alerts


def states(alerts: Sequence[Alert]) -> list[str]:
    return [alert.state.value for alert in alerts]


def test_an_alert_is_raised_once_and_over_on_another_day() -> None:
    kept: dict[AlertKey, Alert] = {}
    assert states(told(kept, {GOAL: SO})) == ["raised"]
    assert told(kept, {GOAL: SO}, hour=1) == []
    assert told(kept, {GOAL: NOT_SO}, hour=2) == []
    (over,) = told(kept, {GOAL: NOT_SO}, day=1)
    assert (over.state, over.since, over.values) == (AlertState.CLEARED, AT, {"actual": "9"})
    assert told(kept, {GOAL: NOT_SO}, day=2) == []


def test_what_comes_and_goes_within_a_day_is_told_once() -> None:
    kept: dict[AlertKey, Alert] = {}
    found = [told(kept, {GOAL: SO if hour % 2 == 0 else NOT_SO}, hour=hour) for hour in range(12)]
    assert states([alert for alerts in found for alert in alerts]) == ["raised"]


def test_what_is_too_early_to_tell_neither_begins_nor_ends_an_alert() -> None:
    kept: dict[AlertKey, Alert] = {}
    assert told(kept, {GOAL: TOO_EARLY}) == []
    told(kept, {GOAL: SO}, day=1)
    assert told(kept, {GOAL: TOO_EARLY}, day=2) == []
    assert states(told(kept, {GOAL: NOT_SO}, day=3)) == ["cleared"]


def test_a_goal_that_was_off_pace_and_is_missed_is_told_again_since_when_it_began() -> None:
    kept: dict[AlertKey, Alert] = {}
    told(kept, {GOAL: Look(True, {}, "off_pace")})
    (missed,) = told(kept, {GOAL: Look(True, {}, "missed")}, day=3)
    assert (missed.state, missed.grade, missed.since) == (AlertState.RAISED, "missed", AT)


def test_a_goal_that_is_declared_no_more_is_over_and_lineage_that_nobody_can_judge_stays() -> None:
    kept: dict[AlertKey, Alert] = {}
    told(kept, {GOAL: SO, LOST: SO})
    (over,) = told(kept, {}, day=1)
    assert (over.key, over.state, over.values["state"]) == (GOAL, AlertState.CLEARED, "gone")


@pytest.mark.parametrize(
    ("state", "is_so"),
    [
        (GoalState.OFF_PACE, True),
        (GoalState.MISSED, True),
        (GoalState.BEHIND, None),
        *((state, False) for state in (GoalState.ON_PACE, GoalState.MET, GoalState.NOT_YET, GoalState.UNMEASURED)),
    ],
)
def test_a_goal_is_an_alert_where_it_is_missed_for_certain(state: GoalState, is_so: bool | None) -> None:
    goal = Definition("heard", "Heard", 1, AT, metric="mentions", target=9, every="month", owner="Team")
    assert looks_at_goals([Standing(goal, state)])[GOAL].is_so is is_so


def test_lineage_is_an_alert_where_something_is_lost_and_nothing_while_that_is_unknown() -> None:
    assert looks_at_lineage({"awards": 2, "grants": 0}) == {
        LOST: Look(True, {"count": "2"}),
        AlertKey(AlertName.LINEAGE, "grants"): Look(False, {"count": "0"}),
    }
    assert looks_at_lineage(None) == {}


def test_ids_follow_from_what_is_told() -> None:
    (alert,) = told({}, {GOAL: SO})
    (again,) = told({}, {GOAL: SO}, hour=3)
    (later,) = told({}, {GOAL: SO}, day=1)
    assert fact_id("acme", alert) == fact_id("acme", again) != fact_id("acme", later)
    assert fact_id("acme", alert) != fact_id("other", alert)
    assert alert_id("acme", GOAL) != alert_id("acme", LOST)


@given(st.lists(st.sampled_from([SO, NOT_SO, TOO_EARLY]), max_size=60), st.booleans())
def test_nothing_is_told_twice_a_day_and_in_the_end_what_was_told_is_so(looks: list[Look], ends_so: bool) -> None:
    kept: dict[AlertKey, Alert] = {}
    days: list[date] = []
    for number, look in enumerate(looks):
        days += [alert.told_on for alert in told(kept, {GOAL: look}, day=number // 6, hour=number % 6)]
    assert len(days) == len(set(days))
    told(kept, {GOAL: SO if ends_so else NOT_SO}, day=len(looks) // 6 + 1)
    stands = GOAL in kept and kept[GOAL].state is AlertState.RAISED
    assert stands == ends_so
