"""Lots: first in, first out, and the sums that hold whatever happens."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.rewards.lots.domain.lots import Lot, LotBook, LotUse, NotEnoughPointsError, Reversed

START = datetime(2026, 1, 1, tzinfo=UTC)
points = st.integers(min_value=1, max_value=1_000)


def award(number: int) -> str:
    return str(UUID(int=number))


def lot(number: int, amount: int, day: int = 0, *, pending: bool = False, lives_days: int | None = None) -> Lot:
    earned_at = START + timedelta(days=day)
    expires_at = None if lives_days is None else earned_at + timedelta(days=lives_days)
    return Lot(award(number), amount, amount, earned_at, expires_at, earned_at if pending else None)


class LotBookMachine(RuleBasedStateMachine):
    """Everything that can happen to a member's lots, against the sums that must hold."""

    def __init__(self) -> None:
        super().__init__()
        self.book = LotBook(0)
        self.pending = self.reserved = self.earned = self.taken_back = self.expired = 0
        self.uses: list[list[LotUse]] = []
        self.reversible: list[tuple[str, int]] = []
        self.days = 0

    @rule(amount=points, day=st.integers(0, 30), pending=st.booleans(), lives=st.none() | st.integers(1, 20))
    def earn(self, amount: int, day: int, pending: bool, lives: int | None) -> None:
        new = lot(len(self.book.lots) + 1, amount, day, pending=pending, lives_days=lives)
        self.book.earn(new)
        self.pending += amount if pending else 0
        self.earned += amount
        self.reversible.append((new.award_id, amount))

    @precondition(lambda self: any(one.pending for one in self.book.lots.values()))
    @rule(data=st.data())
    def mature(self, data: st.DataObject) -> None:
        waiting = [one.award_id for one in self.book.lots.values() if one.pending]
        self.pending -= self.book.mature(data.draw(st.sampled_from(waiting)))

    @precondition(lambda self: self.reversible)
    @rule(data=st.data())
    def reverse(self, data: st.DataObject) -> None:
        reversed_award = data.draw(st.sampled_from(self.reversible))
        self.reversible.remove(reversed_award)
        before = self.book.available
        own = self.book.lots[reversed_award[0]]
        own_before, own_pending = own.remaining, own.pending
        taken = self.book.reverse(*reversed_award)
        assert taken.pending + taken.available == reversed_award[1]
        assert self.book.available == before - taken.available
        assert taken.pending == (min(own_before, reversed_award[1]) if own_pending else 0)
        assert own.remaining == max(0, own_before - reversed_award[1])
        self.pending -= taken.pending
        self.taken_back += reversed_award[1]

    @rule(amount=points)
    def take(self, amount: int) -> None:
        if amount > self.book.available:
            before = {key: one.remaining for key, one in self.book.lots.items()}
            with pytest.raises(NotEnoughPointsError) as refused:
                self.book.take(amount)
            assert refused.value.missing_points == amount - self.book.available
            assert before == {key: one.remaining for key, one in self.book.lots.items()}
            return
        held = sorted((o for o in self.book.lots.values() if o.remaining and not o.pending), key=self.age)
        uses = self.book.take(amount)
        assert sum(use.points for use in uses) == amount
        assert [use.award_id for use in uses] == [one.award_id for one in held[: len(uses)]]
        assert all(one.remaining == 0 for one in held[: len(uses) - 1])
        self.uses.append(uses)
        self.reserved += amount

    @precondition(lambda self: self.uses)
    @rule(data=st.data())
    def restore(self, data: st.DataObject) -> None:
        uses = data.draw(st.sampled_from(self.uses))
        self.uses.remove(uses)
        owed = data.draw(st.booleans())
        before = sum(one.owed for one in self.book.lots.values())
        debt = min(max(0, -self.book.available), sum(use.points for use in uses))
        self.reserved -= self.book.restore(uses, owed=owed)
        came = sum(use.points if owed else use.owed for use in uses)
        after = sum(one.owed for one in self.book.lots.values())
        assert before + came - debt <= after <= before + came

    @precondition(lambda self: self.uses)
    @rule(data=st.data())
    def correct(self, data: st.DataObject) -> None:
        """What was said to have come back had not: it is taken again, and nothing of it stays owed."""
        uses = data.draw(st.sampled_from(self.uses))
        held = self.book.available
        before = {use.award_id: self.book.lots[use.award_id].owed for use in uses}
        self.book.restore(uses, owed=True)
        self.book.take_back(uses)
        assert self.book.available == held
        assert all(self.book.lots[award_id].owed <= owed for award_id, owed in before.items())

    @rule(days=st.integers(0, 10))
    def expire(self, days: int) -> None:
        self.days += days
        now = START + timedelta(days=self.days)
        gone = self.book.expire(now)
        assert all(self.book.lots[use.award_id].expires_at <= now and use.points > 0 for use in gone)
        over = [one for one in self.book.lots.values() if not one.pending and one.expires_at]
        assert all(one.remaining == one.owed for one in over if one.expires_at <= now)
        self.expired += sum(use.points for use in gone)

    @staticmethod
    def age(one: Lot) -> tuple[datetime, str]:
        return one.earned_at, one.award_id

    @invariant()
    def what_remains_in_lots_is_what_is_available_and_pending(self) -> None:
        lots = self.book.lots.values()
        assert sum(one.remaining for one in lots if not one.pending) == max(self.book.available, 0)
        assert sum(one.remaining for one in lots if one.pending) == self.pending
        assert all(0 <= one.owed <= one.remaining <= one.points for one in lots)

    @invariant()
    def no_point_appears_or_vanishes(self) -> None:
        held = self.book.available + self.pending + self.reserved
        assert held == self.earned - self.taken_back - self.expired


