"""Times of payout schedules: in the community's days, each once, whatever clocks and zones do."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.rewards.approvals.domain import Approval, ApprovalState, Author, Subject
from services.rewards.payouts.schedules.domain import Every, Schedule, ScheduleTerms, due
from shared.calendars import UTC_WEEKS, Calendar, Reckoning

MIA, OMAR = Author("mia", "Mia", "a"), Author("omar", "Omar", "b")
ROME = Calendar([Reckoning(None, "Europe/Rome", "monday")])
NINE = time(9)


def schedule(terms: ScheduleTerms, *, approved: datetime = datetime(2025, 1, 1, tzinfo=UTC)) -> Schedule:
    approval = Approval(Subject.PAYOUT_SCHEDULE, ApprovalState.APPROVED, approved, MIA, approved, OMAR)
    return Schedule("acme", "00000000-0000-0000-0000-000000000001", terms, approval)


def days(terms: ScheduleTerms, first: date, count: int = 4) -> list[str]:
    return [day.isoformat() for day in islice(terms.days_from(first), count)]


def test_weeks_months_and_quarters_have_their_days_and_short_months_their_last() -> None:
    since = date(2026, 1, 1)
    assert days(ScheduleTerms(since, Every.WEEK, 5, NINE), since) == [
        *("2026-01-02", "2026-01-09", "2026-01-16", "2026-01-23")
    ]
    assert days(ScheduleTerms(since, Every.MONTH, 31, NINE), since) == [
        *("2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30")
    ]
    assert days(ScheduleTerms(since, Every.QUARTER, 15, NINE, 2), date(2026, 2, 16)) == [
        *("2026-05-15", "2026-08-15", "2026-11-15", "2027-02-15")
    ]


def test_a_time_is_what_clocks_of_the_community_show_in_winter_and_summer() -> None:
    terms = ScheduleTerms(date(2026, 1, 1), Every.MONTH, 28, NINE)
    assert terms.moment_of(date(2026, 1, 28), ROME) == datetime(2026, 1, 28, 8, tzinfo=UTC)
    assert terms.moment_of(date(2026, 7, 28), ROME) == datetime(2026, 7, 28, 7, tzinfo=UTC)
    # 2026-03-29: clocks go from 02:00 to 03:00; 2026-10-25: from 03:00 back to 02:00.
    skipped = replace(terms, at=time(2, 30))
    assert skipped.moment_of(date(2026, 3, 29), ROME) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert skipped.moment_of(date(2026, 10, 25), ROME) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_what_was_missed_is_made_up_for_once() -> None:
    monthly = schedule(ScheduleTerms(date(2026, 1, 1), Every.MONTH, 28, NINE))
    now = datetime(2026, 5, 3, tzinfo=UTC)
    what = due(monthly, last_day=date(2026, 1, 28), calendar=ROME, now=now)
    assert what is not None
    assert (what.time.day, what.missed_count) == (date(2026, 4, 28), 2)
    assert due(monthly, last_day=what.time.day, calendar=ROME, now=now) is None


def test_nothing_is_due_of_before_the_approval_or_after_the_stop() -> None:
    terms = ScheduleTerms(date(2026, 1, 1), Every.MONTH, 28, NINE)
    late = schedule(terms, approved=datetime(2026, 3, 28, 8, 0, 1, tzinfo=UTC))
    assert due(late, last_day=None, calendar=ROME, now=datetime(2026, 4, 1, tzinfo=UTC)) is None
    just = schedule(terms, approved=datetime(2026, 3, 28, 8, tzinfo=UTC))
    assert due(just, last_day=None, calendar=ROME, now=datetime(2026, 4, 1, tzinfo=UTC)) is not None
    over = just.stopped(by=MIA, now=datetime(2026, 3, 29, tzinfo=UTC))
    assert due(over, last_day=None, calendar=ROME, now=datetime(2026, 4, 1, tzinfo=UTC)) is None
    assert over.stopped(by=OMAR, now=datetime(2026, 4, 1, tzinfo=UTC)) is over


ZONES = ("UTC", "Europe/Rome", "Pacific/Apia", "America/New_York", "Pacific/Kiritimati", "Asia/Kolkata")


@given(
    st.sampled_from(ZONES),
    st.sampled_from(ZONES),
    st.integers(0, 400),
    st.integers(1, 7),
    st.times().map(lambda at: at.replace(second=0, microsecond=0, tzinfo=None)),
    st.lists(st.integers(1, 20 * 24), min_size=1, max_size=30),
)
def test_a_change_of_zone_doubles_no_day_and_leaves_none_out(
    before: str, after: str, change_day: int, on_day: int, at: time, wakes: list[int]
) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    plain = Calendar([Reckoning(None, before, "monday")])
    changed = plain.changed(
        time_zone=after, week_start="monday", at=start + timedelta(days=change_day), notice=timedelta()
    )
    weekly = schedule(ScheduleTerms(date(2026, 1, 5), Every.WEEK, on_day, at))
    last: date | None = None
    seen: list[date] = []
    missed, now = 0, start
    for hours in wakes:
        now += timedelta(hours=hours)
        # Who wakes before the change is announced knows the old zone alone.
        calendar = changed if now >= start + timedelta(days=change_day) else plain
        what = due(weekly, last_day=last, calendar=calendar, now=now)
        if what is not None:
            last = what.time.day
            seen.append(last)
            missed += what.missed_count
            assert due(weekly, last_day=last, calendar=calendar, now=now) is None
    assert all(earlier < later for earlier, later in pairwise(seen))
    if last is not None:
        assert len(seen) + missed == len(
            [day for day in islice(weekly.terms.days_from(date(2026, 1, 1)), 200) if day <= last]
        )


def test_days_of_an_undeclared_community_are_those_of_utc() -> None:
    weekly = schedule(ScheduleTerms(date(2026, 1, 1), Every.WEEK, 1, time(0)))
    (first, *_rest) = weekly.next_times(datetime(2026, 1, 1, tzinfo=UTC), Calendar([UTC_WEEKS]))
    assert first.due_at == datetime(2026, 1, 5, tzinfo=UTC)
