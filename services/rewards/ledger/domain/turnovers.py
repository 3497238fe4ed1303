"""What accounts took and gave, by quarter of an hour: every day of every zone begins with one."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from services.rewards.ledger.domain.entries import Account, Entry, Kind

QUARTER = timedelta(minutes=15)
_START = datetime(2000, 1, 1, tzinfo=UTC)


class TurnoverKey(NamedTuple):
    """Whose turnover: that of one account of the community, or of all members' of a kind, where it has no id."""

    community: str
    kind: Kind
    currency: str
    account_id: str | None


class Turnover(NamedTuple):
    """What accounts of a kind and currency took and gave until a moment, neither below zero, and their number.

    `account_id` is that of the community's one; None for members' together.
    """

    kind: Kind
    currency: str
    account_id: str | None
    accounts_count: int
    debit: int
    credit: int


def quarter_of(moment: datetime) -> datetime:
    """When the quarter of an hour that a moment is in began."""
    return moment - (moment - _START) % QUARTER


def turnovers_of(entries: Iterable[Entry]) -> dict[TurnoverKey, tuple[int, int]]:
    """What entries take and give: debit and credit, neither below zero."""
    # By accounts' ids until the end: they hash faster than keys of four parts.
    accounts: dict[str, Account] = {}
    taken: defaultdict[str, int] = defaultdict(int)
    given: defaultdict[str, int] = defaultdict(int)
    for _, account, amount in entries:
        accounts[account.account_id] = account
        if amount < 0:
            taken[account.account_id] -= amount
        else:
            given[account.account_id] += amount
    sums: dict[TurnoverKey, tuple[int, int]] = {}
    for account_id, (_, community, owner, kind, currency) in accounts.items():
        key = TurnoverKey(community, kind, currency, account_id if owner is None else None)
        debit, credit = sums.get(key, (0, 0))
        sums[key] = (debit + taken.get(account_id, 0), credit + given.get(account_id, 0))
    return sums
