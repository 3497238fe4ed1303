"""On which days somebody was in an audience, as what was told of them says."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple


class AudienceTurn(NamedTuple):
    """That a member is in an audience since a time, or is not; of those begun the highest revision counts."""

    community: str
    audience_id: str
    member_id: str
    revision: int
    is_in: bool
    since: datetime


class Stay(NamedTuple):
    """From a day on somebody is in an audience, or is not, until the next one says otherwise."""

    day: date
    is_in: bool


def stays(turns: Iterable[AudienceTurn], *, day_of: Callable[[datetime], date]) -> list[Stay]:
    """When one member came into one audience and left it, by days: what holds at the end of a day holds for it.

    A turn that is known later and begins earlier is over those before it, whatever order they came in.
    """
    found: list[Stay] = []
    newest = 0
    for turn in sorted(turns, key=lambda turn: (day_of(turn.since), turn.revision)):
        if turn.revision < newest:
            continue
        newest = turn.revision
        day = day_of(turn.since)
        if found and found[-1].day == day:
            found.pop()
        if (found[-1].is_in if found else False) != turn.is_in:
            found.append(Stay(day, turn.is_in))
    return found


def is_in_on(stays_of_one: Sequence[Stay], day: date) -> bool:
    """Whether somebody is in the audience at the end of a day."""
    place = bisect_right(stays_of_one, day, key=lambda stay: stay.day)
    return place > 0 and stays_of_one[place - 1].is_in
