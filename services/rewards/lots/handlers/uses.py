"""Using points from lots and giving them back, as a step of a redemption or payout says."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from services.rewards.ledger.domain.entries import (
    Entry,
    Owner,
    Transfer,
    community_account,
    member_account,
    move,
    transfer_id,
)
from services.rewards.ledger.store import entries as ledger_store
from services.rewards.lots import store
from services.rewards.lots.domain.lots import AwardKey, Lot, LotBook, LotUse, NotEnoughPointsError, Use, part_of
from services.rewards.lots.domain.steps import GIVING_BACK, Lots, Movement
from services.rewards.lots.handlers.expiry import lock_usable_of
from services.rewards.lots.handlers.grace import load_graces
from services.rewards.lots.handlers.holders import lock_holders
from shared.transaction import Transaction


async def carry_out(tx: Transaction, movements: Sequence[Movement]) -> dict[str, list[LotUse]]:
    """Book what steps move, and use or restore lots; return the lots that are used, by who uses them.

    A member's lots are those of whom it is merged into, and of all who are. Raises NotEnoughPointsError when a
    member has fewer points.
    """
    # All members whose points move, in one order before the first is changed, and what of theirs is over is gone.
    # Points go back to who holds their lots now, whoever used them.
    moving = {made.use.owner for made in movements if made.step.moves_points}
    holders = await lock_holders(tx, moving) if moving else {}
    back = [made for made in movements if made.step.lots in (*GIVING_BACK, Lots.TAKE_BACK)]
    held = await held_of(tx, back)
    available = await lock_usable_of(
        tx, {*holders, *holders.values(), *(holder for of_use in held.values() for holder in of_use)}
    )
    # 1. Lots are used while the points are still available …
    using = [made.use for made in movements if made.step.lots is Lots.USE]
    used = await _take(tx, using, holders=holders, available=available)
    held |= {use.used_by: {holders[use.owner]: use.points} for use in using}
    await take_back(tx, [made for made in movements if made.step.lots is Lots.TAKE_BACK])
    # 2. … then the points go where the step says …
    booked = [
        (made.transfer(tx.now), entries)
        for made in movements
        if (entries := made.entries(held.get(made.use.used_by)))
    ]
    lines = [entry for _, entries in booked for entry in entries]
    transfers = [transfer for transfer, _ in booked]
    await ledger_store.post(tx.conn, transfers, entries=lines, now=tx.now, locked=available.keys())
    # 3. … and lots are restored once their points are available again.
    await give_back(tx, movements)
    # 4. What came back after its time, and had its grace before, is over at once.
    giving = {made.use.used_by for made in movements if made.step.lots in GIVING_BACK}
    await lock_usable_of(tx, {holder for used_by in giving for holder in held[used_by]}, came_back=True)
    return used


async def _take(
    tx: Transaction, uses: Sequence[Use], *, holders: Mapping[Owner, Owner], available: Mapping[Owner, int]
) -> dict[str, list[LotUse]]:
    """Use those lots of each holder that expire first."""
    if not uses:
        return {}
    needs: dict[Owner, int] = {}
    for use in uses:
        holder = holders[use.owner]
        needs[holder] = needs.get(holder, 0) + use.points
    for holder, points in needs.items():
        # What several take together is said to be missing, not what the first of them did not get.
        if points > available[holder]:
            raise NotEnoughPointsError(points - available[holder])
    # What is used together is of one run, or of redemptions, which wait for nothing.
    (earned_until,) = {use.earned_until for use in uses}
    lots = await store.load_to_use(tx.conn, list(needs.items()), earned_until=earned_until)
    books = {holder: LotBook(available[holder], lots.get(holder, ())) for holder in needs}
    taken = {
        use.used_by: books[holders[use.owner]].take(use.points, earned_until=use.earned_until) for use in uses
    }
    await store.add_uses(tx.conn, [(use, lot) for use in uses for lot in taken[use.used_by]])
    await store.set_remaining(tx.conn, changed_lots(books))
    return taken


def changed_lots(books: Mapping[Owner, LotBook]) -> list[tuple[Owner, Lot]]:
    """The lots of books that are to be written back, with who holds them."""
    return [(holder, book.lots[award]) for holder, book in books.items() for award in sorted(book.changed)]


async def give_back(
    tx: Transaction, movements: Sequence[Movement], *, times: Mapping[str, datetime] | None = None
) -> None:
    """Restore the lots of those that give points back, after these were booked back to available.

    They do so now, or at the `times` by who used them.
    """
    giving = [made for made in movements if made.step.lots in GIVING_BACK]
    if not giving:
        return
    owed = {made.use.used_by for made in giving if made.step.lots is Lots.OWE}
    lots, of_holders = await _lots_of(tx, giving)
    after = await ledger_store.lock_members(tx.conn, of_holders, now=tx.now)
    graces = await load_graces(tx, lots)
    books: dict[Owner, LotBook] = {}
    good: list[tuple[Owner, str, int]] = []
    for holder, given_up in of_holders.items():
        before = after[holder] - sum(lot.points for _, lot in given_up)
        books[holder] = LotBook(before, lots[holder])
        for used_by in dict.fromkeys(used_by for used_by, _ in given_up):
            given = [lot for of_use, lot in given_up if of_use == used_by]
            terms = graces.get(holder.community) if used_by not in owed else None
            grace = None if terms is None else terms.starting((times or {}).get(used_by, tx.now))
            restored = books[holder].restore(given, owed=used_by in owed, grace=grace)
            if restored.written_off:
                good.append((holder, used_by, restored.written_off))
    await store.set_remaining(tx.conn, changed_lots(books))
    if good:
        await _make_good(tx, good)


async def _make_good(tx: Transaction, good: Sequence[tuple[Owner, str, int]]) -> None:
    """Book what came back to lots of which as much had been written off: it makes that good."""
    transfers: list[Transfer] = []
    entries: list[Entry] = []
    for holder, used_by, points in good:
        made = transfer_id(used_by, f"debt_made_good_{holder.member_id}_{tx.now.isoformat()}")
        transfers.append(Transfer(holder.community, made, "debt_made_good", used_by, tx.now))
        written_off = community_account(holder.community, "debts_written_off")
        entries += move(made, member_account(holder, "available"), written_off, points)
    await ledger_store.post(tx.conn, transfers, entries=entries, now=tx.now)


async def take_back(tx: Transaction, movements: Sequence[Movement]) -> None:
    """Take points again that were given up, before they are booked; their lots lack what is gone."""
    if not movements:
        return
    lots, of_holders = await _lots_of(tx, movements)
    before = await ledger_store.lock_members(tx.conn, of_holders, now=tx.now)
    books = {holder: LotBook(before[holder], lots[holder]) for holder in of_holders}
    for holder, wrong in of_holders.items():
        books[holder].take_back([lot for _, lot in wrong])
    await store.set_remaining(tx.conn, changed_lots(books))


async def _lots_of(
    tx: Transaction, movements: Sequence[Movement]
) -> tuple[dict[Owner, list[Lot]], dict[Owner, list[tuple[str, LotUse]]]]:
    """The lots of what goes back or is taken back, and how much of them, both by who holds the lots."""
    uses = [made.use for made in movements]
    parts = [made.use for made in movements if made.step.lots is Lots.RESTORE_PART]
    lots_of = await store.load_given_back(tx.conn, parts) if parts else {}
    lots_of |= await store.load_uses(tx.conn, [use for use in uses if use not in parts])
    awards = {AwardKey(use.owner.community, lot.award_id) for use in uses for lot in lots_of[use.used_by]}
    lots = await store.load_lots(tx.conn, sorted(awards))
    holder_of = {AwardKey(holder.community, lot.award_id): holder for holder, held in lots.items() for lot in held}
    of_holders: dict[Owner, list[tuple[str, LotUse]]] = {}
    for use in uses:
        for lot in lots_of[use.used_by]:
            holder = holder_of[AwardKey(use.owner.community, lot.award_id)]
            of_holders.setdefault(holder, []).append((use.used_by, lot))
    return lots, of_holders


async def note_part_back(tx: Transaction, use: Use, *, points: int) -> list[LotUse]:
    """Note that so many of the points of a use go back to their lots, before they do; return of which lots.

    Whoever calls it holds the lock of what uses them, and carries out a step that restores a part. It happens
    once by each cause (`use.back_id`). Raises NotEnoughPointsError when it uses fewer.
    """
    uses = (await store.load_uses(tx.conn, [use])).get(use.used_by, [])
    back = part_of(uses, points)
    await store.add_given_back(tx.conn, [(use, lot) for lot in back], at=tx.now)
    return back


async def held_of(tx: Transaction, movements: Sequence[Movement]) -> dict[str, dict[Owner, int]]:
    """How many of the points that go back, or are taken back, are of lots that whom holds, by who used them."""
    if not movements:
        return {}
    held: dict[str, dict[Owner, int]] = {made.use.used_by: {} for made in movements}
    for holder, used in (await _lots_of(tx, movements))[1].items():
        for used_by, lot in used:
            held[used_by][holder] = held[used_by].get(holder, 0) + lot.points
    return held
