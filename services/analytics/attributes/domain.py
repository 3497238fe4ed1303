"""What an attribute of somebody said on a day."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple


class SaidValue(NamedTuple):
    """What an attribute says from a moment on; of two of one moment what was said later, then the greater."""

    since: datetime
    said_at: datetime
    value: str


class Held(NamedTuple):
    """What an attribute says from a day on, until the next one."""

    day: date
    value: str


def held(values: Iterable[SaidValue], *, day_of: Callable[[datetime], date]) -> list[Held]:
    """What one attribute of somebody said by days: what holds at the end of a day holds for it."""
    found: list[Held] = []
    for said in sorted(values):
        day = day_of(said.since)
        if found and found[-1].day == day:
            found.pop()
        if not found or found[-1].value != said.value:
            found.append(Held(day, said.value))
    return found


def value_on(held_of_one: Sequence[Held], day: date) -> str:
    """What the attribute says at the end of a day; empty where nothing was said by then."""
    place = bisect_right(held_of_one, day, key=lambda one: one.day)
    return held_of_one[place - 1].value if place else ""
