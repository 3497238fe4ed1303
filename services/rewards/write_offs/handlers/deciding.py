"""Proposing that a debt is written off or owed again, and booking it once another person approves it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from services.rewards.approvals.domain import Author, Subject
from services.rewards.approvals.handlers import approve_approval, propose_approval, withdraw_approval
from services.rewards.approvals.store import count_waiting, lock_entries
from services.rewards.ledger.domain.entries import Entry, Owner, derived_id
from services.rewards.ledger.store import entries as ledger_store
from services.rewards.lots import store as lots_store
from services.rewards.lots.domain.lots import AwardKey, LotBook, LotUse
from services.rewards.lots.handlers.expiry import lock_usable, lock_usable_held
from services.rewards.lots.handlers.holders import lock_holders
from services.rewards.lots.handlers.uses import changed_lots
from services.rewards.metrics import DEBTS_WRITTEN_OFF, WRITE_OFFS_WAITING
from services.rewards.settings import Settings
from services.rewards.write_offs import store
from services.rewards.write_offs.domain import (
    UnknownWriteOffError,
    WriteOff,
    WriteOffRefusedError,
    check_owed,
)
from services.rewards.write_offs.handlers.told import tell
from shared.access_keys import check_not_about_oneself
from shared.audit import Did
from shared.transaction import Transaction

_SUBJECT = Subject.DEBT_WRITE_OFF


async def propose_write_off(
    tx: Transaction[Settings], owner: Owner, *, key: str, points: int, reason: str, by: Author
) -> WriteOff:
    """Propose to write off so many points of what a member owes; nothing is booked before another person approves.

    Raises AboutYourselfError, WriteOffRefusedError when fewer are owed, and TooManyWaitingError when as many wait
    as may.
    """
    return await _propose(tx, owner, key=key, points=points, reason=reason, reverses=None, by=by)


async def propose_reversal(
    tx: Transaction[Settings], *, community: str, write_off_id: str, key: str, reason: str, by: Author
) -> WriteOff:
    """Propose that what was written off is owed again; nothing is booked before another person approves.

    Raises UnknownWriteOffError, AboutYourselfError, WriteOffRefusedError when it is not booked or that is proposed
    or done already, and TooManyWaitingError when as many wait as may.
    """
    first = await _find(tx, community=community, write_off_id=write_off_id)
    first.check_reversible()
    return await _propose(
        tx,
        first.owner,
        key=key,
        points=first.booked_points or first.points,
        reason=reason,
        reverses=write_off_id,
        by=by,
    )


async def _propose(
    tx: Transaction[Settings],
    owner: Owner,
    *,
    key: str,
    points: int,
    reason: str,
    reverses: str | None,
    by: Author,
) -> WriteOff:
    community, verb = owner.community, "propose" if reverses is None else "reverse"
    await lock_entries(tx.conn, subject=_SUBJECT, community=community)
    write_off_id = derived_id(f"{community}|write-off|{key}")
    known = await store.find_write_off(tx.conn, community=community, write_off_id=write_off_id)
    if known is not None:
        # Its answer is forgotten, after a restore; it is proposed once.
        tx.did(_did(verb, known, before=known))
        return known
    await _check_not_theirs(tx, owner, by=by)
    if reverses is None:
        holder = (await lock_holders(tx, [owner]))[owner]
        check_owed(points, await store.find_debt(tx.conn, holder))
    else:
        other = await store.find_reversal(tx.conn, community=community, write_off_id=reverses)
        if other is not None:
            raise WriteOffRefusedError(f"That it is owed again is {other.approval.state} already")
    most = tx.settings.write_offs_waiting_max_count
    approval = await propose_approval(tx, _SUBJECT, community=community, by=by, waiting_max_count=most)
    write_off = WriteOff(community, write_off_id, owner.member_id, points, reason, reverses, approval)
    await store.add_write_off(tx.conn, write_off)
    tell(tx, write_off)
    tx.did(_did(verb, write_off))
    return write_off


async def approve_write_off(tx: Transaction, *, community: str, write_off_id: str, by: Author) -> WriteOff:
    """Book what another person proposed: what is owed now, at most what was proposed. Again changes nothing.

    Raises UnknownWriteOffError, SamePersonError, AboutYourselfError, DecidedError when it was withdrawn or who
    proposed it may not do so any more, and WriteOffRefusedError when nothing is left to book.
    """
    before = await _lock(tx, community=community, write_off_id=write_off_id)
    await _check_not_theirs(tx, before.owner, by=by)
    approval = await approve_approval(tx, before.approval, community=community, entry_id=write_off_id, by=by)
    if approval is before.approval:
        tx.did(_did("approve", before, before=before))
        return before
    decided = replace(before, approval=approval)
    if decided.reverses is None:
        uses, entries = await _write_off(tx, decided)
    else:
        uses, entries = await _owe_again(tx, decided, reverses=decided.reverses)
    points = sum(use.points for use in uses)
    if not points:
        raise WriteOffRefusedError("Nothing of it is left to be booked: withdraw it")
    await ledger_store.post(tx.conn, [decided.transfer()], entries=entries, now=tx.now)
    booked = replace(decided, booked_points=points)
    key = {"community": community, "write_off_id": write_off_id}
    await store.set_booked_points(tx.conn, **key, points=points)
    await store.add_uses(tx.conn, **key, uses=uses)
    tell(tx, booked, uses=uses)
    DEBTS_WRITTEN_OFF.labels(decided.kind).inc(points)
    tx.did(_did("approve", booked, before=before))
    return booked


async def withdraw_write_off(tx: Transaction, *, community: str, write_off_id: str, by: Author) -> WriteOff:
    """Have a proposal come to nothing; again changes nothing.

    Raises UnknownWriteOffError, and DecidedError when it was approved.
    """
    before = await _lock(tx, community=community, write_off_id=write_off_id)
    approval = await withdraw_approval(tx, before.approval, community=community, entry_id=write_off_id, by=by)
    after = replace(before, approval=approval)
    if approval is not before.approval:
        tell(tx, after)
    tx.did(_did("withdraw", after, before=before))
    return after


async def _write_off(tx: Transaction, write_off: WriteOff) -> tuple[Sequence[LotUse], Sequence[Entry]]:
    """Write off what is owed now, of the lots that lack it."""
    usable = await lock_usable_held(tx, [write_off.owner])
    holder = usable.holders[write_off.owner]
    lots = (await lots_store.load_lacking(tx.conn, [holder])).get(holder, [])
    book = LotBook(usable.available[holder], lots)
    uses = book.write_off_debt(write_off.points)
    await lots_store.set_remaining(tx.conn, changed_lots({holder: book}))
    return uses, write_off.entries({holder: sum(use.points for use in uses)})


async def _owe_again(
    tx: Transaction, write_off: WriteOff, *, reverses: str
) -> tuple[Sequence[LotUse], Sequence[Entry]]:
    """Have lots lack again what was written off of them, as far as nothing made it good since."""
    community = write_off.community
    first = await store.load_uses(tx.conn, community=community, write_off_id=reverses)
    keys = [AwardKey(community, use.award_id) for use in first]
    await lock_holders(tx, [write_off.owner, *await lots_store.load_lots(tx.conn, keys)])
    available = await lock_usable(tx, await lots_store.load_lots(tx.conn, keys))
    uses: list[LotUse] = []
    of_holders: dict[Owner, int] = {}
    for holder, lots in sorted((await lots_store.load_lots(tx.conn, keys)).items()):
        book = LotBook(available[holder], lots)
        again = [use for use in first if use.award_id in book.lots]
        taken = [LotUse(use.award_id, points) for use in again if (points := book.undo_write_off([use]))]
        await lots_store.set_remaining(tx.conn, changed_lots({holder: book}))
        uses += taken
        if taken:
            of_holders[holder] = sum(use.points for use in taken)
    return uses, write_off.entries(of_holders)


async def _check_not_theirs(tx: Transaction, owner: Owner, *, by: Author) -> None:
    await check_not_about_oneself(
        tx.conn, community=owner.community, person_id=by.person_id, members=[owner.member_id]
    )


async def _find(tx: Transaction, *, community: str, write_off_id: str) -> WriteOff:
    found = await store.find_write_off(tx.conn, community=community, write_off_id=write_off_id)
    if found is None:
        raise UnknownWriteOffError(write_off_id)
    return found


async def _lock(tx: Transaction, *, community: str, write_off_id: str) -> WriteOff:
    await lock_entries(tx.conn, subject=_SUBJECT, community=community)
    return await _find(tx, community=community, write_off_id=write_off_id)


def _did(verb: str, after: WriteOff, *, before: WriteOff | None = None) -> Did:
    # Why is about a member: it stays where an erasure finds it.
    said: dict[str, Any] = {"state": after.approval.state, "points": after.points}
    if after.reverses is not None:
        said["reverses"] = after.reverses
    if after.booked_points is not None:
        said["booked_points"] = after.booked_points
    was = None if before is None else {"state": before.approval.state}
    return Did(f"debt_write_off.{verb}", "debt_write_off", after.write_off_id, after.member_id, was, said)


async def count_write_offs_waiting(tx: Transaction[Settings]) -> None:
    """Timer: show how many write-offs wait for another person."""
    WRITE_OFFS_WAITING.set(await count_waiting(tx.conn, subject=_SUBJECT, community=None))
