"""Noting what the bank said: at once, or once another person has confirmed it."""

from typing import Any
from uuid import uuid4

from services.rewards.metrics import OUTCOMES_WAITING
from services.rewards.payouts import store as payout_store
from services.rewards.payouts.domain import Actor, Agreed
from services.rewards.payouts.four_eyes.store import find_own_payout
from services.rewards.payouts.handlers import change
from services.rewards.payouts.outcomes import store
from services.rewards.payouts.outcomes.domain import (
    Noted,
    Outcome,
    OutcomeRefusedError,
    OutcomeState,
    Said,
    UnknownOutcomeError,
    needs_two,
    said_of_each,
)
from services.rewards.payouts.runs.domain.bank import BankReport, ReportedChanges
from services.rewards.payouts.runs.domain.runs import Run, RunState
from services.rewards.payouts.runs.handlers.checks import (
    did,
    find_run,
    lock_as_sealed,
    lock_run,
)
from services.rewards.payouts.seals.domain import SealedRun, SealStep
from services.rewards.settings import Settings
from shared.access_keys import AboutYourselfError, Scope, load_own, load_standings
from shared.audit import Did
from shared.transaction import Transaction


async def note_outcome(
    tx: Transaction[Settings],
    report: BankReport,
    *,
    community: str,
    run_id: str,
    by: Actor,
    is_first: bool = True,
) -> Noted:
    """Note what the bank said of a filed run's payouts, or propose it where two people decide.

    Payouts that are there, or have been, stay as they are; what waits already is not proposed twice. What is said
    of all is noted of as many at once as a piece has: call it again, not as the first time, until it is complete.
    Raises UnknownRunError, RunRefusedError when the run is not filed, ReportRefusedError when the report names a
    payout that is not one of it or cannot go there, AlteredError when the run is not as it was filed, and
    OutcomeRefusedError when one waits in another outcome. Nothing is noted then.
    """
    run, reported = await _reported(tx, report, community=community, run_id=run_id, is_first=is_first)
    said = {"outcome": report.outcome, "payout_ids": [change.payout.payout_id for change in reported.changes]}
    if not reported.changes or not needs_two(report.outcome):
        changed = await change(tx, reported.changes, by=by)
        tx.did(did("note_outcome", run, said | {"changed": len(changed)}))
        return Noted(
            run,
            len(changed),
            of_each=said_of_each(reported, Said.CHANGED) if report.payout_ids is not None else (),
            is_complete=report.payout_ids is not None or not changed,
        )
    of_each = said_of_each(reported, Said.PROPOSED)
    proposed = Outcome(
        community=community,
        outcome_id=str(uuid4()),
        run_id=run_id,
        outcome=report.outcome,
        reason=report.reason,
        payout_ids=[change.payout.payout_id for change in reported.changes],
        state=OutcomeState.PROPOSED,
        proposed_at=tx.now,
        proposed_by=by,
    )
    waiting = await store.load_waiting(tx.conn, community=community, run_id=run_id)
    for other in waiting:
        if other.says_the_same_as(proposed):
            tx.did(did("note_outcome", run, said | {"changed": 0, "outcome_id": other.outcome_id}))
            return Noted(run, 0, other, of_each)
    proposed.check_overlaps_none(waiting)
    await store.add_outcome(tx.conn, proposed)
    tx.did(did("note_outcome", run, said | {"changed": 0, "outcome_id": proposed.outcome_id}))
    return Noted(run, 0, proposed, of_each)


async def confirm(tx: Transaction[Settings], *, community: str, run_id: str, outcome_id: str, by: Actor) -> Noted:
    """Confirm what another person proposed: its payouts change. Confirming again changes nothing.

    Raises UnknownRunError, UnknownOutcomeError, FourEyesError when `by` proposed it,
    AboutYourselfError when it is of a payout to them, OutcomeRefusedError when it
    was withdrawn, or who proposed it may not do so any more, and what note_outcome raises of its payouts.
    """
    run, sealed = await lock_as_sealed(tx, community=community, run_id=run_id)
    outcome = await _lock_outcome(tx, run, outcome_id=outcome_id)
    outcome.check_another(by)
    own = await load_own(tx.conn, community=community, person_id=by.person_id)
    if await find_own_payout(tx.conn, community=community, members=own, run_id=run_id, only=outcome.payout_ids):
        raise AboutYourselfError
    if outcome.state is OutcomeState.CONFIRMED:
        tx.did(_did("confirm", outcome, {"changed": 0}, state=outcome.state))
        return Noted(run, 0, outcome)
    # After runs were locked: whatever run is made from now on begins later than this.
    decided = outcome.decided(OutcomeState.CONFIRMED, by=by, now=await store.load_clock(tx.conn))
    (standing,) = await load_standings(tx.conn, [outcome.proposed_by], community=community)
    reason = standing.why_not(Scope.PAYOUTS_WRITE)
    if reason is not None:
        raise OutcomeRefusedError(f"Who proposed the outcome may not do so any more: {reason}; withdraw it")
    run.check_state(RunState.FILED)
    reported = await _changes(tx, run, sealed=sealed, report=outcome.report)
    await store.set_decided(tx.conn, decided)
    changed = await change(tx, reported.changes, by=by, outcome=Agreed(outcome_id, outcome.proposed_by.person_id))
    tx.did(_did("confirm", outcome, {"changed": len(changed)}, state=decided.state))
    return Noted(run, len(changed), decided, said_of_each(reported, Said.CHANGED))


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


async def _reported(
    tx: Transaction[Settings], report: BankReport, *, community: str, run_id: str, is_first: bool
) -> tuple[Run, ReportedChanges]:
    """A filed run, locked, and what a report changes of it."""
    run = await find_run(tx.conn, community=community, run_id=run_id)
    run.check_state(RunState.FILED)
    if not is_first:
        run = await lock_run(tx, community=community, run_id=run_id)
        return run, await _changes(tx, run, sealed=None, report=report)
    run, sealed = await lock_as_sealed(tx, community=community, run_id=run_id)
    return run, await _changes(tx, run, sealed=sealed, report=report)


async def _changes(
    tx: Transaction[Settings], run: Run, *, sealed: SealedRun | None, report: BankReport
) -> ReportedChanges:
    """What a report changes of a run as it was filed: of all, as many as a piece has."""
    payouts = await payout_store.lock_payouts(
        tx.conn,
        community=run.community,
        run_id=run.run_id,
        states=report.states,
        only=report.payout_ids,
        limit=tx.settings.payouts_per_piece_max_count if report.payout_ids is None else None,
    )
    reported = report.changes(await payout_store.load_traced(tx.conn, payouts))
    if sealed is not None:
        report.check_were_filed(sealed.listed(SealStep.FILED))
    return reported
