"""What happened in the weeks that the scorecard looks at, and what that adds up to."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final, NamedTuple

from services.analytics.decisions.domain import WeekDecisions
from services.analytics.goals.domain.pace import GoalState, Standing
from services.analytics.response_times.domain.waiting import Waits
from services.analytics.response_times.domain.waiting import added as added_waits
from shared.calendars import Span

#: A week is good or bad; so many are looked at, and nine in ten are to be good.
WEEKS_COUNT: Final = 13
BAD_WEEKS_MAX_COUNT: Final = 1
#: What is compared with as many weeks before.
WINDOW_WEEKS: Final = 4
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
    #: Of these those of which it is known whether they were backtested, and those that were.
    backtests_due: int = 0
    changes_backtested: int = 0
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
        backtests_due=sum(week.backtests_due for week in weeks),
        changes_backtested=sum(week.changes_backtested for week in weeks),
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
