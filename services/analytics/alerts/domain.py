"""Alerts: what stands, what is told of it, and when."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID

from services.analytics.goals.domain.pace import GoalState, Standing
from services.analytics.scorecard.domain.reading import Reading, State
from shared.contracts.ids import prepared, uuid5_text

_ALERTS: Final = prepared(UUID("8f0f7b58-2d0c-5f6e-9d3b-64a1c1f0e7d5"))
_FACTS: Final = prepared(UUID("c2a8d1f4-7b36-5a90-8e4f-1b7d9c3e6a02"))


class AlertName(StrEnum):
    """What alerts are about."""

    #: Its whole forecast is below its target, or its window is over and it was missed; about the goal.
    GOAL = "goal_off_target"
    #: It misses what is aimed at, for certain; about the indicator of the scorecard.
    INDICATOR = "indicator_red"
    #: What should lead to what caused it leads nowhere; about the table.
    LINEAGE = "lineage_lost"


class AlertState(StrEnum):
    """Whether what was noticed is so, as it was told last."""

    RAISED = "raised"
    CLEARED = "cleared"


class AlertKey(NamedTuple):
    """Which alert of a community: there is one of each name and what it is about."""

    name: AlertName
    about: str


class Look(NamedTuple):
    """What a look found of one thing: it is so (True), it is not (False), or it is too early to tell (None).

    `grade` says how it is so, where that makes a difference to whoever acts; `values` are what words may name.
    """

    is_so: bool | None
    values: Mapping[str, str]
    grade: str = ""


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert as it was told last: on `told_on`, a day of the community; `since` is when it was noticed."""

    key: AlertKey
    state: AlertState
    grade: str
    since: datetime
    told_on: date
    told_at: datetime
    values: Mapping[str, str]


class AlertPlace(NamedTuple):
    """Where a page of alerts ended: the one told last comes first."""

    told_at: datetime
    name: str
    about: str


def looks_at_goals(standings: Iterable[Standing]) -> dict[AlertKey, Look]:
    """What goals give to know. One that may still be reached is too early to tell of."""
    looks = {}
    for found in standings:
        goal = found.definition
        is_so = {
            GoalState.OFF_PACE: True,
            GoalState.MISSED: True,
            GoalState.BEHIND: None,
            GoalState.UNMEASURED: False,
            GoalState.NOT_YET: False,
            GoalState.ON_PACE: False,
            GoalState.MET: False,
        }[found.state]
        values = {
            "title": goal.title,
            "state": found.state.value,
            "actual": str(found.actual),
            "target": str(goal.target),
            "forecast": "" if found.forecast is None else str(round(found.forecast.value)),
        }
        looks[AlertKey(AlertName.GOAL, goal.goal_id)] = Look(is_so, values, found.state.value if is_so else "")
    return looks


def looks_at_indicators(readings: Iterable[Reading]) -> dict[AlertKey, Look]:
    """What the scorecard gives to know. What is missed on too little is too early to tell of."""
    is_so = {State.RED: True, State.UNSURE: None, State.GOOD: False, State.GREY: False}
    return {
        AlertKey(AlertName.INDICATOR, reading.indicator.name): Look(
            is_so[reading.state], {"practice": str(reading.indicator.practice)}
        )
        for reading in readings
    }


def looks_at_lineage(lost: Mapping[str, int] | None) -> dict[AlertKey, Look]:
    """What lineage gives to know, by table; `lost` is None while something that it misses may still arrive."""
    if lost is None:
        return {}
    return {
        AlertKey(AlertName.LINEAGE, table): Look(count > 0, {"count": str(count)}) for table, count in lost.items()
    }


def changed(
    looks: Mapping[AlertKey, Look], kept: Mapping[AlertKey, Alert], *, today: date, now: datetime
) -> Sequence[Alert]:
    """The alerts that are to be told now, in the order of their keys.

    Of one alert nothing is told twice on a day: what changed once more is told on the next, if it is still so.
    What a look says nothing of (a goal that is declared no more) is over, but for lineage, of which it may know
    nothing.
    """
    told = []
    for key in sorted(looks.keys() | kept.keys()):
        before = kept.get(key)
        if before is not None and before.told_on >= today:
            continue
        look = looks.get(key) or Look(None if key.name == AlertName.LINEAGE else False, {"state": "gone"})
        stands = before if before is not None and before.state is AlertState.RAISED else None
        if look.is_so and (stands is None or stands.grade != look.grade):
            since = now if stands is None else stands.since
            told.append(Alert(key, AlertState.RAISED, look.grade, since, today, now, look.values))
        elif look.is_so is False and stands is not None:
            values = {**stands.values, **look.values}
            told.append(Alert(key, AlertState.CLEARED, "", stands.since, today, now, values))
    return told


def alert_id(community: str, key: AlertKey) -> str:
    """The id of an alert, whatever becomes of it."""
    return uuid5_text(_ALERTS, f"{community}|{key.name}|{key.about}")


def fact_id(community: str, alert: Alert) -> str:
    """The id of the fact that tells it: told again after a backup was restored, it is the same one."""
    return uuid5_text(
        _FACTS, f"{community}|{alert.key.name}|{alert.key.about}|{alert.told_on}|{alert.state}|{alert.grade}"
    )
