"""Redemptions: two phases, each taken once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rewards.ledger.domain.entries import check_balanced, deltas
from services.rewards.lots.domain.lots import LotUse, NotEnoughPointsError, part_of
from services.rewards.redemptions.domain import (
    STEPS,
    NotReservedError,
    Redemption,
    RedemptionClosedError,
    RedemptionState,
    altered,
    fact_id,
    next_state,
    redemption_id,
)

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=15)
REDEMPTION = Redemption(
    community="python",
    redemption_id=str(UUID(int=2)),
    member_id=str(UUID(int=1)),
    reward_id="sticker",
    title="Sticker",
    points=30,
    state=RedemptionState.RESERVED,
    created_at=NOW,
    expires_at=LATER,
    changed_at=NOW,
    changed_by="key",
)
ENDS = STEPS.following(RedemptionState.RESERVED)


def test_a_redemption_begins_reserved_and_has_three_ends() -> None:
    assert STEPS.following(None) == ("reserved",)
    assert ENDS == ("confirmed", "cancelled", "expired")


@pytest.mark.parametrize("wanted", ENDS)
def test_a_reservation_ends_once_and_asking_again_changes_nothing(wanted: RedemptionState) -> None:
    assert next_state(RedemptionState.RESERVED, wanted, expires_at=LATER, now=NOW) == wanted
    assert next_state(wanted, wanted, expires_at=LATER, now=NOW) == wanted
    for other in ENDS:
        if other != wanted:
            with pytest.raises(RedemptionClosedError) as refused:
                next_state(wanted, other, expires_at=LATER, now=NOW)
            assert refused.value.state == wanted


@given(st.lists(st.integers(1, 40), min_size=1, max_size=5), st.data())
def test_what_is_spent_and_what_goes_back_is_what_was_reserved(lots: list[int], data: st.DataObject) -> None:
    uses = [
        LotUse(f"award-{place}", points, data.draw(st.integers(0, points))) for place, points in enumerate(lots)
    ]
    spent = data.draw(st.integers(1, sum(lots)))
    reserved = replace(REDEMPTION, points=sum(lots))
    ended = reserved.spending(spent).becoming(RedemptionState.CONFIRMED, by="key", now=NOW)
    movements = ended.movements(RedemptionState.RESERVED)
    entries = [entry for made in movements for entry in made.entries()]
    check_balanced(entries)
    assert {account.kind: amount for account, amount in deltas(entries)} == {
        "reserved": -sum(lots),
        "spent": spent,
    } | ({"available": sum(lots) - spent} if spent < sum(lots) else {})
    back = part_of(uses, sum(lots) - spent)
    assert sum(use.points for use in back) == sum(lots) - spent
    left = {use.award_id: use for use in uses}
    for use in back:
        had = left[use.award_id]
        assert 0 < use.points <= had.points
        # What was owed of a lot was used last: it goes back first.
        assert use.owed == min(had.owed, use.points)
    # Lots that were used before the first that gets something back keep all that was used of them.
    assert [use.award_id for use in uses][len(uses) - len(back) :] == [use.award_id for use in back]
    with pytest.raises(NotReservedError):
        reserved.spending(sum(lots) + 1)
    with pytest.raises(NotEnoughPointsError):
        part_of(uses, sum(lots) + 1)


def test_a_reservation_whose_time_is_over_cannot_be_confirmed() -> None:
    with pytest.raises(RedemptionClosedError) as refused:
        next_state(RedemptionState.RESERVED, RedemptionState.CONFIRMED, expires_at=NOW, now=NOW)
    assert refused.value.state == "expired"
    cancelled = next_state(RedemptionState.RESERVED, RedemptionState.CANCELLED, expires_at=NOW, now=NOW)
    assert cancelled == "cancelled"


@given(st.integers(1, 10**9), st.sampled_from(ENDS))
def test_points_go_to_spent_or_come_back(points: int, end: RedemptionState) -> None:
    reserved = replace(REDEMPTION, points=points)
    ended = reserved.becoming(end, by="key", now=NOW)
    lines = [*reserved.movement(None).entries(), *ended.movement(RedemptionState.RESERVED).entries()]
    check_balanced(lines)
    after = {account.kind: amount for account, amount in deltas(lines) if amount}
    assert after == ({"available": -points, "spent": points} if end == "confirmed" else {})


def test_a_redemption_that_is_over_moves_nothing_more() -> None:
    with pytest.raises(RedemptionClosedError):
        REDEMPTION.becoming(RedemptionState.CANCELLED, by="key", now=NOW).movement(RedemptionState.CONFIRMED)


def test_ids_are_the_same_for_the_same_request_only() -> None:
    assert redemption_id("python", "k") == redemption_id("python", "k")
    assert redemption_id("python", "k") != redemption_id("rust", "k")
    assert len({fact_id(REDEMPTION.redemption_id, state) for state in ("reserved", *ENDS)}) == 4


def test_a_reservation_that_the_ledger_has_as_ended_or_that_used_other_points_was_altered() -> None:
    used = [LotUse(str(UUID(int=3)), 20), LotUse(str(UUID(int=4)), 10)]
    own = REDEMPTION.movement(None).transfer_id
    assert altered(REDEMPTION, booked={own}, used=used) is None
    for end in ENDS:
        ended = REDEMPTION.becoming(end, by="key", now=NOW).movement(RedemptionState.RESERVED).transfer_id
        error = altered(REDEMPTION, booked={own, ended}, used=used)
        assert error is not None
        assert str(error) == f"redemption {REDEMPTION.redemption_id}: it is reserved, and {end} by the ledger"
    for other in (used[:1], [*used, LotUse(str(UUID(int=5)), 1)], []):
        error = altered(REDEMPTION, booked={own}, used=other)
        assert error is not None
        assert error.reason == "it is for 30 points, and used others"
