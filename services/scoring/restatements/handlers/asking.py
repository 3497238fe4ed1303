"""Restatements asked for, approved, reversed and cancelled, in transactions that somebody else opened."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

from services.scoring.backtests.domain.summing import Asked
from services.scoring.backtests.handlers.processes import PROCESSES
from services.scoring.metrics import RESTATEMENT_STUCK_SECONDS, RESTATEMENTS
from services.scoring.programmes.domain.publication import Author
from services.scoring.programmes.store.versions import find_published, load_starts
from services.scoring.restatements.domain.restatements import (
    RestatedSinceError,
    Restatement,
    RestatementState,
    TooManyRestatementsError,
    UnknownRestatedVersionError,
    UnknownRestatementError,
)
from services.scoring.restatements.store import parts as part_store
from services.scoring.restatements.store import restatements as store
from services.scoring.settings import Settings
from shared.audit import Did
from shared.transaction import Transaction

DELETED_AT_ONCE_MAX_COUNT = 20
_STATES = ("computing", "approved", "posting", "reversing")


async def ask(
    tx: Transaction[Settings], *, community: str, asked: Asked, version: int | None, reason: str, by: Author
) -> Restatement:
    """Have it worked out what a published version would change of the past; None is the one in force.

    Raises UnknownRestatedVersionError, and TooManyRestatementsError when as many are open as may.
    """
    await store.lock_asking(tx.conn, community=community)
    number = version if version is not None else await _in_force(tx, community=community)
    if number is None or await find_published(tx.conn, community=community, number=number) is None:
        raise UnknownRestatedVersionError
    max_count = tx.settings.restatements_open_max_count
    if await store.count_open(tx.conn, community=community) >= max_count:
        raise TooManyRestatementsError(max_count)
    restatement = Restatement(
        community,
        str(uuid4()),
        RestatementState.COMPUTING,
        asked,
        number,
        reason,
        asked_at=tx.now,
        asked_by=by,
        moved_at=tx.now,
    )
    await store.put_restatement(tx.conn, restatement)
    _did(tx, "ask", before=None, after=restatement)
    return restatement


async def _in_force(tx: Transaction[Settings], *, community: str) -> int | None:
    starts = await load_starts(tx.conn, community=community)
    begun = [one.number for one in starts if one.effective_from <= tx.now]
    return max(begun, default=None)


async def submit(tx: Transaction[Settings], *, community: str, restatement_id: str, by: Author) -> Restatement:
    """Put it up for another person's approval; again changes nothing."""
    return await _step(
        tx,
        "submit",
        state=RestatementState.SUBMITTED,
        community=community,
        restatement_id=restatement_id,
        step=lambda one: one.submitted(by=by, now=tx.now),
    )


async def approve(
    tx: Transaction[Settings], *, community: str, restatement_id: str, digest: str, by: Author
) -> Restatement:
    """Have it posted, as far as it is still what the digest says; again changes nothing.

    Raises SameRestaterError, RestatementChangedError and RestatementStepError.
    """
    await store.lock_asking(tx.conn, community=community)
    return await _step(
        tx,
        "approve",
        state=RestatementState.APPROVED,
        community=community,
        restatement_id=restatement_id,
        step=lambda one: one.approved(by=by, digest=digest, now=tx.now),
    )


async def cancel(tx: Transaction[Settings], *, community: str, restatement_id: str) -> Restatement:
    """Have it never be posted; again changes nothing. Raises RestatementStepError once it is being posted."""
    cancelled = await _step(
        tx,
        "cancel",
        state=RestatementState.CANCELLED,
        community=community,
        restatement_id=restatement_id,
        step=lambda one: one.stepped(RestatementState.CANCELLED, now=tx.now),
    )
    await part_store.delete_pieces(tx.conn, cancelled)
    await part_store.delete_parts(tx.conn, cancelled)
    return cancelled


