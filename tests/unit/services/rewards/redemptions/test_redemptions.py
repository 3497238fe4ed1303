"""Redemptions: two phases, each taken once."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rewards.ledger.domain import check_balanced, deltas
from services.rewards.redemptions.domain import (
    RedemptionClosedError,
    RedemptionState,
    entries,
    fact_id,
    next_state,
    redemption_id,
)

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=15)
MEMBER, REDEMPTION = UUID(int=1), UUID(int=2)
ENDS: tuple[RedemptionState, ...] = ("confirmed", "cancelled", "expired")


@pytest.mark.parametrize("wanted", ENDS)
def test_a_reservation_ends_once_and_asking_again_changes_nothing(wanted: RedemptionState) -> None:
    assert next_state("reserved", wanted, LATER, NOW) == wanted
    assert next_state(wanted, wanted, LATER, NOW) == wanted
    for other in ENDS:
        if other != wanted:
            with pytest.raises(RedemptionClosedError) as refused:
                next_state(wanted, other, LATER, NOW)
            assert refused.value.state == wanted


def test_a_reservation_whose_time_is_over_cannot_be_confirmed() -> None:
    with pytest.raises(RedemptionClosedError) as refused:
        next_state("reserved", "confirmed", NOW, NOW)
    assert refused.value.state == "expired"
    assert next_state("reserved", "cancelled", NOW, NOW) == "cancelled"


@given(st.integers(1, 10**9), st.sampled_from(ENDS))
def test_points_go_to_spent_or_come_back(points: int, end: RedemptionState) -> None:
    lines = [
        *entries("python", MEMBER, REDEMPTION, "reserved", points),
        *entries("python", MEMBER, REDEMPTION, end, points),
    ]
    check_balanced(lines)
    after = {account.kind: amount for account, amount in deltas(lines) if amount}
    assert after == ({"available": -points, "spent": points} if end == "confirmed" else {})


def test_ids_are_the_same_for_the_same_request_only() -> None:
    assert redemption_id("python", "k") == redemption_id("python", "k")
    assert redemption_id("python", "k") != redemption_id("rust", "k")
    assert len({fact_id(REDEMPTION, state) for state in ("reserved", *ENDS)}) == 4
