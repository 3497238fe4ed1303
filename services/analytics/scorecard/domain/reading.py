"""Indicators of the twelve practices: what is measured and aimed at, and when that is good, bad or unknown."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from math import sqrt
from typing import Final, NamedTuple

from services.analytics.decisions.domain import Aims, aim_on
from services.analytics.response_times.domain.waiting import absence_factor, quantile, survival
from services.analytics.scorecard.domain.weeks import WINDOW_WEEKS, Week, added
from shared.contracts.figures import FigureUnit, IndicatorName

#: The normal deviate of a 95 % interval.
_Z: Final = 1.959963984540054
PRACTICES_COUNT: Final = 12


class State(StrEnum):
    """What an indicator is: met; missed for certain; missed, on too little to tell; or without a value."""

    GOOD = "good"
    RED = "red"
    UNSURE = "unsure"
    GREY = "grey"


class WhyGrey(StrEnum):
    """Why an indicator has no value: nothing of the kind was heard of."""

    NOTHING_HEARD = "nothing_heard"


class Measured(NamedTuple):
    """A value, on so many cases; shares have the number of them as well. None where there are none."""

    value: float | None
    cases: int
    number: int | None = None


def _share(number: int, of: int) -> Measured:
    return Measured(number / of if of else None, of, number)


def _goals_complete(week: Week) -> Measured:
    # No matter of chance: one goal without an owner is one too many.
    return Measured(
        week.goals.complete / week.goals.declared if week.goals.declared else None, week.goals.declared
    )


def _goals_on_pace(week: Week) -> Measured:
    return Measured(week.goals.fine / week.goals.judged if week.goals.judged else None, week.goals.judged)


def _changes_noted(week: Week) -> Measured:
    return Measured(week.changes_noted / week.changes if week.changes else None, week.changes)


def _appeals_in_time(week: Week) -> Measured:
    return _share(week.appeals_in_time, week.appeals_due)


def _activated(week: Week) -> Measured:
    return _share(week.newcomers_activated, week.newcomers_due)


def _largest_channel(week: Week) -> Measured:
    total = sum(week.events_by_channel.values())
    # No share of independent cases: whether it is too large is no matter of chance.
    return Measured(max(week.events_by_channel.values()) / total if total else None, total)


def _effective_channels(week: Week) -> Measured:
    """The inverse of the Herfindahl-Hirschman index: so many channels of one size are as concentrated."""
    total = sum(week.events_by_channel.values())
    squares = sum(number * number for number in week.events_by_channel.values())
    return Measured(total * total / squares if squares else None, total)


def _cases_in_time(week: Week) -> Measured:
    return _share(week.cases_in_time, week.cases_due)


def _repeat_offenders(week: Week) -> Measured:
    return _share(sum(number > 1 for number in week.upheld_by_person.values()), len(week.upheld_by_person))


def _absence_factor(week: Week) -> Measured:
    return Measured(absence_factor(week.answers.values()), sum(week.answers.values()))


def _median_seconds(week: Week) -> Measured:
    found = week.waits
    if not found.asked:
        return Measured(None, 0)
    median = quantile(survival(found), 0.5)
    # Where half are not answered yet it is beyond all that was seen: on as many as have waited long enough.
    return Measured(float("inf"), found.due) if median is None else Measured(median, found.asked)


def _answered_in_time(week: Week) -> Measured:
    return _share(week.waits.in_time, week.waits.due)


def _first_answered(week: Week) -> Measured:
    return _share(week.first_waits.due_answered, week.first_waits.due)


def _surveys_answered(week: Week) -> Measured:
    # Answers may be of those who were asked in the weeks before: of more than were asked there is no share.
    if week.surveys_answered > week.surveys_asked:
        return Measured(None, week.surveys_asked)
    return _share(week.surveys_answered, week.surveys_asked)


def _ideas_answered(week: Week) -> Measured:
    return _share(week.ideas_in_time, week.ideas_due)


def _solved(week: Week) -> Measured:
    return _share(week.solved, week.solved_due)


def _of_an_average_week(number: int, week: Week) -> Measured:
    # Somebody may be active in several of the weeks: as cases counts who is in one, not each of their weeks. Where
    # anybody was active at all there is one.
    cases = max(1, round(week.active / week.weeks)) if week.active else 0
    return Measured(number / week.active if week.active else None, cases, round(number / week.weeks))


def _recognised(week: Week) -> Measured:
    return _of_an_average_week(week.recognised, week)


def _audience_known(week: Week) -> Measured:
    return _of_an_average_week(week.in_audience, week) if week.knows_audiences else Measured(None, 0)


def _decisions_logged(week: Week) -> Measured:
    return Measured(float(week.decisions.made), week.decisions.made) if week.knows_decisions else Measured(None, 0)


def _changes_backtested(week: Week) -> Measured:
    return _share(week.changes_backtested, week.backtests_due)


def _decisions_reviewed(week: Week) -> Measured:
    return _share(week.decisions.in_time, week.decisions.due)


class Indicator(NamedTuple):
    """What is measured of a practice, and what is aimed at."""

    name: IndicatorName
    practice: int
    unit: FigureUnit
    objective: float
    measure: Callable[[Week], Measured]
    at_most: bool = False
    #: Of fewer cases nothing is red.
    cases_min_count: int = 10
    #: A week is judged by so many that end with it.
    judged_weeks: int = 1

    def is_met(self, value: float) -> bool:
        """Whether a value is as it should be."""
        return value <= self.objective if self.at_most else value >= self.objective


_DAY: Final = 86_400.0
#: In the order of the practices. What they aim at are starting values, which managers change.
INDICATORS: Final = (
    Indicator("goals_complete", 1, "share", 1.0, _goals_complete, cases_min_count=1),
    Indicator("goals_on_pace", 1, "share", 0.8, _goals_on_pace, cases_min_count=1),
    Indicator("newcomers_activated", 2, "share", 0.3, _activated),
    Indicator("audience_known", 2, "share", 0.8, _audience_known),
    Indicator("changes_noted", 3, "share", 1.0, _changes_noted, cases_min_count=1),
    Indicator("appeals_in_time", 3, "share", 0.9, _appeals_in_time),
    Indicator("largest_channel", 4, "share", 0.7, _largest_channel, at_most=True),
    Indicator("effective_channels", 4, "count", 2.0, _effective_channels),
    Indicator("reports_in_time", 5, "share", 0.9, _cases_in_time),
    Indicator("repeat_offenders", 5, "share", 0.2, _repeat_offenders, at_most=True),
    Indicator("answers_absence_factor", 6, "count", 5.0, _absence_factor),
    Indicator("questions_solved", 7, "share", 0.5, _solved),
    Indicator("median_response", 8, "seconds", _DAY, _median_seconds, at_most=True),
    Indicator("answered_in_time", 8, "share", 0.8, _answered_in_time),
    Indicator("first_question_answered", 8, "share", 0.9, _first_answered),
    Indicator("members_recognised", 9, "share", 0.3, _recognised),
    # It takes no ten cases to say that nothing was decided in four weeks.
    Indicator(
        "decisions_logged", 10, "count", 1.0, _decisions_logged, cases_min_count=0, judged_weeks=WINDOW_WEEKS
    ),
    Indicator("decisions_reviewed", 11, "share", 0.9, _decisions_reviewed),
    Indicator("changes_backtested", 11, "share", 1.0, _changes_backtested, cases_min_count=1),
    Indicator("survey_response", 12, "share", 0.2, _surveys_answered),
    Indicator("ideas_answered", 12, "share", 0.9, _ideas_answered),
)


class Interval(NamedTuple):
    """Where a share is, at 95 %."""

    low: float
    high: float


def wilson(number: int, of: int) -> Interval:
    """Wilson's interval of a share, at 95 %: never beyond 0 and 1, and right at both. `of` is above zero."""
    share, z2 = number / of, _Z * _Z
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = _Z * sqrt(share * (1 - share) / of + z2 / (4 * of * of)) / (1 + z2 / of)
    return Interval(max(0.0, middle - half), min(1.0, middle + half))


