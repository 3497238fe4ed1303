"""Periods, ranks, prizes and due results of boards."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.recognition.boards.domain.changes import Change, changes_of
from services.recognition.boards.domain.kept import ALL_TIME, Cut, KeptBoard, first_day, next_cut, span_of
from services.recognition.boards.domain.parked import Parked
from services.recognition.boards.domain.places import Entry, Late, Place, Score, ranked
from services.recognition.boards.domain.prizes import may_win_beyond, winners
from shared.calendars import PLAIN, Calendar, Reckoning, Span
from shared.contracts.programme import Board, Prize
from shared.contracts.programme.boards import Period

AT = datetime(2026, 3, 4, 12, tzinfo=UTC)
#: Scores and ranks of the reference's table.
SCORES = {"a": 100, "b": 90, "c": 90, "d": 80, "e": 80, "f": 80, "g": 10}
DENSE = {"a": 1, "b": 2, "c": 2, "d": 3, "e": 3, "f": 3, "g": 4}


def board(community: str = "acme", board_no: int = 1, **declared: Any) -> KeptBoard:
    said = Board(**({"id": "board", "title": "Board"} | declared))
    before = date(2020, 1, 1)
    return KeptBoard(board_no, community, said.id, said, 1, AT, True, True, "", before, before)


def scores(points: dict[str, int]) -> list[Score]:
    return [Score(name, None, of, AT) for name, of in points.items()]


def test_ranks_are_dense() -> None:
    assert {entry.score.member_id: entry.rank for entry in ranked(scores(SCORES))} == DENSE
    assert [entry.place for entry in ranked(scores(SCORES))] == list(range(1, 8))


@given(st.lists(st.integers(1, 5)), st.integers(1, 4))
def test_ranks_of_pages_are_those_of_the_whole(points: list[int], limit: int) -> None:
    points.sort(reverse=True)
    found: list[int] = []
    after: Place | None = None
    while page := points[len(found) : len(found) + limit]:
        entries = ranked([Score("m", None, one, AT) for one in page], after)
        found += [entry.rank for entry in entries]
        after = Place.of(entries[-1])
    assert found == [1 + len({other for other in points if other > one}) for one in points]


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("day", date(2024, 2, 29), date(2024, 2, 29)),
        ("week", date(2024, 2, 26), date(2024, 3, 3)),
        ("month", date(2024, 2, 1), date(2024, 2, 29)),
        ("quarter", date(2024, 1, 1), date(2024, 3, 31)),
        ("year", date(2024, 1, 1), date(2024, 12, 31)),
    ],
)
def test_periods(period: str, first: date, last: date) -> None:
    day = date(2024, 2, 29)
    assert span_of(period, day, PLAIN) == Span(first, last)
    assert first_day(period, day, None) == first


def test_the_last_quarter_ends_with_the_year() -> None:
    assert span_of("quarter", date(2026, 11, 27), PLAIN) == Span(date(2026, 10, 1), date(2026, 12, 31))
    assert first_day("all_time", date(2026, 11, 27), None) == ALL_TIME


ZONES = ["UTC", "Europe/Rome", "America/New_York", "Pacific/Auckland", "Africa/Cairo", "Pacific/Apia"]


@given(
    st.sampled_from(ZONES),
    st.sampled_from(["monday", "sunday", "saturday"]),
    st.sampled_from(get_args(Period)),
    st.integers(0, 500_000).map(
        lambda quarters: datetime(2011, 12, 1, tzinfo=UTC) + timedelta(minutes=15 * quarters)
    ),
)
def test_an_award_stands_in_the_period_that_its_calendar_has(
    zone: str, week_start: Any, period: Any, at: datetime
) -> None:
    """Whatever clocks do, and days that a zone leaves out: what a fact says is where a board of then looks."""
    calendar = Calendar([Reckoning(None, zone, week_start)])
    said: dict[str, Any] = {}
    if (day := calendar.said_day(at)) is not None:
        said["day"] = day
    if (week := calendar.said_week(at)) is not None:
        said["week"] = week
    kept = board(period=period)._replace(final_up_to=date(2000, 1, 1))
    changes, _, late = changes_of([fact(3, at, **said)], {"acme": [kept]}, {})
    ((_, _, stands_on),) = changes
    span = span_of(kept.by, calendar.day_of(at), calendar)
    assert (stands_on, late) == (kept.stands_on(span), {})
    assert calendar.start_of(span.starts_on) <= at < calendar.start_of(span.ends_on + timedelta(days=1))


def fact(points: int, at: datetime = AT, **more: Any) -> Any:
    of = {"event_uid": "e", "event_type": "forum.post.v1"}
    data = {"member_id": "m", "points": points, "event_time": at, **of, **more}
    return {"community": "acme", "data": data}


def test_a_board_counts_its_score_and_its_channel() -> None:
    boards = [board(), board(board_no=2, score="help"), board(board_no=3, channel="chat")]
    awards = [fact(5), fact(2, score="help"), fact(3, event_uid="other"), fact(-1)]
    changes, _, _ = changes_of(awards, {"acme": boards}, {("acme", "e"): "forum", ("acme", "other"): "chat"})
    assert {key[1]: change.points for key, change in changes.items()} == {1: 7, 2: 2, 3: 3}


def test_what_came_with_grants_is_left_out_where_prizes_give_points() -> None:
    gives = [{"id": "first", "title": "First", "gives": {"points": 5}}]
    boards = [board(period="month"), board(board_no=2, period="month", prizes=gives)]
    awards = [fact(5), fact(2, event_type="recognition.granted.v1")]
    changes, _, _ = changes_of(awards, {"acme": boards}, {})
    assert {key[1]: change.points for key, change in changes.items()} == {1: 7, 2: 5}


def test_what_comes_to_nothing_moves_nobody_and_is_late_as_all_else() -> None:
    nothing = fact(0, datetime(2026, 3, 5, tzinfo=UTC))
    changes, _, _ = changes_of([fact(5), nothing], {"acme": [board()]}, {})
    assert list(changes.values()) == [Change(5, AT)]
    assert changes_of([nothing], {"acme": [board()]}, {}) == ({}, {}, {})
    over = board(period="month")._replace(final_up_to=date(2026, 3, 1))
    _, _, late = changes_of([nothing], {"acme": [over]}, {})
    assert list(late.values()) == [Late(1, 0)]


def test_awards_that_amount_to_something_are_counted_by_the_time_of_their_events() -> None:
    later = AT + timedelta(hours=1)
    taken, restored = {"amends": "x", "total": 0}, {"amends": "x", "total": 3}
    awards = [fact(5), fact(2), fact(3, later), fact(-3, later, **taken)]
    changes, times, _ = changes_of(awards, {"acme": [board()]}, {})
    assert list(changes.values()) == [Change(7, AT)]
    assert times == {(1, ALL_TIME, "m", AT): 2}
    changes, times, _ = changes_of([fact(-3, later, **taken)], {"acme": [board()]}, {})
    assert (list(changes.values()), list(times.values())) == ([Change(-3, None)], [-1])
    _, times, _ = changes_of([fact(3, later, **restored), fact(-1, **restored)], {"acme": [board()]}, {})
    assert times == {(1, ALL_TIME, "m", later): 1}


def test_what_comes_after_the_freeze_is_late() -> None:
    kept = board(period="month")._replace(final_up_to=date(2026, 3, 1))
    awards = [fact(5), fact(2), fact(7, datetime(2026, 4, 1, tzinfo=UTC))]
    changes, _, late = changes_of(awards, {"acme": [kept]}, {})
    assert [(key[2], change.points) for key, change in changes.items()] == [(date(2026, 4, 1), 7)]
    assert late == {("acme", "board", "month", date(2026, 3, 1)): (2, 7)}


@pytest.mark.parametrize(
    ("prizes", "won"),
    [
        ([("gold", 1, "all")], {"a": "gold"}),
        # "The first two" are three where the second place is shared; or the one who was there first.
        ([("gold", 2, "all")], {"a": "gold", "b": "gold", "c": "gold"}),
        ([("gold", 2, "earliest")], {"a": "gold", "b": "gold"}),
        ([("gold", 1, "all"), ("silver", 1, "all")], {"a": "gold", "b": "silver", "c": "silver"}),
        (
            [("gold", 2, "all"), ("silver", 2, "earliest")],
            {"a": "gold", "b": "gold", "c": "gold", "d": "silver", "e": "silver"},
        ),
        (
            [("gold", 5, "earliest"), ("silver", 100, "all")],
            dict.fromkeys("abcde", "gold") | {"f": "silver", "g": "silver"},
        ),
    ],
)
def test_prizes_say_how_many_people_and_what_a_tie_does(
    prizes: list[tuple[str, int, Any]], won: dict[str, str]
) -> None:
    declared = [Prize(id=name, title=name, people=people, tie=tie) for name, people, tie in prizes]
    found = winners(ranked(scores(SCORES)), declared)
    assert {entry.score.member_id: prize.id for prize, entry in found} == won


@pytest.mark.parametrize(
    ("prizes", "size", "is_so"),
    [
        ([(1, "all")], 2, False),
        ([(2, "all")], 2, True),
        ([(2, "all")], 3, True),
        ([(2, "all")], 4, False),
        ([(2, "earliest")], 2, False),
        ([(1, "earliest"), (1, "all")], 2, True),
        ([(2, "all"), (1, "earliest")], 3, True),
        ([(2, "all"), (1, "earliest")], 4, False),
        ([], 2, False),
    ],
)
def test_who_ties_with_a_winner_may_be_beyond_what_is_listed(
    prizes: list[tuple[int, Any]], size: int, is_so: bool
) -> None:
    declared = [Prize(id=f"p{n}", title="P", people=of, tie=tie) for n, (of, tie) in enumerate(prizes)]
    assert may_win_beyond(ranked(scores(SCORES))[:size], declared) is is_so


@given(st.lists(st.integers(1, 4), max_size=12), st.lists(st.integers(1, 3), min_size=1, max_size=4))
def test_nobody_wins_twice_and_the_better_first(points: list[int], people: list[int]) -> None:
    entries = ranked([Score(str(n), None, of, AT) for n, of in enumerate(sorted(points, reverse=True))])
    found = winners(entries, [Prize(id=f"p{n}", title="P", people=of) for n, of in enumerate(people)])
    names = [entry.place for _, entry in found]
    assert names == list(range(1, len(names) + 1))
    by_points: dict[int, set[str]] = {}
    for prize, entry in found:
        by_points.setdefault(entry.score.points, set()).add(prize.id)
    assert all(len(ids) == 1 for ids in by_points.values())


def test_results_are_taken_at_the_end_and_final_after_the_freeze() -> None:
    rome = Calendar([Reckoning(None, "Europe/Rome", "monday")])
    kept = board(period="month", freeze_after_days=3)._replace(
        final_up_to=date(2026, 2, 1), cut_up_to=date(2026, 2, 1)
    )
    march = Span(date(2026, 3, 1), date(2026, 3, 31))
    # The clocks went forward: April begins at 22:00 UTC.
    ends, final = datetime(2026, 3, 31, 22, tzinfo=UTC), datetime(2026, 4, 3, 22, tzinfo=UTC)
    moment = timedelta(microseconds=1)
    assert next_cut(kept, rome, ends - moment) == (None, ends)
    assert next_cut(kept, rome, ends)[0] == Cut(march, is_final=False)
    kept = kept._replace(cut_up_to=march.starts_on)
    assert next_cut(kept, rome, final - moment) == (None, final)
    assert next_cut(kept, rome, final)[0] == Cut(march, is_final=True)
    kept = kept._replace(final_up_to=march.starts_on)
    assert next_cut(kept, rome, final) == (None, datetime(2026, 4, 30, 22, tzinfo=UTC))


def test_results_that_are_due_come_one_after_the_other_after_a_rest() -> None:
    kept = board(period="week", freeze_after_days=10)._replace(
        final_up_to=date(2026, 2, 2), cut_up_to=date(2026, 2, 2)
    )
    found = []
    while (cut := next_cut(kept, PLAIN, datetime(2026, 3, 4, tzinfo=UTC))[0]) is not None:
        found.append((cut.span.starts_on.day, cut.is_final))
        first = cut.span.starts_on
        kept = kept._replace(
            cut_up_to=max(kept.cut_up_to, first), final_up_to=first if cut.is_final else kept.final_up_to
        )
    # The week of the 16th is final on 5 March, and was not taken before: that of the 23rd has ended since.
    assert found == [(9, True), (23, False)]


@pytest.mark.parametrize(
    ("said", "refused"),
    [
        ({"prizes": [{"id": "a", "title": "A"}]}, "no end"),
        ({"freeze_after_days": 1}, "no end"),
        ({"period": "week", "prizes": [{"id": "a", "title": "A"}, {"id": "a", "title": "B"}]}, "one id"),
        ({"period": "week", "size": 1, "prizes": [{"id": "a", "title": "A", "people": 2}]}, "more people"),
        ({"public": True, "audience": "helpers"}, "public"),
    ],
)
def test_boards_that_mean_nothing_are_refused(said: dict[str, Any], refused: str) -> None:
    with pytest.raises(ValidationError, match=refused):
        board(**said)


def test_entries_keep_their_order() -> None:
    assert ranked([]) == []
    assert ranked(scores({"a": 3}))[0] == Entry(1, 1, Score("a", None, 3, AT))


def test_what_waits_for_its_event_is_looked_at_less_and_less_often() -> None:
    parked = Parked("award", "{}", AT, has_come=False)
    waits = [parked.look_at(AT + timedelta(seconds=waited)) - AT for waited in (0, 2, 40, 7_200)]
    assert [wait.total_seconds() for wait in waits] == [1, 3, 50, 7_800]
    assert not parked.is_over(AT + timedelta(days=7))
    assert parked.is_over(AT + timedelta(days=7, seconds=1))
