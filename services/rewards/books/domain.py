"""Accounts with what is on them, their entries, and transfers with all of theirs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from services.rewards.ledger.domain.entries import Kind
from shared.contracts.fields import Timestamp, Uuid


class UnknownAccountError(Exception):
    """There is no such account."""

    def __init__(self, account_id: str) -> None:
        super().__init__(f"there is no account {account_id}")
        self.account_id = account_id


class UnknownTransferError(Exception):
    """There is no such transfer."""

    def __init__(self, transfer_id: str) -> None:
        super().__init__(f"there is no transfer {transfer_id}")
        self.transfer_id = transfer_id


@dataclass(frozen=True, slots=True)
class AccountSum:
    """What is on all accounts of a kind and currency; `account_id` where it is the community's one."""

    kind: Kind
    currency: str
    account_id: str | None
    accounts_count: int
    amount: int


class CurrencyTotal(NamedTuple):
    """What is on all accounts of a currency together: 0 in a right ledger."""

    currency: str
    total: int


def totals(sums: Sequence[AccountSum]) -> list[CurrencyTotal]:
    """What accounts come to, by currency."""
    currencies = sorted({found.currency for found in sums})
    return [
        CurrencyTotal(currency, sum(found.amount for found in sums if found.currency == currency))
        for currency in currencies
    ]


@dataclass(frozen=True, slots=True)
class BookAccount:
    """An account with what is on it. `owner` is a member, or None for one of the community."""

    account_id: str
    owner: str | None
    kind: Kind
    currency: str
    amount: int

    @property
    def place(self) -> "AccountPlace":
        """Where it stands among the accounts of its community."""
        return AccountPlace(self.account_id)


class MemberAccounts(NamedTuple):
    """Which of members' accounts: of a community, of a kind and currency."""

    community: str
    kind: str
    currency: str


class AccountPlace(NamedTuple):
    """Where a page of members' accounts ended."""

    account_id: Uuid


class EntryPlace(NamedTuple):
    """Where a page of an account's entries ended."""

    recorded_at: Timestamp
    transfer_id: Uuid


@dataclass(frozen=True, slots=True)
class BookEntry:
    """An entry on an account, with the transfer that made it."""

    transfer_id: str
    kind: str
    cause_id: str
    event_time: datetime
    recorded_at: datetime
    amount: int
    currency: str

    @property
    def place(self) -> EntryPlace:
        """Where it stands among the entries of its account."""
        return EntryPlace(self.recorded_at, self.transfer_id)


@dataclass(frozen=True, slots=True)
class TransferSide:
    """An entry of a transfer, with its account."""

    account_id: str
    owner: str | None
    kind: Kind
    currency: str
    amount: int


def is_whole(sides: Sequence[TransferSide]) -> bool:
    """Whether these are all entries of a transfer: they sum to zero in each currency."""
    sums: dict[str, int] = {}
    for side in sides:
        sums[side.currency] = sums.get(side.currency, 0) + side.amount
    return bool(sums) and not any(sums.values())


@dataclass(frozen=True, slots=True)
class BookTransfer:
    """Why entries were made: `cause_id` is the award, redemption or payout, `owner` the member whose it is."""

    transfer_id: str
    kind: str
    cause_id: str
    owner: str | None
    event_time: datetime
    recorded_at: datetime
    amends: str | None
    revision: int | None
    why: str | None
