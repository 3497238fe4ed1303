"""Days, weeks and months in every time zone, and across changes of zone."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.calendars import (
    CHANGES_MAX_COUNT,
    PLAIN,
    Calendar,
    Reckoning,
    Span,
    TooManyChangesError,
    monday_of,
    month_of,
)
from shared.contracts.facts import Weekday
from shared.zones import day_start, zone, zone_day, zone_names

NAMES = sorted(zone_names())
DAY = timedelta(days=1)
MOMENT = timedelta(microseconds=1)
HOUR = timedelta(hours=1)
ZONES = st.sampled_from(NAMES)
WEEKDAYS: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
STARTS = st.sampled_from(WEEKDAYS)
MOMENTS = st.integers(86_400_000, 3_786_912_000_000).map(
    lambda milliseconds: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def of(name: str, week_start: Weekday = "monday") -> Calendar:
    return Calendar([Reckoning(None, name, week_start)])


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    """A calendar that was changed up to four times, days or years apart."""
    calendar = of(draw(ZONES), draw(STARTS))
    at = draw(MOMENTS)
    for _ in range(draw(st.integers(0, 4))):
        calendar = calendar.changed(time_zone=draw(ZONES), week_start=draw(STARTS), at=at, notice=HOUR)
        at += draw(st.timedeltas(timedelta(), timedelta(days=draw(st.sampled_from([2, 20, 2_000])))))
    return calendar


@pytest.mark.parametrize(
    ("name", "moments", "days"),
    [
        ("Europe/Rome", "2024-05-01T21:59:59 2024-05-01T22:00:00", "2024-05-01 2024-05-02"),
        # Clocks go forward: 31 March has 23 hours. They go back: 27 October has 25.
        (
            "Europe/Rome",
            "2024-03-30T22:30 2024-03-30T23:30 2024-03-31T21:59 2024-03-31T22:00",
            "2024-03-30 2024-03-31 2024-03-31 2024-04-01",
        ),
        (
            "Europe/Rome",
            "2024-10-26T21:59:59 2024-10-26T22:00 2024-10-27T22:59:59 2024-10-27T23:00",
            "2024-10-26 2024-10-27 2024-10-27 2024-10-28",
        ),
        ("America/New_York", "2024-11-03T05:30 2024-11-03T06:30", "2024-11-03 2024-11-03"),
        # No midnight: 23:59:59 is followed by 01:00.
        ("America/Santiago", "2024-09-08T03:59:59 2024-09-08T04:00", "2024-09-07 2024-09-08"),
        ("Africa/Cairo", "2024-04-25T21:59:59 2024-04-25T22:00", "2024-04-25 2024-04-26"),
        # Two midnights: at one minute past the first, clocks went back to 23:01. The day had begun.
        (
            "America/St_Johns",
            "2006-10-29T02:29:59 2006-10-29T02:30 2006-10-29T02:45 2006-10-29T03:31",
            "2006-10-28 2006-10-29 2006-10-29 2006-10-29",
        ),
        # Dates that do not exist.
        ("Pacific/Apia", "2011-12-30T09:59:59 2011-12-30T10:00", "2011-12-29 2011-12-31"),
        ("Pacific/Kiritimati", "1994-12-31T09:59:59 1994-12-31T10:00", "1994-12-30 1995-01-01"),
        ("Pacific/Kwajalein", "1993-08-21T11:59:59 1993-08-21T12:00", "1993-08-20 1993-08-22"),
        # Offsets that are no whole hours, and the earliest and latest of all.
        ("Asia/Kathmandu", "2024-01-01T18:14:59 2024-01-01T18:15", "2024-01-01 2024-01-02"),
        ("Australia/Lord_Howe", "2024-04-06T12:59:59 2024-04-06T13:00", "2024-04-06 2024-04-07"),
        ("Pacific/Kiritimati", "2026-03-01T09:59:59 2026-03-01T10:00", "2026-03-01 2026-03-02"),
        ("Etc/GMT+12", "2026-03-01T11:59:59 2026-03-01T12:00", "2026-02-28 2026-03-01"),
        (
            "Pacific/Auckland",
            "2026-04-04T10:59:59 2026-04-04T11:00 2026-04-05T11:59",
            "2026-04-04 2026-04-05 2026-04-05",
        ),
    ],
)
def test_days_that_are_known(name: str, moments: str, days: str) -> None:
    calendar = of(name)

    assert [str(calendar.day_of(utc(moment))) for moment in moments.split()] == days.split()


@settings(max_examples=100)
@given(ZONES, MOMENTS)
def test_a_day_is_the_latest_that_clocks_have_shown(name: str, moment: datetime) -> None:
    minute = moment.replace(second=0, microsecond=0)
    shown = {(minute - timedelta(minutes=ago)).astimezone(zone(name)).date() for ago in range(26 * 60)}

    assert zone_day(name, minute) == max(shown)


@pytest.mark.parametrize("years", [(1911, 1912), (1969, 1970), (1993, 1995), (2011, 2012), (2024, 2025)])
def test_no_moment_belongs_to_two_days_and_none_to_no_day_in_any_zone(years: tuple[int, int]) -> None:
    for name in [*NAMES[years[0] % 3 :: 3], "Pacific/Apia", "Pacific/Kiritimati", "Pacific/Kwajalein"]:
        starts = [
            (day, day_start(name, day))
            for day in (date(years[0], 12, 1) + timedelta(days=count) for count in range(-340, 45))
        ]
        for (day, start), (_, following) in pairwise(starts):
            assert start <= following
            assert zone_day(name, start - MOMENT) < day <= zone_day(name, start)
            if start < following:
                assert zone_day(name, start) == zone_day(name, following - MOMENT) == day


@given(calendars(), MOMENTS, st.timedeltas(timedelta(), timedelta(days=400)))
def test_days_follow_one_another_across_changes(calendar: Calendar, moment: datetime, later: timedelta) -> None:
    for one in (moment, *(one.since for one in calendar.reckonings if one.since), moment + later):
        day = calendar.day_of(one)
        assert calendar.start_of(day) <= one < calendar.start_of(day + DAY)
    assert calendar.day_of(moment) <= calendar.day_of(moment + later)


@given(calendars(), ZONES, STARTS, MOMENTS, MOMENTS)
def test_a_change_moves_no_day_before_it_and_gives_notice(
    calendar: Calendar, name: str, week_start: Weekday, at: datetime, moment: datetime
) -> None:
    settled = Calendar(one for one in calendar.reckonings if one.since is None or one.since < at + HOUR)
    after = calendar.changed(time_zone=name, week_start=week_start, at=at, notice=HOUR)
    since = after.reckonings[-1].since

    if after == settled:
        assert settled.reckonings[-1][1:] == (name, week_start)
        return
    assert since is not None
    assert since >= at + HOUR
    assert since == settled.start_of(settled.day_of(since - MOMENT) + DAY)
    early = min(moment, since - MOMENT)
    assert after.day_of(early) == settled.day_of(early)
    assert after.week_of(after.day_of(early)).starts_on == settled.week_of(settled.day_of(early)).starts_on


@given(calendars(), st.dates(date(1970, 1, 8), date(2090, 1, 1)))
def test_every_day_is_in_one_week_which_no_other_overlaps(calendar: Calendar, day: date) -> None:
    week = calendar.week_of(day)
    following = calendar.week_of(week.ends_on + DAY)

    assert week.starts_on <= day <= week.ends_on <= week.starts_on + 6 * DAY
    assert following.starts_on == week.ends_on + DAY
    assert {calendar.week_of(week.starts_on), calendar.week_of(week.ends_on)} == {week}


@given(MOMENTS)
def test_utc_has_the_days_weeks_and_months_of_before(moment: datetime) -> None:
    day = moment.date()

    assert PLAIN.is_plain
    assert PLAIN.day_of(moment) == of("Etc/UTC").day_of(moment) == day
    assert PLAIN.week_of(day) == Span(monday_of(day), monday_of(day) + 6 * DAY)
    assert PLAIN.period_of("month", day) == month_of(day)
    assert (PLAIN.said_day(moment), PLAIN.said_week(moment)) == (None, None)


@pytest.mark.parametrize(
    ("old", "new", "at", "since", "days"),
    [
        # East: the 12th lasts two hours.
        (
            "Pacific/Honolulu",
            "Pacific/Auckland",
            "2024-06-11T20:00",
            "2024-06-12T10:00",
            {"2024-06-12T09:59": "2024-06-11", "2024-06-12T10:30": "2024-06-12", "2024-06-12T12:00": "2024-06-13"},
        ),
        # As far east as can be: the 11th is left out.
        (
            "Pacific/Honolulu",
            "Pacific/Kiritimati",
            "2024-06-11T05:00",
            "2024-06-11T10:00",
            {"2024-06-11T09:59": "2024-06-10", "2024-06-11T10:00": "2024-06-12"},
        ),
        # West: the 12th goes on where it is the 12th again.
        (
            "Pacific/Auckland",
            "Pacific/Honolulu",
            "2024-06-12T06:00",
            "2024-06-12T12:00",
            {"2024-06-12T11:59": "2024-06-12", "2024-06-12T12:00": "2024-06-12", "2024-06-13T10:00": "2024-06-13"},
        ),
        # As far west as can be: there it is the 11th again, which is over.
        (
            "Pacific/Kiritimati",
            "Etc/GMT+12",
            "2024-06-12T05:00",
            "2024-06-12T10:00",
            {"2024-06-12T09:59": "2024-06-12", "2024-06-12T10:30": "2024-06-12", "2024-06-13T12:00": "2024-06-13"},
        ),
    ],
)
def test_changes_that_are_known(old: str, new: str, at: str, since: str, days: dict[str, str]) -> None:
    calendar = of(old).changed(time_zone=new, week_start="monday", at=utc(at), notice=HOUR)

    assert calendar.reckonings[-1].since == utc(since)
    assert {moment: str(calendar.day_of(utc(moment))) for moment in days} == days


def test_a_change_within_the_notice_waits_for_the_next_midnight() -> None:
    rome = of("Europe/Rome")
    at = utc("2026-06-01T21:30")

    assert rome.changed(time_zone="UTC", week_start="monday", at=at, notice=HOUR).reckonings[-1].since == utc(
        "2026-06-02T22:00"
    )


def test_what_was_going_to_change_is_replaced_until_its_notice_begins() -> None:
    rome = of("Europe/Rome")
    paris = rome.changed(time_zone="Asia/Tokyo", week_start="monday", at=utc("2026-06-01T12:00"), notice=HOUR)
    back = paris.changed(time_zone="Europe/Rome", week_start="monday", at=utc("2026-06-01T20:30"), notice=HOUR)
    late = paris.changed(time_zone="Europe/Rome", week_start="monday", at=utc("2026-06-01T21:30"), notice=HOUR)

    assert back == rome
    assert [one.time_zone for one in late.reckonings] == ["Europe/Rome", "Asia/Tokyo", "Europe/Rome"]


def test_a_week_that_begins_otherwise_cuts_the_one_under_way() -> None:
    calendar = PLAIN.changed(time_zone="UTC", week_start="sunday", at=utc("2026-03-03T12:00"), notice=HOUR)

    # 2 March 2026 is a Monday.
    assert [calendar.week_of(date(2026, 3, day)) for day in (2, 3, 4, 7, 8)] == [
        Span(date(2026, 3, 2), date(2026, 3, 3)),
        Span(date(2026, 3, 2), date(2026, 3, 3)),
        Span(date(2026, 3, 4), date(2026, 3, 7)),
        Span(date(2026, 3, 4), date(2026, 3, 7)),
        Span(date(2026, 3, 8), date(2026, 3, 14)),
    ]
    assert calendar.said_week(utc("2026-03-05T12:00")) == date(2026, 3, 4)
    assert calendar.said_week(utc("2026-03-03T12:00")) is None


@given(calendars())
def test_a_calendar_comes_back_from_its_fact(calendar: Calendar) -> None:
    assert Calendar.of(calendar.data) == calendar


def test_changes_have_a_limit() -> None:
    calendar, at = PLAIN, utc("2026-01-01T12:00")
    for count in range(CHANGES_MAX_COUNT):
        name = ("Europe/Rome", "UTC")[count % 2]
        calendar = calendar.changed(time_zone=name, week_start="monday", at=at, notice=HOUR)
        at += 2 * DAY

    with pytest.raises(TooManyChangesError):
        calendar.changed(time_zone="Asia/Tokyo", week_start="monday", at=at, notice=HOUR)


def test_zones_are_the_pinned_ones_alone() -> None:
    assert {"Europe/Rome", "Pacific/Apia", "UTC"} <= zone_names()
    for name in ("Factory", "localtime", "../../etc/passwd", "europe/rome", ""):
        with pytest.raises(KeyError):
            zone(name)


@pytest.mark.parametrize(
    ("moment", "later"),
    [
        ("2026-03-24T09:00", "2026-03-31T08:00"),  # ten in the morning, before and after clocks go forward
        ("2026-03-22T01:30", "2026-03-29T01:30"),  # half past two is left out: half past three
        ("2026-10-18T00:30", "2026-10-25T00:30"),  # half past two comes twice: the first
        ("2026-10-25T01:30", "2026-11-01T01:30"),
    ],
)
def test_days_later_it_is_the_same_time_of_day(moment: str, later: str) -> None:
    found = of("Europe/Rome").days_later(utc(moment), 7)
    assert (found, found.tzinfo) == (utc(later), UTC)


@given(MOMENTS, st.integers(0, 400))
def test_days_later_in_utc_are_24_hours_each(moment: datetime, count: int) -> None:
    assert of("UTC").days_later(moment, count) == moment + count * DAY


def test_the_ends_of_the_calendar_have_utc_days() -> None:
    for moment in (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)):
        assert of("Pacific/Auckland").day_of(moment) == moment.date()
        for week_start in WEEKDAYS:
            week = of("UTC", week_start).week_of(moment.date())
            assert week.starts_on <= moment.date() <= week.ends_on
