"""Double entry: accounts, entries, and transfers whose entries sum to zero in every currency.

Amounts are signed integers: credit is positive, debit is negative. What a member holds is owed to them,
so it is a credit; `points_issued` is the debit side of every point there is, and `debts_written_off` of those that
members keep although they were taken back. Points are the currency
PTS, money has its ISO 4217 code and is counted in minor units.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Literal, NamedTuple, get_args
from uuid import UUID

from typing_extensions import TypeIs

from shared.contracts.fields import Timestamp, Uuid
from shared.contracts.ids import prepared, uuid5_text, uuid8_text

POINTS = "PTS"
#: The namespace of every id that this service derives by hashing (RFC 9562) what the id stands for.
NAMESPACE = UUID("6f0f3c9c-6c3c-5a53-9d5e-0d6b0c1f7a51")
_NAMESPACE = prepared(NAMESPACE)
ACCOUNTS_CACHED_COUNT = 16_384

MemberKind = Literal["pending", "available", "reserved", "spent", "paid", "expired", "payable"]
#: Charges, gain and loss, and suspense are booked on by hand alone: see journals. What providers of cards are
#: owed, and what these cost, is booked as they say: see costs. Those of wallets are budgets, beside what is owed
#: and paid: what was given to all of them is the debit side of what is in each.
CommunityKind = Literal[
    "points_issued",
    "debts_written_off",
    "payout_expense",
    "bank_in_transit",
    "bank",
    "bank_charges",
    "fx_gain_loss",
    "suspense",
    "provider_balance",
    "card_cost",
    "card_fees",
    "card_discounts",
    "card_differences",
    "wallet_funding",
    "wallet",
    "wallet_reserved",
    "wallet_spent",
]
Kind = MemberKind | CommunityKind

#: What a member's points are, in the order in which they usually pass through.
POINT_KINDS: tuple[MemberKind, ...] = ("pending", "available", "reserved", "spent", "paid", "expired")


class UnbalancedError(ValueError):
    """Entries that do not sum to zero: a bug, never a state of the world."""


class AlteredError(Exception):
    """Rows were changed behind the service's back: `subject` is not as the service left it, and `reason` says how.

    Nothing is done with it until somebody has put it right.
    """

    def __init__(self, subject: str, reason: str) -> None:
        super().__init__(f"{subject}: {reason}")
        self.subject = subject
        self.reason = reason


class UnknownMemberError(Exception):
    """Nothing is known of a member: neither a name nor an entry."""

    def __init__(self, member_id: str) -> None:
        super().__init__(f"nothing is known of member {member_id}")
        self.member_id = member_id


class Owner(NamedTuple):
    """Whose points: a member of a community."""

    community: str
    member_id: str


class Account(NamedTuple):
    """Where entries go. `owner` is a member, or None for an account of the community."""

    account_id: str
    community: str
    owner: str | None
    kind: Kind
    currency: str


class Transfer(NamedTuple):
    """Why entries were made. `cause_id` is the award, redemption or payout.

    That of an amendment names the transfer of the award that it `amends`, its `revision` and `why` it was made.
    Both say when they were told, and of how many points.
    """

    community: str
    transfer_id: str
    kind: str
    cause_id: str
    event_time: datetime
    amends: str | None = None
    revision: int | None = None
    why: str | None = None
    told_at: datetime | None = None
    told_points: int | None = None


class Entry(NamedTuple):
    """One line of a transfer: points or minor units, credit positive and debit negative."""

    transfer_id: str
    account: Account
    amount: int


def derived_id(name: str) -> str:
    """The UUIDv5 of `name` in this service's namespace."""
    return uuid5_text(_NAMESPACE, name)


@lru_cache(maxsize=ACCOUNTS_CACHED_COUNT)
def member_account(owner: Owner, kind: MemberKind, currency: str = POINTS) -> Account:
    """The account of that kind of a member; its id is derived, so everybody finds the same one."""
    community, member_id = owner
    return Account(derived_id(f"{community}|{member_id}|{kind}|{currency}"), community, member_id, kind, currency)


