"""Days on which a bank is asked to pay."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rewards.payouts.runs.domain.days import (
    BankHours,
    execution_date,
    is_japanese_day,
    is_kuwaiti_day,
    is_sic_day,
    is_target_day,
    is_uk_day,
    is_us_day,
)

BERLIN = BankHours("Europe/Berlin", time(14))
#: Good Fridays and Easter Mondays, as the European Central Bank publishes its calendars.
EASTER = [
    (date(2024, 3, 29), date(2024, 4, 1)),
    (date(2025, 4, 18), date(2025, 4, 21)),
    (date(2026, 4, 3), date(2026, 4, 6)),
    (date(2027, 3, 26), date(2027, 3, 29)),
    (date(2028, 4, 14), date(2028, 4, 17)),
    (date(2038, 4, 23), date(2038, 4, 26)),
]
moments = st.datetimes(datetime(2020, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
cutoffs = st.builds(
    BankHours, st.sampled_from(["Europe/Berlin", "Asia/Tokyo", "UTC"]), st.times(time(1), time(23))
)


def at(day: str, clock: str = "10:00") -> datetime:
    """A moment by Berlin's clocks."""
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)


def easter_sunday(year: int) -> date:
    """Gauss's rule as Lichtenberg completed it: not how the library finds it."""
    century, golden = year // 100, year % 19
    moon = 15 + (3 * century + 3) // 4 - (8 * century + 13) // 25
    seed = (19 * golden + moon) % 30
    limit = seed // 29 + (seed // 28 - seed // 29) * (golden // 11)
    march = 21 + seed - limit
    first_sunday = 7 - (year + year // 4 + 2 - (3 * century + 3) // 4) % 7
    return date(year, 3, 1) + timedelta(days=march + 7 - (march - first_sunday) % 7 - 1)


@pytest.mark.parametrize(
    ("now", "days", "expected"),
    [
        (at("2026-11-26"), 2, "2026-11-30"),  # Thursday: it was Saturday 28
        (at("2026-11-26"), 1, "2026-11-27"),
        (at("2026-11-26"), 0, "2026-11-26"),
        (at("2026-11-26", "13:59"), 0, "2026-11-26"),
        (at("2026-11-26", "14:00"), 0, "2026-11-27"),
        (at("2026-11-26", "14:00"), 1, "2026-11-30"),
        (at("2026-11-27"), 1, "2026-11-30"),
        (at("2026-11-28"), 0, "2026-11-30"),
        (at("2026-11-29", "23:00"), 1, "2026-12-01"),
        (at("2026-12-23"), 1, "2026-12-24"),
        (at("2026-12-24"), 1, "2026-12-28"),  # Friday 25 and Saturday 26 are closed
        (at("2026-12-31"), 1, "2027-01-04"),
        (at("2026-04-02"), 1, "2026-04-07"),  # over Easter
        (at("2026-04-30"), 1, "2026-05-04"),
        (datetime(2026, 11, 26, 23, 30, tzinfo=UTC), 0, "2026-11-27"),  # in Berlin it is Friday already
        (datetime(2026, 7, 1, 12, 0, tzinfo=UTC), 0, "2026-07-02"),  # 14:00 in summer
        (datetime(2026, 12, 1, 12, 59, tzinfo=UTC), 0, "2026-12-01"),  # 13:59 in winter
    ],
)
def test_a_bank_is_asked_to_pay_on_a_day_on_which_it_does(now: datetime, days: int, expected: str) -> None:
    assert execution_date(now, days=days, hours=BERLIN) == date.fromisoformat(expected)


@pytest.mark.parametrize(("friday", "monday"), EASTER)
def test_good_friday_and_easter_monday_are_closed(friday: date, monday: date) -> None:
    around = [friday + timedelta(days=days) for days in range(-1, 5)]
    assert [day for day in around if is_target_day(day)] == [around[0], around[-1]]
    assert monday == friday + timedelta(days=3)


@given(st.dates(date(2002, 1, 1), date(2200, 1, 1)))
def test_a_day_is_open_unless_it_is_one_of_the_closing_days(day: date) -> None:
    sunday = easter_sunday(day.year)
    closed = {sunday - timedelta(days=2), sunday + timedelta(days=1)} | {
        date(day.year, *fixed) for fixed in ((1, 1), (5, 1), (12, 25), (12, 26))
    }
    assert is_target_day(day) == (day.isoweekday() <= 5 and day not in closed)


@given(moments, st.integers(0, 30), cutoffs)
def test_the_day_is_open_and_so_many_open_days_after_the_file(now: datetime, days: int, hours: BankHours) -> None:
    there = now.astimezone(ZoneInfo(hours.time_zone))
    day = execution_date(now, days=days, hours=hours)
    assert is_target_day(day)
    assert day >= there.date()
    between = [there.date() + timedelta(days=n) for n in range((day - there.date()).days)]
    in_time = there.time() < hours.cutoff
    assert sum(map(is_target_day, between[0 if in_time else 1 :])) == days


@given(moments, st.integers(0, 30), st.timedeltas(timedelta(0), timedelta(days=9)), cutoffs)
def test_a_later_file_is_never_paid_earlier(now: datetime, days: int, later: timedelta, hours: BankHours) -> None:
    first = execution_date(now, days=days, hours=hours)
    assert first <= execution_date(now + later, days=days, hours=hours)
    assert first < execution_date(now, days=days + 1, hours=hours)


#: Days on which TARGET, SIC or England's banks are closed, and not all of them, as each publishes its calendar.
@pytest.mark.parametrize(
    ("day", "is_open"),
    [
        ("2026-01-02", ("EUR", "GBP")),  # Berchtold's Day
        ("2026-04-03", ()),
        ("2026-04-06", ()),
        ("2026-05-01", ("CHF", "GBP")),
        ("2026-05-04", ("EUR", "CHF")),  # early May
        ("2026-05-14", ("EUR", "GBP")),  # Ascension
        ("2026-05-25", ("EUR",)),  # Whit Monday, and late May in England
        ("2026-08-03", ("EUR", "CHF", "GBP")),  # 1 August was a Saturday
        ("2025-08-01", ("EUR", "GBP")),
        ("2026-08-31", ("EUR", "CHF")),
        ("2026-12-25", ()),
        ("2026-12-28", ("EUR", "CHF")),  # for Boxing Day, a Saturday
        ("2022-12-26", ()),
        ("2022-12-27", ("EUR", "CHF")),  # for Christmas, a Sunday
        ("2021-12-28", ("EUR", "CHF")),  # both were at a weekend
        ("2022-01-03", ("EUR", "CHF")),
        ("2026-11-28", ()),
    ],
)
def test_each_currency_has_the_days_of_its_banks(day: str, is_open: tuple[str, ...]) -> None:
    asked = {"EUR": is_target_day, "CHF": is_sic_day, "GBP": is_uk_day}
    assert tuple(one for one, is_open_on in asked.items() if is_open_on(date.fromisoformat(day))) == is_open
    for currency in asked:
        found = execution_date(at(day, "09:00"), days=0, hours=BERLIN, currency=currency)
        assert (found == date.fromisoformat(day)) == (currency in is_open)


def closed_weekdays(is_open: Callable[[date], bool], year: int) -> set[str]:
    """The days from Monday to Friday on which banks are closed, as month and day."""
    days = (date(year, 1, 1) + timedelta(days=number) for number in range(365))
    return {f"{day:%m-%d}" for day in days if day.weekday() < 5 and not is_open(day)}


def test_us_days_are_as_the_federal_reserve_publishes_them() -> None:
    """Its holiday schedules of 2026 and 2027: of what falls on a Saturday nothing is kept."""
    assert closed_weekdays(is_us_day, 2026) == {
        *("01-01", "01-19", "02-16", "05-25", "06-19", "09-07", "10-12", "11-11", "11-26", "12-25")
    }
    assert closed_weekdays(is_us_day, 2027) == {
        *("01-01", "01-18", "02-15", "05-31", "07-05", "09-06", "10-11", "11-11", "11-25")
    }


def test_japanese_days_are_as_the_cabinet_office_publishes_them() -> None:
    """Its holidays of 2026, with the substitute on 6 May and the day between two on 22 September, and new year."""
    assert closed_weekdays(is_japanese_day, 2026) == {
        *("01-01", "01-02", "01-12", "02-11", "02-23", "03-20", "04-29", "05-04", "05-05", "05-06", "07-20"),
        *("08-11", "09-21", "09-22", "09-23", "10-12", "11-03", "11-23", "12-31"),
    }


def test_a_week_of_banks_in_kuwait_begins_on_sunday() -> None:
    week = [date(2026, 11, 27) + timedelta(days=number) for number in range(7)]
    assert [is_kuwaiti_day(day) for day in week] == [False, False, True, True, True, True, True]
    assert not is_kuwaiti_day(date(2026, 2, 25))
