"""Orders at providers as they are kept: what was wanted, what is known, and what follows from an answer."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from services.rewards.providers.domain.contract import Card, Standing, Wanted
from shared.contracts.fields import Timestamp, Uuid

FIRST_PAUSE: Final = timedelta(seconds=5)
LONGEST_PAUSE: Final = timedelta(hours=1)


class Trouble(StrEnum):
    """What only people can put right."""

    #: The provider has another order under the key.
    OTHER_ORDER = "other_order"
    #: It gave a code that somebody has already.
    KNOWN_CODE = "known_code"
    #: It took back what it had delivered.
    REVERSED = "reversed"
    #: It delivered what was given up here, and the points are back.
    DELIVERED_AFTER_ALL = "delivered_after_all"
    #: It took the card back, and does not say what it refunds of its price.
    REFUND_UNSAID = "refund_unsaid"


class OutcomeOfOrder(StrEnum):
    """What people find out of an order that nobody else knows of."""

    DELIVERED = "delivered"
    NOT_ORDERED = "not_ordered"


class NoCardError(Exception):
    """Nobody has said yet which card of which provider a reward is."""

    def __init__(self, reward_id: str) -> None:
        super().__init__(f"{reward_id} has no card")
        self.reward_id = reward_id


class NoGiftCardError(Exception):
    """The reward is none that is ordered at a provider."""

    def __init__(self, reward_id: str) -> None:
        super().__init__(f"{reward_id} is no gift card")
        self.reward_id = reward_id


class UnknownOrderError(Exception):
    """Nothing is ordered for the redemption, or there is none."""

    def __init__(self, redemption_id: str) -> None:
        super().__init__(f"nothing is ordered for redemption {redemption_id}")
        self.redemption_id = redemption_id


class OrderKnownError(Exception):
    """It is known how the order stands, or is about to be: nobody has to find out."""


class NothingProposedError(Exception):
    """Nobody proposed an outcome that could be confirmed."""


class OwnProposalError(Exception):
    """Whoever proposed an outcome does not confirm it."""


class NotCancellableError(Exception):
    """The order cannot be cancelled: the message says why."""


class OrderPlace(NamedTuple):
    """Where a page of orders ended."""

    created_at: Timestamp
    redemption_id: Uuid


class OrderFilter(NamedTuple):
    """Which orders: those that are open, or in trouble; None for all."""

    is_open: bool | None = None
    has_trouble: bool | None = None


class Proposal(NamedTuple):
    """An outcome that somebody found out, and another has to confirm."""

    outcome: OutcomeOfOrder
    reason: str
    by: str
    by_person: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Order:
    """An order for a redemption. `due_at` is when it is looked at next; None when there is nothing to ask.

    Nobody knows what became of it since `unknown_since`; `was_unknown` says that this was so once, after which a
    refusal alone does not say that nothing was ordered.
    """

    community: str
    redemption_id: str
    card: Card
    created_at: datetime
    due_at: datetime | None
    claimed_until: datetime | None = None
    tries_count: int = 0
    unknown_since: datetime | None = None
    was_unknown: bool = False
    reference: str | None = None
    standing: Standing | None = None
    reason: str = ""
    trouble: Trouble | None = None
    hinted_at: datetime | None = None
    cancel_asked_at: datetime | None = None
    proposal: Proposal | None = None

    @property
    def wanted(self) -> Wanted:
        """What is asked of the provider: it knows the order by the redemption's id."""
        return Wanted(self.redemption_id, self.card)

    @property
    def place(self) -> OrderPlace:
        """Where it stands among the orders of its community."""
        return OrderPlace(self.created_at, self.redemption_id)

    def claimed(self, *, until: datetime) -> "Order":
        """It as somebody is about to ask; who dies meanwhile leaves it to others from then on."""
        return replace(self, claimed_until=until, tries_count=self.tries_count + 1)

    def answered(self, standing: Standing, *, reference: str, reason: str, due_at: datetime | None) -> "Order":
        """It as its provider says that it stands."""
        return replace(
            self,
            standing=standing,
            reference=reference,
            reason=reason,
            due_at=due_at,
            claimed_until=None,
            unknown_since=None,
            trouble=None,
        )

    def unknown(self, reason: str, *, now: datetime) -> "Order":
        """It as nobody knows what became of it; it is asked for soon."""
        return replace(
            self,
            reason=reason,
            due_at=now + pause_after(self.tries_count),
            claimed_until=None,
            unknown_since=self.unknown_since or now,
            was_unknown=True,
        )

    def later(self, reason: str, *, now: datetime, after_seconds: float | None) -> "Order":
        """It as it is tried again later."""
        wait = pause_after(self.tries_count)
        if after_seconds is not None:
            wait = min(LONGEST_PAUSE, max(wait, timedelta(seconds=after_seconds)))
        return replace(self, reason=reason, due_at=now + wait, claimed_until=None)

    def in_trouble(self, trouble: Trouble, reason: str) -> "Order":
        """It as people have to put it right: nobody is asked any more."""
        return replace(self, trouble=trouble, reason=reason, due_at=None, claimed_until=None)

    def ended(self, reason: str) -> "Order":
        """It as nothing is left to ask."""
        return replace(self, reason=reason, due_at=None, claimed_until=None, unknown_since=None, trouble=None)


def pause_after(tries_count: int) -> timedelta:
    """How long to wait after so many tries."""
    return min(LONGEST_PAUSE, FIRST_PAUSE * float(2 ** min(max(0, tries_count - 1), 12)))
