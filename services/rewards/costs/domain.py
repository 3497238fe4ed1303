"""What a card cost at its provider, in parts that finance books on accounts of their own: no I/O."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from services.rewards.ledger.domain.entries import (
    CommunityKind,
    Entry,
    Transfer,
    community_account,
    transfer_id,
)
from services.rewards.providers.domain.contract import Card, Charge

#: Kinds of transfers. A card is bought once, what its provider says of the price later is one more, and it is
#: taken back once.
BOUGHT: Final = "card_bought"
CHARGED: Final = "card_charged"
TAKEN_BACK: Final = "card_taken_back"
#: A kind of account, its currency, and what it takes: credit positive.
_Side = tuple[CommunityKind, str, int]


@dataclass(frozen=True, slots=True)
class Expected:
    """What a card was quoted at when it was chosen: minor units of a currency."""

    minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class CardCost:
    """What a card cost, in minor units of `currency`: `charged_minor` in all, which was to be `expected_minor`.

    `expected_minor` is what it was quoted at where that is of the same currency, else its value. `is_said` is
    False where its provider says nothing of the price: then it is its value. `kept_minor` is what the provider
    kept of it when it took it back.
    """

    community: str
    redemption_id: str
    currency: str
    expected_minor: int
    fee_minor: int
    discount_minor: int
    charged_minor: int
    is_said: bool
    booked_at: datetime
    taken_back_at: datetime | None = None
    kept_minor: int = 0

    @property
    def difference_minor(self) -> int:
        """By how much it cost more than was expected, its fee and discount apart; less is below zero."""
        return self.charged_minor - (self.expected_minor + self.fee_minor - self.discount_minor)

    def taken_back(self, charge: Charge | None, *, now: datetime) -> "CardCost":
        """It as its provider took the card back, and gives back all that it does not say it kept."""
        back = None if charge is None or charge.currency != self.currency else charge.refunded_minor
        kept = 0 if back is None else max(0, self.charged_minor - back)
        return replace(self, taken_back_at=now, kept_minor=kept)


def card_cost(
    card: Card,
    charge: Charge | None,
    *,
    community: str,
    redemption_id: str,
    quoted: Expected | None,
    now: datetime,
) -> CardCost:
    """What a card cost by what its provider says that it charged; its value where that says nothing."""
    said = charge or Charge(card.currency, card.face_minor)
    if charge is not None and quoted is not None and quoted.currency == said.currency:
        expected = quoted.minor
    elif card.currency == said.currency:
        expected = card.face_minor
    else:
        # Of another currency than the card and its quote: there is nothing to compare it with.
        expected = max(0, said.total_minor - said.fee_minor + said.discount_minor)
    return CardCost(
        community=community,
        redemption_id=redemption_id,
        currency=said.currency,
        expected_minor=expected,
        fee_minor=said.fee_minor,
        discount_minor=said.discount_minor,
        charged_minor=said.total_minor,
        is_said=charge is not None,
        booked_at=now,
    )


def booked(cost: CardCost, kind: str, *, at: datetime, instead_of: CardCost | None = None) -> Transfer:
    """The transfer that books a cost, corrects what was booked `instead_of` it, or takes it back."""
    cause = cost.redemption_id
    amends = None if instead_of is None and kind != TAKEN_BACK else transfer_id(cause, BOUGHT)
    return Transfer(cost.community, transfer_id(cause, kind), kind, cause, at, amends)


def bought_entries(cost: CardCost, transfer: Transfer, *, instead_of: CardCost | None = None) -> Sequence[Entry]:
    """What the provider is owed, or takes of what it was prepaid, against what that was for. Sums to zero."""
    before = () if instead_of is None else _sides(instead_of, -1)
    return _entries(transfer, [*_sides(cost, 1), *before])


def back_entries(cost: CardCost, transfer: Transfer) -> Sequence[Entry]:
    """The same the other way; what the provider kept is a difference. Sums to zero."""
    kept: list[_Side] = [
        ("provider_balance", cost.currency, cost.kept_minor),
        ("card_differences", cost.currency, -cost.kept_minor),
    ]
    return _entries(transfer, [*_sides(cost, -1), *kept])


def _sides(cost: CardCost, times: int) -> list[_Side]:
    """Credit positive, as in the ledger."""
    return [
        ("provider_balance", cost.currency, times * cost.charged_minor),
        ("card_cost", cost.currency, times * -cost.expected_minor),
        ("card_fees", cost.currency, times * -cost.fee_minor),
        ("card_discounts", cost.currency, times * cost.discount_minor),
        ("card_differences", cost.currency, times * -cost.difference_minor),
    ]


def _entries(transfer: Transfer, sides: Sequence[_Side]) -> Sequence[Entry]:
    sums: defaultdict[tuple[CommunityKind, str], int] = defaultdict(int)
    for kind, currency, amount in sides:
        sums[kind, currency] += amount
    return [
        Entry(transfer.transfer_id, community_account(transfer.community, kind, currency), amount)
        for (kind, currency), amount in sums.items()
        if amount
    ]
