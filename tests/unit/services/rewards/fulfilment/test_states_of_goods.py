"""What may become of goods: each step that there is, and none besides."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from services.rewards.fulfilment.domain import (
    OVER,
    STEPS,
    UNDER_WAY,
    FulfilledBy,
    Fulfilment,
    FulfilmentState,
    Parcel,
    UnderWayError,
    WrongFulfilmentError,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
MUG = Fulfilment("c", "r", FulfilledBy.HAND, FulfilmentState.RESERVED, NOW, NOW, "key")


@pytest.mark.parametrize(("before", "after"), list(product(FulfilmentState, FulfilmentState)))
def test_a_step_is_taken_where_the_table_has_it_and_refused_elsewhere(
    before: FulfilmentState, after: FulfilmentState
) -> None:
    one = replace(MUG, state=before)
    if after in STEPS[before]:
        assert one.becoming(after, by="timer", now=LATER).state is after
    else:
        with pytest.raises(WrongFulfilmentError):
            one.becoming(after, by="timer", now=LATER)


def test_from_everywhere_it_can_end_and_what_is_compensated_stays_so() -> None:
    for state in FulfilmentState:
        reached = {state}
        while more := {after for before in reached for after in STEPS[before]} - reached:
            reached |= more
        assert FulfilmentState.COMPENSATED in reached
    assert STEPS[FulfilmentState.COMPENSATED] == frozenset()
    assert not OVER & UNDER_WAY


def test_what_was_sent_keeps_its_parcel_and_nobody_has_it_in_hand_any_more() -> None:
    held = MUG.becoming(FulfilmentState.IN_HAND, by="key", now=LATER, held_by="eve")
    sent = held.becoming(
        FulfilmentState.FULFILLED, by="key", now=LATER, parcel=Parcel("Post", "https://p.example/1")
    )
    back = sent.becoming(FulfilmentState.COMPENSATED, by="key", now=LATER)
    assert (held.held_by, sent.held_by, back.parcel.carrier) == ("eve", None, "Post")


@pytest.mark.parametrize(
    ("state", "fulfilled", "by_member", "refused"),
    [
        (FulfilmentState.RESERVED, False, True, False),
        (FulfilmentState.IN_HAND, False, True, True),
        (FulfilmentState.IN_HAND, False, False, False),
        (FulfilmentState.IN_HAND, True, False, False),
        (FulfilmentState.ORDERED, False, False, True),
        (FulfilmentState.UNKNOWN, True, False, True),
    ],
)
def test_nobody_ends_what_a_provider_has_and_no_member_what_is_in_hand(
    state: FulfilmentState, fulfilled: bool, by_member: bool, refused: bool
) -> None:
    one = replace(MUG, state=state)
    if refused:
        with pytest.raises(UnderWayError):
            one.check_may_end(fulfilled=fulfilled, by_member=by_member)
    else:
        one.check_may_end(fulfilled=fulfilled, by_member=by_member)
