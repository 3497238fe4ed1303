"""How a member wants to be paid: an account at a provider that pays out, or by bank."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, NamedTuple

from services.rewards.payouts.domain import Actor, PayeeSet, Payout
from services.rewards.providers.domain.contract import ProviderName

NAME_MAX_CHARS: Final = 100
ADDRESS_MAX_CHARS: Final = 254
#: Of two letters and more before and after the sign, without spaces: whether it is somebody's says the provider.
_EMAIL: Final = re.compile(r"[^\s@]{1,64}@[^\s@.]+(\.[^\s@.]+)+")
#: What names an account at a provider, and what that is called.
_ADDRESSES: Final[Mapping[ProviderName, tuple[re.Pattern[str], str]]] = {
    ProviderName.SANDBOX: (re.compile(r"\S{1,254}"), "any name without spaces"),
    ProviderName.PAYPAL: (_EMAIL, "the e-mail address of a PayPal account"),
    ProviderName.WISE: (_EMAIL, "the e-mail address that Wise writes to"),
    ProviderName.STRIPE: (re.compile(r"acct_[A-Za-z0-9]{8,60}"), "a connected account of Stripe (acct_…)"),
}


class NoReceiverError(Exception):
    """A member has no account at a provider: they are paid by bank."""

    def __init__(self, member_id: str) -> None:
        super().__init__(f"member {member_id} is paid by bank")
        self.member_id = member_id


class InvalidReceiverError(Exception):
    """What was said is no account at the provider; the message says what one is."""


class UnconfirmedReceiverError(Exception):
    """The provider sent money back from this account: `confirm_account` says that it is in order again."""


class Receiver(NamedTuple):
    """Whose account at a provider, and by what the provider knows it. It is in no log, fact or error.

    `country` (ISO 3166) is where they say that it is held; empty where they did not.
    """

    name: str
    address: str
    country: str = ""

    def __repr__(self) -> str:
        return "Receiver(…)"

    @property
    def masked(self) -> str:
        """The address with its ends alone: enough to recognise one's own."""
        name, at, host = self.address.partition("@")
        if at:
            return f"{name[:1]}…@{host}"
        return f"{name[:5]}…{name[-3:]}" if len(name) > 10 else f"{name[:1]}…"


@dataclass(frozen=True, slots=True)
class ReceiverSet:
    """What a member's payouts go to since `changed_at`; without `provider` by bank again.

    With a `refusal` nothing is paid there: its provider sent money back since it was set.
    """

    community: str
    member_id: str
    receiver_id: str
    provider: ProviderName | None
    changed_at: datetime
    changed_by: Actor
    revision: int = 1
    refusal: "Refused | None" = None

    @property
    def as_set(self) -> PayeeSet:
        """What a payout copies beside the account."""
        return PayeeSet(self.revision, self.changed_at, self.changed_by)

    def why_not_paid(self, currency: str) -> str | None:
        """Why no payout goes there: its provider sent one back. Which currencies it pays, the provider says."""
        return self.refusal.words if self.refusal else None

    def is_of(self, payout: Payout) -> bool:
        """Whether a payout goes there."""
        return payout.receiver_id == self.receiver_id

    def put_on(self, payout: Payout) -> Payout:
        """The payout, going there."""
        return replace(payout, receiver_id=self.receiver_id, payee_set=self.as_set)


class Refused(NamedTuple):
    """A provider sent money back, or refused to send it, for a reason that speaks against the account."""

    reason: str
    at: datetime

    @property
    def words(self) -> str:
        """Why it is not paid, and what to do."""
        return (
            f"the provider did not pay there on {self.at:%Y-%m-%d} ({self.reason}): another account is needed, or "
            "this one confirmed"
        )


def known_by(provider: ProviderName, address: str) -> str:
    """What an account is known by, however it is written: of e-mail addresses case says nothing."""
    address = address.strip()
    return f"{provider}|{address if provider is ProviderName.STRIPE else address.casefold()}"


def checked(provider: ProviderName, *, name: str, address: str, country: str = "") -> Receiver:
    """The account as the provider is told it. Raises InvalidReceiverError where it cannot be one."""
    pattern, words = _ADDRESSES[provider]
    address = address.strip()
    if not pattern.fullmatch(address) or len(address) > ADDRESS_MAX_CHARS:
        raise InvalidReceiverError(f"{provider} needs {words}")
    return Receiver(name.strip(), address, country)
