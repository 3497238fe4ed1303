"""What points are worth.

Points become money in whole multiples of a rate's points, so that nothing is rounded: what is left over stays
available. Where the price is in another currency, an amount is rounded down once, by the exchange. What was
computed once keeps its rate: points of a payout that came back are worth what they were then.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from services.rewards.bank_messages.domain import AMOUNT_MINOR_MAX
from services.rewards.payouts.domain import Part, Rate
from services.rewards.rates.domain.exchange import Exchange

POINTS_PER_PAYOUT_MAX = 1_000_000_000


@dataclass(frozen=True, slots=True)
class PayoutTerms:
    """`points` points are worth `minor` minor units of `currency`; below `minimum_points` nothing is paid.

    With an `exchange` the price is in its price currency, and payouts are in `currency` at its rate. By the payout
    policy `policy_id` nothing is paid below `minimum_minor`, nor earlier than `holding_days` after it was earned.
    """

    currency: str
    points: int
    minor: int
    minimum_points: int
    minimum_minor: int = 0
    holding_days: int = 0
    policy_id: str | None = None
    exchange: Exchange | None = None

    @property
    def rate(self) -> Rate:
        """What so many points are worth."""
        return Rate(self.points, self.minor, self.exchange)

    @property
    def least_points(self) -> int:
        """With fewer points nobody is paid, unless they are owed money that came back."""
        return max(self.minimum_points, self.rate.least_for(self.minimum_minor) * self.points)

    def earned_until(self, at: datetime) -> datetime | None:
        """Until when points were earned that are paid by a run made at a moment; None where none have to wait."""
        return at - timedelta(days=self.holding_days) if self.holding_days else None


class Worth(NamedTuple):
    """Points that are paid, and the minor units paid for them."""

    points: int
    amount_minor: int


NOTHING = Worth(0, 0)


def worth(
    available: int, terms: PayoutTerms, *, beside: Worth = NOTHING, most_minor: int = AMOUNT_MINOR_MAX
) -> Worth:
    """What `available` points are paid at the terms: 0 and 0 below a minimum or one whole multiple.

    The points are a whole multiple of `terms.points`, so the amount is exact but for an exchange. One payout is of
    `most_minor` at most, with `beside`, what it pays already; the rest stays available.
    """
    if available < terms.minimum_points:
        return NOTHING
    rate = terms.rate
    multiples = min(
        (available - beside.points) // terms.points,
        rate.most_within(most_minor - beside.amount_minor),
        (POINTS_PER_PAYOUT_MAX - beside.points) // terms.points,
    )
    amount_minor = rate.amount_of(max(multiples, 0))
    if not amount_minor or amount_minor + beside.amount_minor < terms.minimum_minor:
        return NOTHING
    return Worth(multiples * terms.points, amount_minor)


def total(parts: Iterable[Part]) -> Worth:
    """What parts come to."""
    kept = list(parts)
    return Worth(sum(part.points for part in kept), sum(part.amount_minor for part in kept))


def fitting(parts: Iterable[Part], points: int) -> list[Part]:
    """As much of parts, the first ones first, as so many points pay for: whole multiples of each part's rate."""
    left = max(points, 0)
    kept = []
    for part in parts:
        multiples = min(part.points, left) // part.rate.points
        if multiples and part.rate.amount_of(multiples):
            kept.append(part.of(multiples))
            left -= multiples * part.rate.points
    return kept


@dataclass(frozen=True, slots=True)
class Owing:
    """What a member has: `available` points, of which `owed` were paid out and came back, as `claims` say."""

    available: int
    owed: int = 0
    claims: Sequence[Part] = ()


class Claim(NamedTuple):
    """What came back to a member: `owed` points of it are left, and what they were paid as."""

    owed: int
    parts: Sequence[Part]


def parts_of(owing: Owing, terms: PayoutTerms, *, most_minor: int = AMOUNT_MINOR_MAX) -> list[Part]:
    """What a payout to a member is made of: what came back, as it was computed then, and the rest at the terms.

    What came back is paid below the minimum too, and above `most_minor`: it is owed. The rest is paid up to that.
    """
    claimed = fitting(owing.claims, min(owing.available, owing.owed))
    while (sum_of := total(claimed)).amount_minor > AMOUNT_MINOR_MAX or sum_of.points > POINTS_PER_PAYOUT_MAX:
        claimed.pop()
    points, amount_minor = worth(owing.available, terms, beside=sum_of, most_minor=most_minor)
    return [*claimed, Part(points, amount_minor, terms.rate)] if points else claimed


def affordable(parts: Sequence[Part], available: int, terms: PayoutTerms) -> list[Part]:
    """What of a payout's parts so few points still pay: nothing below a minimum, but for what came back."""
    kept = fitting(parts, available)
    if available < terms.minimum_points or total(kept).amount_minor < terms.minimum_minor:
        kept = [part for part in kept if part.returned_payout_id is not None]
    return kept
