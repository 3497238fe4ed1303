"""Using points from lots and giving them back, as a step of a redemption or payout says."""

from collections.abc import Mapping, Sequence

from services.rewards.ledger.domain.entries import Owner
from services.rewards.ledger.store import entries as ledger_store
from services.rewards.lots import store
from services.rewards.lots.domain.lots import AwardKey, Lot, LotBook, LotUse, Use
from services.rewards.lots.domain.steps import GIVING_BACK, Lots, Movement
from services.rewards.lots.handlers.expiry import lock_usable
from shared.transaction import Transaction


async def carry_out(tx: Transaction, movements: Sequence[Movement]) -> dict[str, list[LotUse]]:
    """Book what steps move, and use or restore lots; return the lots that are used, by who uses them.

    At most one movement of a member may use lots. Raises NotEnoughPointsError when a member has fewer points.
    """
    # All members in one order before the first is changed, and what of theirs is over is gone.
    available = await lock_usable(tx, {made.use.owner for made in movements})
    # 1. Lots are used while the points are still available …
    used = await _take(tx, [made.use for made in movements if made.step.lots is Lots.USE], available=available)
    await take_back(tx, [made.use for made in movements if made.step.lots is Lots.TAKE_BACK])
    # 2. … then the points go where the step says …
    booked = [(made.transfer(tx.now), entries) for made in movements if (entries := made.entries())]
    lines = [entry for _, entries in booked for entry in entries]
    await ledger_store.post(tx.conn, [transfer for transfer, _ in booked], entries=lines, now=tx.now)
    # 3. … and lots are restored once their points are available again.
    await give_back(tx, movements)
    # 4. What came back after its time is over at once.
    await lock_usable(tx, {made.use.owner for made in movements if made.step.lots in GIVING_BACK})
    return used


async def _take(
    tx: Transaction, uses: Sequence[Use], *, available: Mapping[Owner, int]
) -> dict[str, list[LotUse]]:
    """Use each member's oldest lots."""
    if not uses:
        return {}
    lots = await store.load_oldest(tx.conn, [(use.owner, use.points) for use in uses])
    taken: dict[str, list[LotUse]] = {}
    changed = []
    for use in uses:
        book = LotBook(available[use.owner], lots.get(use.owner, ()))
        taken[use.used_by] = book.take(use.points)
        changed += [(use.owner, book.lots[award]) for award in sorted(book.changed)]
    await store.add_uses(tx.conn, [(use, lot) for use in uses for lot in taken[use.used_by]])
    await store.set_remaining(tx.conn, changed)
    return taken


async def give_back(tx: Transaction, movements: Sequence[Movement]) -> None:
    """Restore the lots of those that give points back, after these were booked back to available."""
    giving = [made for made in movements if made.step.lots in GIVING_BACK]
    if not giving:
        return
    owed = {made.use.used_by for made in giving if made.step.lots is Lots.OWE}
    lots_of, lots, by_owner = await _lots_of(tx, [made.use for made in giving])
    after = await ledger_store.lock_members(tx.conn, by_owner)
    changed = []
    for owner, given_up in by_owner.items():
        before = after[owner] - sum(use.points for use in given_up)
        book = LotBook(before, lots[owner])
        for use in given_up:
            book.restore(lots_of[use.used_by], owed=use.used_by in owed)
        changed += [(owner, book.lots[award]) for award in sorted(book.changed)]
    await store.set_remaining(tx.conn, changed)


async def take_back(tx: Transaction, uses: Sequence[Use]) -> None:
    """Take the points of uses again that were given up, before they are booked; their lots lack what is gone."""
    if not uses:
        return
    lots_of, lots, by_owner = await _lots_of(tx, uses)
    before = await ledger_store.lock_members(tx.conn, by_owner)
    changed = []
    for owner, wrong in by_owner.items():
        book = LotBook(before[owner], lots[owner])
        book.take_back([lot for use in wrong for lot in lots_of[use.used_by]])
        changed += [(owner, book.lots[award]) for award in sorted(book.changed)]
    await store.set_remaining(tx.conn, changed)


async def _lots_of(
    tx: Transaction, uses: Sequence[Use]
) -> tuple[dict[str, list[LotUse]], dict[Owner, list[Lot]], dict[Owner, list[Use]]]:
    """What uses used, by who did; the lots that those are of, by member; and the uses of each member."""
    lots_of = await store.load_uses(tx.conn, uses)
    awards = {AwardKey(use.owner.community, lot.award_id) for use in uses for lot in lots_of[use.used_by]}
    lots = await store.load_lots(tx.conn, sorted(awards))
    by_owner: dict[Owner, list[Use]] = {}
    for use in uses:
        by_owner.setdefault(use.owner, []).append(use)
    return lots_of, lots, by_owner
