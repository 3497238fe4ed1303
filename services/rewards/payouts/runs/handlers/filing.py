"""Writing the one bank file of a run."""

import asyncio
from datetime import date

from services.rewards.lots.handlers.expiry import lock_usable_held
from services.rewards.payouts.domain import Actor, Change, PayoutState, changes_to
from services.rewards.payouts.handlers import change
from services.rewards.payouts.holds.handlers.barring import load_barred
from services.rewards.payouts.payees import store as payee_store
from services.rewards.payouts.runs.domain.bank import bank_file
from services.rewards.payouts.runs.domain.days import BankHours, execution_date
from services.rewards.payouts.runs.domain.runs import LEFT, Run, RunState, why_not_filed
from services.rewards.payouts.runs.domain.sealing import check_is_sealed, run_altered
from services.rewards.payouts.runs.handlers.checks import (
    check_goes_on,
    did,
    find_run,
    load_as_sealed,
    load_sealed,
    lock_again,
    lock_as_sealed,
    lock_run,
)
from services.rewards.payouts.runs.handlers.deciding import next_payouts
from services.rewards.payouts.runs.store import files as file_store
from services.rewards.payouts.runs.store import runs as run_store
from services.rewards.payouts.seals.domain import SealStep, seal_of
from services.rewards.payouts.seals.handlers import seal, tell_state
from services.rewards.settings import Settings
from services.rewards.wallets.handlers.paying import lock_runs_wallet
from shared.transaction import Transaction


async def file_run(tx: Transaction[Settings], *, community: str, run_id: str, by: Actor) -> Run:
    """Begin to write an approved run's bank file; return the run. One that has its file keeps it.

    Raises UnknownRunError, AlteredError when the run is not as it was approved, RunStoppedError when who made or
    approved it may not do so any more, BankFileError when no bank would take the file, and RunRefusedError when
    the run is not approved or pays nobody.
    """
    run = await find_run(tx.conn, community=community, run_id=run_id)
    sealed = await load_sealed(tx.conn, run)
    if run_altered(run, sealed) is not None:  # or somebody is at it just now
        run, sealed = await lock_as_sealed(tx, community=community, run_id=run_id)
    if run.state in (RunState.FILING, RunState.FILED):
        sums = sealed.file
        tx.did(did("file", run, {"state": run.state, "sha256": sums.noted_sha256 if sums else None}))
        return run
    # 1. Is it still what was approved, and would a bank take it? Nothing is locked while that is looked at.
    run.check_step(RunState.FILING)
    check_is_sealed(sealed)
    await check_goes_on(tx, run)
    payouts = [payout for payout in sealed.listed(SealStep.APPROVED) if payout.state == PayoutState.RESERVED]
    day = _execution_date(tx, run)
    tried = await asyncio.to_thread(bank_file, run, payouts, by=by.credential, now=tx.now, execution_date=day)
    # 2. It is: from here on it goes on by itself.
    locked = await lock_run(tx, community=community, run_id=run_id)
    if locked.state is not RunState.APPROVED:
        return locked  # somebody else began it, or gave it up
    run = locked.being_filed(by=by)
    await run_store.set_state(tx.conn, run)
    tell_state(tx, sealed, state="filing", by=by)
    said = {
        "payments": tried.payment_count,
        "sum_minor": tried.control_sum_minor,
        "execution_date": day.isoformat(),
    }
    tx.did(did("file", locked, {"state": run.state, **said}))
    return run


async def file_some(tx: Transaction[Settings], run: Run) -> bool:
    """Look again at the next payouts of a run, and submit or fail them; once all are, write the file; whether so.

    One whose bank details changed since the approval, whose points were taken back, or that is held, fails. When
    all of them do, there is no file, and the run is approved as before.
    """
    by = run.filing_by or run.created_by
    if await run_store.is_any_left(tx.conn, run, states=LEFT[run.state]):
        locked = await lock_again(tx, run)
        if locked is None:
            return True
        await _submit_next(tx, locked, by=by)
        return False
    # 1. Is everything that goes into the file what was approved? …
    sealed = await load_as_sealed(tx.conn, run)
    good = [payout for payout in sealed.listed(SealStep.APPROVED) if payout.state == PayoutState.SUBMITTED]
    day = _execution_date(tx, run)
    file, value = None, None
    if good:
        # 2. … Write it, in a thread: thousands of payments take a while to write and to check …
        file = await asyncio.to_thread(bank_file, run, good, by=by.credential, now=tx.now, execution_date=day)
        value = await asyncio.to_thread(seal_of, sealed.terms, good, file_sha256=file.sha256)
    locked = await lock_again(tx, run)
    if locked is None:
        return True
    if file is None:
        tell_state(tx, sealed, state="approved", by=by)
        await run_store.set_state(tx.conn, locked.becoming(RunState.APPROVED))
        return True
    # 3. … and seal the list with it.
    await file_store.add_file(tx.conn, file)
    await seal(tx, sealed, payouts=good, step=SealStep.FILED, by=by, filed=file.told(day), value=value)
    await run_store.set_state(tx.conn, locked.becoming(RunState.FILED))
    return True


def _execution_date(tx: Transaction[Settings], run: Run) -> date:
    hours = BankHours(tx.settings.bank_time_zone, tx.settings.bank_cutoff)
    return execution_date(tx.now, days=run.execution_days, hours=hours, currency=run.terms.currency)


async def _submit_next(tx: Transaction[Settings], run: Run, *, by: Actor) -> None:
    payouts = await next_payouts(tx, run)
    await lock_runs_wallet(tx, community=run.community, run_id=run.run_id)
    usable = await lock_usable_held(tx, [payout.owner for payout in payouts])
    payees = await payee_store.load_addressed(
        tx.conn,
        community=run.community,
        member_ids=[payout.member_id for payout in payouts],
        provider=run.provider,
    )
    barred = await load_barred(tx, payouts, community=run.community, currency=run.terms.currency)
    refused = []
    good = []
    for payout in payouts:
        reason = why_not_filed(
            payout, usable.of(payout.owner), payees.get(payout.member_id), barred=barred.get(payout.payout_id)
        )
        if reason is None:
            good.append(payout)
        else:
            refused.append(Change(payout, PayoutState.FAILED, reason))
    await change(tx, refused, by=by)
    await change(tx, changes_to(PayoutState.SUBMITTED, good), by=by)
