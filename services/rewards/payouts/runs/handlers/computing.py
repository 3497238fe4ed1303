"""Computing what is owed to whom: members are chosen at once, longest waiting first; the rest is in pieces."""

import asyncio

from services.rewards.ledger.domain.entries import Owner
from services.rewards.lots.handlers.expiry import lock_usable
from services.rewards.lots.handlers.young import payable_of
from services.rewards.payouts import store as payout_store
from services.rewards.payouts.domain import Actor, Change, Payout, PayoutState, changes_to
from services.rewards.payouts.findings import store as finding_store
from services.rewards.payouts.handlers import add, change
from services.rewards.payouts.holds import store as hold_store
from services.rewards.payouts.holds.handlers.barring import load_barred
from services.rewards.payouts.payees import store as payee_store
from services.rewards.payouts.receivers.store import load_refused_members as load_refused_receivers
from services.rewards.payouts.runs.domain.runs import (
    PayableMember,
    Plan,
    Run,
    RunState,
    accrued,
    fitting_in_file,
    planned_run,
    run_id,
    why_held,
)
from services.rewards.payouts.runs.domain.terms import Owing
from services.rewards.payouts.runs.handlers.checks import (
    check_goes_on,
    did,
    load_as_sealed,
    load_sealed,
    lock_again,
)
from services.rewards.payouts.runs.handlers.terms import opened
from services.rewards.payouts.runs.store import plans as plan_store
from services.rewards.payouts.runs.store import runs as run_store
from services.rewards.payouts.seals.domain import SealStep, seal_of
from services.rewards.payouts.seals.handlers import seal, tell_state
from services.rewards.providers.domain.contract import ProviderName
from services.rewards.settings import Settings
from shared.postgres import Connection
from shared.transaction import Transaction


async def create(
    tx: Transaction[Settings],
    *,
    community: str,
    idempotency_key: str,
    by: Actor,
    provider: ProviderName | None = None,
    currency: str | None = None,
) -> Run:
    """Begin a run by bank or a provider, in a currency or that of the price: choose whom it is computed for.

    A run that was made with this key is the answer again. Raises NoPayableTermsError when the programme has no
    payout terms, or ones that no bank file can be made of; and what `opened` does where its price is converted.
    """
    known = await run_store.find_run(tx.conn, community=community, run_id=run_id(community, idempotency_key))
    if known is not None:
        tx.did(did("create", known, {"state": known.state, "currency": known.terms.currency}))
        return known
    run, plan = await _planned(
        tx, community=community, idempotency_key=idempotency_key, by=by, provider=provider, currency=currency
    )
    return await _begin(tx, run, plan=plan)


async def prepare(
    tx: Transaction[Settings],
    *,
    community: str,
    idempotency_key: str,
    by: Actor,
    provider: ProviderName | None = None,
    currency: str | None = None,
) -> Run | None:
    """Begin a run as `create` does, where it would be computed for anybody; None where it would not.

    Raises what `create` does.
    """
    known = await run_store.find_run(tx.conn, community=community, run_id=run_id(community, idempotency_key))
    if known is not None:
        return known
    run, plan = await _planned(
        tx, community=community, idempotency_key=idempotency_key, by=by, provider=provider, currency=currency
    )
    return await _begin(tx, run, plan=plan) if plan.member_ids else None


async def _planned(
    tx: Transaction[Settings],
    *,
    community: str,
    idempotency_key: str,
    by: Actor,
    provider: ProviderName | None = None,
    currency: str | None = None,
) -> tuple[Run, Plan]:
    run, _, elsewhere = await opened(
        tx.conn,
        community=community,
        idempotency_key=idempotency_key,
        execution_days=tx.settings.payout_execution_days,
        by=by,
        now=tx.now,
        provider=provider,
        currency=currency,
    )
    plan = await plan_store.load_plan(
        tx.conn,
        run,
        now=tx.now,
        most=tx.settings.payouts_per_run_max_count,
        elsewhere=elsewhere,
        refused=[
            *await load_unreached(tx.conn, run),
            *await hold_store.load_held_members(tx.conn, community=community),
            *await finding_store.load_found_members(tx.conn, community=community),
        ],
    )
    return planned_run(run, plan), plan


async def load_unreached(conn: Connection, run: Run) -> list[str]:
    """The members whom a run cannot pay by what is known of their accounts."""
    community = run.community
    if run.provider is not None:
        return await load_refused_receivers(conn, community=community, provider=run.provider)
    return [
        *await payee_store.load_refused_members(conn, community=community),
        *await payee_store.load_unreached_members(conn, community=community, currency=run.terms.currency),
    ]


