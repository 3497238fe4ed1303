"""A day's money as three say it, and payouts of which they do not say the same.

What left is counted positive: a payout that settled, or was corrected to have, leaves; one that was reversed came
back. All three are of the day on which the payout's state says so, whenever the bank booked it.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from services.rewards.ledger.domain.entries import derived_id
from services.rewards.payouts.domain import Actor
from shared.contracts.fields import LocalDay, Timestamp, Uuid

#: Payouts of a day and currency that become items; of more the count says how many there are.
ITEMS_PER_DAY_MAX_COUNT = 1_000
REASON_MAX_CHARS = 500
#: Days of a community that are checked before others have their turn.
DAYS_PER_TURN_COUNT = 7
_A_DAY = timedelta(days=1)


class ItemState(StrEnum):
    """What has become of a difference."""

    OPEN = "open"
    #: A person said why it is so.
    EXPLAINED = "explained"
    #: A later check found all three the same.
    GONE = "gone"


class UnknownItemError(Exception):
    """There is no such item."""


class ItemRefusedError(Exception):
    """The item is not open; the message says what it is."""


class DayNotOverError(Exception):
    """The day is not over in the community's zone, or before any that can be checked; the message says which."""


class Said(NamedTuple):
    """What left by each of the three, in minor units; None of a bank that has said nothing in the currency."""

    ledger_minor: int
    payouts_minor: int
    bank_minor: int | None

    @property
    def agrees(self) -> bool:
        """Whether all who said something said the same."""
        return self.ledger_minor == self.payouts_minor and self.bank_minor in (None, self.payouts_minor)


class DaySum(NamedTuple):
    """A day of a currency: its payouts, what each of the three says of them, and how many payouts differ."""

    day: date
    currency: str
    payouts_count: int
    said: Said
    differences_count: int


class Difference(NamedTuple):
    """A payout of a day of which the three do not say the same."""

    currency: str
    payout_id: str
    said: Said


class Found(NamedTuple):
    """What a check found of a day: a sum of each currency, and of each at most so many differences."""

    sums: list[DaySum]
    differences: list[Difference]


class CheckedDay(NamedTuple):
    """A day's sum of a currency, and when it was last checked."""

    sum: DaySum
    checked_at: datetime

    @property
    def place(self) -> "DayPlace":
        """Where it stands among the days."""
        return DayPlace(self.sum.day, self.sum.currency)


class DayPlace(NamedTuple):
    """Where a page of days ended: the newest day first."""

    day: LocalDay
    currency: str


class ItemPlace(NamedTuple):
    """Where a page of items ended: the newest first."""

    found_at: Timestamp
    item_id: Uuid


class Progress(NamedTuple):
    """How far the days of a community are checked: the last day, and on which day a round of them was done.

    `round_until` is the last day that a round has checked which is not done, None where none goes on; `next_at`
    when the community has its next turn.
    """

    checked_until: date
    checked_on: date
    round_until: date | None
    next_at: datetime


class Turn(NamedTuple):
    """Days of a community that are checked in a row, oldest first; how far it was; whether a round ends."""

    days: list[date]
    before: Progress | None
    is_last: bool

    def progress(self, today: date, *, next_at: datetime) -> Progress:
        """How far the community is checked after it."""
        yesterday = today - _A_DAY
        if self.is_last:
            return Progress(yesterday, today, None, next_at)
        checked_on = min(self.before.checked_on, yesterday) if self.before else yesterday
        checked_until = max(self.before.checked_until, self.days[-1]) if self.before else self.days[-1]
        return Progress(checked_until, checked_on, self.days[-1], next_at)


def turn_of(before: Progress | None, *, first_day: date, today: date, again_days: int) -> Turn:
    """The next turn of a community: on with its round, or a new one.

    A round begins with the first day that was never checked, or `again_days` before today where that is earlier,
    and never before `first_day`; it ends with yesterday.
    """
    first = first_day
    if before is not None and before.round_until is not None:
        first = before.round_until + _A_DAY
    elif before is not None:
        first = max(first_day, min(before.checked_until + _A_DAY, today - again_days * _A_DAY))
    left = max((today - first).days, 0)
    days = [first + place * _A_DAY for place in range(min(left, DAYS_PER_TURN_COUNT))]
    return Turn(days, before, is_last=left <= DAYS_PER_TURN_COUNT)


@dataclass(frozen=True, slots=True)
class Item:
    """A difference that somebody has to look at: who does, and why it is so once that is known."""

    community: str
    item_id: str
    day: date
    difference: Difference
    found_at: datetime
    state: ItemState = ItemState.OPEN
    looked_at: datetime | None = None
    looked_by: Actor | None = None
    decided_at: datetime | None = None
    decided_by: Actor | None = None
    reason: str | None = None

    @property
    def place(self) -> ItemPlace:
        """Where it stands among the items."""
        return ItemPlace(self.found_at, self.item_id)

    def being_looked_at(self, *, by: Actor, now: datetime) -> "Item":
        """It with who looks at it from now on. Raises ItemRefusedError when it is not open."""
        self._check_open()
        return replace(self, looked_at=now, looked_by=by)

    def explained(self, reason: str, *, by: Actor, now: datetime) -> "Item":
        """It with why it is so. Raises ItemRefusedError when it is not open."""
        self._check_open()
        return replace(self, state=ItemState.EXPLAINED, reason=reason, decided_at=now, decided_by=by)

    def _check_open(self) -> None:
        if self.state is not ItemState.OPEN:
            raise ItemRefusedError(f"The item is {self.state}")


def item_id(community: str, day: date, payout_id: str) -> str:
    """The id of a difference of a day: found again it is the same."""
    return derived_id(f"{community}|bank check|{day.isoformat()}|{payout_id}")


def item_of(difference: Difference, *, community: str, day: date, now: datetime) -> Item:
    """A difference that was found as an item."""
    return Item(community, item_id(community, day, difference.payout_id), day, difference, now)
