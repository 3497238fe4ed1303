"""A run and its seals: what fits, in which state, and what an approver may have seen."""

from dataclasses import replace

import pytest

from services.rewards.payouts.domain import Traced
from services.rewards.payouts.runs.domain.runs import RunRefusedError, RunState
from services.rewards.payouts.runs.domain.sealing import (
    SealDiffersError,
    check_is_sealed,
    check_seen,
    differences,
    run_altered,
)
from services.rewards.payouts.seals.domain import SealedRun, SealStep, seal_of
from tests.unit.services.rewards.payouts.sealed import PAYOUT, RUN, TERMS, sealed, traced

COMPUTED, APPROVING, APPROVED, FILED = SealStep


def run_with(*steps: SealStep) -> SealedRun:
    """A run of one reserved payout, rightly sealed."""
    values = {
        COMPUTED: seal_of(TERMS, [PAYOUT]),
        APPROVING: seal_of(TERMS, [PAYOUT]),
        APPROVED: seal_of(TERMS, [PAYOUT]),
        FILED: seal_of(TERMS, []),
    }
    return SealedRun(TERMS, [traced(PAYOUT)], {step: sealed(step, values[step]) for step in steps})


@pytest.mark.parametrize(
    ("state", "steps", "fits"),
    [
        (RunState.COMPUTING, (), True),
        (RunState.COMPUTING, (COMPUTED,), False),
        (RunState.APPROVING, (COMPUTED,), False),
        (RunState.APPROVING, (COMPUTED, APPROVING), True),
        (RunState.APPROVING, (COMPUTED, APPROVING, APPROVED), False),
        (RunState.APPROVED, (COMPUTED, APPROVING), False),
        (RunState.APPROVED, (COMPUTED, APPROVING, APPROVED), True),
        (RunState.FILING, (COMPUTED, APPROVING), False),
        (RunState.FILING, (COMPUTED, APPROVING, APPROVED), True),
        (RunState.FILED, (COMPUTED, APPROVING, APPROVED, FILED), True),
        (RunState.CANCELLING, (), True),
        (RunState.CANCELLING, (COMPUTED, APPROVING), True),
        (RunState.CANCELLED, (COMPUTED, APPROVING), True),
        (RunState.OPEN, (), True),
        (RunState.OPEN, (COMPUTED,), True),
        (RunState.OPEN, (COMPUTED, APPROVED), False),
        (RunState.APPROVED, (COMPUTED,), False),
        (RunState.APPROVED, (COMPUTED, APPROVED), True),
        (RunState.APPROVED, (COMPUTED, APPROVED, FILED), False),
        (RunState.FILED, (), True),
        (RunState.FILED, (COMPUTED, APPROVED), False),
        (RunState.FILED, (COMPUTED, APPROVED, FILED), True),
        (RunState.CANCELLED, (COMPUTED,), True),
        (RunState.CANCELLED, (COMPUTED, APPROVED), True),
        (RunState.CANCELLED, (COMPUTED, APPROVED, FILED), False),
    ],
)
def test_a_runs_state_fits_the_seals_that_it_has(state: RunState, steps: tuple[SealStep, ...], fits: bool) -> None:
    run, seals = replace(RUN, state=state), run_with(*steps)
    found = differences(run, seals)
    assert (found == []) is fits
    error = run_altered(run, seals)
    assert (error is None) is fits
    if error is not None:
        assert found[0].step is None
        assert error.reason == f"it is {state}, and was {' and '.join(steps)}"


def test_what_differs_is_said_for_each_seal() -> None:
    rows = run_with(COMPUTED, APPROVED)
    other = replace(rows, payouts=[traced(replace(PAYOUT, amount_minor=1_800))])
    approved = replace(RUN, state=RunState.APPROVED)
    assert [found.step for found in differences(approved, other)] == [COMPUTED, APPROVED]
    error = run_altered(approved, other)
    assert error is not None
    assert str(error) == f"payout run {RUN.run_id}: it does not fit the seal of when it was computed"


def test_a_payout_that_nobody_sealed_is_found_by_its_history() -> None:
    rows = run_with(COMPUTED, APPROVED)
    added = replace(rows, payouts=[*rows.payouts, Traced(replace(PAYOUT, payout_id="more"), ())])
    approved = replace(RUN, state=RunState.APPROVED)
    assert differences(approved, added) == []
    error = run_altered(approved, added)
    assert error is not None
    assert error.subject == "payout more"


def test_an_approver_saw_the_list_as_it_is_or_was_computed() -> None:
    values = {COMPUTED: "c", APPROVED: "a"}
    seals = {step: sealed(step, value) for step, value in values.items()}
    run = SealedRun(TERMS, [], seals)
    for seen in (None, "c", "a"):
        check_seen(run, seen)
    with pytest.raises(SealDiffersError) as refused:
        check_seen(run, "x")
    assert refused.value.seal == "a"


def test_a_run_from_before_lists_were_sealed_says_what_to_do() -> None:
    check_is_sealed(run_with(COMPUTED))
    with pytest.raises(RunRefusedError, match="cancel it and make another"):
        check_is_sealed(run_with())


def test_an_approval_that_began_with_another_list_than_was_computed_is_found() -> None:
    rows = run_with(COMPUTED, APPROVING)
    other = replace(rows, seals={**rows.seals, APPROVING: sealed(APPROVING, "x")})
    error = run_altered(replace(RUN, state=RunState.APPROVING), other)
    assert error is not None
    assert error.reason == "its approval began with another list than was computed"


def test_what_was_computed_stays_sealed_when_less_is_paid() -> None:
    rows = run_with(COMPUTED, APPROVING)
    less = replace(rows, payouts=[traced(PAYOUT.reduced_to(1_000, 500))])
    assert less.why_not(COMPUTED) is less.why_not(APPROVING) is None
    assert [payout.points for payout in less.listed(APPROVED)] == [1_000]
    assert seal_of(TERMS, less.listed(APPROVED)) != rows.seals[COMPUTED].value
