"""Payout runs: computed by one person, approved by another, written to one bank file, and what the bank said."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from aiokafka.errors import KafkaError

from services.rewards.ledger.domain.entries import AlteredError
from services.rewards.ledger.handlers import alarm
from services.rewards.ledger.store.entries import lock_members
from services.rewards.payouts import store as payout_store
from services.rewards.payouts.domain import Actor, Change, Payout, PayoutState, changes_to
from services.rewards.payouts.four_eyes.domain import check_four_eyes
from services.rewards.payouts.four_eyes.store import load_hands
from services.rewards.payouts.handlers import add, change
from services.rewards.payouts.payees import store as payee_store
from services.rewards.payouts.payees.domain import Payee
from services.rewards.payouts.runs import store
from services.rewards.payouts.runs.domain.bank import BankFile, NoBankFileError, NotToldYetError, bank_file
from services.rewards.payouts.runs.domain.runs import (
    NO_BANK_DETAILS,
    PayableMember,
    Run,
    RunState,
    RunStoppedError,
    UnknownRunError,
    accrued,
    open_run,
    run_id,
    why_not,
    why_not_filed,
)
from services.rewards.payouts.runs.domain.sealing import (
    check_as_told,
    check_is_sealed,
    check_may_leave,
    check_seen,
    run_altered,
)
from services.rewards.payouts.seals import store as seal_store
from services.rewards.payouts.seals.domain import SealedRun, SealStep
from services.rewards.payouts.seals.handlers import load_told, seal, tell_cancelled
from services.rewards.programmes.store import find_in_force
from services.rewards.settings import Settings
from shared.access_keys import load_standings
from shared.audit import Did
from shared.postgres import Connection, Pool
from shared.told import Told
from shared.transaction import Transaction

#: As a rule facts are with the broker a few milliseconds after they were told.
TOLD_TRIES_COUNT = 20
TOLD_PAUSE_SECONDS = 0.05


async def create(tx: Transaction[Settings], *, community: str, idempotency_key: str, by: Actor) -> Run:
    """Compute what is owed to whom, and make a run with a payout for each; return the run.

    A run that was made with this key, and whose answer was lost with a database, is the answer again. Raises
    NoPayableTermsError when the programme has no payout terms, or ones that no bank file can be made of.
    """
    await payout_store.lock_runs(tx.conn, community)
    known = await store.find_run(tx.conn, community=community, run_id=run_id(community, idempotency_key))
    if known is not None:
        tx.did(did("create", known, {"state": known.state, "currency": known.terms.currency}))
        return known
    in_force = await find_in_force(tx.conn, community=community, now=tx.now)
    run = open_run(
        in_force,
        community=community,
        idempotency_key=idempotency_key,
        execution_days=tx.settings.payout_execution_days,
        by=by,
        now=tx.now,
    )
    most = tx.settings.payouts_per_run_max_count
    # One more than fits tells whether members are left for another run.
    members = await store.load_payable_members(
        tx.conn, community=community, least_points=run.terms.least_points, limit=most + 1
    )
    run = replace(run, complete=len(members) <= most)
    await store.add_run(tx.conn, run)
    ready = await _add_payouts(tx, run, members=members[:most])
    sealed = await seal_store.load_sealed_run(tx.conn, ready, community=community, run_id=run.run_id)
    await seal(tx, sealed, payouts=ready, step=SealStep.COMPUTED, by=by)
    counted = {"payouts": min(len(members), most), "eligible": len(ready), "complete": run.complete}
    tx.did(did("create", run, {"state": run.state, "currency": run.terms.currency, **counted}))
    return run


async def _add_payouts(tx: Transaction, run: Run, *, members: Sequence[PayableMember]) -> list[Payout]:
    """Add what a run owes; return what of it can be approved."""
    if not members:
        return []
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
    return await change(tx, changes_to(PayoutState.ELIGIBLE, ready), by=by)


async def approve(tx: Transaction, *, community: str, run_id: str, by: Actor, seen: str | None = None) -> Run:
    """Approve a run made by somebody else: eligible payouts become approved, then reserved, or failed.

    `seen` is the seal of the list that the approver saw. Held payouts stay held until a later run takes them up.
    Approving again changes nothing. Return the run. Raises UnknownRunError, FourEyesError when `by` has another
    hand in it, RunStoppedError when who made it may not do so any more, AlteredError when it is not as it was
    computed, SealDiffersError when the approver saw another list, and RunRefusedError when it is filed or
    cancelled.
    """
    run = await lock_run(tx, community=community, run_id=run_id)
    check_four_eyes(await load_hands(tx.conn, community=community, run_id=run_id), by.person_id)
    sealed = await lock_as_sealed(tx, run)
    if run.state != RunState.APPROVED:
        run.check_step(RunState.APPROVED)
    check_is_sealed(sealed)
    check_seen(sealed, seen)
    tx.did(did("approve", run, {"state": RunState.APPROVED, "seal_seen": seen}))
    if run.state == RunState.APPROVED:
        return run
    await _check_goes_on(tx, run)
    eligible = [payout for payout in sealed.listed(SealStep.COMPUTED) if payout.state == PayoutState.ELIGIBLE]
    refused, good = await _judge(tx, run, payouts=eligible, reason_against=why_not)
    await change(tx, refused, by=by)
    approved = await change(tx, changes_to(PayoutState.APPROVED, good), by=by)
    await change(tx, changes_to(PayoutState.RESERVED, approved), by=by)
    await seal(tx, sealed, payouts=approved, step=SealStep.APPROVED, by=by)
    return await _set_state(tx, run.decided(RunState.APPROVED, by=by, now=tx.now))


async def _judge(
    tx: Transaction,
    run: Run,
    *,
    payouts: Sequence[Payout],
    reason_against: Callable[[Payout, int, Payee | None], str | None],
) -> tuple[list[Change], list[Payout]]:
    """Which payouts fail, and which can be paid as they were computed; their members are locked."""
    available = await lock_members(tx.conn, [payout.owner for payout in payouts])
    payees = await payee_store.load_payees(
        tx.conn, community=run.community, member_ids=[payout.member_id for payout in payouts]
    )
    refused: list[Change] = []
    good: list[Payout] = []
    for payout in payouts:
        reason = reason_against(payout, available[payout.owner], payees.get(payout.member_id))
        if reason is None:
            good.append(payout)
        else:
            refused.append(Change(payout, PayoutState.FAILED, reason))
    return refused, good


async def cancel(tx: Transaction, *, community: str, run_id: str, by: Actor) -> Run:
    """Give up a run that has no bank file yet; what it had reserved is available again. Return the run.

    Raises UnknownRunError, RunRefusedError when the bank may have the file already, and AlteredError when the run
    is not as it was approved: what it gives back would not be what was reserved.
    """
    run = await lock_run(tx, community=community, run_id=run_id)
    tx.did(did("cancel", run, {"state": RunState.CANCELLED}))
    if run.state == RunState.CANCELLED:
        return run
    run.check_step(RunState.CANCELLED)
    sealed = await _lock_sealed(tx, run)
    if run.state != RunState.OPEN or SealStep.APPROVED in sealed.seals:
        _check_as_sealed(run, sealed)
    states = {PayoutState.HELD, PayoutState.ELIGIBLE, PayoutState.RESERVED}
    payouts = [payout for payout, _ in sealed.payouts if payout.state in states]
    await change(tx, changes_to(PayoutState.FAILED, payouts, "the run was cancelled"), by=by)
    tell_cancelled(tx, sealed, by=by)
    return await _set_state(tx, run.decided(RunState.CANCELLED, by=by, now=tx.now))


async def write_file(tx: Transaction, *, community: str, run_id: str, by: Actor) -> BankFile | None:
    """Write an approved run's bank file and submit its payouts; a run that has its file keeps it. Return the file.

    Looks again at each payout: one whose bank details changed since, or whose points were taken back, fails. None
    when all of them did: that stays so, and there is no file. Raises UnknownRunError, AlteredError when the run is
    not as it was approved, RunStoppedError when who made or approved it may not do so any more, BankFileError, and
    RunRefusedError when it is not approved or pays nobody.
    """
    run = await lock_run(tx, community=community, run_id=run_id)
    # 1. Is it still what was approved?
    sealed = await lock_as_sealed(tx, run)
    known = await store.find_file(tx.conn, community=community, run_id=run_id)
    tx.did(did("file", run, {"state": run.state, "sha256": known.sha256 if known else None}))
    if known is not None:
        return known
    run.check_step(RunState.FILED)
    check_is_sealed(sealed)
    await _check_goes_on(tx, run)
    # 2. What of it can still be paid?
    payouts = [payout for payout in sealed.listed(SealStep.APPROVED) if payout.state == PayoutState.RESERVED]
    refused, good = await _judge(tx, run, payouts=payouts, reason_against=why_not_filed)
    await change(tx, refused, by=by)
    if refused and not good:
        return None
    # 3. Write that, in a thread: thousands of payments take a while to write and to check …
    execution_date = tx.now.date() + timedelta(days=run.execution_days)
    file = await asyncio.to_thread(
        bank_file, run, good, by=by.credential, now=tx.now, execution_date=execution_date
    )
    await store.add_file(tx.conn, file)
    await change(tx, changes_to(PayoutState.SUBMITTED, good), by=by)
    # 4. … and seal it with the file.
    await seal(tx, sealed, payouts=good, step=SealStep.FILED, by=by, filed=file.told(execution_date))
    await _set_state(tx, run.filed())
    said = {"message_id": file.message_id, "sha256": file.sha256, "payments": file.payment_count}
    tx.did(did("file", run, {"state": RunState.FILED, "sum_minor": file.control_sum_minor, **said}))
    return file


async def find_file(conn: Connection, told: Told, *, community: str, run_id: str) -> BankFile:
    """A run's bank file, as long as it is what was written, its payouts what was filed, and both what was told.

    Call it in a transaction that sees one moment, after all own facts were found to be known. Raises
    NoBankFileError, AlteredError when something changed, and NotToldYetError when the broker does not have all
    that was told of the run, or does not show it: a restored database would not know of a file that has left.
    """
    file = await store.find_file(conn, community=community, run_id=run_id)
    run = await store.find_run(conn, community=community, run_id=run_id)
    if file is None or run is None:
        raise NoBankFileError(run_id)
    payouts = await payout_store.load_payouts(conn, community=community, run_id=run_id)
    sealed = await seal_store.load_sealed_run(conn, payouts, community=community, run_id=run_id)
    _check_as_sealed(run, sealed)
    if await seal_store.is_waiting_to_be_told(conn, run_id=run_id):
        raise NotToldYetError(run_id, "facts of the run wait for the broker")
    try:
        check_may_leave(run, sealed)
        async with told.reading() as reader:
            check_as_told(run, sealed, await load_told(reader, sealed))
    except AlteredError as error:
        raise alarm(error) from error
    except (KafkaError, TimeoutError) as error:
        raise NotToldYetError(run_id, "the broker does not show what was told of the run") from error
    return file


async def wait_until_told(pool: Pool, run_id: str) -> None:
    """Give the relay a moment to take to the broker what was told of a run just now."""
    for _ in range(TOLD_TRIES_COUNT):
        async with pool.acquire() as conn:
            if not await seal_store.is_waiting_to_be_told(conn, run_id=run_id):
                return
        await asyncio.sleep(TOLD_PAUSE_SECONDS)


async def check_all_is_known(told: Told, run_id: str) -> None:
    """Look whether own topics hold what the database knows alone. Raises NotToldYetError when they may not."""
    try:
        why = await told.look()
    except (KafkaError, TimeoutError) as error:
        raise NotToldYetError(run_id, "the broker does not answer") from error
    if why is not None:
        raise NotToldYetError(run_id, why)


async def load_stopped(conn: Connection, runs: Sequence[Run]) -> dict[str, str]:
    """Why runs that are not paid yet do not go on, by run: who made or approved them may not do so any more."""
    needed = [(run, *need) for run in runs for need in run.needed()]
    stopped: dict[str, str] = {}
    for community in {run.community for run in runs}:
        here = [need for need in needed if need[0].community == community]
        standings = await load_standings(conn, [actor for _, _, actor, _ in here], community=community)
        for (run, did, _, scope), standing in zip(here, standings, strict=True):
            reason = standing.why_not(scope)
            if reason is not None:
                stopped.setdefault(run.run_id, f"who {did} it may not do so any more: {reason}")
    return stopped


def did(verb: str, run: Run, after: Mapping[str, Any]) -> Did:
    """What an entry says of a run, as it was before and is after."""
    before = None if verb == "create" else {"state": run.state}
    return Did(f"payout_run.{verb}", "payout_run", run.run_id, before=before, after=after)


async def _check_goes_on(tx: Transaction, run: Run) -> None:
    """Check that nothing stops a run. Raises RunStoppedError when something does."""
    reason = (await load_stopped(tx.conn, [run])).get(run.run_id)
    if reason is not None:
        raise RunStoppedError(reason)


async def lock_run(tx: Transaction, *, community: str, run_id: str) -> Run:
    """A run, locked with all of its community. Raises UnknownRunError."""
    await payout_store.lock_runs(tx.conn, community)
    run = await store.lock_run(tx.conn, community=community, run_id=run_id)
    if run is None:
        raise UnknownRunError(run_id)
    return run


async def _lock_sealed(tx: Transaction, run: Run) -> SealedRun:
    payouts = await payout_store.lock_payouts(
        tx.conn, community=run.community, run_id=run.run_id, states=tuple(PayoutState)
    )
    return await seal_store.load_sealed_run(tx.conn, payouts, community=run.community, run_id=run.run_id)


async def lock_as_sealed(tx: Transaction, run: Run) -> SealedRun:
    """Lock a run's payouts, and look whether it is as it was sealed. Raises AlteredError when it is not."""
    sealed = await _lock_sealed(tx, run)
    _check_as_sealed(run, sealed)
    return sealed


def _check_as_sealed(run: Run, sealed: SealedRun) -> None:
    error = run_altered(run, sealed)
    if error is not None:
        raise alarm(error)


async def _set_state(tx: Transaction, run: Run) -> Run:
    await store.set_state(tx.conn, run)
    return run
