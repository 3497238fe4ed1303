"""Love and levels of the Orbit model, version 1, and gravity of version 2 (github.com/orbit-love/orbit-model)."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple

#: What is left of a month's acts with each calendar month that begins.
KEPT: Final = 0.9
LEVELS: Final = (1, 2, 3, 4)
#: The level of whoever was never there.
NO_LEVEL: Final = 0
#: From how much love on a level begins.
_FROM: Final = ((1, 1.5), (2, 1.0), (3, 0.5))
#: What a member of each level weighs in gravity, before it is squared.
WEIGHTS: Final = {NO_LEVEL: 0, 1: 10, 2: 7, 3: 4, 4: 1}
#: What sums of ninths and tenths differ by from what they are.
_TOLERANCE: Final = 1e-9


class Monthly(NamedTuple):
    """How many events somebody has in the month that begins then."""

    month: date
    events: int


class Move(NamedTuple):
    """That somebody came to a level in a month, from another or from none."""

    month: date
    before: int
    after: int
    love: float


def love_in(month: date, months: Sequence[Monthly]) -> float:
    """Love in a month: each event so far, and a tenth less for each *calendar* month since, however short."""
    return sum(one.events * KEPT ** _months_between(one.month, month) for one in months if one.month <= month)


def level_of(love: float) -> int:
    """The level of so much love: 1 from 1.5 on, 2 from 1, 3 from 0.5, else 4."""
    return next((level for level, least in _FROM if love >= least - _TOLERANCE), LEVELS[-1])


def moves_of(months: Sequence[Monthly]) -> Iterator[Move]:
    """Every move between levels, to the last, where nothing is done any more."""
    love, level, at = 0.0, NO_LEVEL, None
    for one in months:
        if at is not None:
            for move in _falling(at, love, level, until=one.month):
                yield move
                level = move.after
            love *= KEPT ** _months_between(at, one.month)
        love, at = love + one.events, one.month
        if level_of(love) != level:
            yield Move(at, level, level_of(love), love)
            level = level_of(love)
    if at is not None:
        yield from _falling(at, love, level, until=None)


def _falling(at: date, love: float, level: int, *, until: date | None) -> Iterator[Move]:
    """The moves of somebody who does nothing, in the months after `at` and before `until`."""
    month = following(at)
    while month is not None and level != LEVELS[-1] and (until is None or month < until):
        love *= KEPT
        if level_of(love) != level:
            yield Move(month, level, level_of(love), love)
            level = level_of(love)
        month = following(month)


def following(month: date) -> date | None:
    """The first day of the next month; None at the calendar's end."""
    number = month.year * 12 + month.month
    return date(number // 12, number % 12 + 1, 1) if number < (date.max.year + 1) * 12 else None


def _months_between(earlier: date, later: date) -> int:
    return (later.year - earlier.year) * 12 + later.month - earlier.month


class Orbit(NamedTuple):
    """How many members are on each level at a month's end, or now, and how many of them came there how."""

    levels: Mapping[int, int]
    joined: int = 0
    rose: int = 0
    fell: int = 0

    @property
    def members(self) -> int:
        """On any level: whoever was ever there."""
        return sum(self.levels.values())

    @property
    def commitment(self) -> int:
        """The squares of the members' weights, added up."""
        return sum(WEIGHTS[level] ** 2 * members for level, members in self.levels.items())


def gravity(before: Orbit, after: Orbit) -> tuple[int, int]:
    """What commitment grew by, and by how many it is divided: the members at the beginning; 0 has no value."""
    return after.commitment - before.commitment, before.members
