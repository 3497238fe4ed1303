"""Indicators of the twelve practices: what is measured and aimed at, and when that is good, bad or unknown."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from math import sqrt
from typing import Final, NamedTuple

from services.analytics.decisions.domain import Aims, WeekDecisions, aim_on
from services.analytics.goals.domain.pace import GoalState, Standing
from services.analytics.response_times.domain.waiting import (
    Waits,
    absence_factor,
    quantile,
    survival,
)
from services.analytics.response_times.domain.waiting import added as added_waits
from shared.calendars import Span
from shared.contracts.figures import FigureUnit, IndicatorName

#: A week is good or bad; so many are looked at, and nine in ten are to be good.
WEEKS_COUNT: Final = 13
BAD_WEEKS_MAX_COUNT: Final = 1
#: What is compared with as many weeks before.
WINDOW_WEEKS: Final = 4
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


NO_WAITS: Final = Waits()


class GoalCounts(NamedTuple):
    """How many goals there were at the end of a week, how many say all, and how those stand that are judged."""

    declared: int = 0
    complete: int = 0
    judged: int = 0
    fine: int = 0


@dataclass(frozen=True, slots=True)
class Week:
    """What happened in seven days, as far as indicators go by it. Weeks add up to longer windows."""

    waits: Waits = NO_WAITS
    first_waits: Waits = NO_WAITS
    answers: Mapping[str, int] = field(default_factory=dict)
    events_by_channel: Mapping[str, int] = field(default_factory=dict)
    newcomers_due: int = 0
    newcomers_activated: int = 0
    cases_due: int = 0
    cases_in_time: int = 0
    upheld_by_person: Mapping[str, int] = field(default_factory=dict)
    appeals_due: int = 0
    appeals_in_time: int = 0
    changes: int = 0
    changes_noted: int = 0
    surveys_asked: int = 0
    surveys_answered: int = 0
    ideas_due: int = 0
    ideas_in_time: int = 0
    #: Forum posts whose 7 days for an accepted answer ended, and those that had one by then.
    solved_due: int = 0
    solved: int = 0
    #: Who was active in the week; of these whom recognition reached in 90 days, and who is in an audience.
    active: int = 0
    recognised: int = 0
    in_audience: int = 0
    #: Whether any decision was ever written down, and any audience known.
    knows_decisions: bool = False
    knows_audiences: bool = False
    decisions: WeekDecisions = field(default_factory=WeekDecisions)
    goals: GoalCounts = field(default_factory=GoalCounts)
    #: How many weeks these are, added up.
    weeks: int = 1


def weeks_before(day: date) -> list[Span]:
    """The 13 times seven days that end with the one before `day`, oldest first."""
    return [
        Span(day - timedelta(days=7 * back), day - timedelta(days=7 * (back - 1) + 1))
        for back in range(WEEKS_COUNT, 0, -1)
    ]


def added(weeks: Sequence[Week]) -> Week:
    """What happened in all of these weeks; goals are as at the end of the last."""
    return Week(
        waits=added_waits(week.waits for week in weeks),
        first_waits=added_waits(week.first_waits for week in weeks),
        answers=sum((Counter(week.answers) for week in weeks), Counter()),
        events_by_channel=sum((Counter(week.events_by_channel) for week in weeks), Counter()),
        newcomers_due=sum(week.newcomers_due for week in weeks),
        newcomers_activated=sum(week.newcomers_activated for week in weeks),
        cases_due=sum(week.cases_due for week in weeks),
        cases_in_time=sum(week.cases_in_time for week in weeks),
        upheld_by_person=sum((Counter(week.upheld_by_person) for week in weeks), Counter()),
        appeals_due=sum(week.appeals_due for week in weeks),
        appeals_in_time=sum(week.appeals_in_time for week in weeks),
        changes=sum(week.changes for week in weeks),
        changes_noted=sum(week.changes_noted for week in weeks),
        surveys_asked=sum(week.surveys_asked for week in weeks),
        surveys_answered=sum(week.surveys_answered for week in weeks),
        ideas_due=sum(week.ideas_due for week in weeks),
        ideas_in_time=sum(week.ideas_in_time for week in weeks),
        solved_due=sum(week.solved_due for week in weeks),
        solved=sum(week.solved for week in weeks),
        active=sum(week.active for week in weeks),
        recognised=sum(week.recognised for week in weeks),
        in_audience=sum(week.in_audience for week in weeks),
        knows_decisions=any(week.knows_decisions for week in weeks),
        knows_audiences=any(week.knows_audiences for week in weeks),
        decisions=WeekDecisions(*(sum(parts) for parts in zip(*(week.decisions for week in weeks), strict=True))),
        goals=weeks[-1].goals,
        weeks=sum(week.weeks for week in weeks),
    )


#: A goal that stands so is one to act on.
_NOT_FINE: Final = (GoalState.OFF_PACE, GoalState.MISSED)
_NOT_JUDGED: Final = (GoalState.UNMEASURED, GoalState.NOT_YET)


def goal_counts(standings: Sequence[Standing]) -> GoalCounts:
    """How goals stood: of those whose window has begun, all are fine but those off pace and missed."""
    judged = [one.state for one in standings if one.state not in _NOT_JUDGED]
    return GoalCounts(
        declared=len(standings),
        complete=sum(not one.definition.lacks for one in standings),
        judged=len(judged),
        fine=sum(state not in _NOT_FINE for state in judged),
    )


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


def read(indicator: Indicator, weeks: Sequence[Week], *, now: float, then: Sequence[float]) -> Reading:
    """An indicator by the weeks, oldest first: the last four, and the four before those.

    What was aimed at is `now`, and `then` at the end of each week: weeks that are over stay judged by that.
    """
    aimed = indicator._replace(objective=now)
    measured = indicator.measure(added(weeks[-WINDOW_WEEKS:]))
    before = indicator.measure(added(weeks[-2 * WINDOW_WEEKS : -WINDOW_WEEKS]))
    state = state_of(aimed, measured)
    interval = wilson(measured.number, measured.cases) if measured.number is not None and measured.cases else None
    why_grey = WhyGrey.NOTHING_HEARD if state is State.GREY else None
    each = [
        indicator.measure(added(weeks[place + 1 - indicator.judged_weeks : place + 1]))
        if place + 1 >= indicator.judged_weeks
        else Measured(None, 0)
        for place in range(len(weeks))
    ]
    states = [
        state_of(indicator._replace(objective=objective), one) for one, objective in zip(each, then, strict=True)
    ]
    return Reading(aimed, measured, before, state, why_grey, interval, states, each)


def card(
    weeks: Sequence[Week], *, aims: Aims | None = None, ends: Sequence[date] = (), day: date | None = None
) -> list[Reading]:
    """All indicators, in the order of the practices. They do not add up: practices do not offset each other.

    `aims` are what a community set, `ends` the last days of the weeks, and `day` that on which the card is looked
    at; where nothing was set what is aimed at are starting values.
    """
    found = []
    for indicator in INDICATORS:
        said = (aims or {}).get(indicator.name, ())
        at = [aim_on(said, end) for end in ends] if said else [None] * len(weeks)
        today = aim_on(said, day) if said and day is not None else None
        reading = read(
            indicator,
            weeks,
            now=indicator.objective if today is None else today.objective,
            then=[indicator.objective if aim is None else aim.objective for aim in at],
        )
        found.append(replace(reading, aimed_since=None if today is None else today.starts_on))
    return found


def practice_state(readings: Sequence[Reading]) -> State:
    """A practice is what its worst indicator is; grey only where none has a value."""
    states = {reading.state for reading in readings}
    return next(state for state in (State.RED, State.UNSURE, State.GOOD, State.GREY) if state in states)
