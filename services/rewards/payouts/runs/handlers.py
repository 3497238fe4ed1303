"""Payout runs: computed by one person, approved by another, written to one bank file, and what the bank said."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

from services.rewards.ledger.store.entries import lock_members
from services.rewards.payouts import store as payout_store
from services.rewards.payouts.domain import Change, Payout, PayoutState, changes_to
from services.rewards.payouts.handlers import add, change
from services.rewards.payouts.payees import store as payee_store
from services.rewards.payouts.runs import store
from services.rewards.payouts.runs.domain.bank import BankFile, BankReport, bank_file
from services.rewards.payouts.runs.domain.runs import (
    NO_BANK_DETAILS,
    PayableMember,
    Run,
    RunState,
    UnknownRunError,
    accrued,
    open_run,
    why_not,
)
from services.rewards.programmes.store import find_in_force
from services.rewards.settings import Settings
from shared.transaction import Transaction


async def create(tx: Transaction[Settings], *, community: str, idempotency_key: str, by: str) -> Run:
    """Compute what is owed to whom, and make a run with a payout for each; return the run.

    Raises NoPayableTermsError when the programme has no payout terms, or ones that no bank file can be made of.
    """
    await payout_store.lock_runs(tx.conn, community)
    in_force = await find_in_force(tx.conn, community=community, now=tx.now)
    run = open_run(in_force, community=community, idempotency_key=idempotency_key, by=by, now=tx.now)
    most = tx.settings.payouts_per_run_max_count
    # One more than fits tells whether members are left for another run.
    members = await store.load_payable_members(
        tx.conn, community=community, least_points=run.terms.least_points, limit=most + 1
    )
    run = replace(run, complete=len(members) <= most)
    await store.add_run(tx.conn, run)
    await _add_payouts(tx, run, members=members[:most])
    return run


async def _add_payouts(tx: Transaction, run: Run, *, members: Sequence[PayableMember]) -> None:
    if not members:
        return
    member_ids = [member.member_id for member in members]
    by = run.created_by
    # What an earlier run left held is taken up by this one.
    left = await payout_store.lock_left_held(tx.conn, community=run.community, member_ids=member_ids)
    await change(tx, changes_to(PayoutState.FAILED, left, f"taken up by payout run {run.run_id}"), by=by)
    payees = await payee_store.load_payees(tx.conn, community=run.community, member_ids=member_ids)
    payouts = [accrued(run, member, payees.get(member.member_id)) for member in members]
    payouts.sort(key=lambda payout: payout.payout_id)
    await add(tx, payouts, by=by)
    held = [payout for payout in payouts if payout.payee is None]
    await change(tx, changes_to(PayoutState.HELD, held, NO_BANK_DETAILS), by=by)
    ready = [payout for payout in payouts if payout.payee is not None]
    await change(tx, changes_to(PayoutState.ELIGIBLE, ready), by=by)


async def approve(tx: Transaction, *, community: str, run_id: str, by: str) -> Run:
    """Approve a run made by somebody else: eligible payouts become approved, then reserved, or failed.

    Held payouts stay held until a later run takes them up. Approving again changes nothing. Return the run.
    Raises UnknownRunError, FourEyesError when `by` made it, and RunRefusedError when it is filed or cancelled.
    """
    run = await _lock_run(tx, community=community, run_id=run_id)
    run.check_four_eyes(by)
    if run.state == RunState.APPROVED:
        return run
    run.check_step(RunState.APPROVED)
    eligible = await payout_store.lock_payouts(
        tx.conn, community=community, run_id=run_id, states=[PayoutState.ELIGIBLE]
    )
    refused, good = await _judge(tx, run, payouts=eligible)
    await change(tx, refused, by=by)
    approved = await change(tx, changes_to(PayoutState.APPROVED, good), by=by)
    await change(tx, changes_to(PayoutState.RESERVED, approved), by=by)
    return await _set_state(tx, run.decided(RunState.APPROVED, by=by, now=tx.now))


async def _judge(tx: Transaction, run: Run, *, payouts: Sequence[Payout]) -> tuple[list[Change], list[Payout]]:
    """Which payouts fail, and which can be paid as they were computed; their members are locked."""
    available = await lock_members(tx.conn, [payout.owner for payout in payouts])
    payees = await payee_store.load_payees(
        tx.conn, community=run.community, member_ids=[payout.member_id for payout in payouts]
    )
    refused: list[Change] = []
    good: list[Payout] = []
    for payout in payouts:
        reason = why_not(payout, available[payout.owner], payees.get(payout.member_id))
        if reason is None:
            good.append(payout)
        else:
            refused.append(Change(payout, PayoutState.FAILED, reason))
    return refused, good


async def cancel(tx: Transaction, *, community: str, run_id: str, by: str) -> Run:
    """Give up a run that has no bank file yet; what it had reserved is available again. Return the run.

    Raises UnknownRunError, and RunRefusedError when the bank may have the file already.
    """
    run = await _lock_run(tx, community=community, run_id=run_id)
    if run.state == RunState.CANCELLED:
        return run
    run.check_step(RunState.CANCELLED)
    states = [PayoutState.HELD, PayoutState.ELIGIBLE, PayoutState.RESERVED]
    payouts = await payout_store.lock_payouts(tx.conn, community=community, run_id=run_id, states=states)
    await change(tx, changes_to(PayoutState.FAILED, payouts, "the run was cancelled"), by=by)
    return await _set_state(tx, run.decided(RunState.CANCELLED, by=by, now=tx.now))


async def write_file(tx: Transaction[Settings], *, community: str, run_id: str, by: str) -> BankFile:
    """Write an approved run's bank file and submit its payouts; a run that has its file keeps it. Return the file.

    Raises UnknownRunError, BankFileError, and RunRefusedError when the run is not approved or pays nobody.
    """
    run = await _lock_run(tx, community=community, run_id=run_id)
    known = await store.find_file(tx.conn, community=community, run_id=run_id)
    if known is not None:
        return known
    run.check_step(RunState.FILED)
    payouts = await payout_store.lock_payouts(
        tx.conn, community=community, run_id=run_id, states=[PayoutState.RESERVED]
    )
    execution_date = tx.now.date() + timedelta(days=tx.settings.payout_execution_days)
    # In a thread: thousands of payments take a while to write and to check.
    file = await asyncio.to_thread(bank_file, run, payouts, by=by, now=tx.now, execution_date=execution_date)
    await store.add_file(tx.conn, file)
    await change(tx, changes_to(PayoutState.SUBMITTED, payouts), by=by)
    await _set_state(tx, run.filed())
    return file


class Noted(NamedTuple):
    """The run that a bank's report was about, and how many of its payouts changed."""

    run: Run
    changed_count: int


async def note_outcome(tx: Transaction, report: BankReport, *, community: str, run_id: str, by: str) -> Noted:
    """Note what the bank said of a filed run's payouts.

    Payouts that are there already stay as they are. Raises UnknownRunError, RunRefusedError when the run is not
    filed or a payout not one of it, and WrongStateError when one that the report names cannot go there.
    """
    run = await _lock_run(tx, community=community, run_id=run_id)
    run.check_state(RunState.FILED)
    payouts = await payout_store.lock_payouts(
        tx.conn, community=community, run_id=run_id, states=report.states, only=report.payout_ids
    )
    changed = await change(tx, report.changes(payouts), by=by)
    return Noted(run, len(changed))


async def _lock_run(tx: Transaction, *, community: str, run_id: str) -> Run:
    await payout_store.lock_runs(tx.conn, community)
    run = await store.lock_run(tx.conn, community=community, run_id=run_id)
    if run is None:
        raise UnknownRunError(run_id)
    return run


async def _set_state(tx: Transaction, run: Run) -> Run:
    await store.set_state(tx.conn, run)
    return run