TestLotBook = LotBookMachine.TestCase
TestLotBook.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)


@given(st.lists(points, min_size=1, max_size=20), st.data())
def test_points_are_used_in_the_order_they_were_earned(amounts: list[int], data: st.DataObject) -> None:
    days = data.draw(st.permutations(range(len(amounts))))
    book = LotBook(sum(amounts), [lot(i, a, d) for i, (a, d) in enumerate(zip(amounts, days, strict=True))])
    order = [number for _, number in sorted((day, number) for number, day in enumerate(days))]

    uses = book.take(sum(amounts))

    assert uses == [LotUse(award(number), amounts[number]) for number in order]


def test_only_the_oldest_lots_need_be_given() -> None:
    book = LotBook(1_000, [lot(1, 5), lot(2, 10, day=1)])
    assert book.take(12) == [LotUse(award(1), 5), LotUse(award(2), 7)]
    assert book.changed == {award(1), award(2)}
    with pytest.raises(ValueError, match="37 points less"):
        book.take(40)


def test_a_reversal_takes_its_own_lot_then_the_oldest_then_makes_a_debt() -> None:
    book = LotBook(30, [lot(1, 10), lot(2, 10, day=1), lot(3, 10, day=2)])
    book.take(15)

    assert book.reverse(award(2), 10) == Reversed(0, 10)

    assert [book.lots[award(n)].remaining for n in (1, 2, 3)] == [0, 0, 5]
    assert book.reverse(award(1), 10) == Reversed(0, 10)
    assert book.available == -5
    assert sum(one.remaining for one in book.lots.values()) == 0


def test_a_reversal_whose_award_is_unknown_makes_a_debt_that_the_next_award_pays() -> None:
    book = LotBook(0)
    book.reverse(award(9), 10)
    assert book.available == -10
    book.earn(lot(1, 4))
    book.earn(lot(2, 9, day=1))
    assert [book.lots[award(n)].remaining for n in (1, 2)] == [0, 3]
    assert book.available == 3


def test_a_pending_award_is_reversed_without_touching_what_is_available() -> None:
    book = LotBook(7, [lot(1, 7), lot(2, 20, pending=True)])
    assert book.reverse(award(2), 20) == Reversed(20, 0)
    assert book.available == 7
    assert book.mature(award(2)) == 0


def test_cancelling_gives_points_back_to_the_lots_they_came_from() -> None:
    book = LotBook(20, [lot(1, 10), lot(2, 10, day=1)])
    uses = book.take(15)
    assert book.restore(uses) == 15
    assert [book.lots[award(n)].remaining for n in (1, 2)] == [10, 10]
    assert book.available == 20


def test_what_is_owed_does_not_expire_and_is_used_last_of_its_lot() -> None:
    book = LotBook(10, [lot(1, 10, lives_days=5)])
    uses = book.take(6)
    book.restore(uses, owed=True)
    assert (book.lots[award(1)].remaining, book.lots[award(1)].owed) == (10, 6)

    assert book.expire(START + timedelta(days=5)) == [LotUse(award(1), 4)]
    assert (book.available, book.lots[award(1)].owed) == (6, 6)

    again = book.take(2)
    assert again == [LotUse(award(1), 2, 2)]
    book.restore(again)
    assert book.expire(START + timedelta(days=50)) == []
    assert book.available == 6