async def _begin(tx: Transaction[Settings], run: Run, *, plan: Plan) -> Run:
    if not await run_store.add_run(tx.conn, run):
        tx.did_nothing()  # the same request came twice at once, and the other one made it
        return run
    await plan_store.add_planned(tx.conn, run, member_ids=plan.member_ids)
    tell_state(tx, await load_sealed(tx.conn, run), state="computing", by=run.created_by)
    counted = {"planned": len(plan.member_ids), "complete": run.complete}
    tx.did(did("create", run, {"state": run.state, "currency": run.terms.currency, **counted}))
    return run


async def compute_some(tx: Transaction[Settings], run: Run) -> bool:
    """Compute the next payouts of a run; whether that was all of it."""
    # 1. Whose turn is it? That is this run's own list, which nobody else reads.
    member_ids = await plan_store.take_planned(tx.conn, run, limit=tx.settings.payouts_per_piece_max_count)
    sealed = None if member_ids else await load_as_sealed(tx.conn, run)
    value = await asyncio.to_thread(seal_of, sealed.terms, sealed.listed(SealStep.COMPUTED)) if sealed else None
    locked = await lock_again(tx, run)
    if locked is None:
        return True
    await check_goes_on(tx, locked)
    # 2. Their payouts …
    if sealed is None:
        await _add_payouts(tx, locked, member_ids=member_ids)
        return False
    # 3. … and once all are there, the seal over them.
    listed = sealed.listed(SealStep.COMPUTED)
    await seal(tx, sealed, payouts=listed, step=SealStep.COMPUTED, by=locked.created_by, value=value)
    await run_store.set_state(tx.conn, locked.becoming(RunState.OPEN))
    return True


async def _add_payouts(tx: Transaction[Settings], run: Run, *, member_ids: list[str]) -> None:
    by = run.created_by
    # 1. Who is in another run that was begun at once is left to that; what an earlier one left held is taken up.
    free = await plan_store.load_unpaid(tx.conn, community=run.community, member_ids=member_ids)
    left = await payout_store.lock_left_held(tx.conn, community=run.community, member_ids=free)
    available = await lock_usable(tx, [Owner(run.community, member_id) for member_id in free])
    available |= await payable_of(tx.conn, available, earned_until=run.earned_until)
    # 2. What is owed to each now.
    claims = await plan_store.load_claims(tx.conn, run, member_ids=free)
    payees = await payee_store.load_addressed(
        tx.conn, community=run.community, member_ids=free, provider=run.provider
    )
    owed: list[Payout] = []
    for owner, points in available.items():
        claim = claims.get(owner.member_id)
        owing = Owing(points, claim.owed, claim.parts) if claim else Owing(points)
        payout = accrued(run, PayableMember(owner.member_id, owing), payees.get(owner.member_id), now=tx.now)
        if payout is not None:
            owed.append(payout)
    payouts = await _fitting(tx, run, payouts=owed, turns=free)
    others = {payout.member_id for payout in owed} - {payout.member_id for payout in payouts}
    taken_up = [payout for payout in left if payout.member_id not in others]
    await change(tx, changes_to(PayoutState.FAILED, taken_up, f"taken up by payout run {run.run_id}"), by=by)
    payouts.sort(key=lambda payout: payout.payout_id)
    await add(tx, payouts, by=by)
    await payout_store.add_parts(tx.conn, payouts)
    # 3. Who can be paid, and who is held.
    barred = await load_barred(tx, payouts, community=run.community, currency=run.terms.currency)
    reasons = {
        payout.payout_id: why_held(payout, payees.get(payout.member_id), barred.get(payout.payout_id))
        for payout in payouts
    }
    held = [
        Change(payout, PayoutState.HELD, reasons[payout.payout_id])
        for payout in payouts
        if reasons[payout.payout_id] is not None
    ]
    await change(tx, held, by=by)
    ready = [payout for payout in payouts if reasons[payout.payout_id] is None]
    await change(tx, changes_to(PayoutState.ELIGIBLE, ready), by=by)


async def _fitting(tx: Transaction, run: Run, *, payouts: list[Payout], turns: list[str]) -> list[Payout]:
    """Those payouts that the bank takes in the run's file, beside those it has; others are left, and counted."""
    if run.ordering.file_max_minor is None:
        return payouts
    turn = {member_id: place for place, member_id in enumerate(turns)}
    in_turn = sorted(payouts, key=lambda payout: turn.get(payout.member_id, len(turn)))
    taken_minor = await run_store.load_taken_minor(tx.conn, run)
    fit, over = fitting_in_file(run, in_turn, taken_minor=taken_minor)
    payable = sum(payout.is_addressed for payout in over)
    if over:
        await run_store.set_left(tx.conn, run, payable=payable, held=len(over) - payable)
    return fit
