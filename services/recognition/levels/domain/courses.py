"""How a number that a level asks for goes in the course of time: pure functions of what was done.

Moments are whole seconds since 1970 (UTC). What was done is known by quarters of an hour, and counts from the
beginning of its quarter until so many times 24 hours after that.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Final, NamedTuple

from shared.contracts.programme import LevelCount

DAY_SECONDS: Final = 86_400
#: Before everything.
NEVER: Final = -(1 << 60)


class Did(NamedTuple):
    """What of one kind somebody did in a quarter of an hour: how many times, or how much of a sum.

    `key` is with whom, on what or about what, where that is kept.
    """

    at: int
    key: str = ""
    events: int = 1


class Step(NamedTuple):
    """A value that holds from a moment on, until the next step."""

    at: int
    value: int


Course = Sequence[Step]


def value_at(course: Course, moment: int) -> int:
    """What a course is at a moment; 0 before its first step."""
    place = bisect_right(course, moment, key=lambda step: step.at)
    return course[place - 1].value if place else 0


def course_of(
    done: Iterable[Did], count: LevelCount, *, window_days: int | None, day_of: Callable[[int], date]
) -> list[Step]:
    """How a number goes: of all that is done, or of what was done within so many times 24 hours."""
    entering = sorted(done)
    window = None if window_days is None else window_days * DAY_SECONDS
    moves = [(one.at, 1, one) for one in entering]
    if window is not None:
        moves += [(one.at + window, -1, one) for one in entering]
        moves.sort(key=lambda move: move[0])
    total = 0
    times: dict[object, int] = {}
    steps: list[Step] = []
    for at, sign, one in moves:
        if count in ("events", "sum"):
            total += sign * one.events
        else:
            key: object = day_of(one.at) if count == "days" else one.key
            now = times.get(key, 0) + sign * one.events
            if now > 0:
                times[key] = now
            else:
                times.pop(key, None)
            total = len(times)
        if steps and steps[-1].at == at:
            steps[-1] = Step(at, total)
        else:
            steps.append(Step(at, total))
    return _without_repeats(steps)


def course_of_all(
    by_day: Iterable[tuple[date, int]], *, window_days: int, start_of: Callable[[date], int]
) -> list[Step]:
    """How much all of a community did on so many of its days before each of them, from that one's beginning on."""
    moves: dict[date, int] = {}
    for day, count in by_day:
        for first, change in ((day + timedelta(days=1), count), (day + timedelta(days=1 + window_days), -count)):
            moves[first] = moves.get(first, 0) + change
    total = 0
    steps: list[Step] = []
    for day in sorted(moves):
        total += moves[day]
        steps.append(Step(start_of(day), total))
    return _without_repeats(steps)


def _without_repeats(steps: list[Step]) -> list[Step]:
    if not steps:
        return []
    first = [steps[0]] if steps[0].value else []
    return [*first, *(later for earlier, later in pairwise(steps) if later.value != earlier.value)]


class Spell(NamedTuple):
    """Something that was so from a moment on, until another; None is for good."""

    since: int
    until: int | None


def course_of_suspensions(spells: Iterable[Spell], *, clean_days: int) -> list[Step]:
    """1 while somebody is suspended, or was within so many times 24 hours; 0 at all other times."""
    steps: list[Step] = []
    end = NEVER
    for since, until in sorted(spells, key=lambda spell: spell.since):
        if since > end and steps:
            steps.append(Step(end, 0))
        if since > end or not steps:
            steps.append(Step(since, 1))
        if until is None:
            return steps
        end = max(end, until + clean_days * DAY_SECONDS)
    if steps:
        steps.append(Step(end, 0))
    return steps
