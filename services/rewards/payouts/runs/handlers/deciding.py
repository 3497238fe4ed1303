"""Approving a run, by another person, and giving one up."""

import asyncio
from collections.abc import Sequence

from services.rewards.ledger.domain.entries import Owner
from services.rewards.ledger.handlers import alarm
from services.rewards.lots.handlers.expiry import lock_usable_held
from services.rewards.lots.handlers.young import payable_of
from services.rewards.payouts import store as payout_store
from services.rewards.payouts.domain import Actor, Change, Payout, PayoutState, changes_to
from services.rewards.payouts.four_eyes.domain import check_four_eyes
from services.rewards.payouts.four_eyes.store import find_own_payout, load_hands
from services.rewards.payouts.handlers import change
from services.rewards.payouts.holds.handlers.barring import load_barred
from services.rewards.payouts.payees import store as payee_store
from services.rewards.payouts.runs.domain.runs import LEFT, Run, RunState, judged
from services.rewards.payouts.runs.domain.sealing import check_is_sealed, check_seen
from services.rewards.payouts.runs.handlers.checks import (
    check_goes_on,
    check_histories,
    did,
    load_as_sealed,
    load_sealed,
    lock_again,
    lock_and_compare,
    lock_as_sealed,
)
from services.rewards.payouts.runs.store import plans as plan_store
from services.rewards.payouts.runs.store import runs as run_store
from services.rewards.payouts.seals import store as seal_store
from services.rewards.payouts.seals.domain import SealStep, seal_of
from services.rewards.payouts.seals.handlers import seal, tell_state
from services.rewards.settings import Settings
from services.rewards.wallets.domain.wallets import WalletActor
from services.rewards.wallets.handlers.paying import lock_runs_wallet, reserve_run
from shared.access_keys import AboutYourselfError, load_own
from shared.transaction import Transaction


async def approve(tx: Transaction, *, community: str, run_id: str, by: Actor, seen: str | None = None) -> Run:
    """Begin to approve a run made by somebody else: what they say yes to is sealed. Return the run.

    `seen` is the seal of the list that the approver saw. Approving again changes nothing. Raises UnknownRunError,
    FourEyesError when `by` has another hand in it, AboutYourselfError when it pays them, RunStoppedError when who
    made it may not do so any more, AlteredError when it is not as it was computed, SealDiffersError when the
    approver saw another list, RunRefusedError when it is filed or cancelled, WalletExceededError when the wallet
    that pays payouts in its currency holds less, and WalletRefusedError when that is not open.
    """
    # 1. Whose hands are in it? Of 20,000 payouts that takes seconds, so nothing is locked yet.
    computed = await _computed_seal(tx, community=community, run_id=run_id)
    check_four_eyes(await load_hands(tx.conn, community=community, run_id=run_id), by.person_id)
    # 2. Is it as it was sealed? Who was at the list meanwhile has a hand in it, too; whose details replace others
    #    meanwhile are not paid: see judged.
    run, sealed = await lock_as_sealed(tx, community=community, run_id=run_id)
    locked = await _computed_seal(tx, community=community, run_id=run_id)
    if computed != locked:
        check_four_eyes(await load_hands(tx.conn, community=community, run_id=run_id), by.person_id)
    own = await load_own(tx.conn, community=community, person_id=by.person_id)
    if await find_own_payout(tx.conn, community=community, members=own, run_id=run_id):
        raise AboutYourselfError
    is_known = run.state in (RunState.APPROVING, RunState.APPROVED)
    if not is_known:
        run.check_step(RunState.APPROVING)
    check_is_sealed(sealed)
    check_seen(sealed, seen)
    tx.did(did("approve", run, {"state": run.state if is_known else RunState.APPROVING, "seal_seen": seen}))
    if is_known:
        return run
    await check_goes_on(tx, run)
    listed = sealed.listed(SealStep.COMPUTED)
    # As they are now that runs are locked: since the list was read, one may have been held or left out.
    sums = (await run_store.load_sums(tx.conn, community=community, run_ids=[run_id])).get(run_id, [])
    total = sum(state_sum.amount_minor for state_sum in sums if state_sum.state is PayoutState.ELIGIBLE)
    if total:
        of_run = {"community": community, "run_id": run_id, "currency": run.terms.currency}
        await reserve_run(tx, **of_run, amount=total, by=WalletActor(*by))
    await seal(tx, sealed, payouts=listed, step=SealStep.APPROVING, by=by, value=locked)
    run = run.decided(RunState.APPROVING, by=by, now=tx.now)
    await run_store.set_state(tx.conn, run)
    return run


async def _computed_seal(tx: Transaction, *, community: str, run_id: str) -> str | None:
    newest = await seal_store.load_newest(tx.conn, community=community, run_ids=[run_id])
    seal_of_list = newest.get(run_id)
    return seal_of_list.value if seal_of_list and seal_of_list.step is SealStep.COMPUTED else None


