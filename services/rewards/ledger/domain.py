"""Double entry: accounts, entries, and transfers whose entries sum to zero in every currency.

Amounts are signed integers: credit is positive, debit is negative. What a member holds is owed to them,
so it is a credit; `points_issued` is the debit side of every point there is. Points are the currency
PTS, money has its ISO 4217 code and is counted in minor units.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from hashlib import sha1
from typing import Literal, NamedTuple
from uuid import UUID

from shared.uuids import QuickUUID

POINTS = "PTS"
#: The namespace of every id that this service derives by hashing (RFC 9562) what the id stands for.
NAMESPACE = UUID("6f0f3c9c-6c3c-5a53-9d5e-0d6b0c1f7a51")
_NAMESPACE_HASH = sha1(NAMESPACE.bytes, usedforsecurity=False)
ACCOUNTS_CACHED_COUNT = 16_384

MemberKind = Literal["pending", "available", "reserved", "spent", "paid", "expired", "payable"]
CommunityKind = Literal["points_issued", "payout_expense", "bank_in_transit", "bank"]
Kind = MemberKind | CommunityKind

#: What a member's points are, in the order in which they usually pass through.
POINT_KINDS: tuple[MemberKind, ...] = ("pending", "available", "reserved", "spent", "paid", "expired")


class UnbalancedError(ValueError):
    """Entries that do not sum to zero: a bug, never a state of the world."""


class Account(NamedTuple):
    """Where entries go. `owner` is a member, or None for an account of the community."""

    account_id: UUID
    community: str
    owner: UUID | None
    kind: Kind
    currency: str


class Transfer(NamedTuple):
    """Why entries were made. `cause_id` is the award, redemption or payout; `reverses` a former transfer."""

    community: str
    transfer_id: UUID
    kind: str
    cause_id: UUID
    event_time: datetime
    reverses: UUID | None = None


class Entry(NamedTuple):
    """One line of a transfer: points or minor units, credit positive and debit negative."""

    transfer_id: UUID
    account: Account
    amount: int


def derived_id(name: str) -> UUID:
    """UUIDv5 of `name` in this service's namespace; uuid.uuid5 gives the same in four times the time."""
    number = _hashed(name)
    number[6] = number[6] & 0x0F | 0x50  # version 5
    return QuickUUID(bytes(number))


def _hashed(name: str) -> bytearray:
    digest = _NAMESPACE_HASH.copy()
    digest.update(name.encode())
    number = bytearray(digest.digest()[:16])
    number[8] = number[8] & 0x3F | 0x80  # the variant of RFC 9562
    return number


@lru_cache(maxsize=ACCOUNTS_CACHED_COUNT)
def member_account(community: str, member: UUID, kind: MemberKind, currency: str = POINTS) -> Account:
    """The account of that kind of a member; its id is derived, so everybody finds the same one."""
    return Account(derived_id(f"{community}|{member}|{kind}|{currency}"), community, member, kind, currency)


@lru_cache(maxsize=ACCOUNTS_CACHED_COUNT)
def community_account(community: str, kind: CommunityKind, currency: str = POINTS) -> Account:
    """The account of that kind of the community itself."""
    return Account(derived_id(f"{community}||{kind}|{currency}"), community, None, kind, currency)


def transfer_id(cause_id: UUID, kind: str) -> UUID:
    """The id of the transfer that `cause_id` makes in its life as `kind`: a retry finds it there already.

    UUIDv8: it begins as its cause does, because awards that are booked together should lie together.
    """
    number = _hashed(f"{kind}|{cause_id}")
    number[:6] = cause_id.bytes[:6]
    number[6] = number[6] & 0x0F | 0x80  # version 8
    return QuickUUID(bytes(number))


def move(transfer: UUID, source: Account, target: Account, amount: int) -> tuple[Entry, Entry]:
    """Two entries that take `amount` (above 0) from `source` and give it to `target`.

    Raises UnbalancedError when the accounts differ in currency or the amount is not above 0.
    """
    if source.currency != target.currency or amount <= 0:
        raise UnbalancedError(f"cannot move {amount} {source.currency} to an account in {target.currency}")
    return Entry(transfer, source, -amount), Entry(transfer, target, amount)


def check_balanced(entries: Iterable[Entry]) -> None:
    """Raise UnbalancedError unless the entries of each transfer sum to zero in each currency."""
    sums: defaultdict[tuple[UUID, str], int] = defaultdict(int)
    for transfer, account, amount in entries:
        sums[transfer, account.currency] += amount
    for (transfer, currency), total in sums.items():
        if total != 0:
            raise UnbalancedError(f"transfer {transfer} is off by {total} {currency}")


def deltas(entries: Iterable[Entry]) -> list[tuple[Account, int]]:
    """What each account's balance changes by, in the order in which accounts are always locked.

    That is members' accounts by id, then the community's, which many transactions share, by id.
    """
    # By the ids' numbers: they sort as the ids do, and hash much faster.
    accounts: dict[int, Account] = {}
    sums: defaultdict[int, int] = defaultdict(int)
    for _, account, amount in entries:
        number = account.account_id.int
        accounts[number] = account
        sums[number] += amount
    members = sorted(number for number, account in accounts.items() if account.owner is not None)
    shared = sorted(number for number, account in accounts.items() if account.owner is None)
    return [(accounts[number], sums[number]) for number in (*members, *shared)]


def point_balances(amounts: Mapping[str, int]) -> dict[MemberKind, int]:
    """A member's points of each kind; kinds that never had an entry are 0."""
    return {kind: amounts.get(kind, 0) for kind in POINT_KINDS}
