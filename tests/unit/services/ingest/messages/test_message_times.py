"""When messages go, in every zone and on the days on which clocks change."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.messages.domain.timing import Pace, QuietHours, goes_at, retried_after

ROME = ZoneInfo("Europe/Rome")
NIGHT = QuietHours(time(21), time(8))
ZONES = st.sampled_from(
    ["UTC", "Europe/Rome", "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "Australia/Lord_Howe"]
).map(ZoneInfo)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
TIMES = st.times().map(lambda one: one.replace(second=0, microsecond=0))


def at(text: str, zone: ZoneInfo = ROME) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-03-10T12:00", "2026-03-10T12:00"),
        ("2026-03-10T21:00", "2026-03-11T08:00"),
        ("2026-03-10T07:59", "2026-03-10T08:00"),
        ("2026-03-10T08:00", "2026-03-10T08:00"),
        # The night in which clocks go forward, and the one in which they go back.
        ("2026-03-28T23:30", "2026-03-29T08:00"),
        ("2026-10-25T01:30", "2026-10-25T08:00"),
    ],
)
def test_quiet_hours_end_where_the_member_is(now: str, due: str) -> None:
    assert goes_at(at(now), zone=ROME, pace=Pace.AT_ONCE, quiet=NIGHT, digest=time(8)) == at(due)


def test_a_digest_of_a_week_goes_on_monday() -> None:
    due = goes_at(at("2026-03-10T12:00"), zone=ROME, pace=Pace.WEEKLY, quiet=None, digest=time(8))
    assert due == at("2026-03-16T08:00")
    due = goes_at(at("2026-03-16T08:00"), zone=ROME, pace=Pace.WEEKLY, quiet=None, digest=time(8))
    assert due == at("2026-03-23T08:00")


@given(MOMENTS, ZONES, st.sampled_from(Pace), st.none() | st.builds(QuietHours, TIMES, TIMES), TIMES)
def test_nothing_goes_before_it_is_ready_nor_much_later_than_it_may(
    now: datetime, zone: ZoneInfo, pace: Pace, quiet: QuietHours | None, digest: time
) -> None:
    due = goes_at(now, zone=zone, pace=pace, quiet=quiet, digest=digest)
    assert due >= now
    # A day has 25 hours at most, and where a country changed sides of the date line 48.
    most = {Pace.AT_ONCE: 49, Pace.DAILY: 49, Pace.WEEKLY: 7 * 24 + 25}[pace]
    assert due - now <= timedelta(hours=most)
    if pace is Pace.AT_ONCE and quiet is not None and due != now:
        assert quiet.holds(now.astimezone(zone).time().replace(tzinfo=None))
    assert goes_at(now, zone=zone, pace=pace, quiet=quiet, digest=digest) == due


def test_pauses_double_to_four_hours() -> None:
    assert [retried_after(count).total_seconds() / 60 for count in (1, 2, 3, 8, 9, 20)] == [1, 2, 4, 128, 240, 240]
