"""Decay and reach: what was done is worth less by the month, and how far a member reaches by whom they know.

After the Orbit model (love, reach, gravity; github.com/orbit-love/orbit-model). Values are exact fractions, to be
rounded where they are shown. A month is one of the community's calendar: what was done this month counts in full,
and on the first of the next all of it is worth a share less at once.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction
from math import fsum
from typing import Final, NamedTuple

#: What is left each month where nothing else is said.
MONTHLY_PERCENT: Final = 90
_MONTHS: Final = 12
_PERCENT: Final = 100


class Reaching(NamedTuple):
    """How strongly a member is connected with another, and for how many months nothing came of it."""

    strength: int
    idle_months: int = 0


class Standing(NamedTuple):
    """A member as gravity has it: what they did, and how far they reach."""

    love: Fraction
    reach: Fraction


def months_between(earlier: date, later: date) -> int:
    """By how many calendar months one day is later than another; 0 within a month, and for what is yet to come."""
    months = (later.year - earlier.year) * _MONTHS + later.month - earlier.month
    return max(0, months)


def decayed(points: int, months: int, monthly_percent: int = MONTHLY_PERCENT) -> Fraction:
    """What points are worth so many calendar months later."""
    return points * Fraction(monthly_percent, _PERCENT) ** months


def love(by_day: Iterable[tuple[date, int]], *, today: date, monthly_percent: int = MONTHLY_PERCENT) -> Fraction:
    """What points of some days are worth on a day of the community's calendar."""
    return sum(
        (decayed(points, months_between(day, today), monthly_percent) for day, points in by_day), Fraction(0)
    )


def faded(by_day: Iterable[tuple[date, int]], *, today: date, monthly_percent: int = MONTHLY_PERCENT) -> float:
    """What `love` is, as it is shown: exact fractions of a day that is centuries away take minutes."""
    left = monthly_percent / _PERCENT
    return fsum(points * left ** months_between(day, today) for day, points in by_day)


def reach(connections: Iterable[Reaching], *, monthly_percent: int = MONTHLY_PERCENT) -> Fraction:
    """How far a member reaches: the strengths of their connections, idle ones less by the month."""
    return sum((decayed(one.strength, one.idle_months, monthly_percent) for one in connections), Fraction(0))


def density(members_count: int, connections_count: int) -> Fraction | None:
    """Which share of all connections that there could be there is; None for fewer than two members."""
    possible = members_count * (members_count - 1) // 2
    return Fraction(connections_count, possible) if possible else None


def gravity(members: Iterable[Standing]) -> Fraction:
    """What holds a community together: what each does, as far as they reach."""
    return sum((one.love * one.reach for one in members), Fraction(0))


def commitment(members_by_weight: Mapping[int, int]) -> int:
    """The members of each level by the square of its weight, added up."""
    return sum(weight * weight * count for weight, count in members_by_weight.items())


def gravity_of_period(before: Mapping[int, int], after: Mapping[int, int]) -> Fraction | None:
    """By how much the commitment grew over a period, for each member at its start; None where there was none.

    Both have how many members are of each level, by its weight.
    """
    members = sum(before.values())
    return Fraction(commitment(after) - commitment(before), members) if members else None
