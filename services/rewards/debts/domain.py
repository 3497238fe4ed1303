"""How old a debt is: what comes in pays the oldest of it first; what is left are the newest points taken back."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from shared.contracts.fields import Uuid

#: The first day of each age, youngest first: 0 to 30 days, 31 to 60, 61 to 90, and older.
AGES_FROM_DAYS = (0, 31, 61, 91)


class DebtPlace(NamedTuple):
    """Where a page of debts ended."""

    account_id: Uuid


class Booked(NamedTuple):
    """An entry on a member's available points: on which day, and by how much it changed them."""

    day: date
    amount: int


@dataclass(frozen=True, slots=True)
class Debt:
    """What a member owes, by for how many days: as many parts as there are ages, which sum to `points`.

    `since` is the day of the oldest part; `is_older` that it may be older still, since more entries than are
    looked at have come since.
    """

    account_id: str
    member_id: str
    points: int
    by_age: tuple[int, ...]
    since: date
    is_older: bool

    @property
    def place(self) -> DebtPlace:
        """Where it stands among those of its community."""
        return DebtPlace(self.account_id)


def aged(points: int, entries: Iterable[Booked], today: date) -> tuple[tuple[int, ...], date, bool]:
    """How a debt of so many points is spread over ages, the day of its oldest part, and whether that may be older.

    `entries` are the newest ones of the account, newest first. One that took points makes a debt of what of it
    went below zero; what is not found in them is as old as the last of them.
    """
    by_age = [0] * len(AGES_FROM_DAYS)
    left, balance, since = points, -points, today
    for entry in entries:
        since = entry.day
        part = min(left, -entry.amount, -balance) if entry.amount < 0 and balance < 0 else 0
        by_age[_age(entry.day, today)] += part
        left -= part
        balance -= entry.amount
        if not left:
            return tuple(by_age), since, False
    by_age[_age(since, today)] += left
    return tuple(by_age), since, True


def _age(day: date, today: date) -> int:
    return sum(1 for first in AGES_FROM_DAYS[1:] if (today - day).days >= first)
