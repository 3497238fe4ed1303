"""Outcomes of two: who may confirm one, what stays decided, and which wait for the same payout."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.rewards.payouts.domain import Actor, PayoutState
from services.rewards.payouts.four_eyes.domain import FourEyesError
from services.rewards.payouts.outcomes.domain import Outcome, OutcomeRefusedError, OutcomeState, needs_two

NOW = datetime(2026, 5, 1, tzinfo=UTC)
ADA, ALSO_ADA, BOB = Actor("ada", "k1"), Actor("ada", "token:t1"), Actor("bob", "k2")
OUTCOME = Outcome(
    community="python",
    outcome_id="o1",
    run_id="r1",
    outcome=PayoutState.RETURNED,
    reason="AC04",
    payout_ids=["p1", "p2"],
    state=OutcomeState.PROPOSED,
    proposed_at=NOW,
    proposed_by=ADA,
)


def test_another_confirms_it() -> None:
    OUTCOME.check_another(BOB)
    for same in (ADA, ALSO_ADA):
        with pytest.raises(FourEyesError):
            OUTCOME.check_another(same)


@pytest.mark.parametrize("state", [OutcomeState.CONFIRMED, OutcomeState.WITHDRAWN])
def test_what_is_decided_stays_so(state: OutcomeState) -> None:
    decided = OUTCOME.decided(state, by=BOB, now=NOW)
    assert (decided.state, decided.decided_by, decided.decided_at) == (state, BOB, NOW)
    for other in (OutcomeState.CONFIRMED, OutcomeState.WITHDRAWN):
        with pytest.raises(OutcomeRefusedError, match=f"is {state} and stays so"):
            decided.decided(other, by=BOB, now=NOW)


def test_a_payout_waits_in_one_outcome() -> None:
    OUTCOME.check_overlaps_none([replace(OUTCOME, payout_ids=["p3"])])
    with pytest.raises(OutcomeRefusedError, match="Payout p2 waits in outcome o2 already"):
        OUTCOME.check_overlaps_none([replace(OUTCOME, outcome_id="o2", payout_ids=["p3", "p2"])])


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"payout_ids": ["p2", "p1"], "proposed_by": BOB}, True),
        ({"payout_ids": ["p1"]}, False),
        ({"reason": "AC06"}, False),
        ({"outcome": PayoutState.FAILED}, False),
    ],
)
def test_the_same_of_the_same_payouts_is_the_same(change: dict[str, object], same: bool) -> None:
    assert OUTCOME.says_the_same_as(replace(OUTCOME, outcome_id="o2", **change)) is same


def test_what_is_decided_by_one() -> None:
    assert [state for state in PayoutState if not needs_two(state)][-2:] == ["sent", "settled"]
    assert all(map(needs_two, ("returned", "failed", "reversed", "corrected")))
