"""What is asked of any provider that pays out, and what may come of it: one contract that all fulfil."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, Protocol

from services.rewards.providers.domain.contract import Hint, Webhook


class PayOrder(NamedTuple):
    """Money to pay to somebody. By its `key` the provider knows it when it is asked again.

    `address` is by what the provider knows them, `name` what they are called; `text` is what they read of it.
    """

    key: str
    amount_minor: int
    currency: str
    name: str
    address: str
    text: str

    def __repr__(self) -> str:
        return f"PayOrder({self.key!r}, {self.amount_minor}, {self.currency!r}, …)"


class PaidStanding(StrEnum):
    """How a payment stands at its provider, in the words that all of them share."""

    #: It is on its way, or waits for whoever it is for.
    SENT = "sent"
    PAID = "paid"
    #: It came back, before it was paid or after.
    RETURNED = "returned"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class PaidAnswer:
    """What a provider says of a payment: by which `reference` it knows it, how it stands, in which words, and why.

    Amount and currency are as it says them; None where it does not. `blames_receiver` where the account is why.
    """

    reference: str
    standing: PaidStanding
    words: str
    reason: str = ""
    amount_minor: int | None = None
    currency: str | None = None
    fee_minor: int | None = None
    blames_receiver: bool = False

    def differs_from(self, order: PayOrder) -> str | None:
        """Which part of the payment is another than what was wanted; None where none is."""
        if self.currency is not None and self.currency != order.currency:
            return "currency"
        if self.amount_minor is not None and self.amount_minor != order.amount_minor:
            return "amount"
        return None


class PayQuote(NamedTuple):
    """What a payment would cost: so much would leave the account, and whoever it is for would get so much.

    `gets_minor` is in the payment's currency; the fee is in that of what leaves, and part of it. `rate` is how
    much of the payment's currency one of that is, as the provider writes it, and None where nothing is converted;
    all of it holds until `expires_at`, None where the provider says nothing of that.
    """

    gets_minor: int
    leaves_minor: int
    leaves_currency: str
    fee_minor: int
    rate: str | None = None
    expires_at: datetime | None = None


class NotQuotedError(Exception):
    """The provider says nothing beforehand of what it takes, never or of this payment; the message says why."""

    def __init__(self, reason: str, *, is_for_good: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_for_good = is_for_good


class RefusedReceiverError(Exception):
    """The provider pays nothing to that account, and asking again would not help."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class PayoutProvider(Protocol):
    """A provider that pays out, for one account there.

    Each may raise LaterError. `order` raises RefusedError or RefusedReceiverError where nothing was paid for good,
    OtherOrderError where the key has another payment, and UnknownOutcomeOfOrderError where nobody knows.
    """

    #: For how long the provider takes a key for the same payment; None: for good, or `query` finds it by its key.
    key_stands: timedelta | None

    async def quote(self, amount_minor: int, currency: str) -> PayQuote:
        """What a payment of an amount would cost; nothing is ordered by it. Raises NotQuotedError."""
        ...

    async def order(self, order: PayOrder) -> PaidAnswer:
        """Pay under a key; what was asked for before is the answer again."""
        ...

    async def query(self, order: PayOrder, *, reference: str | None) -> PaidAnswer | None:
        """How a payment stands; None where the provider knows none, or cannot say so by the key alone."""
        ...

    async def cancel(self, order: PayOrder, *, reference: str) -> PaidAnswer:
        """Take a payment back, where the provider still can: how it stands after that is the answer."""
        ...

    async def read_webhook(self, webhook: Webhook, *, now: datetime) -> Hint | None:
        """Which payment a webhook is about; None for one about something else.

        Raises ForgedError and StaleError, LaterError where the provider has to be asked and does not answer, and
        KeyError, TypeError or ValueError for what is no webhook of theirs.
        """
        ...


def standing_of(words: str, standings: Mapping[str, PaidStanding]) -> PaidStanding:
    """How a payment stands by a provider's own word. Raises ValueError for one that it never said before."""
    standing = standings.get(words)
    if standing is None:
        raise ValueError("its state has a name that is not known")
    return standing
