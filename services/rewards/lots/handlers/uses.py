"""Using points from lots and giving them back, as a step of a redemption or payout says."""

from collections.abc import Sequence

from services.rewards.ledger.domain.entries import Owner
from services.rewards.ledger.store import entries as ledger_store
from services.rewards.lots import store
from services.rewards.lots.domain.lots import AwardKey, Lot, LotBook, LotUse, Use
from services.rewards.lots.domain.steps import Lots, Movement
from shared.transaction import Transaction


async def carry_out(tx: Transaction, movements: Sequence[Movement]) -> dict[str, list[LotUse]]:
    """Book what steps move, and use or restore lots; return the lots that are used, by who uses them.

    At most one movement of a member may use lots. Raises NotEnoughPointsError when a member has fewer points.
    """
    # 1. Lots are used while the points are still available …
    used = await _take(tx, [made.use for made in movements if made.step.lots is Lots.USE])
    await take_back(tx, [made.use for made in movements if made.step.lots is Lots.TAKE_BACK])
    # 2. … then the points go where the step says …
    booked = [(made.transfer(tx.now), entries) for made in movements if (entries := made.entries())]
    lines = [entry for _, entries in booked for entry in entries]
    await ledger_store.post(tx.conn, [transfer for transfer, _ in booked], entries=lines, now=tx.now)
    # 3. … and lots are restored once their points are available again.
    await give_back(tx, [made.use for made in movements if made.step.lots is Lots.RESTORE])
    return used


async def _take(tx: Transaction, uses: Sequence[Use]) -> dict[str, list[LotUse]]:
    """Use each member's oldest lots."""
    if not uses:
        return {}
    available = await ledger_store.lock_members(tx.conn, [use.owner for use in uses])
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


async def give_back(tx: Transaction, uses: Sequence[Use]) -> None:
    """Restore the lots of uses that were given up, after their points were booked back to available."""
    if not uses:
        return
    lots_of, lots, by_owner = await _lots_of(tx, uses)
    after = await ledger_store.lock_members(tx.conn, by_owner)
    changed = []
    for owner, given_up in by_owner.items():
        before = after[owner] - sum(use.points for use in given_up)
        book = LotBook(before, lots[owner])
        book.restore([lot for use in given_up for lot in lots_of[use.used_by]])
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
