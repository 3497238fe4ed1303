"""What the levels of a programme ask for, one above the other, and whether a member has it at a moment."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from heapq import merge
from typing import Final, NamedTuple

from services.recognition.levels.domain.courses import (
    DAY_SECONDS,
    NEVER,
    Course,
    Did,
    Spell,
    Step,
    course_of,
    course_of_all,
    course_of_suspensions,
    value_at,
)
from shared.contracts.programme import Level, Recognition, Requirement, counted_id, detail_of

WHOLE_PERCENT: Final = 100
MINUTE_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing that is asked for, and how many percent of it are enough."""

    requirement: Requirement
    percent: int = WHOLE_PERCENT

    @property
    def is_of_all(self) -> bool:
        """Whether what everybody does decides how many it takes."""
        return self.requirement.share is not None

    def needed(self, of_all: int = 0) -> int:
        """How many hundredths it takes at least, of what all did; of what may be at most so many, that."""
        asked = self.requirement
        if asked.share is not None:
            target = min(asked.share.percent * of_all, asked.share.at_most * WHOLE_PERCENT)
            return -(-target * self.percent // WHOLE_PERCENT)
        if asked.at_least is not None:
            return asked.at_least * self.percent
        return (asked.at_most or 0) * WHOLE_PERCENT

    def is_met(self, value: int, of_all: int = 0) -> bool:
        """Whether somebody has it who has so many, where all did so much."""
        asked = self.requirement
        if asked.unsuspended_days is not None:
            return value == 0
        if asked.known_minutes is not None:
            return value == 1
        if asked.at_most is not None:
            return value <= asked.at_most
        if asked.share is not None:
            target = min(asked.share.percent * of_all, asked.share.at_most * WHOLE_PERCENT)
            return value * WHOLE_PERCENT * WHOLE_PERCENT >= target * self.percent
        return value * WHOLE_PERCENT >= (asked.at_least or 0) * self.percent


@dataclass(frozen=True, slots=True)
class Rung:
    """A level, what it takes to reach it, and what to keep it; None is nothing, once it is reached."""

    level: Level
    requires: tuple[Asked, ...]
    keep: tuple[Asked, ...] | None

    @classmethod
    def of(cls, level: Level) -> "Rung":
        """Read a level of a programme: of what is asked within days alone is a part enough to keep it."""
        requires = tuple(map(Asked, level.requires or ()))
        if level.keep == "always":
            return cls(level, requires, None)
        if isinstance(level.keep, list):
            return cls(level, requires, tuple(map(Asked, level.keep)))
        percent = level.keep or WHOLE_PERCENT
        kept = (
            Asked(one, percent if one.within_days is not None else WHOLE_PERCENT) for one in level.requires or ()
        )
        return cls(level, requires, tuple(kept))

    @property
    def grace_seconds(self) -> int:
        """For how long after it was reached it is not lost."""
        return (self.level.grace_days or 0) * DAY_SECONDS


@dataclass(frozen=True, slots=True)
class Ladder:
    """The levels that ask for more than points, lowest first."""

    rungs: tuple[Rung, ...] = ()

    @classmethod
    def of(cls, recognition: Recognition) -> "Ladder":
        """The levels of a programme."""
        return cls(tuple(map(Rung.of, recognition.trust_levels)))

    def place(self, level_id: str | None) -> int | None:
        """How many levels are up to this one; None where it is none of them. Of no level it is none, 0."""
        if level_id is None:
            return 0
        ids = [rung.level.id for rung in self.rungs]
        return ids.index(level_id) + 1 if level_id in ids else None

    @property
    def reads_suspensions(self) -> bool:
        """Whether any asks that the member is not suspended."""
        return any(asked.unsuspended_days is not None for rung in self.rungs for asked in rung.level.asked)


class Hold(NamedTuple):
    """Somebody said which level a member is on, from a moment on and until another; None is below all."""

    since: int
    until: int | None
    level_id: str | None


@dataclass(frozen=True)
class Life:
    """All of a member that levels read, of whoever is one person with it."""

    done: Mapping[str, Sequence[Did]] = field(default_factory=dict)
    known_since: int | None = None
    suspensions: Sequence[Spell] = ()
    holds: Sequence[Hold] = ()


@dataclass(frozen=True)
class Surroundings:
    """What is the same for all members: the community's days, and how much all did on each."""

    day_of: Callable[[int], date]
    start_of: Callable[[date], int]
    of_all: Mapping[str, Sequence[tuple[date, int]]] = field(default_factory=dict)


class Courses:
    """How all numbers that a ladder asks for go for one member; each is found once."""

    def __init__(self, life: Life, around: Surroundings) -> None:
        self._life = life
        self._around = around
        self._found: dict[tuple[object, ...], Course] = {}

    def own(self, asked: Requirement) -> Course:
        """How the member's own number goes."""
        if asked.unsuspended_days is not None:
            return course_of_suspensions(self._life.suspensions, clean_days=asked.unsuspended_days)
        if asked.known_minutes is not None:
            since = self._life.known_since
            return [] if since is None else [Step(since + asked.known_minutes * MINUTE_SECONDS, 1)]
        name = counted_id(asked.rule or "", detail_of(asked))
        key = (name, asked.counted, asked.within_days)
        if key not in self._found:
            self._found[key] = course_of(
                self._life.done.get(name, ()),
                asked.counted,
                window_days=asked.within_days,
                day_of=self._around.day_of,
            )
        return self._found[key]

    def of_all(self, asked: Requirement) -> Course:
        """How what all did goes, of which a share is asked for."""
        if asked.share is None or asked.within_days is None:
            return []
        name = counted_id(asked.share.rule, "all")
        key = (name, "all", asked.within_days)
        if key not in self._found:
            self._found[key] = course_of_all(
                self._around.of_all.get(name, ()), window_days=asked.within_days, start_of=self._around.start_of
            )
        return self._found[key]

    def flips(self, asked: Asked) -> Iterator[tuple[int, bool]]:
        """When the member has what is asked for, and when not: from before everything on, each time it changes."""
        own, of_all = self.own(asked.requirement), self.of_all(asked.requirement)
        value = around = 0
        is_met = asked.is_met(0, 0)
        yield NEVER, is_met
        moves = merge(((step.at, 0, step.value) for step in own), ((step.at, 1, step.value) for step in of_all))
        pending: int | None = None
        for at, is_around, number in moves:
            if pending is not None and pending != at:
                now = asked.is_met(value, around)
                if now != is_met:
                    is_met = now
                    yield pending, is_met
            pending = at
            value, around = (value, number) if is_around else (number, around)
        if pending is not None and asked.is_met(value, around) != is_met:
            yield pending, not is_met

    def now(self, asked: Asked, moment: int) -> tuple[int, int]:
        """The member's number at a moment, and that of all."""
        return (
            value_at(self.own(asked.requirement), moment),
            value_at(self.of_all(asked.requirement), moment),
        )
