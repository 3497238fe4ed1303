"""Periods and ranks of the leaderboard."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.recognition.leaderboards.domain import Board, Place, Score, board_points, ranked
from shared.calendars import PLAIN, Calendar, Reckoning


@pytest.mark.parametrize(
    ("period", "moment", "first", "last"),
    [
        ("week", datetime(2026, 1, 1, tzinfo=UTC), date(2025, 12, 29), date(2026, 1, 4)),
        ("week", datetime(2026, 1, 4, 23, 59, tzinfo=UTC), date(2025, 12, 29), date(2026, 1, 4)),
        ("month", datetime(2024, 2, 29, tzinfo=UTC), date(2024, 2, 1), date(2024, 2, 29)),
        ("month", datetime(2026, 12, 31, 23, tzinfo=UTC), date(2026, 12, 1), date(2026, 12, 31)),
        # The day is UTC's, wherever the event was: 23:30 at -02:00 is the next day.
        (
            "month",
            datetime(2026, 1, 31, 23, 30, tzinfo=timezone(timedelta(hours=-2))),
            date(2026, 2, 1),
            date(2026, 2, 28),
        ),
    ],
)
def test_periods(period: str, moment: datetime, first: date, last: date) -> None:
    assert Board.of(period, moment, PLAIN) == (period, first, last)  # type: ignore[arg-type]


def test_periods_of_a_community_in_auckland_with_weeks_from_sunday() -> None:
    calendar = Calendar([Reckoning(None, "Pacific/Auckland", "sunday")])
    saturday_noon_in_utc = datetime(2026, 1, 31, 12, tzinfo=UTC)  # a Sunday there, and February

    assert Board.of("week", saturday_noon_in_utc, calendar) == ("week", date(2026, 2, 1), date(2026, 2, 7))
    assert Board.of("month", saturday_noon_in_utc, calendar) == ("month", date(2026, 2, 1), date(2026, 2, 28))


def test_points_of_boards_are_summed_per_member_week_and_month() -> None:
    def award(member: str, points: int, of_march: int, **said: date) -> dict[str, object]:
        at = datetime(2026, 3, of_march, tzinfo=UTC)
        return {"community": "c", "data": {"member_id": member, "points": points, "event_time": at, **said}}

    awards = [award("b", 5, 1), award("a", 2, 2), award("b", 3, 2), award("b", -5, 31)]
    # What an award says of its day and week goes before what its time has in UTC.
    awards += [award("c", 1, 31, day=date(2026, 4, 1)), award("c", 2, 2, week=date(2026, 3, 1))]
    assert board_points(awards) == {  # type: ignore[arg-type]
        ("c", "month", date(2026, 3, 1), "a"): 2,
        ("c", "month", date(2026, 3, 1), "b"): 3,
        ("c", "month", date(2026, 3, 1), "c"): 2,
        ("c", "month", date(2026, 4, 1), "c"): 1,
        ("c", "week", date(2026, 2, 23), "b"): 5,
        ("c", "week", date(2026, 3, 1), "c"): 2,
        ("c", "week", date(2026, 3, 2), "a"): 2,
        ("c", "week", date(2026, 3, 2), "b"): 3,
        ("c", "week", date(2026, 3, 30), "b"): -5,
        ("c", "week", date(2026, 3, 30), "c"): 1,
    }


@given(st.lists(st.integers(1, 5)), st.integers(1, 4))
def test_ranks_of_pages_are_the_ranks_of_the_whole(points: list[int], limit: int) -> None:
    points.sort(reverse=True)
    paged: list[int] = []
    after: Place | None = None
    while page := points[len(paged) : len(paged) + limit]:
        standings = ranked([Score("m", None, one) for one in page], after)
        assert standings[0].position == len(paged) + 1
        paged += [standing.rank for standing in standings]
        after = Place.of(standings[-1])
    assert paged == [1 + sum(1 for other in points if other > one) for one in points]


def test_boards_are_of_the_points_that_can_be_spent() -> None:
    def fact(points: int, **more: Any) -> Any:
        at = datetime(2026, 3, 4, 12, tzinfo=UTC)
        return {"community": "acme", "data": {"member_id": "m", "points": points, "event_time": at, **more}}

    assert set(board_points([fact(5), fact(9, score="help"), fact(-2)]).values()) == {3}
    assert board_points([fact(9, score="help")]) == {}
