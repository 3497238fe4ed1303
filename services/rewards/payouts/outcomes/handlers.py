"""Noting what the bank said: at once, or once another person has confirmed it."""

from typing import Any
from uuid import uuid4

from services.rewards.metrics import OUTCOMES_WAITING
from services.rewards.payouts import store as payout_store
from services.rewards.payouts.domain import Actor, Agreed, Change
from services.rewards.payouts.handlers import change
from services.rewards.payouts.outcomes import store
from services.rewards.payouts.outcomes.domain import (
    Noted,
    Outcome,
    OutcomeRefusedError,
    OutcomeState,
    UnknownOutcomeError,
    check_were_filed,
    needs_two,
)
from services.rewards.payouts.runs.domain.bank import BankReport
from services.rewards.payouts.runs.domain.runs import Run, RunState
from services.rewards.payouts.runs.handlers import did, lock_as_sealed, lock_run
from services.rewards.payouts.seals.domain import SealStep
from shared.access_keys import Scope, load_standings
from shared.audit import Did
from shared.transaction import Transaction


async def note_outcome(tx: Transaction, report: BankReport, *, community: str, run_id: str, by: Actor) -> Noted:
    """Note what the bank said of a filed run's payouts, or propose it where two people decide.

    Payouts that are there already stay as they are; what waits already is not proposed twice. Raises
    UnknownRunError, RunRefusedError when the run is not filed or a payout not one of it, AlteredError when the run
    is not as it was filed, WrongStateError when a payout that the report names cannot go there, and
    OutcomeRefusedError when one waits in another outcome.
    """
    run = await lock_run(tx, community=community, run_id=run_id)
    changes = await _changes(tx, run, report=report)
    said = {"outcome": report.outcome, "payout_ids": [one.payout.payout_id for one in changes]}
    if not changes or not needs_two(report.outcome):
        changed = await change(tx, changes, by=by)
        tx.did(did("note_outcome", run, said | {"changed": len(changed)}))
        return Noted(run, len(changed))
    proposed = Outcome(
        community=community,
        outcome_id=str(uuid4()),
        run_id=run_id,
        outcome=report.outcome,
        reason=report.reason,
        payout_ids=[one.payout.payout_id for one in changes],
        state=OutcomeState.PROPOSED,
        proposed_at=tx.now,
        proposed_by=by,
    )
    waiting = await store.load_waiting(tx.conn, community=community, run_id=run_id)
    for other in waiting:
        if other.says_the_same_as(proposed):
            tx.did(did("note_outcome", run, said | {"changed": 0, "outcome_id": other.outcome_id}))
            return Noted(run, 0, other)
    proposed.check_overlaps_none(waiting)
    await store.add_outcome(tx.conn, proposed)
    tx.did(did("note_outcome", run, said | {"changed": 0, "outcome_id": proposed.outcome_id}))
    return Noted(run, 0, proposed)


async def confirm(tx: Transaction, *, community: str, run_id: str, outcome_id: str, by: Actor) -> Noted:
    """Confirm what another person proposed: its payouts change. Confirming again changes nothing.

    Raises UnknownRunError, UnknownOutcomeError, FourEyesError when `by` proposed it, OutcomeRefusedError when it
    was withdrawn, or who proposed it may not do so any more, and what note_outcome raises of its payouts.
    """
    run = await lock_run(tx, community=community, run_id=run_id)
    outcome = await _lock_outcome(tx, run, outcome_id=outcome_id)
    outcome.check_another(by)
    if outcome.state is OutcomeState.CONFIRMED:
        tx.did(_did("confirm", outcome, {"changed": 0}, state=outcome.state))
        return Noted(run, 0, outcome)
    # After runs were locked: whatever run is made from now on begins later than this.
    decided = outcome.decided(OutcomeState.CONFIRMED, by=by, now=await store.load_clock(tx.conn))
    (standing,) = await load_standings(tx.conn, [outcome.proposed_by], community=community)
    reason = standing.why_not(Scope.PAYOUTS_WRITE)
    if reason is not None:
        raise OutcomeRefusedError(f"Who proposed the outcome may not do so any more: {reason}; withdraw it")
    changes = await _changes(tx, run, report=outcome.report)
    await store.set_decided(tx.conn, decided)
    changed = await change(tx, changes, by=by, outcome=Agreed(outcome_id, outcome.proposed_by.person_id))
    tx.did(_did("confirm", outcome, {"changed": len(changed)}, state=decided.state))
    return Noted(run, len(changed), decided)


async def withdraw(tx: Transaction, *, community: str, run_id: str, outcome_id: str, by: Actor) -> Outcome:
    """Withdraw a proposed outcome: nothing of it happens. Withdrawing again changes nothing.

    Raises UnknownRunError, UnknownOutcomeError, and OutcomeRefusedError when it was confirmed.
    """
    run = await lock_run(tx, community=community, run_id=run_id)
    outcome = await _lock_outcome(tx, run, outcome_id=outcome_id)
    if outcome.state is OutcomeState.WITHDRAWN:
        tx.did(_did("withdraw", outcome, {}, state=outcome.state))
        return outcome
    withdrawn = outcome.decided(OutcomeState.WITHDRAWN, by=by, now=tx.now)
    await store.set_decided(tx.conn, withdrawn)
    tx.did(_did("withdraw", outcome, {}, state=withdrawn.state))
    return withdrawn


async def count_waiting(tx: Transaction) -> None:
    """Timer: show how many outcomes wait for another person."""
    OUTCOMES_WAITING.set(await store.count_waiting(tx.conn))


def _did(verb: str, outcome: Outcome, more: dict[str, Any], *, state: OutcomeState) -> Did:
    said = {"run_id": outcome.run_id, "outcome": outcome.outcome, "payout_ids": outcome.payout_ids}
    return Did(
        f"outcome.{verb}",
        "outcome",
        outcome.outcome_id,
        before={"state": outcome.state},
        after={"state": state} | said | more,
    )


async def _lock_outcome(tx: Transaction, run: Run, *, outcome_id: str) -> Outcome:
    outcome = await store.lock_outcome(tx.conn, community=run.community, run_id=run.run_id, outcome_id=outcome_id)
    if outcome is None:
        raise UnknownOutcomeError(outcome_id)
    return outcome


async def _changes(tx: Transaction, run: Run, *, report: BankReport) -> list[Change]:
    """What a report changes of a run as it was filed."""
    run.check_state(RunState.FILED)
    sealed = await lock_as_sealed(tx, run)
    payouts = await payout_store.lock_payouts(
        tx.conn, community=run.community, run_id=run.run_id, states=report.states, only=report.payout_ids
    )
    changes = report.changes(payouts)
    check_were_filed(report, sealed.listed(SealStep.FILED))
    return changes
