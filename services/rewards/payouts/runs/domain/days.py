"""The day on which a bank is asked to pay: one on which euro payments settle."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from dateutil.easter import easter  # type: ignore[import-untyped]

from shared.zones import zone

_A_DAY = timedelta(days=1)
_SATURDAY = 5
#: Month and day of TARGET's closing days that do not move: New Year, Labour Day, Christmas and the day after.
_CLOSED = frozenset({(1, 1), (5, 1), (12, 25), (12, 26)})


@dataclass(frozen=True, slots=True)
class BankHours:
    """When the payer's bank counts a file as received that day: in its zone, until `cutoff`."""

    time_zone: str
    cutoff: time


def is_target_day(day: date) -> bool:
    """Whether TARGET, the Eurosystem's settlement system, is open: the calendar that is in force since 2002."""
    if day.weekday() >= _SATURDAY or (day.month, day.day) in _CLOSED:
        return False
    sunday = easter(day.year)
    return day not in (sunday - 2 * _A_DAY, sunday + _A_DAY)


def execution_date(now: datetime, *, days: int, hours: BankHours) -> date:
    """The TARGET day that is `days` TARGET days after the one on which the bank receives a file written now.

    That is today by the bank's clock, when today is one and the cut-off has not passed, or else the next one.
    """
    there = now.astimezone(zone(hours.time_zone))
    received = there.date() if there.time() < hours.cutoff else there.date() + _A_DAY
    open_days = _target_days_from(received)
    for _ in range(days):
        next(open_days)
    return next(open_days)


def _target_days_from(day: date) -> Iterator[date]:
    while True:
        if is_target_day(day):
            yield day
        day += _A_DAY
