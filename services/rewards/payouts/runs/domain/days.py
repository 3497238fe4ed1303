"""The day on which a bank is asked to pay: one on which payments in the currency settle."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from dateutil.easter import easter  # type: ignore[import-untyped]

from shared.zones import zone

_A_DAY = timedelta(days=1)
_FRIDAY, _SATURDAY, _SUNDAY = 4, 5, 6
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


def is_sic_day(day: date) -> bool:
    """Whether Swiss Interbank Clearing settles payments in francs: the calendar of SIX."""
    sunday = easter(day.year)
    moving = (sunday + n * _A_DAY for n in (-2, 1, 39, 50))  # Good Friday, Easter Monday, Ascension, Whit Monday
    fixed = ((1, 1), (1, 2), (8, 1), (12, 25), (12, 26))
    return day.weekday() < _SATURDAY and (day.month, day.day) not in fixed and day not in moving


def is_uk_day(day: date) -> bool:
    """Whether banks in England are open, by the holidays of the Banking and Financial Dealings Act 1971.

    What is proclaimed for one year is not known here: a bank pays on the next day then.
    """
    sunday = easter(day.year)
    closed = {sunday - 2 * _A_DAY, sunday + _A_DAY}
    closed |= {_monday_from(date(day.year, 5, 1)), _monday_from(date(day.year, 5, 25))}
    closed |= {_monday_from(date(day.year, 8, 25))}
    for month, fixed in ((1, 1), (12, 25), (12, 26)):
        substitute = date(day.year, month, fixed)
        while substitute.weekday() >= _SATURDAY or substitute in closed:
            substitute += _A_DAY
        closed.add(substitute)
    return day.weekday() < _SATURDAY and day not in closed


def _monday_from(day: date) -> date:
    return day + -day.weekday() % 7 * _A_DAY


def is_us_day(day: date) -> bool:
    """Whether the Federal Reserve Banks are open: what falls on a Sunday is kept on Monday, on a Saturday not."""
    year = day.year
    closed = {
        *(_kept_on(date(year, month, fixed)) for month, fixed in ((1, 1), (6, 19), (7, 4), (11, 11), (12, 25))),
        *(_monday_from(date(year, month, earliest)) for month, earliest in ((1, 15), (2, 15), (9, 1), (10, 8))),
        _monday_from(date(year, 5, 25)),
        _monday_from(date(year, 11, 19)) + 3 * _A_DAY,  # Thanksgiving, the fourth Thursday
    }
    return day.weekday() < _SATURDAY and day not in closed


def _kept_on(day: date) -> date:
    return day + _A_DAY if day.weekday() == _SUNDAY else day


def is_japanese_day(day: date) -> bool:
    """Whether banks in Japan are open, by its Act on National Holidays, and not from 31 December to 3 January.

    The days of the equinoxes are those that astronomers expect until 2099; what is proclaimed for one year is not
    known here.
    """
    new_year = (day.month, day.day) in ((12, 31), (1, 1), (1, 2), (1, 3))
    return day.weekday() < _SATURDAY and not new_year and not _is_japanese_holiday(day)


def _is_japanese_holiday(day: date) -> bool:
    holidays = _japanese_holidays(day.year)
    if day in holidays or {day - _A_DAY, day + _A_DAY} <= holidays:
        return True
    before = day - _A_DAY
    while before in holidays:  # one that falls on a Sunday is kept on the next day that is none
        if before.weekday() == _SUNDAY:
            return True
        before -= _A_DAY
    return False


def _japanese_holidays(year: int) -> set[date]:
    since, leaps = 0.242194 * (year - 1980), (year - 1980) // 4
    fixed = ((1, 1), (2, 11), (2, 23), (4, 29), (5, 3), (5, 4), (5, 5), (8, 11), (11, 3), (11, 23))
    return {
        *(date(year, month, of_month) for month, of_month in fixed),
        *(_monday_from(date(year, month, earliest)) for month, earliest in ((1, 8), (7, 15), (9, 15), (10, 8))),
        date(year, 3, int(20.8431 + since) - leaps),
        date(year, 9, int(23.2488 + since) - leaps),
    }


def is_kuwaiti_day(day: date) -> bool:
    """Whether banks in Kuwait are open, from Sunday to Thursday; holidays by the moon are not known here."""
    fixed = ((1, 1), (2, 25), (2, 26))
    return day.weekday() not in (_FRIDAY, _SATURDAY) and (day.month, day.day) not in fixed


#: On which days payments in a currency settle.
_IS_OPEN: Mapping[str, Callable[[date], bool]] = {
    "EUR": is_target_day,
    "CHF": is_sic_day,
    "GBP": is_uk_day,
    "USD": is_us_day,
    "JPY": is_japanese_day,
    "KWD": is_kuwaiti_day,
}


def execution_date(now: datetime, *, days: int, hours: BankHours, currency: str = "EUR") -> date:
    """The day `days` bank days after the one on which the bank receives a file written now.

    Bank days are those on which payments in `currency` settle: of TARGET for EUR, of SIC for CHF, of the Federal
    Reserve for USD, and those of its country for any other. The bank receives it today by its clock, when today is
    one and the cut-off has not passed, or else on the next one.
    """
    there = now.astimezone(zone(hours.time_zone))
    received = there.date() if there.time() < hours.cutoff else there.date() + _A_DAY
    open_days = _open_days_from(received, _IS_OPEN[currency])
    for _ in range(days):
        next(open_days)
    return next(open_days)


def _open_days_from(day: date, is_open: Callable[[date], bool]) -> Iterator[date]:
    while True:
        if is_open(day):
            yield day
        day += _A_DAY
