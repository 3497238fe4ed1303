"""What points are worth.

Points become money in whole multiples of the programme's `payout.points`, so that nothing is ever
rounded: what is left over stays available.
"""

from dataclasses import dataclass
from typing import NamedTuple

from services.rewards.bank_messages.domain import AMOUNT_MINOR_MAX

POINTS_PER_PAYOUT_MAX = 1_000_000_000


@dataclass(frozen=True, slots=True)
class PayoutTerms:
    """`points` points are worth `minor` minor units of `currency`; below `minimum_points` nothing is paid."""

    currency: str
    points: int
    minor: int
    minimum_points: int

    @property
    def least_points(self) -> int:
        """With fewer points nobody is paid."""
        return max(self.minimum_points, self.points)


class Worth(NamedTuple):
    """Points that are paid, and the minor units paid for them."""

    points: int
    amount_minor: int


def worth(available: int, terms: PayoutTerms) -> Worth:
    """What a member with `available` points is paid: 0 and 0 below the minimum or one whole multiple.

    The points are a whole multiple of `terms.points`, so the amount is exact. One payout is limited by
    what a SEPA credit transfer can carry; the rest stays available.
    """
    if available < terms.minimum_points:
        return Worth(0, 0)
    multiples = min(
        available // terms.points, AMOUNT_MINOR_MAX // terms.minor, POINTS_PER_PAYOUT_MAX // terms.points
    )
    return Worth(multiples * terms.points, multiples * terms.minor)
