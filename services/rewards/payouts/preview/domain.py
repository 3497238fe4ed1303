"""What payouts of a run that nobody made come to."""

from collections.abc import Iterable
from typing import NamedTuple

from services.rewards.payouts.domain import Payout


class PreviewSum(NamedTuple):
    """So many payouts, of so many points and minor units."""

    payouts_count: int
    points: int
    amount_minor: int

    @classmethod
    def of(cls, payouts: Iterable[Payout]) -> "PreviewSum":
        """What payouts come to."""
        kept = list(payouts)
        return cls(len(kept), sum(payout.points for payout in kept), sum(payout.amount_minor for payout in kept))
