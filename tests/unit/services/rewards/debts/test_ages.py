"""How old a debt is: a model that keeps every part of it and pays the oldest first says the same."""

from collections import deque
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.rewards.debts.domain import Booked, aged

TODAY = date(2026, 11, 27)


def test_what_comes_in_pays_the_oldest_first() -> None:
    entries = [  # newest first: 100 earned, 300 taken back, 50 earned, 40 taken back
        Booked(TODAY - timedelta(days=10), -40),
        Booked(TODAY - timedelta(days=31), 50),
        Booked(TODAY - timedelta(days=95), -300),
        Booked(TODAY - timedelta(days=200), 100),
    ]
    # 200 were missing since 95 days, of which 50 are paid.
    assert aged(190, entries, TODAY) == ((40, 0, 0, 150), TODAY - timedelta(days=95), False)
    assert aged(190, entries[:1], TODAY) == ((190, 0, 0, 0), TODAY - timedelta(days=10), True)
    for days, age in ((0, 0), (30, 0), (31, 1), (60, 1), (61, 2), (90, 2), (91, 3)):
        by_age, _, _ = aged(10, [Booked(TODAY - timedelta(days=days), -10)], TODAY)
        assert by_age[age] == 10


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(-300, 300).filter(bool)), min_size=1, max_size=40))
def test_ages_are_those_of_a_queue(moves: list[tuple[int, int]]) -> None:
    day = TODAY - timedelta(days=sum(days for days, _ in moves))
    balance, owed, entries = 0, deque[list[int]](), []
    for days, amount in moves:
        day += timedelta(days=days)
        entries.append(Booked(day, amount))
        below = max(0, -(balance + amount)) - max(0, -balance)
        balance += amount
        if below > 0:
            owed.append([(TODAY - day).days, below])
        while below < 0:
            paid = min(-below, owed[0][1])
            owed[0][1] -= paid
            below += paid
            if not owed[0][1]:
                owed.popleft()
    if balance >= 0:
        return
    expected = [0, 0, 0, 0]
    for days, points in owed:
        expected[sum(days >= first for first in (31, 61, 91))] += points
    by_age, since, is_older = aged(-balance, reversed(entries), TODAY)
    assert (list(by_age), is_older) == (expected, False)
    assert (TODAY - since).days == owed[0][0]
