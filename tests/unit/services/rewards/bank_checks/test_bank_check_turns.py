"""Communities take turns: a round of many days goes on where it was, and is checked whole."""

from datetime import UTC, date, datetime, timedelta

from services.rewards.bank_checks.domain import DAYS_PER_TURN_COUNT, Progress, turn_of

TODAY = date(2026, 3, 1)
NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)


def a_round(before: Progress | None, *, first_day: date) -> tuple[list[list[date]], Progress]:
    """The days of each turn until a round is done, and how far the community is checked then."""
    turns = []
    while True:
        turn = turn_of(before, first_day=first_day, today=TODAY, again_days=35)
        turns.append(turn.days)
        before = turn.progress(TODAY, next_at=NOW)
        if turn.is_last:
            return turns, before


def test_many_days_are_checked_in_turns_each_once_and_oldest_first() -> None:
    first_day = TODAY - timedelta(days=20)
    turns, after = a_round(None, first_day=first_day)
    assert [len(days) for days in turns] == [DAYS_PER_TURN_COUNT, DAYS_PER_TURN_COUNT, 6]
    assert [day for days in turns for day in days] == [first_day + timedelta(days=one) for one in range(20)]
    assert after == Progress(TODAY - timedelta(days=1), TODAY, None, NOW)


def test_the_next_round_checks_as_many_days_again_as_settings_say() -> None:
    before = Progress(TODAY - timedelta(days=2), TODAY - timedelta(days=1), None, NOW)
    turns, after = a_round(before, first_day=date(2020, 1, 1))
    days = [day for days in turns for day in days]
    assert days == [TODAY - timedelta(days=back) for back in range(35, 0, -1)]
    assert after.checked_until == TODAY - timedelta(days=1)


def test_a_community_in_which_nothing_was_paid_has_an_empty_round() -> None:
    turns, after = a_round(None, first_day=TODAY)
    assert (turns, after.round_until) == ([[]], None)