@dataclass(frozen=True, slots=True)
class Reading:
    """An indicator now and in the weeks before, and how many of its weeks were bad."""

    indicator: Indicator
    now: Measured
    before: Measured
    state: State
    why_grey: WhyGrey | None
    interval: Interval | None
    weeks: Sequence[State]
    values: Sequence[Measured] = ()
    #: From when on the community aims at it; None where that is a starting value.
    aimed_since: date | None = None

    @property
    def bad_weeks(self) -> int:
        """How many weeks missed what is aimed at."""
        return sum(state in (State.RED, State.UNSURE) for state in self.weeks)


def state_of(indicator: Indicator, measured: Measured) -> State:
    """Whether it is met. A share is red where its whole interval misses; all else where enough cases do."""
    if measured.value is None:
        return State.GREY
    if indicator.is_met(measured.value):
        return State.GOOD
    if measured.number is not None:
        low, high = wilson(measured.number, measured.cases)
        return State.RED if not indicator.is_met(low if indicator.at_most else high) else State.UNSURE
    return State.RED if measured.cases >= indicator.cases_min_count else State.UNSURE


class Gauge(NamedTuple):
    """What an indicator measures, whatever is aimed at: the last four weeks, the four before, and by week."""

    now: Measured
    before: Measured
    weeks: Sequence[Measured]