async def ask_back(tx: Transaction[Settings], *, community: str, restatement_id: str, by: Author) -> Restatement:
    """Ask for its reversal, which another person approves. Raises RestatedSinceError and RestatementStepError."""
    restatement = await _lock(tx, community=community, restatement_id=restatement_id)
    if restatement.reversal_asked_by is not None:
        _did(tx, "ask_back", before=restatement, after=restatement)
        return restatement
    after = restatement.asked_back(by=by, now=tx.now)
    await _refuse_later(tx, restatement)
    await store.put_restatement(tx.conn, after)
    _did(tx, "ask_back", before=restatement, after=after)
    return after


async def take_back(tx: Transaction[Settings], *, community: str, restatement_id: str, by: Author) -> Restatement:
    """Have all of it reversed; again changes nothing.

    Raises SameRestaterError, NotAskedBackError, RestatedSinceError and RestatementStepError.
    """
    await store.lock_asking(tx.conn, community=community)
    restatement = await _lock(tx, community=community, restatement_id=restatement_id)
    if restatement.state in (RestatementState.REVERSING, RestatementState.REVERSED):
        _did(tx, "take_back", before=restatement, after=restatement)
        return restatement
    after = restatement.taken_back(by=by, now=tx.now)
    await _refuse_later(tx, restatement)
    if restatement.parts_count == 0:
        after = after.stepped(RestatementState.REVERSED, now=tx.now)
    await store.put_restatement(tx.conn, after)
    _did(tx, "take_back", before=restatement, after=after)
    return after


async def _refuse_later(tx: Transaction[Settings], restatement: Restatement) -> None:
    """What was posted later stands on this: it is reversed first."""
    later = await store.find_later(tx.conn, restatement)
    if later is not None:
        raise RestatedSinceError(later)


async def _step(
    tx: Transaction[Settings],
    verb: str,
    *,
    state: RestatementState,
    community: str,
    restatement_id: str,
    step: Callable[[Restatement], Restatement],
) -> Restatement:
    restatement = await _lock(tx, community=community, restatement_id=restatement_id)
    if restatement.state is state:
        _did(tx, verb, before=restatement, after=restatement)
        return restatement
    after = step(restatement)
    await store.put_restatement(tx.conn, after)
    _did(tx, verb, before=restatement, after=after)
    return after


async def _lock(tx: Transaction[Settings], *, community: str, restatement_id: str) -> Restatement:
    restatement = await store.lock_restatement(tx.conn, community=community, restatement_id=restatement_id)
    if restatement is None:
        raise UnknownRestatementError
    return restatement


async def watch(tx: Transaction[Settings]) -> None:
    """Timer: show what is under way, and how long nothing has got on; have a process run where one is needed."""
    under_way = await store.load_under_way(tx.conn)
    for state in _STATES:
        RESTATEMENTS.labels(state).set(under_way[state][0] if state in under_way else 0)
    moved_at = max((at for _, at in under_way.values()), default=tx.now)
    RESTATEMENT_STUCK_SECONDS.set(max(0.0, (tx.now - moved_at).total_seconds()))
    before = tx.now - timedelta(days=tx.settings.restatement_kept_days)
    await store.delete_old(tx.conn, before=before, limit=DELETED_AT_ONCE_MAX_COUNT)
    if await store.next_to_work_out(tx.conn, lately=tx.now, limit=1):
        await PROCESSES.start(tx.settings)


def _did(tx: Transaction[Settings], verb: str, *, before: Restatement | None, after: Restatement) -> None:
    tx.did(
        Did(
            f"restatement.{verb}",
            "restatement",
            after.restatement_id,
            before=None if before is None else _said(before),
            after=_said(after),
        )
    )


def _said(restatement: Restatement) -> dict[str, Any]:
    return {
        "state": restatement.state.value,
        "since": restatement.asked.since.isoformat(),
        "until": restatement.asked.until.isoformat(),
        "audience": restatement.asked.audience,
        "version": restatement.version,
        "reason": restatement.reason,
        "digest": restatement.digest,
    }
