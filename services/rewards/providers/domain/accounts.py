"""Accounts of communities at providers: what they show there, and how long one that fails is left alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from services.rewards.providers.domain.contract import PAYING_OUT, ProviderName

#: From so many failures without a success on an account rests, each time for longer.
RESTS_FROM_COUNT: Final = 3
FIRST_REST: Final = timedelta(seconds=15)
LONGEST_REST: Final = timedelta(minutes=10)
#: What an account of each provider has to show.
FIELDS: Final[Mapping[ProviderName, Sequence[str]]] = {
    ProviderName.SANDBOX: ("api_key",),
    ProviderName.TREMENDOUS: ("api_key", "funding_source_id"),
    ProviderName.XOXODAY: ("client_id", "client_secret", "refresh_token", "email"),
    ProviderName.PAYPAL: ("client_id", "client_secret", "webhook_id"),
    ProviderName.WISE: ("api_key", "profile_id", "webhook_public_key"),
    ProviderName.STRIPE: ("api_key",),
}
#: By what members would name this account itself: a payout there waits for a person, where a policy says so.
OWN_ADDRESS: Final = "own_address"
#: What one may show beside.
OPTIONAL: Final[Mapping[ProviderName, Sequence[str]]] = dict.fromkeys(PAYING_OUT, (OWN_ADDRESS,))
#: Whose webhooks nobody signs.
UNSIGNED: Final = frozenset({ProviderName.XOXODAY})
#: Whose webhooks no secret signs: nobody does, or a key of theirs.
WITHOUT_SECRET: Final = UNSIGNED | {ProviderName.PAYPAL, ProviderName.WISE}


class UnknownAccountError(Exception):
    """The community has no account at the provider."""

    def __init__(self, provider: str) -> None:
        super().__init__(f"there is no account at {provider}")
        self.provider = provider


class UnusableAccountError(Exception):
    """What is said of an account does not fit its provider: `field` says where, the message why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


class NoSuchProviderError(Exception):
    """This installation does not reach the provider: the setting with its address is empty."""

    def __init__(self, provider: ProviderName) -> None:
        super().__init__(f"{provider} has no address here")
        self.provider = provider


class NoGoodsError(Exception):
    """The provider has no gift cards: it pays out."""

    def __init__(self, provider: ProviderName) -> None:
        super().__init__(f"{provider} has no gift cards")
        self.provider = provider


class HookSecret(NamedTuple):
    """What signs webhooks, and until when it still does after another came."""

    value: str
    until: datetime | None = None

    def __repr__(self) -> str:
        return "HookSecret(…)"


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """What an account shows, and what its webhooks are signed by, the newest first."""

    fields: Mapping[str, str]
    secrets: Sequence[HookSecret] = ()

    def signing(self, now: datetime) -> list[str]:
        """The secrets in force."""
        return [secret.value for secret in self.secrets if secret.until is None or now < secret.until]

    @property
    def old_until(self) -> datetime | None:
        """Until when a secret of before is taken beside; None where there is none."""
        return max((secret.until for secret in self.secrets if secret.until is not None), default=None)

    def without_old(self) -> "Credentials":
        """The same with the newest secret alone."""
        return Credentials(self.fields, [secret for secret in self.secrets if secret.until is None])

    def with_secret(self, value: str | None, *, now: datetime, overlap: timedelta) -> Sequence[HookSecret]:
        """The secrets once another is given: those of before hold for a while."""
        if value is None or any(one.value == value and one.until is None for one in self.secrets):
            return self.secrets
        kept = [
            HookSecret(one.value, one.until or now + overlap)
            for one in self.secrets
            if (one.until is None or one.until > now) and one.value != value
        ]
        return [HookSecret(value), *kept]


@dataclass(frozen=True, slots=True)
class Account:
    """An account of a community at a provider; without credentials it is disconnected."""

    community: str
    provider: ProviderName
    account_id: str
    revision: int
    connected_at: datetime
    connected_by: str
    is_connected: bool
    failures_count: int
    rests_until: datetime | None
    last_failure: str | None
    old_secret_until: datetime | None = None


def rest_after(failures_count: int, now: datetime) -> datetime | None:
    """Until when an account is left alone after so many failures; None for not at all."""
    over = failures_count - RESTS_FROM_COUNT
    if over < 0:
        return None
    return now + min(LONGEST_REST, FIRST_REST * float(2 ** min(over, 10)))


def check_fields(provider: ProviderName, fields: Mapping[str, str]) -> None:
    """Raises UnusableAccountError where the fields are not those of the provider."""
    needed, takes = FIELDS[provider], [*FIELDS[provider], *OPTIONAL.get(provider, ())]
    for name in fields:
        if name not in takes:
            raise UnusableAccountError(name, f"{provider} has no such field; it has {', '.join(takes)}")
    for name in needed:
        if not fields.get(name):
            raise UnusableAccountError(name, f"{provider} needs it")
