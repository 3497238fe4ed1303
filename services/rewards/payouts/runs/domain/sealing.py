"""What a run's seals say of its rows, and of the state that it can be in."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from services.rewards.ledger.domain.entries import AlteredError
from services.rewards.payouts.domain import altered
from services.rewards.payouts.runs.domain.runs import Run, RunRefusedError, RunState
from services.rewards.payouts.seals.domain import SealedRun, SealStep

_NONE: frozenset[SealStep] = frozenset()
_COMPUTED = frozenset({SealStep.COMPUTED})
_APPROVING = _COMPUTED | {SealStep.APPROVING}
_APPROVED = _APPROVING | {SealStep.APPROVED}
#: As runs had it whose approval was one step.
_APPROVED_AT_ONCE = _COMPUTED | {SealStep.APPROVED}
#: Which seals a run has, by its state: the one can be set by hand, the others are only added to.
SEALS: Mapping[RunState, Collection[frozenset[SealStep]]] = {
    RunState.COMPUTING: (_NONE,),
    RunState.OPEN: (_COMPUTED,),
    RunState.APPROVING: (_APPROVING,),
    RunState.APPROVED: (_APPROVED, _APPROVED_AT_ONCE),
    RunState.FILING: (_APPROVED, _APPROVED_AT_ONCE),
    RunState.FILED: (_APPROVED | {SealStep.FILED}, _APPROVED_AT_ONCE | {SealStep.FILED}),
    RunState.CANCELLING: (_NONE, _COMPUTED, _APPROVING, _APPROVED, _APPROVED_AT_ONCE),
    RunState.CANCELLED: (_NONE, _COMPUTED, _APPROVING, _APPROVED, _APPROVED_AT_ONCE),
}


class SealDiffersError(Exception):
    """The approver named another seal than the run has: it is not the list that they saw."""

    def __init__(self, seal: str) -> None:
        super().__init__(f"the run's seal is {seal}")
        self.seal = seal


class SealDifference(NamedTuple):
    """How a run does not fit a seal; without a step, its state does not fit the seals that it has."""

    community: str
    run_id: str
    step: SealStep | None
    reason: str


def differences(run: Run, sealed: SealedRun) -> list[SealDifference]:
    """How a run differs from what was sealed of it; nothing for one of before lists were sealed."""
    found = [
        SealDifference(run.community, run.run_id, step, reason)
        for step in SealStep
        if step is not SealStep.APPROVING and (reason := sealed.why_not(step)) is not None
    ]
    began, computed = sealed.seals.get(SealStep.APPROVING), sealed.seals.get(SealStep.COMPUTED)
    if began is not None and (computed is None or began.value != computed.value):
        # Both are of one list, so it is compared once.
        reason = "its approval began with another list than was computed"
        found.append(SealDifference(run.community, run.run_id, SealStep.APPROVING, reason))
    if sealed.given_up and sealed.file is not None:
        # Seals are given up where there is no file to give out: somebody else did it, or wrote the file.
        found.append(
            SealDifference(run.community, run.run_id, None, "it has a bank file, and its seals were given up")
        )
    error = not_sealed_so(run, sealed.seals) if sealed.is_sealed else None
    if error is not None:
        found.append(SealDifference(run.community, run.run_id, None, error.reason))
    return found


def told_differences(run: Run, sealed: SealedRun, told: Mapping[SealStep, str]) -> list[SealDifference]:
    """How the seals of a run's approval and file differ from those that were told of it on payouts.v1."""
    if not sealed.is_sealed and not sealed.given_up and run.state in (RunState.APPROVED, RunState.FILED):
        return [SealDifference(run.community, run.run_id, None, f"it is {run.state}, and has no seal")]
    return [
        SealDifference(
            run.community, run.run_id, step, f"its seal of when it was {step} is not the one that was told"
        )
        for step in (SealStep.APPROVED, SealStep.FILED)
        if step in sealed.seals and told.get(step) != sealed.seals[step].value
    ]


def check_may_leave(run: Run, sealed: SealedRun) -> None:
    """Check that a run whose file is to be given out has the seals of its approval and of its file.

    Raises AlteredError when it does not.
    """
    if not {SealStep.APPROVED, SealStep.FILED} <= sealed.seals.keys():
        raise AlteredError(f"payout run {run.run_id}", "it has a bank file, and not the seals that belong to one")


def check_as_told(run: Run, sealed: SealedRun, told: Mapping[SealStep, str]) -> None:
    """Check that the seals are those that were told. Raises AlteredError when one is not."""
    for _, run_id, _, reason in told_differences(run, sealed, told):
        raise AlteredError(f"payout run {run_id}", reason)


def not_sealed_so(run: Run, steps: Collection[SealStep]) -> AlteredError | None:
    """What is wrong when a run is not in a state in which it has these seals; None otherwise."""
    if frozenset(steps) in SEALS[run.state]:
        return None
    had = " and ".join(step for step in SealStep if step in steps) or "never sealed"
    return AlteredError(f"payout run {run.run_id}", f"it is {run.state}, and was {had}")


def run_altered(run: Run, sealed: SealedRun) -> AlteredError | None:
    """What is wrong when a run is not as it was sealed, or a payout not as by its history; None otherwise."""
    for _, run_id, _, reason in differences(run, sealed):
        return AlteredError(f"payout run {run_id}", reason)
    return altered(sealed.payouts)


def check_is_sealed(sealed: SealedRun) -> None:
    """Check that a run has seals at all. Raises RunRefusedError when it is of before lists were sealed."""
    if not sealed.is_sealed:
        raise RunRefusedError("The run was made before lists were sealed: cancel it and make another")


def check_seen(sealed: SealedRun, seen: str | None) -> None:
    """Check that an approver who names a seal saw the list as it is, or as it was when it was computed.

    Raises SealDiffersError when not.
    """
    if seen is not None and seen not in {seal.value for seal in sealed.seals.values()}:
        newest = max(sealed.seals, key=list(SealStep).index)
        raise SealDiffersError(sealed.seals[newest].value)
