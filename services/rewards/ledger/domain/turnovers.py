"""What accounts took and gave, by quarter of an hour: every day of every zone begins with one."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from services.rewards.ledger.domain.entries import Kind, Postings

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


def turnovers_of(postings: Postings) -> dict[TurnoverKey, tuple[int, int]]:
    """What accounts take and give by what is booked on them: debit and credit, neither below zero."""
    sums: dict[TurnoverKey, tuple[int, int]] = {}
    for account_id, ((_, community, owner, kind, currency), _, amounts) in postings.items():
        key = TurnoverKey(community, kind, currency, account_id if owner is None else None)
        debit, credit = sums.get(key, (0, 0))
        given = sum([amount for amount in amounts if amount > 0])
        sums[key] = (debit + given - sum(amounts), credit + given)
    return sums
