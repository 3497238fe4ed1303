"""How far a goal is, how far it should be by now, and where it will end, with an interval.

What is left is forecast in proportion to what was counted, as a count whose variance is a multiple of its mean
(quasi-Poisson: McCullagh and Nelder, Generalized Linear Models, 1989, chapter 9). The multiple is that of the
weeks before. The interval is the normal one for a future count; of few counts it is that of the predictive
distribution of Jeffreys' prior, a negative binomial one (Meeker, Hahn and Escobar, Statistical Intervals, 2017).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from math import ceil, exp, floor, log, sqrt
from statistics import mean, variance
from typing import Final, NamedTuple

from services.analytics.goals.domain.definitions import Definition
from shared.calendars import Span

#: Weeks that say how unevenly things happen, at most and at least.
WEEKS_MAX_COUNT: Final = 13
WEEKS_MIN_COUNT: Final = 8
#: The two-sided 95 % quantiles of Student's t for one weeks less; of the normal where weeks say nothing.
_T: Final = {8: 2.3646, 9: 2.3060, 10: 2.2622, 11: 2.2281, 12: 2.2010, 13: 2.1788}
_Z: Final = 1.959963984540054
_TAIL: Final = 0.025
#: From so many counts on, as if each stood for itself, a normal interval is close enough.
_NORMAL_MIN_COUNT: Final = 10

Daily = Mapping[date, int]


class GoalState(StrEnum):
    """How a goal stands in a window."""

    #: It lacks what could be counted, or until when.
    UNMEASURED = "unmeasured"
    #: No whole day of it is over.
    NOT_YET = "not_yet"
    ON_PACE = "on_pace"
    #: At this pace it is missed, and it is not certain.
    BEHIND = "behind"
    #: Its whole forecast is below the target.
    OFF_PACE = "off_pace"
    MET = "met"
    MISSED = "missed"


class Spread(NamedTuple):
    """How many times its mean a count's variance is, by so many weeks; by none it is taken to be Poisson's, 1."""

    factor: float = 1.0
    weeks: int = 0


class Forecast(NamedTuple):
    """What will have been counted at the end, and where that is at 95 %."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Standing:
    """How a goal stands in a window; days are over when they are over in the community's zone."""

    definition: Definition
    state: GoalState
    span: Span | None = None
    actual: int = 0
    days: int = 0
    days_over: int = 0
    expected: float | None = None
    pace: float | None = None
    forecast: Forecast | None = None
    spread: Spread = field(default_factory=Spread)


def spread_of(daily: Daily, today: date) -> Spread:
    """How unevenly things happened in the weeks before a day, from the first in which anything did."""
    weeks = [
        sum(daily.get(today - timedelta(days=7 * back + day), 0) for day in range(1, 8))
        for back in range(WEEKS_MAX_COUNT)
    ]
    while weeks and not weeks[-1]:
        weeks.pop()
    if len(weeks) < WEEKS_MIN_COUNT:
        return Spread()
    return Spread(max(1.0, variance(weeks) / mean(weeks)), len(weeks))


def forecast(counted: int, *, days_over: int, days_left: int, spread: Spread) -> Forecast:
    """Where a count ends that came to so much in `days_over`, which are one or more."""
    rest = counted * days_left / days_over
    if not days_left:
        return Forecast(counted, counted, counted)
    if counted / spread.factor >= _NORMAL_MIN_COUNT:
        half = _T.get(spread.weeks, _Z) * sqrt(spread.factor * rest * (1 + days_left / days_over))
        return Forecast(counted + rest, counted + max(0.0, rest - half), counted + rest + half)
    low, high = _of_few(counted / spread.factor, days_over / (days_over + days_left))
    return Forecast(counted + rest, counted + floor(low * spread.factor), counted + ceil(high * spread.factor))


def _of_few(counted: float, share: float) -> tuple[int, int]:
    """The 2.5 % and 97.5 % quantiles of a negative binomial with `counted` + ½ successes."""
    size = counted + 0.5
    term = exp(size * log(share))
    below, number, low = term, 0, None
    while below < 1 - _TAIL:
        if low is None and below >= _TAIL:
            low = number
        term *= (size + number) / (number + 1) * (1 - share)
        number += 1
        below += term
    return (number if low is None else low), number


def standing(definition: Definition, span: Span | None, *, daily: Daily, today: date) -> Standing:
    """How a goal stands in a window today. What is counted today is in `actual` alone: today is not over."""
    target = definition.target
    if span is None or target is None or definition.metric is None:
        return Standing(definition, GoalState.UNMEASURED)
    days = (span.ends_on - span.starts_on).days + 1
    days_over = min(days, max(0, (today - span.starts_on).days))
    counts = [daily.get(span.starts_on + timedelta(days=day), 0) for day in range(days)]
    actual, counted = sum(counts[: days_over + 1]), sum(counts[:days_over])
    if not days_over:
        state = GoalState.MET if actual >= target else GoalState.NOT_YET
        return Standing(definition, state, span, actual, days)
    spread = spread_of(daily, today)
    expected = target * days_over / days
    found = forecast(counted, days_over=days_over, days_left=days - days_over, spread=spread)
    if actual >= target:
        state = GoalState.MET
    elif days_over == days:
        state = GoalState.MISSED
    elif found.value >= target:
        state = GoalState.ON_PACE
    else:
        state = GoalState.OFF_PACE if found.high < target else GoalState.BEHIND
    return Standing(definition, state, span, actual, days, days_over, expected, counted / expected, found, spread)