async def approve_some(tx: Transaction[Settings], run: Run) -> bool:
    """Approve the next payouts of a run: they become approved, then reserved, or failed; whether that was all.

    Held payouts stay held until a later run takes them up.
    """
    by = run.decided_by or run.created_by
    left = await run_store.is_any_left(tx.conn, run, states=LEFT[run.state])
    sealed = None if left else await load_as_sealed(tx.conn, run)
    value = await asyncio.to_thread(seal_of, sealed.terms, sealed.listed(SealStep.APPROVED)) if sealed else None
    locked = await lock_again(tx, run)
    if locked is None:
        return True
    await check_goes_on(tx, locked)
    if sealed is None:
        await _approve_next(tx, locked, by=by)
        return False
    listed = sealed.listed(SealStep.APPROVED)
    await seal(tx, sealed, payouts=listed, step=SealStep.APPROVED, by=by, value=value)
    await run_store.set_state(tx.conn, locked.becoming(RunState.APPROVED))
    return True


async def _approve_next(tx: Transaction[Settings], run: Run, *, by: Actor) -> None:
    payouts = await next_payouts(tx, run)
    await lock_runs_wallet(tx, community=run.community, run_id=run.run_id)
    usable = await lock_usable_held(tx, [payout.owner for payout in payouts])
    payable = await payable_of(tx.conn, usable.available, earned_until=run.earned_until)
    usable = usable._replace(available=usable.available | payable)
    wanted: dict[Owner, int] = {}
    for payout in payouts:
        holder = usable.holders[payout.owner]
        wanted[holder] = wanted.get(holder, 0) + payout.points
    payees = await payee_store.load_addressed(
        tx.conn,
        community=run.community,
        member_ids=[payout.member_id for payout in payouts],
        provider=run.provider,
    )
    parts = await payout_store.load_parts(
        tx.conn, [payout for payout in payouts if usable.of(payout.owner) < wanted[usable.holders[payout.owner]]]
    )
    barred = await load_barred(tx, payouts, community=run.community, currency=run.terms.currency)
    # Of members who were merged since, one may take what the other has.
    left = dict(usable.available)
    refused: list[Change] = []
    good: list[Change] = []
    for payout in payouts:
        holder = usable.holders[payout.owner]
        judgement = judged(
            payout,
            left[holder],
            payees.get(payout.member_id),
            barred=barred.get(payout.payout_id),
            parts=parts.get(payout.payout_id, ()),
            run=run,
        )
        if judgement.payout is None:
            refused.append(Change(payout, PayoutState.FAILED, judgement.reason))
        else:
            good.append(
                Change(
                    judgement.payout,
                    PayoutState.RESERVED,
                    judgement.reason,
                    run.earned_until,
                    through=PayoutState.APPROVED,
                )
            )
            left[holder] -= judgement.payout.points
    for less in (made.payout for made in good):
        if less.computed is not None:
            await payout_store.reduce_payout(tx.conn, less)
    await change(tx, refused, by=by)
    await change(tx, good, by=by)


async def next_payouts(tx: Transaction[Settings], run: Run) -> Sequence[Payout]:
    """The next payouts of a run that the work at it brings further, locked; they are as their histories say."""
    return await payout_store.lock_payouts(
        tx.conn,
        community=run.community,
        run_id=run.run_id,
        states=LEFT[run.state],
        limit=tx.settings.payouts_per_piece_max_count,
    )


async def cancel(tx: Transaction, *, community: str, run_id: str, by: Actor) -> Run:
    """Begin to give up a run that has no bank file yet. Return the run.

    Raises UnknownRunError, RunRefusedError when the bank may have the file already, and AlteredError when the run
    is not as it was approved: what it gives back would not be what was reserved.
    """
    run, sealed, error = await lock_and_compare(tx, community=community, run_id=run_id)
    tx.did(did("cancel", run, {"state": RunState.CANCELLED}))
    if run.state in (RunState.CANCELLING, RunState.CANCELLED):
        return run
    run.check_step(RunState.CANCELLING)
    if run.state is not RunState.OPEN or SealStep.APPROVED in sealed.seals:
        if error is not None:
            raise alarm(error)
    elif error is not None:
        check_histories(sealed)
    run = run.decided(RunState.CANCELLING, by=by, now=tx.now)
    await run_store.set_state(tx.conn, run)
    tell_state(tx, sealed, state="cancelling", by=by)
    return run


async def cancel_some(tx: Transaction[Settings], run: Run) -> bool:
    """Give up the next payouts of a run: what it had reserved is available again; whether that was all of it."""
    by = run.decided_by or run.created_by
    left = await run_store.is_any_left(tx.conn, run, states=LEFT[run.state])
    sealed = None if left else await load_sealed(tx.conn, run)
    locked = await lock_again(tx, run)
    if locked is None:
        return True
    if sealed is None:
        payouts = await next_payouts(tx, locked)
        await change(tx, changes_to(PayoutState.FAILED, payouts, "the run was cancelled"), by=by)
        return False
    await plan_store.delete_planned(tx.conn, locked)
    tell_state(tx, sealed, state="cancelled", by=by)
    await run_store.set_state(tx.conn, locked.becoming(RunState.CANCELLED))
    return True
