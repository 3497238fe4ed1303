"""What payouts of a run that nobody made come to."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from services.rewards.payouts.domain import Payout

#: Reasons that a preview names; what is held for others is in the sum alone.
REASONS_MAX_COUNT = 20


class HeldFor(NamedTuple):
    """Payouts that would wait for one reason."""

    reason: str
    payouts_count: int
    amount_minor: int


def held_for(held: Iterable[Payout], reasons: Mapping[str, str]) -> list[HeldFor]:
    """Why payouts would wait, the most frequent reason first: `reasons` by payout."""
    sums: dict[str, tuple[int, int]] = {}
    for payout in held:
        count, minor = sums.get(reasons[payout.payout_id], (0, 0))
        sums[reasons[payout.payout_id]] = (count + 1, minor + payout.amount_minor)
    found = [HeldFor(reason, count, minor) for reason, (count, minor) in sums.items()]
    return sorted(found, key=lambda one: (-one.payouts_count, one.reason))[:REASONS_MAX_COUNT]


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
