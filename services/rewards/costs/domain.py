"""What a card cost at its provider, in parts that finance books on accounts of their own: no I/O."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from services.rewards.ledger.domain.entries import (
    CommunityKind,
    Entry,
    Transfer,
    community_account,
    derived_id,
    transfer_id,
)
from services.rewards.providers.domain.contract import Card, Charge
from shared.contracts.facts import RedemptionCostChanged

#: Kinds of transfers. A card is bought once, what its provider says of the price later is one more, and it is
#: taken back once.
BOUGHT: Final = "card_bought"
CHARGED: Final = "card_charged"
TAKEN_BACK: Final = "card_taken_back"


class Step(StrEnum):
    """What became of a cost: each at most once, in this order."""

    BOUGHT = "bought"
    CHARGED = "charged"
    REFUND_UNSAID = "refund_unsaid"
    TAKEN_BACK = "taken_back"


#: A kind of account, its currency, and what it takes: credit positive.
_Side = tuple[CommunityKind, str, int]


class NotRefundedSoError(Exception):
    """What somebody says that a provider refunded cannot be: the message says why."""


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
    kept of it when it took it back. Where it took the card back and does not say what it refunds, nothing is
    booked: since `refund_unsaid_at` a person has to find out.
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
    refund_unsaid_at: datetime | None = None

    @property
    def is_refund_unsaid(self) -> bool:
        """Whether somebody has to find out what its provider refunds."""
        return self.refund_unsaid_at is not None and self.taken_back_at is None

    def is_further_than(self, known: "CardCost") -> bool:
        """Whether it has taken a step that `known`, the same cost, has not: each says all that was so before."""
        return (
            (self.is_said and not known.is_said)
            or (self.refund_unsaid_at is not None and known.refund_unsaid_at is None)
            or (self.taken_back_at is not None and known.taken_back_at is None)
        )

    @property
    def difference_minor(self) -> int:
        """By how much it cost more than was expected, its fee and discount apart; less is below zero."""
        return self.charged_minor - (self.expected_minor + self.fee_minor - self.discount_minor)

    def taken_back(self, charge: Charge | None, *, now: datetime) -> "CardCost":
        """It as its provider took the card back; unsaid where it says no refund in the cost's currency."""
        back = None if charge is None or charge.currency != self.currency else charge.refunded_minor
        if back is None:
            return replace(self, refund_unsaid_at=self.refund_unsaid_at or now)
        return replace(self, taken_back_at=now, kept_minor=max(0, self.charged_minor - back))

    def refunded(self, minor: int, *, now: datetime) -> "CardCost":
        """It as a person found out how much of it was refunded. Raises NotRefundedSoError."""
        if not self.is_refund_unsaid:
            raise NotRefundedSoError("nobody has to find out what was refunded of it")
        if minor > self.charged_minor:
            raise NotRefundedSoError(f"{self.charged_minor} {self.currency} minor units were charged for it")
        return replace(self, taken_back_at=now, kept_minor=self.charged_minor - minor)


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


def cost_of(fact: RedemptionCostChanged) -> CardCost:
    """A cost as it was told."""
    data = fact["data"]
    return CardCost(
        community=fact["community"],
        redemption_id=data["redemption_id"],
        currency=data["currency"],
        expected_minor=data["expected_minor"],
        fee_minor=data["fee_minor"],
        discount_minor=data["discount_minor"],
        charged_minor=data["charged_minor"],
        is_said=data["is_said"],
        booked_at=data["booked_at"],
        taken_back_at=data.get("taken_back_at"),
        kept_minor=data["kept_minor"],
        refund_unsaid_at=data.get("refund_unsaid_at"),
    )


def cost_fact_id(redemption_id: str, step: Step) -> str:
    """The id of the fact that a cost reached a step; it reaches each at most once."""
    return derived_id(f"card_cost|{redemption_id}|{step}")


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
