"""Refunds: parts are together what was spent, each is a transfer of its own, and another person approves."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rewards.ledger.domain.entries import check_balanced
from services.rewards.payouts.domain import Actor
from services.rewards.redemptions.domain import Redemption, RedemptionState
from services.rewards.refunds.domain import (
    STEPS,
    Goods,
    NotRefundableError,
    Refund,
    Refunded,
    RefundFourEyesError,
    RefundState,
    RefundStateError,
    receipt_of,
    refund_movement,
    refunded,
    takes_other_person,
)

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
SPENT = Redemption(
    community="python",
    redemption_id=str(UUID(int=2)),
    member_id=str(UUID(int=1)),
    reward_id="sticker",
    title="Sticker",
    points=30,
    state=RedemptionState.CONFIRMED,
    created_at=NOW,
    expires_at=NOW,
    changed_at=NOW,
    changed_by="key",
)
ASKED = Refund(
    community="python",
    refund_id=str(UUID(int=3)),
    redemption_id=SPENT.redemption_id,
    points=30,
    reason="broken",
    goods=Goods.RETURNED,
    asks_provider=False,
    state=RefundState.WAITING,
    asked_at=NOW,
    asked_by=Actor("one", "key-1"),
)


def part(points: int, number: int, goods: Goods = Goods.KEPT) -> Refunded:
    return Refunded(str(UUID(int=10 + number)), points, number, goods, "key")


@given(st.lists(st.integers(1, 40), min_size=1, max_size=8))
def test_parts_are_together_never_above_what_was_spent(wanted: list[int]) -> None:
    after, back, transfers = SPENT, 0, []
    for number, points in enumerate(wanted, 1):
        if points > 30 - back:
            with pytest.raises(NotRefundableError):
                refunded(after, part(points, number), now=NOW)
            continue
        movement = refund_movement(after, part(points, number))
        check_balanced(movement.entries())
        assert movement.transfer(NOW).amends == SPENT.movement(RedemptionState.RESERVED).transfer_id
        transfers.append(movement.transfer_id)
        after, back = refunded(after, part(points, number), now=NOW), back + points
        assert after.state == ("refunded" if back == 30 else "partly_refunded")
    assert (after.refunded_points, after.left_points) == (back, 30 - back)
    assert len(transfers) == len({*transfers})


@pytest.mark.parametrize("state", [one for one in RedemptionState if one is not RedemptionState.CONFIRMED])
def test_what_is_not_spent_is_not_refunded(state: RedemptionState) -> None:
    spent = {RedemptionState.PARTLY_REFUNDED: 10, RedemptionState.REFUNDED: 30}.get(state, 0)
    other = replace(SPENT, state=state, refunded_points=spent)
    if state is RedemptionState.PARTLY_REFUNDED:
        assert refunded(other, part(20, 2), now=NOW).state is RedemptionState.REFUNDED
        return
    with pytest.raises(NotRefundableError):
        refunded(other, part(1, 1), now=NOW)


def test_goods_are_there_again_once_all_is_refunded_and_they_came_back() -> None:
    assert not refunded(SPENT, part(29, 1, Goods.RETURNED), now=NOW).is_returned
    assert refunded(SPENT, part(30, 1, Goods.RETURNED), now=NOW).is_returned
    assert not refunded(SPENT, part(30, 1), now=NOW).is_returned


def test_parts_count_together_for_what_one_person_may() -> None:
    half = refunded(SPENT, part(15, 1), now=NOW)
    assert not takes_other_person(SPENT, 20, alone_max_points=20)
    assert takes_other_person(half, 6, alone_max_points=20)


def test_another_person_approves_and_what_is_over_stays_so() -> None:
    for by in (Actor("one", "key-2"), Actor(None, "key-3")):
        with pytest.raises(RefundFourEyesError):
            ASKED.check_other_approves(by)
    ASKED.check_other_approves(Actor("two", "key-4"))
    for state in set(RefundState) - STEPS.keys():
        over = replace(ASKED, state=state)
        with pytest.raises(RefundStateError):
            over.becoming(RefundState.DONE, by=Actor("two", "key-4"), now=NOW)


def test_a_receipt_of_a_gift_names_no_transfer_and_what_was_cancelled_came_back() -> None:
    gift = receipt_of(replace(SPENT, points=0), [])
    assert [(line.event, line.points, line.transfer_id) for line in gift] == [
        ("reserved", 0, None),
        ("confirmed", 0, None),
    ]
    cancelled = receipt_of(replace(SPENT, state=RedemptionState.CANCELLED), [])
    assert [(line.event, line.points) for line in cancelled] == [("reserved", 30), ("cancelled", 30)]
    assert len({line.transfer_id for line in cancelled}) == 2
