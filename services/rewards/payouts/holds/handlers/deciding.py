"""Holding a member's money, letting it go on, and leaving a payout out of its run."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from services.rewards.metrics import PAYOUT_HOLDS, PAYOUT_HOLDS_WAIT_SECONDS, PAYOUTS_STOPPED
from services.rewards.payouts import store as payout_store
from services.rewards.payouts.domain import Actor, Payout, PayoutState, UnknownPayoutError, changes_to
from services.rewards.payouts.handlers import change
from services.rewards.payouts.holds import store
from services.rewards.payouts.holds.domain import (
    ENDED_BY_HOLD,
    Hold,
    HoldCause,
    TooManyHoldsError,
    UnknownHoldError,
    check_stoppable,
    left_out_reason,
)
from services.rewards.payouts.holds.handlers.barring import load_barred_of
from services.rewards.payouts.holds.handlers.lists import PreparedList, compared, let_be_paid, prepare
from services.rewards.payouts.holds.handlers.told import tell
from services.rewards.settings import Settings
from shared.access_keys import check_not_about_oneself
from shared.audit import Did
from shared.transaction import Transaction


async def hold(
    tx: Transaction[Settings], payout_id: str, *, community: str, cause: HoldCause, note: str | None, by: Actor
) -> Hold:
    """Keep the money of a payout's member back until it is released. Return what stands.

    A payout that a run would pay ends as failed at once, and its points are available again; what later runs
    compute for the member is held, and one that was held stays so. Whose money is held already keeps that hold.

    Raises UnknownPayoutError, PastStoppingError once it is in its bank's file, TooManyHoldsError,
    AboutYourselfError when it pays whoever asks, and AlteredError when its run is not as it was sealed.
    """
    payout, prepared = await _lock(tx, payout_id, community=community, by=by)
    standing = (await store.load_standing(tx.conn, community=community, member_ids=[payout.member_id])).get(
        payout.member_id
    )
    is_new = standing is None
    if standing is None:
        most = tx.settings.payout_holds_max_count
        if await store.count_standing_of(tx.conn, community=community) >= most:
            raise TooManyHoldsError(most)
        standing = Hold(
            community=community,
            hold_id=str(uuid4()),
            payout_id=payout.payout_id,
            member_id=payout.member_id,
            cause=cause,
            note=note,
            placed_at=tx.now,
            placed_by=by,
        )
        await store.add_hold(tx.conn, standing)
        tell(tx, standing, by=by)
    # No word of the note: it is about somebody, and the audit is kept.
    said = {"cause": standing.cause.value, "hold_id": standing.hold_id}
    tx.did(_did("hold", payout, after={"is_new": is_new, **said}))
    if payout.state in ENDED_BY_HOLD:
        await _end(tx, payout, reason=standing.reason, prepared=prepared, by=by)
        PAYOUTS_STOPPED.labels("held").inc()
    elif payout.payee is not None:
        await store.set_reason(tx.conn, payout, reason=standing.reason)
    return standing


async def leave_out(tx: Transaction, payout_id: str, *, community: str, cause: HoldCause, by: Actor) -> Payout:
    """End a payout before its file: its points are available again, and the next run computes it anew. Return it.

    Raises UnknownPayoutError, PastStoppingError once it is in its bank's file or over, AboutYourselfError when it
    pays whoever asks, and AlteredError when its run is not as it was sealed.
    """
    payout, prepared = await _lock(tx, payout_id, community=community, by=by)
    reason = left_out_reason(cause)
    tx.did(_did("leave_out", payout, after={"state": PayoutState.FAILED.value, "cause": cause.value}))
    ended = await _end(tx, payout, reason=reason, prepared=prepared, by=by)
    PAYOUTS_STOPPED.labels("left_out").inc()
    return ended


async def release(tx: Transaction[Settings], *, community: str, hold_id: str, by: Actor) -> Hold:
    """Let a member's money go on: what an open run holds of it becomes eligible, if nothing else is in the way.

    Return the hold; one that was released already stays as it is. Whoever releases it has a hand in what is
    paid. Raises UnknownHoldError, AboutYourselfError when it is the money of whoever asks, and AlteredError when
    that run is not as it was sealed.
    """
    found = await _find(tx, community=community, hold_id=hold_id)
    await check_not_about_oneself(tx.conn, community=community, person_id=by.person_id, members=[found.member_id])
    # Read before anything is locked: a list of 20,000 takes a second.
    waiting = await _waiting(tx, found)
    lists = {payout.run_id: await prepare(tx, payout) for payout in waiting}
    await payout_store.lock_runs(tx.conn, community)
    found = await _find(tx, community=community, hold_id=hold_id)
    released = found if found.released_at is not None else found.released(by=by, now=tx.now)
    tx.did(
        Did(
            "payout_hold.release",
            "payout_hold",
            found.hold_id,
            found.member_id,
            before={"state": found.state.value},
            after={"state": released.state.value},
        )
    )
    if released is found:
        return found
    await store.set_released(tx.conn, released)
    tell(tx, released, by=by)
    await _go_on(tx, released, lists=lists, by=by)
    return released


async def _go_on(
    tx: Transaction[Settings], released: Hold, *, lists: Mapping[str, PreparedList], by: Actor
) -> None:
    waiting = await _waiting(tx, released)
    barred = await load_barred_of(tx, waiting, community=released.community)
    for payout in waiting:
        if payout.payout_id in barred:
            await store.set_reason(tx.conn, payout, reason=barred[payout.payout_id])
            continue
        prepared = await compared(tx, payout, prepared=lists.get(payout.run_id))
        await let_be_paid(tx, payout, prepared=prepared, by=by)


async def _waiting(tx: Transaction, hold: Hold) -> list[Payout]:
    """The payouts that open runs hold of the person, and that have bank details: the others wait for those."""
    waiting: list[Payout] = []
    for member_id in await store.load_person(tx.conn, community=hold.community, member_id=hold.member_id):
        held = await payout_store.load_held_of_member(tx.conn, community=hold.community, member_id=member_id)
        waiting += [payout for payout in held if payout.payee is not None]
    return waiting


async def _lock(
    tx: Transaction, payout_id: str, *, community: str, by: Actor
) -> tuple[Payout, PreparedList | None]:
    """A payout that can still be stopped, locked with the runs of its community, and its list as it was before."""
    payout = await payout_store.find_payout(tx.conn, community=community, payout_id=payout_id)
    if payout is None:
        raise UnknownPayoutError(payout_id)
    await check_not_about_oneself(tx.conn, community=community, person_id=by.person_id, members=[payout.member_id])
    check_stoppable(payout)
    prepared = await prepare(tx, payout) if payout.state in ENDED_BY_HOLD else None
    await payout_store.lock_runs(tx.conn, community)
    (locked,) = await payout_store.lock_payouts(
        tx.conn, community=community, run_id=payout.run_id, states=tuple(PayoutState), only=[payout_id]
    )
    check_stoppable(locked)
    return locked, prepared


async def _end(
    tx: Transaction, payout: Payout, *, reason: str, prepared: PreparedList | None, by: Actor
) -> Payout:
    if payout.state in ENDED_BY_HOLD:
        await compared(tx, payout, prepared=prepared)
    (ended,) = await change(tx, changes_to(PayoutState.FAILED, [payout], reason), by=by)
    return ended


async def _find(tx: Transaction, *, community: str, hold_id: str) -> Hold:
    found = await store.find_hold(tx.conn, community=community, hold_id=hold_id)
    if found is None:
        raise UnknownHoldError(hold_id)
    return found


def _did(verb: str, payout: Payout, *, after: Mapping[str, Any]) -> Did:
    return Did(
        f"payout.{verb}",
        "payout",
        payout.payout_id,
        payout.member_id,
        before={"state": payout.state.value},
        after=after,
    )


async def count_holds(tx: Transaction) -> None:
    """Timer: show how many holds stand, and for how long the oldest has."""
    count, since = await store.count_standing(tx.conn)
    PAYOUT_HOLDS.set(count)
    PAYOUT_HOLDS_WAIT_SECONDS.set(0 if since is None else (tx.now - since).total_seconds())
