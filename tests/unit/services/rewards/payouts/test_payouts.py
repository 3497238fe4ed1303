"""Payouts: the way through the states, and what each step moves."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rewards.ledger.domain.entries import check_balanced, deltas
from services.rewards.lots.domain.lots import LOTS_PER_FACT_MAX_COUNT, LotUse, lots_parts
from services.rewards.lots.domain.steps import GIVING_BACK
from services.rewards.payouts.domain import (
    STEPS,
    Change,
    PastChange,
    Payout,
    PayoutState,
    WrongStateError,
    end_to_end_id,
    fact_id,
    in_order,
    payout_id,
)

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
RUN, MEMBER = str(UUID(int=1)), str(UUID(int=2))
PAYOUT = Payout(
    community="python",
    payout_id=payout_id(RUN, MEMBER),
    run_id=RUN,
    member_id=MEMBER,
    state=PayoutState.ACCRUED,
    points=1_200,
    amount_minor=600,
    currency="EUR",
    end_to_end_id=end_to_end_id(payout_id(RUN, MEMBER)),
    payee=None,
    reason=None,
    created_at=NOW,
    changed_at=NOW,
)


def change(state: PayoutState, wanted: PayoutState) -> Change:
    return Change(replace(PAYOUT, state=state), wanted)


def paths() -> list[list[PayoutState]]:
    """Every way from accrued to an end."""
    found: list[list[PayoutState]] = []
    todo: list[list[PayoutState]] = [[PayoutState.ACCRUED]]
    while todo:
        path = todo.pop()
        following = STEPS.following(path[-1])
        found += [path] if not following else []
        todo += [[*path, state] for state in following]
    return found


@pytest.mark.parametrize("path", paths(), ids="-".join)
def test_every_way_balances_and_ends_with_points_paid_or_given_back(path: list[PayoutState]) -> None:
    lines = []
    back = False
    for state, wanted in pairwise(path):
        movement = change(state, wanted).movement()
        step = movement.entries()
        check_balanced(step)
        lines += step
        back = back or movement.step.lots in GIVING_BACK
    after = {account.kind: amount for account, amount in deltas(lines) if amount}
    if path[-1] == "settled" or ("corrected" in path and "reserved" in path):
        assert after == {"available": -1_200, "paid": 1_200, "payout_expense": -600, "bank": 600}
    elif "corrected" not in path:  # what was never submitted is not corrected: see check_were_filed
        assert after == {}
        assert back == ("reserved" in path)


def test_between_the_file_and_the_bank_the_money_is_in_transit() -> None:
    lines = [
        *change(PayoutState.APPROVED, PayoutState.RESERVED).movement().entries(),
        *change(PayoutState.RESERVED, PayoutState.SUBMITTED).movement().entries(),
    ]
    after = {account.kind: amount for account, amount in deltas(lines) if amount}
    assert after == {"available": -1_200, "reserved": 1_200, "payout_expense": -600, "bank_in_transit": 600}


def test_a_state_cannot_be_left_in_a_way_that_is_not_drawn() -> None:
    for state in PayoutState:
        for wanted in PayoutState:
            if wanted in STEPS.following(state):
                assert change(state, wanted).movement().step.after == wanted
            else:
                with pytest.raises(WrongStateError, match=f"{state} cannot become {wanted}"):
                    change(state, wanted).movement()


def test_a_change_leaves_the_payout_as_it_was_and_makes_another() -> None:
    later = datetime(2026, 5, 2, tzinfo=UTC)
    made = Change(PAYOUT, PayoutState.HELD, "no bank details").made(later)
    assert (made.state, made.reason, made.changed_at) == ("held", "no bank details", later)
    assert PAYOUT.state == "accrued"
    assert Change(made, PayoutState.ELIGIBLE).made(later).reason is None


@given(st.uuids().map(str), st.uuids().map(str))
def test_ids_fit_the_bank_and_follow_from_what_is_paid(run: str, member: str) -> None:
    payout = payout_id(run, member)
    assert payout == payout_id(run, member)
    assert payout != payout_id(member, run) or run == member
    assert len(end_to_end_id(payout)) <= 35
    assert len({fact_id(payout, state) for state in PayoutState}) == len(PayoutState)


def test_a_payouts_history_is_in_the_order_of_its_life() -> None:
    states = [PayoutState.RESERVED, PayoutState.ACCRUED, PayoutState.APPROVED, PayoutState.ELIGIBLE]
    history = in_order([PastChange(state, NOW, "maker", None) for state in states])
    assert [past.state for past in history] == ["accrued", "eligible", "approved", "reserved"]


@given(st.integers(0, 1_300))
def test_lots_are_cut_into_parts_that_hold_them_all(count: int) -> None:
    uses = [LotUse(str(UUID(int=number)), number + 1) for number in range(count)]
    parts = list(lots_parts(uses))
    assert [use for _, _, lots in parts for use in lots] == uses
    assert [part for part, _, _ in parts] == list(range(1, len(parts) + 1))
    assert all(of == len(parts) and 0 < len(lots) <= LOTS_PER_FACT_MAX_COUNT for _, of, lots in parts)
