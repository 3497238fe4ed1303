"""The journal: what was booked in money, day by day and event by event, and how the liability for points moved."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

from services.rewards.general_ledger.domain.mapping import (
    POINTS_EXPENSE,
    POINTS_LIABILITY,
    Chart,
    Unmapped,
)
from services.rewards.ledger.domain.turnovers import Turnover


class BookedSum(NamedTuple):
    """What a kind of transfer brought to accounts of the community of a kind on a day: credit positive."""

    day: date
    event: str
    account: str
    currency: str
    amount: int


class LiabilityMoved(NamedTuple):
    """How what is owed for points moved until a day that was taken, since the one before: up is positive."""

    day: date
    currency: str
    earned_minor: int
    used_minor: int
    estimate_minor: int


class JournalLine(NamedTuple):
    """A line of the journal: `amount` in minor units, debit positive; `number` is finance's."""

    day: date
    event: str
    account: str
    number: str
    currency: str
    amount: int


class TurnoverSum(NamedTuple):
    """What accounts of a kind had, took and gave in a time: in points or minor units, debit positive."""

    account: str
    currency: str
    opening: int
    debit: int
    credit: int

    @property
    def closing(self) -> int:
        """What it has at the end."""
        return self.opening + self.debit - self.credit


def turnover_sums(before: Iterable[Turnover], after: Iterable[Turnover]) -> list[TurnoverSum]:
    """What accounts of each kind took and gave between two moments, by currency and kind; wallets are none of it.

    `before` is what they had until the first, `after` until the second.
    """
    taken: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for sign, found in ((-1, before), (1, after)):
        for one in found:
            if one.kind.startswith("wallet"):
                continue
            sums = taken[one.currency, one.kind]
            sums[0] += one.debit - one.credit if sign < 0 else 0
            sums[1] += sign * one.debit
            sums[2] += sign * one.credit
    return [TurnoverSum(kind, currency, *taken[currency, kind]) for currency, kind in sorted(taken)]


class DraftJournal(NamedTuple):
    """The journal of some days as far as its accounts are mapped, and what is not."""

    lines: Sequence[JournalLine]
    missing: Sequence[Unmapped]


def draft(
    booked: Iterable[BookedSum], liability: Iterable[LiabilityMoved], *, members_account: str, chart: Chart
) -> DraftJournal:
    """The journal of some days: where nothing is missing, the lines of each day, event and currency sum to zero.

    `booked` is of the community's accounts; what they lack to zero is on members' (`members_account`).
    """
    lines, missing = [], {}
    for day, event, account, currency, amount in (*_of_booked(booked, members_account), *_of_liability(liability)):
        number = chart.number(day, account, event)
        if amount and number is not None:
            lines.append(JournalLine(day, event, account, number, currency, amount))
        elif amount and (account, event) not in missing:
            missing[account, event] = Unmapped(day, account, event)
    return DraftJournal(sorted(lines, key=_in_order), sorted(missing.values()))


def _in_order(line: JournalLine) -> tuple[date, str, str, int, str]:
    return line.day, line.event, line.currency, -line.amount, line.account


_Line = tuple[date, str, str, str, int]


def _of_booked(booked: Iterable[BookedSum], members_account: str) -> Iterator[_Line]:
    left: defaultdict[tuple[date, str, str], int] = defaultdict(int)
    for one in booked:
        # Ours are credit positive, a journal's debit positive.
        left[one.day, one.event, one.currency] += one.amount
        yield one.day, one.event, one.account, one.currency, -one.amount
    for (day, event, currency), amount in left.items():
        yield day, event, members_account, currency, amount


def _of_liability(liability: Iterable[LiabilityMoved]) -> Iterator[_Line]:
    for one in liability:
        for event, amount in (
            ("points_earned", one.earned_minor),
            ("points_used", one.used_minor),
            ("points_estimate", one.estimate_minor),
        ):
            yield one.day, event, POINTS_LIABILITY, one.currency, -amount
            yield one.day, event, POINTS_EXPENSE, one.currency, amount


def is_balanced(lines: Iterable[JournalLine]) -> bool:
    """Whether the lines of each day, event and currency sum to zero."""
    sums: defaultdict[tuple[date, str, str], int] = defaultdict(int)
    for line in lines:
        sums[line.day, line.event, line.currency] += line.amount
    return not any(sums.values())


def by_month(lines: Sequence[JournalLine], *, last_day: date) -> list[JournalLine]:
    """The lines of each month together, on its last day, or on `last_day` where that comes before."""
    sums: defaultdict[tuple[date, str, str, str, str], int] = defaultdict(int)
    for line in lines:
        end = min(_end_of_month(line.day), last_day)
        sums[end, line.event, line.account, line.number, line.currency] += line.amount
    found = [
        JournalLine(day, event, account, number, currency, amount)
        for (day, event, account, number, currency), amount in sums.items()
        if amount
    ]
    return sorted(found, key=_in_order)


def _end_of_month(day: date) -> date:
    following = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return date.fromordinal(following.toordinal() - 1)
