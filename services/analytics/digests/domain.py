"""The week that is over, in the few figures that a manager acts on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final, NamedTuple

from pydantic import Field

from services.analytics.goals.domain.pace import GoalState, Standing
from services.analytics.periods.domain import FIRST_DAY, LAST_DAY
from services.analytics.scorecard.domain.reading import (
    Reading,
    State,
)
from shared.calendars import Calendar, Span

#: Goals in these states are in a digest.
_TOLD: Final = (GoalState.OFF_PACE, GoalState.MISSED, GoalState.BEHIND, GoalState.MET)
_OFF: Final = frozenset({GoalState.OFF_PACE, GoalState.MISSED})


class Todo(StrEnum):
    """The one thing to do: what keeps somebody waiting comes first."""

    REPORTS = "reports"
    ANSWERS = "answers"
    GOALS = "goals"
    PRACTICE = "practice"
    NOTHING = "nothing"


class WeekFigures(NamedTuple):
    """What was counted of a week and the one before, and who waits now."""

    active: int
    active_before: int
    events: int
    events_before: int
    new_members: int
    questions_waiting: int
    reports_waiting: int


class DigestGoal(NamedTuple):
    """A goal as it stood when the digest was made."""

    goal_id: str
    title: str
    state: GoalState
    actual: int
    target: int


class DigestPlace(NamedTuple):
    """Where a page of digests ended: a week's first day, as `date.toordinal` counts."""

    first_day: Annotated[int, Field(ge=FIRST_DAY.toordinal(), le=LAST_DAY.toordinal())]


@dataclass(frozen=True, slots=True)
class Digest:
    """A week in a page; of it nothing changes any more."""

    week: Span
    made_at: datetime
    figures: WeekFigures
    goals: Sequence[DigestGoal]
    red_practices: Sequence[int]
    todo: Todo

    @property
    def off_count(self) -> int:
        """How many of its goals are off pace or missed."""
        return sum(goal.state in _OFF for goal in self.goals)

    @property
    def content(self) -> dict[str, Any]:
        """What is kept of it beside its week and when it was made."""
        return {
            "figures": self.figures._asdict(),
            "goals": [goal._asdict() for goal in self.goals],
            "red_practices": list(self.red_practices),
            "todo": self.todo,
        }


def week_before(today: date, calendar: Calendar) -> Span:
    """The community's week that was over last."""
    return calendar.week_of(calendar.week_of(today).starts_on - timedelta(days=1))


def digest_of(
    week: Span, figures: WeekFigures, *, standings: Sequence[Standing], readings: Sequence[Reading], now: datetime
) -> Digest | None:
    """The digest of a week; None of a community in which nothing happened and nothing is to be reached."""
    if not figures.events and not figures.events_before and not standings:
        return None
    goals = [
        DigestGoal(one.definition.goal_id, one.definition.title, one.state, one.actual, one.definition.target or 0)
        for one in standings
        if one.state in _TOLD
    ]
    red = sorted({one.indicator.practice for one in readings if one.state is State.RED})
    digest = Digest(week, now, figures, goals, red, Todo.NOTHING)
    todo = (
        Todo.REPORTS
        if figures.reports_waiting
        else Todo.ANSWERS
        if figures.questions_waiting
        else Todo.GOALS
        if digest.off_count
        else Todo.PRACTICE
        if red
        else Todo.NOTHING
    )
    return Digest(week, now, figures, goals, red, todo)
