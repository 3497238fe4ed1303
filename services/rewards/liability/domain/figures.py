"""Figures of vintages from what lots and their uses add up to."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from services.rewards.liability.domain.ladder import cumulative
from services.rewards.liability.domain.valuing import VintageFigures


class LotSums(NamedTuple):
    """What the lots of a vintage (counted from 0) hold, in points."""

    vintage: int
    issued: int
    expired: int
    lacking: int


class UseSum(NamedTuple):
    """Points of a vintage that were used, or are reserved, in the time of the vintage `used_in`."""

    vintage: int
    used_in: int
    is_reserved: bool
    points: int


def figures_of(
    firsts: Sequence[date], lots: Sequence[LotSums], uses: Sequence[UseSum], *, complete_count: int
) -> list[VintageFigures]:
    """The figures of the vintages that begin on `firsts`, without those that nothing was earned in.

    `complete_count` of these times are over; only of those does a row of the ladder say what was redeemed.
    """
    redeemed, reserved = [0] * len(firsts), [0] * len(firsts)
    by_age = [[0] * max(0, complete_count - place) for place in range(len(firsts))]
    for use in uses:
        (reserved if use.is_reserved else redeemed)[use.vintage] += use.points
        # An award may be of later than what used it: a clock that was wrong, or one that was merged.
        age = max(0, use.used_in - use.vintage)
        if not use.is_reserved and age < len(by_age[use.vintage]):
            by_age[use.vintage][age] += use.points
    return [
        VintageFigures(
            vintage=firsts[one.vintage],
            issued=one.issued,
            redeemed=redeemed[one.vintage],
            expired=one.expired,
            reserved=reserved[one.vintage],
            lacking=one.lacking,
            row=cumulative(by_age[one.vintage]),
        )
        for one in lots
    ]
