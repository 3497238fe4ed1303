"""What accounts took and gave, by quarter of an hour: every day of every zone begins with one."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from services.rewards.ledger.domain.entries import Entry, Kind

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
    # Plain tuples until the end: a thousand entries take 0.15 ms so, and 1 ms by keys with names.
    taken: dict[tuple[str, Kind, str, str | None], int] = {}
    given: dict[tuple[str, Kind, str, str | None], int] = {}
    for _, (account_id, community, owner, kind, currency), amount in entries:
        key = (community, kind, currency, account_id if owner is None else None)
        if amount < 0:
            taken[key] = taken.get(key, 0) - amount
        else:
            given[key] = given.get(key, 0) + amount
    return {TurnoverKey(*key): (taken.get(key, 0), given.get(key, 0)) for key in taken | given}