@lru_cache(maxsize=ACCOUNTS_CACHED_COUNT)
def community_account(community: str, kind: CommunityKind, currency: str = POINTS) -> Account:
    """The account of that kind of the community itself."""
    return Account(derived_id(f"{community}||{kind}|{currency}"), community, None, kind, currency)


@lru_cache(maxsize=ACCOUNTS_CACHED_COUNT)
def wallet_account(community: str, wallet_id: str, kind: CommunityKind, currency: str) -> Account:
    """The account of that kind of one of the community's wallets."""
    return Account(derived_id(f"{community}||{kind}|{currency}|{wallet_id}"), community, None, kind, currency)


def account_of(owner: Owner, kind: Kind, currency: str) -> Account:
    """The account of that kind that the member's points or money go through: theirs, or the community's."""
    if _is_of_community(kind):
        return community_account(owner.community, kind, currency)
    return member_account(owner, kind, currency)


def _is_of_community(kind: Kind) -> TypeIs[CommunityKind]:
    return kind in get_args(CommunityKind)


def transfer_id(cause_id: str, kind: str) -> str:
    """The id of the transfer that `cause_id` makes in its life as `kind`: a retry finds it there already.

    A UUIDv8: it begins as its cause does, because awards that are booked together should lie together.
    """
    return uuid8_text(_NAMESPACE, f"{kind}|{cause_id}", beside=cause_id)


def move(transfer: str, source: Account, target: Account, amount: int) -> tuple[Entry, Entry]:
    """Two entries that bring `amount` (above 0) from `source` to `target`.

    Raises UnbalancedError when the accounts differ in currency or the amount is not above 0.
    """
    if source.currency != target.currency or amount <= 0:
        raise UnbalancedError(f"cannot move {amount} {source.currency} to an account in {target.currency}")
    return Entry(transfer, source, -amount), Entry(transfer, target, amount)


def check_balanced(entries: Iterable[Entry]) -> None:
    """Check that the entries of each transfer sum to zero in each currency.

    Raises UnbalancedError when they do not.
    """
    sums: defaultdict[tuple[str, str], int] = defaultdict(int)
    for transfer, account, amount in entries:
        sums[transfer, account.currency] += amount
    for (transfer, currency), total in sums.items():
        if total != 0:
            raise UnbalancedError(f"transfer {transfer} is off by {total} {currency}")


def deltas(entries: Iterable[Entry]) -> list[tuple[Account, int]]:
    """What each account's balance changes by, in the order in which accounts are always locked.

    That is members' accounts by id, then the community's, which many transactions share, by id.
    """
    # By the ids alone: they hash faster than accounts.
    accounts: dict[str, Account] = {}
    sums: defaultdict[str, int] = defaultdict(int)
    for _, account, amount in entries:
        accounts[account.account_id] = account
        sums[account.account_id] += amount
    members = sorted(account_id for account_id, account in accounts.items() if account.owner is not None)
    shared = sorted(account_id for account_id, account in accounts.items() if account.owner is None)
    return [(accounts[account_id], sums[account_id]) for account_id in (*members, *shared)]


class MemberBalance(NamedTuple):
    """What is on one account of a member."""

    kind: MemberKind
    currency: str
    amount: int


class Span(NamedTuple):
    """Of which entries a statement is: booked from a moment on, and before another; None is no bound."""

    since: datetime | None = None
    until: datetime | None = None


class StatementPlace(NamedTuple):
    """Where a page of a statement ended."""

    recorded_at: Timestamp
    transfer_id: Uuid
    account_id: Uuid


@dataclass(frozen=True, slots=True)
class StatementEntry:
    """An entry on an account of a member (`account` is its kind), with the transfer that made it."""

    account: MemberKind
    account_id: str
    amount: int
    currency: str
    recorded_at: datetime
    transfer_id: str
    kind: str
    cause_id: str
    event_time: datetime
    amends: str | None
    revision: int | None
    why: str | None

    @property
    def place(self) -> StatementPlace:
        """Where it stands in the statement."""
        return StatementPlace(self.recorded_at, self.transfer_id, self.account_id)
