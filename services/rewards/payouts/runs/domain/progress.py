"""How far the work at a run is."""

from collections.abc import Sequence
from typing import NamedTuple

from services.rewards.payouts.domain import PayoutState
from services.rewards.payouts.runs.domain.runs import LEFT, WORKED_AT, Run, RunState, StateSum


class Progress(NamedTuple):
    """How far the work at a run is: so many payouts of so many are done."""

    done: int
    total: int


def progress(run: Run, sums: Sequence[StateSum]) -> Progress | None:
    """How far the work at a run is, by its payouts' states; None when nobody works at it."""
    counts = {state_sum.state: state_sum.count for state_sum in sums}
    every = sum(counts.values())
    if run.state is RunState.COMPUTING:
        return Progress(min(every, run.plan.planned), run.plan.planned)
    if run.state not in WORKED_AT:
        return None
    if run.state is not RunState.CANCELLING:
        every -= counts.get(PayoutState.HELD, 0)
    return Progress(every - sum(counts.get(state, 0) for state in LEFT[run.state]), every)
