"""What reports say: how a member's points and money moved over a year, and how all points did over a month."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from services.rewards.ledger.domain.entries import POINTS, MemberBalance
from services.rewards.payouts.domain import PayoutState
from services.rewards.periods.domain import Change
from shared.calendars import Calendar

#: What is a member's to use, or will be, or is set aside: what a statement opens and closes with, in points.
HELD = ("pending", "available", "reserved")
A_DAY = timedelta(days=1)


class YearBounds(NamedTuple):
    """The days of a year in a community's zone, and the moments at which each begins; the last ends there."""

    days: Sequence[date]
    starts: Sequence[datetime]

    @property
    def begins_at(self) -> datetime:
        """When its first day begins."""
        return self.starts[0]

    @property
    def ends_at(self) -> datetime:
        """When its last day is over."""
        return self.starts[-1]


def year_bounds(year: int, calendar: Calendar) -> YearBounds:
    """A year by a community's calendar."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    days = [first + number * A_DAY for number in range((last - first).days + 1)]
    return YearBounds(days, [*(calendar.start_of(day) for day in days), calendar.start_of(last + A_DAY)])


class Moved(NamedTuple):
    """How what a member has moved, in points or minor units: what came is above 0, and what went too.

    Of money `earned` is what became payable, and `paid` what was given to the bank. `corrected`, `written_off`
    and `merged` are below 0 where points went.
    """

    earned: int = 0
    corrected: int = 0
    written_off: int = 0
    merged: int = 0
    redeemed: int = 0
    paid: int = 0
    expired: int = 0

    @property
    def change(self) -> int:
        """By how much more, or less, the member has."""
        came = self.earned + self.corrected + self.written_off + self.merged
        return came - self.redeemed - self.paid - self.expired

    def plus(self, other: "Moved") -> "Moved":
        """Both together."""
        return Moved(*(mine + its for mine, its in zip(self, other, strict=True)))


class DayMoved(NamedTuple):
    """What moved on a day in a currency."""

    day: date
    currency: str
    moved: Moved


class StatementDay(NamedTuple):
    """A day on which something moved, and what was there after it."""

    day: date
    currency: str
    moved: Moved
    closing: int


@dataclass(frozen=True, slots=True)
class StatementSum:
    """A year in one currency: `opening` and `moved` come to `closing`.

    `ended` are points of `closing` whose time was over with the year: the ledger books them away after it.
    """

    currency: str
    opening: int
    moved: Moved
    ended: int = 0

    @property
    def closing(self) -> int:
        """What was there when the year was over."""
        return self.opening + self.moved.change


@dataclass(frozen=True, slots=True)
class YearStatement:
    """What a member had over a year, points first, and the days on which anything moved."""

    sums: Sequence[StatementSum]
    days: Sequence[StatementDay]


def year_statement(
    opening: Iterable[MemberBalance], moved: Sequence[DayMoved], *, ended: int = 0
) -> YearStatement:
    """A statement from what was on the accounts before the year, and what moved on its days, in their order.

    `ended` are points whose time was over with the year.
    """
    had: dict[str, int] = {POINTS: 0}
    for balance in opening:
        if balance.kind in HELD or balance.currency != POINTS:
            had[balance.currency] = had.get(balance.currency, 0) + balance.amount
    sums = {currency: Moved() for currency in had}
    standing = dict(had)
    days = []
    for day, currency, change in moved:
        standing[currency] = standing.get(currency, 0) + change.change
        sums[currency] = sums.get(currency, Moved()).plus(change)
        days.append(StatementDay(day, currency, change, standing[currency]))
    order = sorted(sums, key=lambda currency: (currency != POINTS, currency))
    return YearStatement(
        [
            StatementSum(currency, had.get(currency, 0), sums[currency], ended if currency == POINTS else 0)
            for currency in order
        ],
        days,
    )


class Issued(NamedTuple):
    """Points that came by transfers of a kind; below 0 where they were taken back."""

    kind: str
    points: int


@dataclass(frozen=True, slots=True)
class PointsMovement:
    """How the points that members hold moved over a month, by the ledger.

    What came is by the transfers that issued it, the rest by what accounts had before and have at the end: so that
    it ties, `difference` 0, is no matter of course.
    """

    opening: int
    earned: int
    corrected: int
    written_off: int
    redeemed: int
    paid: int
    expired: int
    closing: int

    @property
    def difference(self) -> int:
        """What does not tie: 0 in right books."""
        came = self.opening + self.earned + self.corrected + self.written_off
        return came - self.redeemed - self.paid - self.expired - self.closing


def points_movement(changes: Sequence[Change], issued: Sequence[Issued]) -> PointsMovement:
    """A month's movement from what it added to each kind of account, and what was issued in it."""
    points = {change.kind: change for change in changes if change.currency == POINTS}

    def went(kind: str) -> int:
        return points[kind].after - points[kind].before if kind in points else 0

    held = [points[kind] for kind in HELD if kind in points]
    return PointsMovement(
        opening=sum(change.before for change in held),
        earned=sum(one.points for one in issued if one.kind == "award"),
        corrected=sum(one.points for one in issued if one.kind != "award"),
        written_off=-went("debts_written_off"),
        redeemed=went("spent"),
        paid=went("paid"),
        expired=went("expired"),
        closing=sum(change.after for change in held),
    )


@dataclass(frozen=True, slots=True)
class PayoutSum:
    """Payouts that were in a state when a month was over."""

    state: str
    currency: str
    count: int
    points: int
    amount_minor: int


#: The states of payouts whose points are set aside: still with their members, and owed as money.
SET_ASIDE = (PayoutState.RESERVED, PayoutState.SUBMITTED, PayoutState.SENT)


@dataclass(frozen=True, slots=True)
class BookedSince:
    """Points that were booked after the end of a day, and are in what was valued for it all the same.

    `ended` expired; `late` came, or were taken back (below 0), of awards that were earned until then.
    """

    ended: int
    late: int


@dataclass(frozen=True, slots=True)
class ValuedPoints:
    """How the points that members hold by the ledger come to those that were valued for a month's last day.

    `held` by the ledger, less those `set_aside` for payouts, less those that `ended` with the day, with what came
    `late`, are `outstanding`.
    """

    held: int
    set_aside: int
    ended: int
    late: int
    outstanding: int

    @property
    def difference(self) -> int:
        """What of that nothing explains: 0 unless members owe more of a vintage than is left of it."""
        return self.held - self.set_aside - self.ended + self.late - self.outstanding


def valued_points(
    held: int, payouts: Iterable["PayoutSum"], since: BookedSince, *, outstanding: int
) -> ValuedPoints:
    """How points held at a month's end come to those outstanding by what was valued for its last day."""
    set_aside = sum(one.points for one in payouts if one.state in SET_ASIDE)
    return ValuedPoints(held, set_aside, since.ended, since.late, outstanding)


@dataclass(frozen=True, slots=True)
class OpenItem:
    """What waited for somebody when a month was over: how many of it, and since when the oldest does."""

    kind: str
    count: int
    points: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class LateCorrection:
    """What was booked in a month and corrects what was booked before it."""

    kind: str
    count: int
    points: int
