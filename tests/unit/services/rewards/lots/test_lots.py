"""Lots: first to expire, first out, and the sums that hold whatever happens."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.rewards.lots.domain.grace import GraceTerms, day_end
from services.rewards.lots.domain.lots import (
    Lot,
    LotBook,
    LotUse,
    Moved,
    NotEnoughPointsError,
)
from shared.calendars import Calendar, Reckoning

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
        self.pending = self.reserved = self.expired = 0
        self.totals: dict[str, int] = {}
        self.uses: list[list[LotUse]] = []
        self.days = 0
        self.graced: set[str] = set()
        #: What members keep of points that were taken back after they were used; and each time it was decided.
        self.kept = 0
        self.write_offs: list[list[LotUse]] = []

    @rule(amount=points, day=st.integers(0, 30), pending=st.booleans(), lives=st.none() | st.integers(1, 20))
    def earn(self, amount: int, day: int, pending: bool, lives: int | None) -> None:
        new = lot(len(self.book.lots) + 1, amount, day, pending=pending, lives_days=lives)
        self.book.earn(new)
        self.pending += amount if pending else 0
        self.totals[new.award_id] = amount

    @precondition(lambda self: any(one.pending for one in self.book.lots.values()))
    @rule(data=st.data())
    def mature(self, data: st.DataObject) -> None:
        waiting = [one.award_id for one in self.book.lots.values() if one.pending]
        self.pending -= self.book.mature(data.draw(st.sampled_from(waiting)))

    @precondition(lambda self: self.totals)
    @rule(data=st.data())
    def amend(self, data: st.DataObject) -> None:
        award_id = data.draw(st.sampled_from(sorted(self.totals)))
        was = self.totals[award_id]
        now = data.draw(st.just(0) | st.integers(0, 1_200))
        if now == was:
            return
        own = self.book.lots[award_id]
        others = {key: one.remaining for key, one in self.book.lots.items() if key != award_id}
        remained, had_expired, available = own.remaining, own.expired, self.book.available
        moved = self.book.amend(award_id, now - was)
        self.totals[award_id] = now
        assert sum(moved) == now - was
        assert 0 <= moved.written_off <= max(0, now - was)
        self.kept -= moved.written_off
        assert self.book.available == available + moved.available
        assert others == {key: one.remaining for key, one in self.book.lots.items() if key != award_id}
        if now < was:
            assert own.remaining == max(0, remained - (was - now))
            assert -moved.expired == min(had_expired, max(0, was - now - remained))
        else:
            assert moved.expired == 0
        self.pending += moved.pending
        self.expired += moved.expired

    @rule(amount=points)
    def take(self, amount: int) -> None:
        if amount > self.book.available:
            before = {key: one.remaining for key, one in self.book.lots.items()}
            with pytest.raises(NotEnoughPointsError) as refused:
                self.book.take(amount)
            assert refused.value.missing_points == amount - self.book.available
            assert before == {key: one.remaining for key, one in self.book.lots.items()}
            return
        held = sorted((o for o in self.book.lots.values() if o.remaining and not o.pending), key=self.order)
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
        lacked = sum(one.lacking for one in self.book.lots.values())
        now = START + timedelta(days=self.days)
        grace = data.draw(st.none() | st.just(GraceTerms(5).starting(now)))
        ends = {use.award_id: self.book.lots[use.award_id].expires_at for use in uses}
        late = {key for key, end in ends.items() if end is not None and end <= now} - self.graced
        restored = self.book.restore(uses, owed=owed, grace=grace)
        assert restored.points == sum(use.points for use in uses)
        self.reserved -= restored.points
        self.kept -= restored.written_off
        # What came back too late has its grace, and only once.
        for award_id, end in ends.items():
            if grace is not None and award_id in late:
                assert self.book.lots[award_id].expires_at == grace.until
            else:
                assert self.book.lots[award_id].expires_at == end
        self.graced |= late if grace is not None else set()
        debt = lacked - sum(one.lacking for one in self.book.lots.values())
        came = sum(use.points if owed else use.owed for use in uses)
        after = sum(one.owed for one in self.book.lots.values())
        assert before + came - debt - restored.written_off <= after <= before + came

    @precondition(lambda self: self.uses)
    @rule(data=st.data())
    def correct(self, data: st.DataObject) -> None:
        """What was said to have come back had not: it is taken again, and nothing of it stays owed."""
        uses = data.draw(st.sampled_from(self.uses))
        held = self.book.available
        before = {use.award_id: self.book.lots[use.award_id].owed for use in uses}
        restored = self.book.restore(uses, owed=True)
        self.book.take_back(uses)
        # What came back made good what had been written off; taken again it is owed.
        self.kept -= restored.written_off
        assert self.book.available == held - restored.written_off
        assert all(self.book.lots[award_id].owed <= owed for award_id, owed in before.items())

    @precondition(lambda self: self.book.available < 0)
    @rule(amount=points)
    def write_off(self, amount: int) -> None:
        """Of a debt as much is kept as was decided, and no more than is owed."""
        debt = -self.book.available
        uses = self.book.write_off_debt(amount)
        assert sum(use.points for use in uses) == min(amount, debt)
        assert self.book.available == -debt + min(amount, debt)
        self.kept += min(amount, debt)
        self.write_offs.append(uses)

    @precondition(lambda self: any(one.lacking for one in self.book.lots.values()))
    @rule(data=st.data(), amount=points)
    def keep(self, data: st.DataObject, amount: int) -> None:
        """What one lot lacks is kept, whether its member is below zero or not."""
        lacking = [one for one in self.book.lots.values() if one.lacking]
        one = data.draw(st.sampled_from(lacking))
        kept = min(amount, one.lacking)
        assert self.book.write_off(one.award_id, amount) == kept
        self.kept += kept

    @precondition(lambda self: self.write_offs)
    @rule(data=st.data())
    def owe_again(self, data: st.DataObject) -> None:
        """What was kept is owed again, but for what made it good since; once."""
        uses = data.draw(st.sampled_from(self.write_offs))
        self.write_offs.remove(uses)
        held, kept = self.book.available, self.kept
        again = self.book.undo_write_off(uses)
        assert 0 <= again <= sum(use.points for use in uses)
        assert self.book.available == held - again
        self.kept = kept - again

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
    def order(one: Lot) -> tuple[datetime, datetime, str]:
        return one.expires_at or datetime.max.replace(tzinfo=UTC), one.earned_at, one.award_id

    @invariant()
    def what_remains_in_lots_is_what_is_available_and_pending(self) -> None:
        lots = self.book.lots.values()
        assert sum(one.remaining - one.lacking for one in lots if not one.pending) == self.book.available
        assert sum(one.remaining for one in lots if one.pending) == self.pending
        assert all(min(one.remaining, one.expired, one.lacking) >= 0 for one in lots)
        assert not any(one.remaining and one.lacking for one in lots)
        assert not any(one.lacking for one in lots if one.pending)
        assert {one.award_id: one.points for one in lots} == self.totals
        assert all(0 <= one.owed <= one.remaining for one in lots)
        assert sum(one.written_off for one in lots) == self.kept
        assert not any(one.remaining and one.written_off for one in lots)

    @invariant()
    def no_point_appears_or_vanishes(self) -> None:
        there = self.book.available + self.pending + self.reserved + self.expired
        assert there == sum(self.totals.values()) + self.kept
        assert sum(one.expired for one in self.book.lots.values()) == self.expired

    @invariant()
    def nothing_is_owed_that_was_neither_used_nor_expired(self) -> None:
        """A debt is what was used beyond all that the awards amount to, never more: nothing is taken twice."""
        assert -self.book.available <= max(0, self.reserved + self.pending)
        assert self.book.available >= -self.reserved


TestLotBook = LotBookMachine.TestCase
TestLotBook.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)


@given(st.lists(points, min_size=1, max_size=20), st.data())
def test_points_without_an_end_are_used_in_the_order_they_were_earned(
    amounts: list[int], data: st.DataObject
) -> None:
    days = data.draw(st.permutations(range(len(amounts))))
    book = LotBook(sum(amounts), [lot(i, a, d) for i, (a, d) in enumerate(zip(amounts, days, strict=True))])
    order = [number for _, number in sorted((day, number) for number, day in enumerate(days))]

    uses = book.take(sum(amounts))

    assert uses == [LotUse(award(number), amounts[number]) for number in order]


ROME = Calendar([Reckoning(None, "Europe/Rome", "monday")])
#: When the last day of a lot ends in Rome; the second is in summer time.
JANUARY, MARCH = (day_end(ROME, datetime(2025, *last, 12, tzinfo=UTC)) for last in ((1, 31), (3, 31)))


def rome() -> LotBook:
    """Four lots, in the order in which they were earned."""
    given = [(1, 100, MARCH), (2, 50, JANUARY), (3, 80, MARCH), (4, 200, None)]
    earned = datetime(2025, 1, 1, tzinfo=UTC)
    lots = [Lot(award(n), held, held, earned + timedelta(hours=n), until) for n, held, until in given]
    return LotBook(430, lots)


def remaining(book: LotBook) -> list[int]:
    return [one.remaining for one in book.lots.values()]


def test_lots_end_with_their_last_day_in_the_zone_of_their_community() -> None:
    assert datetime(2025, 1, 31, 23, tzinfo=UTC) == JANUARY
    assert datetime(2025, 3, 31, 22, tzinfo=UTC) == MARCH
    # What ends at midnight sharp was there until then.
    assert day_end(ROME, JANUARY) == JANUARY
    book = rome()
    assert book.expire(JANUARY - timedelta(microseconds=1)) == []
    assert book.expire(JANUARY) == [LotUse(award(2), 50)]
    assert book.expire(MARCH) == [LotUse(award(1), 100), LotUse(award(3), 80)]


def test_what_expires_first_is_used_first_and_what_never_does_last() -> None:
    book = rome()
    assert book.take(170) == [LotUse(award(2), 50), LotUse(award(1), 100), LotUse(award(3), 20)]
    assert remaining(book) == [0, 0, 60, 200]
    assert book.expire(JANUARY) == []


def test_had_the_first_earned_been_used_first_more_would_have_expired() -> None:
    book = rome()
    assert book.take(60) == [LotUse(award(2), 50), LotUse(award(1), 10)]
    assert book.expire(JANUARY) == []
    by_age = rome()
    by_age.lots[award(1)].remaining -= 60
    by_age.available -= 60
    assert by_age.expire(JANUARY) == [LotUse(award(2), 50)]


def test_what_comes_back_too_late_has_its_grace_and_is_no_breakage_at_once() -> None:
    book = rome()
    uses = book.take(170)
    tenth = datetime(2025, 2, 10, 11, tzinfo=UTC)
    book.restore(uses, grace=GraceTerms(30, ROME).starting(tenth))
    assert remaining(book) == [100, 50, 80, 200]
    assert book.expire(tenth) == []
    # The twelfth of March is the last day.
    ends = datetime(2025, 3, 12, 23, tzinfo=UTC)
    assert book.lots[award(2)].expires_at == ends
    assert book.expire(ends - timedelta(microseconds=1)) == []
    again = book.take(10)
    assert book.expire(ends) == [LotUse(award(2), 40)]
    # It has its grace once: whoever reserves and cancels does not keep points for ever.
    book.restore(again, grace=GraceTerms(30, ROME).starting(ends))
    assert book.expire(ends) == [LotUse(award(2), 10)]


def test_only_the_first_lots_need_be_given() -> None:
    book = LotBook(1_000, [lot(1, 5), lot(2, 10, day=1)])
    assert book.take(12) == [LotUse(award(1), 5), LotUse(award(2), 7)]
    assert book.changed == {award(1), award(2)}
    with pytest.raises(ValueError, match="37 points less"):
        book.take(40)


def test_less_comes_from_the_awards_own_lot_and_is_then_lacking_there_alone() -> None:
    book = LotBook(30, [lot(1, 10), lot(2, 10, day=1), lot(3, 10, day=2)])
    book.take(15)

    assert book.amend(award(2), -10) == Moved(available=-10)
    assert [(one.remaining, one.lacking) for one in book.lots.values()] == [(0, 0), (0, 5), (10, 0)]
    assert book.available == 5
    assert book.amend(award(1), -10) == Moved(available=-10)
    assert [(one.remaining, one.lacking) for one in book.lots.values()] == [(0, 10), (0, 5), (10, 0)]
    assert book.available == -5
    with pytest.raises(NotEnoughPointsError):
        book.take(1)

    assert book.amend(award(1), 10) == book.amend(award(2), 10) == Moved(available=10)
    assert [(one.remaining, one.lacking) for one in book.lots.values()] == [(0, 0), (5, 0), (10, 0)]


def test_what_expired_is_not_taken_a_second_time() -> None:
    book = LotBook(1_000, [lot(1, 500, lives_days=30), lot(2, 500, day=50, lives_days=30)])
    assert book.expire(START + timedelta(days=55)) == [LotUse(award(1), 500)]

    assert book.amend(award(1), -500) == Moved(expired=-500)

    assert book.available == 500
    assert [(one.remaining, one.expired, one.lacking) for one in book.lots.values()] == [(0, 0, 0), (500, 0, 0)]
    # Restored they are there, with the expiry that they had.
    assert book.amend(award(1), 500) == Moved(available=500)
    assert book.expire(START + timedelta(days=56)) == [LotUse(award(1), 500)]
    assert book.available == 500


def test_points_that_expire_pay_what_is_lacking_first() -> None:
    book = LotBook(100, [lot(1, 100)])
    book.take(100)
    book.amend(award(1), -100)
    book.earn(lot(2, 130, lives_days=10))
    assert book.available == 30

    assert book.expire(START + timedelta(days=20)) == [LotUse(award(2), 30)]

    assert book.available == 0
    assert all(one.lacking == 0 for one in book.lots.values())


def test_what_is_owed_as_money_neither_expires_nor_pays_for_what_expires() -> None:
    """100 were paid out and came back; as many of another award are lacking, and 30 of a third are over."""
    book = LotBook(200, [lot(1, 100, lives_days=5), lot(2, 100, day=1)])
    paid, spent = book.take(100), book.take(100)
    book.restore(paid, owed=True)
    book.amend(award(2), -100)
    book.earn(lot(3, 30, day=2, lives_days=5))

    assert book.expire(START + timedelta(days=20)) == []

    assert [(one.remaining, one.owed, one.lacking) for one in book.lots.values()] == [
        (100, 100, 0),
        (0, 0, 70),
        (0, 0, 0),
    ]
    assert book.available == 30
    book.restore(spent)
    assert [(one.remaining, one.lacking) for one in book.lots.values()] == [(100, 0), (30, 0), (0, 0)]


def test_a_pending_award_is_amended_without_touching_what_is_available() -> None:
    book = LotBook(7, [lot(1, 7), lot(2, 20, pending=True)])
    assert book.amend(award(2), -20) == Moved(pending=-20)
    assert book.amend(award(2), 5) == Moved(pending=5)
    assert book.available == 7
    assert book.mature(award(2)) == 5


changes = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 50)), max_size=20)


@given(st.lists(st.integers(1, 50), min_size=5, max_size=5), st.integers(0, 100), changes, changes)
def test_what_is_left_depends_on_what_awards_amount_to_and_not_on_the_way_there(
    amounts: list[int], used: int, one_way: list[tuple[int, int]], other_way: list[tuple[int, int]]
) -> None:
    """Awards that come to amount to the same leave the same lots: taken back and restored, they are as before."""
    ends = dict(enumerate(amounts)) | dict(one_way)

    def after(way: list[tuple[int, int]]) -> list[tuple[int, int, int, int]]:
        book = LotBook(sum(amounts), [lot(i, a, day=i) for i, a in enumerate(amounts)])
        book.take(min(used, sum(amounts)))
        now = dict(enumerate(amounts))
        for number, total in [*way, *ends.items()]:
            if total != now[number]:
                book.amend(award(number), total - now[number])
                now[number] = total
        assert book.available == sum(ends.values()) - min(used, sum(amounts))
        return [(one.points, one.remaining, one.expired, one.lacking) for one in book.lots.values()]

    assert after(one_way) == after(other_way)


def test_cancelling_gives_points_back_to_the_lots_they_came_from() -> None:
    book = LotBook(20, [lot(1, 10), lot(2, 10, day=1)])
    uses = book.take(15)
    assert book.restore(uses).points == 15
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
