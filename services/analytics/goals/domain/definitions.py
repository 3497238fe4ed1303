"""What was declared of a goal, and since when; and the windows that follow from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple

from services.analytics.periods.domain import FIRST_DAY
from shared.calendars import Calendar, Span
from shared.contracts.programme import GoalEvery, GoalMetric

#: What a goal has to say so that it is known how far it is, and who answers for it; what comes first first.
PARTS: Final = ("metric", "target", "window", "owner")
#: Windows that are looked for before one is given up: those of definitions that begin later or ended before.
STEPS_MAX_COUNT: Final = 400


@dataclass(frozen=True, slots=True)
class Definition:
    """A goal as a version of the programme declares it, in force from `since` on."""

    goal_id: str
    title: str
    version: int
    since: datetime
    description: str = ""
    metric: GoalMetric | None = None
    on: tuple[str, ...] = ()
    target: int | None = None
    every: GoalEvery | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    owner: str | None = None

    @property
    def lacks(self) -> list[str]:
        """What it does not say, of PARTS."""
        has_window = self.every is not None or self.starts_on is not None
        said = {"metric": self.metric, "target": self.target, "window": has_window or None, "owner": self.owner}
        return [part for part in PARTS if said[part] is None]

    @property
    def is_measured(self) -> bool:
        """Whether it is known how far it is: without an owner it is."""
        return not {"metric", "target", "window"} & set(self.lacks)

    def is_as(self, other: "Definition") -> bool:
        """Whether it says the same, whatever the versions."""
        return self._said == other._said

    @property
    def _said(self) -> tuple[Any, ...]:
        window = (self.every, self.starts_on, self.ends_on)
        return (self.title, self.description, self.metric, self.on, self.target, window, self.owner)

    def window_of(self, day: date, calendar: Calendar) -> Span | None:
        """The window that a day is in, or the one that it has; None where it has none."""
        if self.every == "quarter":
            first = calendar.period_of("month", date(day.year, day.month - (day.month - 1) % 3, 1))
            third = calendar.period_of("month", date(day.year, first.starts_on.month + 2, 1))
            return Span(first.starts_on, third.ends_on)
        if self.every is not None:
            return calendar.period_of(self.every, day)
        if self.starts_on is None or self.ends_on is None:
            return None
        return Span(self.starts_on, self.ends_on)


class VersionGoals(NamedTuple):
    """The goals of a version, as its document has them, in force from then on."""

    version: int
    effective_from: datetime
    goals: Sequence[Mapping[str, Any]]


class PastWindow(NamedTuple):
    """A window that is over, and the definition that was in force when it ended."""

    definition: Definition
    span: Span


def definition_of(goal: Mapping[str, Any], *, version: int, since: datetime) -> Definition:
    """A goal of a programme's document as a value."""
    return Definition(
        goal["id"],
        goal["title"],
        version,
        since,
        goal.get("description", ""),
        goal.get("metric"),
        tuple(goal.get("on") or ()),
        goal.get("target"),
        goal.get("every"),
        date.fromisoformat(goal["starts"]) if goal.get("starts") else None,
        date.fromisoformat(goal["ends"]) if goal.get("ends") else None,
        goal.get("owner"),
    )


def in_force(versions: Sequence[VersionGoals], moment: datetime) -> list[Definition]:
    """What is declared at a moment, by the versions, oldest first, in the order of the document."""
    current = next((one for one in reversed(versions) if one.effective_from <= moment), None)
    if current is None:
        return []
    return [definition_of(goal, version=current.version, since=current.effective_from) for goal in current.goals]


def definitions_of(versions: Sequence[VersionGoals], goal_id: str) -> list[Definition | None]:
    """What was declared of a goal, oldest first, each that says something else; None where it was dropped."""
    found: list[Definition | None] = []
    for one in versions:
        goal = next((goal for goal in one.goals if goal["id"] == goal_id), None)
        if goal is None:
            if found and found[-1] is not None:
                found.append(None)
            continue
        definition = definition_of(goal, version=one.version, since=one.effective_from)
        if not found or found[-1] is None or not found[-1].is_as(definition):
            found.append(definition)
    return found


def past_windows(
    versions: Sequence[VersionGoals], goal_id: str, *, before: date, calendar: Calendar, limit_count: int
) -> list[PastWindow]:
    """Windows of a goal that ended before a day, newest first, each as it was declared when it ended."""
    found: list[PastWindow] = []
    day = before - timedelta(days=1)
    for _ in range(STEPS_MAX_COUNT):
        if len(found) == limit_count or day < FIRST_DAY:
            break
        over_at = calendar.start_of(day + timedelta(days=1))
        current = next((one for one in reversed(versions) if one.effective_from < over_at), None)
        if current is None:
            break
        goal = next((goal for goal in current.goals if goal["id"] == goal_id), None)
        definition = goal and definition_of(goal, version=current.version, since=current.effective_from)
        span = definition.window_of(day, calendar) if definition else None
        begun_on = calendar.day_of(current.effective_from)
        if not definition or span is None or span.starts_on > day:
            # Nothing was to be reached then: go on before this version.
            day = min(day, begun_on) - timedelta(days=1)
        elif span.ends_on > day:
            # It was cut short: another definition is in force where it would have ended.
            day = max(span.starts_on, begun_on) - timedelta(days=1)
        elif span.ends_on < day:
            day = max(span.ends_on, begun_on - timedelta(days=1))
        else:
            if definition.is_measured:
                found.append(PastWindow(definition, span))
            day = span.starts_on - timedelta(days=1)
    return found
