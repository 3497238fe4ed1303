"""What there is in all of a community."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple


class RedemptionTotal(NamedTuple):
    """How many redemptions are in a state, and their points."""

    state: str
    number: int
    points: int


class PayoutTotal(NamedTuple):
    """How many payouts are in a state, their points, and what they pay in the currency's minor unit."""

    state: str
    number: int
    points: int
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Summary:
    """Events are participation, points what awards amount to, granted and taken back are badges and levels.

    So many of the `awards` are `awards_taken_back`, and so often were any of them amended.
    """

    members: int
    events: int
    rejections: int
    awards: int
    awards_taken_back: int
    amendments: int
    points: int
    granted: int
    taken_back: int
    redemptions: Sequence[RedemptionTotal]
    payouts: Sequence[PayoutTotal]