def gauges(weeks: Sequence[Week]) -> dict[IndicatorName, Gauge]:
    """What each indicator measures in weeks, oldest first."""
    last, before = added(weeks[-WINDOW_WEEKS:]), added(weeks[-2 * WINDOW_WEEKS : -WINDOW_WEEKS])
    return {
        indicator.name: Gauge(
            indicator.measure(last),
            indicator.measure(before),
            [
                indicator.measure(added(weeks[place + 1 - indicator.judged_weeks : place + 1]))
                if place + 1 >= indicator.judged_weeks
                else Measured(None, 0)
                for place in range(len(weeks))
            ],
        )
        for indicator in INDICATORS
    }


def read(indicator: Indicator, gauge: Gauge, *, now: float, then: Sequence[float]) -> Reading:
    """An indicator by what it measures. What was aimed at is `now`, and `then` at the end of each week: weeks that
    are over stay judged by that.
    """
    aimed, measured = indicator._replace(objective=now), gauge.now
    state = state_of(aimed, measured)
    interval = wilson(measured.number, measured.cases) if measured.number is not None and measured.cases else None
    why_grey = WhyGrey.NOTHING_HEARD if state is State.GREY else None
    states = [
        state_of(indicator._replace(objective=objective), one)
        for one, objective in zip(gauge.weeks, then, strict=True)
    ]
    return Reading(aimed, measured, gauge.before, state, why_grey, interval, states, gauge.weeks)


def card(
    measured: Mapping[IndicatorName, Gauge],
    *,
    aims: Aims | None = None,
    ends: Sequence[date] = (),
    day: date | None = None,
) -> list[Reading]:
    """All indicators, in the order of the practices. They do not add up: practices do not offset each other.

    `aims` are what a community set, `ends` the last days of the weeks, and `day` that on which the card is looked
    at; where nothing was set what is aimed at are starting values.
    """
    found = []
    for indicator in INDICATORS:
        said, gauge = (aims or {}).get(indicator.name, ()), measured[indicator.name]
        at = [aim_on(said, end) for end in ends] if said else [None] * len(gauge.weeks)
        today = aim_on(said, day) if said and day is not None else None
        reading = read(
            indicator,
            gauge,
            now=indicator.objective if today is None else today.objective,
            then=[indicator.objective if aim is None else aim.objective for aim in at],
        )
        found.append(replace(reading, aimed_since=None if today is None else today.starts_on))
    return found


def practice_state(readings: Sequence[Reading]) -> State:
    """A practice is what its worst indicator is; grey only where none has a value."""
    states = {reading.state for reading in readings}
    return next(state for state in (State.RED, State.UNSURE, State.GOOD, State.GREY) if state in states)
