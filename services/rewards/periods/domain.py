"""Months of a community's books: the states that they go through, and which month comes next."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from services.rewards.books.domain import AccountSum
from services.rewards.ledger.domain.entries import derived_id
from services.rewards.payouts.domain import Actor
from services.rewards.payouts.four_eyes.domain import FourEyesError
from shared.calendars import Calendar, Span, month_of
from shared.contracts.fields import Timestamp

A_MOMENT = timedelta(microseconds=1)
A_DAY = timedelta(days=1)


class PeriodState(StrEnum):
    """What may be booked into a month: only an open one takes anything."""

    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"
    REOPENING = "reopening"


#: What a month is called that nobody closed, and that is before one that is shut.
LOCKED = "locked"


class Deed(StrEnum):
    """What people do with a month: one proposes, another confirms, or somebody withdraws it."""

    CLOSE = "close"
    REOPEN = "reopen"
    CONFIRM = "confirm"
    WITHDRAW = "withdraw"


#: What a month becomes by what is done; anything else cannot be.
STEPS = {
    (PeriodState.OPEN, Deed.CLOSE): PeriodState.CLOSING,
    (PeriodState.CLOSING, Deed.CONFIRM): PeriodState.CLOSED,
    (PeriodState.CLOSING, Deed.WITHDRAW): PeriodState.OPEN,
    (PeriodState.CLOSED, Deed.REOPEN): PeriodState.REOPENING,
    (PeriodState.REOPENING, Deed.CONFIRM): PeriodState.OPEN,
    (PeriodState.REOPENING, Deed.WITHDRAW): PeriodState.CLOSED,
}


class UnknownPeriodError(Exception):
    """The books have no such month: nothing was booked yet, or it has not begun."""

    def __init__(self, month: str) -> None:
        super().__init__(f"the books have no month {month}")
        self.month = month


class PeriodRefusedError(Exception):
    """The month does not allow that; the message says why."""


class NotSettledError(Exception):
    """What was being booked when the month was closed is not committed or chained yet; it is in a moment."""


class PeriodPlace(NamedTuple):
    """Where a page of months ended."""

    starts_at: Timestamp


class Figure(NamedTuple):
    """What is on all accounts of a kind and currency."""

    kind: str
    currency: str
    accounts_count: int
    amount: int


class SeenBlock(NamedTuple):
    """The last block of the chain that holds a month."""

    number: int
    hash: str


class Change(NamedTuple):
    """What a month added to an account: what was on it before, and what is at its end."""

    kind: str
    currency: str
    accounts_count: int
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Period:
    """A month of a community's books.

    `figures` and `block` are those of its end, from when it is closing until it is opened again; None while they
    are added up. Nobody ever proposed anything of a month of `revision` 0. One that `is_locked` is open itself and
    before a month that is shut; that is kept nowhere, since it follows from the other.
    """

    community: str
    month: date
    starts_at: datetime
    ends_at: datetime
    state: PeriodState = PeriodState.OPEN
    revision: int = 0
    reason: str | None = None
    proposed_at: datetime | None = None
    proposed_by: Actor | None = None
    decided_at: datetime | None = None
    decided_by: Actor | None = None
    figures: Sequence[Figure] | None = None
    block: SeenBlock | None = None
    is_locked: bool = False

    @property
    def name(self) -> str:
        """It as people write it: 2026-10."""
        return f"{self.month:%Y-%m}"

    @property
    def place(self) -> PeriodPlace:
        """Where it stands among the months."""
        return PeriodPlace(self.starts_at)

    @property
    def is_shut(self) -> bool:
        """Whether nothing is booked into it."""
        return self.is_locked or self.state is not PeriodState.OPEN

    @property
    def is_final(self) -> bool:
        """Whether nothing of it changes any more, unless two people open it, or the month that locks it, again."""
        return self.is_locked or self.state is PeriodState.CLOSED

    @property
    def state_name(self) -> str:
        """What its state is called."""
        return LOCKED if self.is_locked else self.state.value

    @property
    def last_moment(self) -> datetime:
        """The last moment that belongs to it."""
        return self.ends_at - A_MOMENT

    @property
    def fact_id(self) -> str:
        """The id of the fact that tells how it is now."""
        return derived_id(f"{self.community}|period|{self.name}|{self.revision}")

    def following(self, before: "Period") -> "Period":
        """It, beginning where the month before ends."""
        return replace(self, starts_at=before.ends_at)

    def behind(self, *, is_later_shut: bool) -> "Period":
        """It where a later month is shut, or none is: what is open then takes nothing either."""
        return replace(self, is_locked=is_later_shut and self.state is PeriodState.OPEN)

    def with_figures(self, figures: Sequence[Figure], block: SeenBlock) -> "Period":
        """It with what was on its accounts at its end, and the block that holds that."""
        return replace(self, figures=figures, block=block)

    def proposed(self, deed: Deed, *, by: Actor, reason: str | None, now: datetime) -> "Period":
        """It once somebody proposed to close or to reopen it. Raises PeriodRefusedError when that cannot be."""
        return replace(
            self._after(deed),
            reason=reason,
            proposed_at=now,
            proposed_by=by,
            decided_at=None,
            decided_by=None,
        )

    def decided(self, deed: Deed, *, by: Actor, now: datetime) -> "Period":
        """It once the proposal is confirmed or withdrawn; what is open has no figures.

        Raises PeriodRefusedError when nothing waits.
        """
        after = replace(self._after(deed), decided_at=now, decided_by=by)
        return after if after.is_shut else replace(after, figures=None, block=None)

    def _after(self, deed: Deed) -> "Period":
        state = None if self.is_locked else STEPS.get((self.state, deed))
        if state is None:
            is_now = f"is {self.state_name}" + (", as a later month is shut" if self.is_locked else "")
            why = is_now if deed in (Deed.CLOSE, Deed.REOPEN) else f"waits for nobody: it {is_now}"
            raise PeriodRefusedError(f"{self.name} {why}")
        return replace(self, state=state, revision=self.revision + 1)

    def check_another(self, by: Actor) -> None:
        """Check that somebody else than `by` proposed it.

        Raises FourEyesError when nobody else is known to have.
        """
        if self.proposed_by is None or by.person_id in (None, self.proposed_by.person_id):
            raise FourEyesError("you proposed it: somebody else must confirm it")

    def check_balanced(self) -> None:
        """Check that what is on its accounts sums to zero. Raises PeriodRefusedError when it does not."""
        off = [total for total in sums_of(self.figures or ()) if total.total]
        if off:
            raise PeriodRefusedError(
                f"{self.name} does not balance: all accounts in {off[0].currency} sum to {off[0].total}"
            )


class CurrencySum(NamedTuple):
    """What is on all accounts of a currency: 0 in right books."""

    currency: str
    total: int


def sums_of(figures: Sequence[Figure]) -> list[CurrencySum]:
    """What figures come to, by currency."""
    sums: dict[str, int] = {}
    for figure in figures:
        sums[figure.currency] = sums.get(figure.currency, 0) + figure.amount
    return [CurrencySum(currency, total) for currency, total in sorted(sums.items())]


def amounts_of(figures: Sequence[Figure]) -> dict[tuple[str, str], int]:
    """What is on accounts, by currency and kind."""
    return {(figure.currency, figure.kind): figure.amount for figure in figures}


def figures_of(sums: Sequence[AccountSum]) -> list[Figure]:
    """A trial balance as a month keeps it, by kind and currency; those on which nothing is are left out."""
    together: dict[tuple[str, str], Figure] = {}
    for found in sums:
        key = found.currency, found.kind
        known = together.get(key, Figure(found.kind, found.currency, 0, 0))
        together[key] = known._replace(
            accounts_count=known.accounts_count + found.accounts_count, amount=known.amount + found.amount
        )
    return [together[key] for key in sorted(together) if together[key].amount]


def changes_between(before: Sequence[Figure], after: Sequence[Figure]) -> list[Change]:
    """What a month added to each account."""
    had = {(figure.currency, figure.kind): figure for figure in before}
    has = {(figure.currency, figure.kind): figure for figure in after}
    return [
        Change(
            kind,
            currency,
            has[currency, kind].accounts_count if (currency, kind) in has else had[currency, kind].accounts_count,
            had[currency, kind].amount if (currency, kind) in had else 0,
            has[currency, kind].amount if (currency, kind) in has else 0,
        )
        for currency, kind in sorted({*had, *has})
    ]


def period_of(community: str, day: date, calendar: Calendar) -> Period:
    """The month that holds a day, as nobody has touched it."""
    span = month_of(day)
    return Period(community, span.starts_on, calendar.start_of(span.starts_on), _end(span, calendar))


def _end(span: Span, calendar: Calendar) -> datetime:
    return calendar.start_of(span.ends_on + A_DAY)


def months(first: date, last: date) -> list[date]:
    """The first days of the months from that of one day to that of another, newest first."""
    found, month = [], month_of(last).starts_on
    while month >= month_of(first).starts_on:
        found.append(month)
        month = month_of(month - A_DAY).starts_on
    return found


def check_closable(period: Period, newest: Period | None, *, now: datetime) -> None:
    """Check that a month may be closed: it is over, and all before it are.

    `newest` is the newest month that is not open. Raises PeriodRefusedError when it may not.
    """
    if period.ends_at > now:
        raise PeriodRefusedError(f"{period.name} is not over yet")
    if newest is None:
        return
    following = month_of(newest.month + timedelta(days=31)).starts_on
    if newest.state is not PeriodState.CLOSED:
        raise PeriodRefusedError(f"{newest.name} is {newest.state}: that is decided first")
    if period.month != following:
        raise PeriodRefusedError(
            f"{newest.name} is the newest month that is closed, so {following:%Y-%m} comes next"
        )


def check_reopenable(period: Period, newest: Period | None) -> None:
    """Check that a month is the newest that is closed. Raises PeriodRefusedError when it is not."""
    if newest is not None and newest.month != period.month:
        raise PeriodRefusedError(f"{newest.name} comes after it and is {newest.state}: it is opened first")
