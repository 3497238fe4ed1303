"""Taking points from lots and giving them back, for redemptions and payouts."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from services.rewards.ledger.store import entries as ledger_store
from services.rewards.lots import store as lot_store
from services.rewards.lots.domain.lots import LotBook, LotUse
from services.rewards.lots.store import Owner, Use
from shared.transaction import Transaction


async def take(
    tx: Transaction, uses: Sequence[Use], available: Mapping[tuple[str, UUID], int]
) -> dict[UUID, list[LotUse]]:
    """Use each member's oldest lots, at most one use a member; return the lots by who uses them.

    `available` is what lock_members found.
    Raises NotEnoughPointsError when a member has fewer points.
    """
    needs = [(use.owner, use.points) for use in uses]
    lots = await lot_store.oldest_open(tx.conn, needs)
    taken: dict[UUID, list[LotUse]] = {}
    changed = []
    for use in uses:
        book = LotBook(available[use.owner], lots.get(use.owner, ()))
        taken[use.used_by] = book.take(use.points)
        changed += [(use.owner, book.lots[key]) for key in book.changed]
    rows = [(use.owner.community, use.used_by, lot) for use in uses for lot in taken[use.used_by]]
    await lot_store.add_uses(tx.conn, rows)
    await lot_store.update(tx.conn, changed)
    return taken


async def give_back(tx: Transaction, uses: Sequence[Use]) -> None:
    """Restore the lots of uses that were given up, after their points were booked back to available."""
    by_use = await lot_store.uses_of(tx.conn, [(use.owner.community, use.used_by) for use in uses])
    awards = {(use.owner.community, lot.award_id) for use in uses for lot in by_use[use.used_by]}
    lots = await lot_store.of_awards(tx.conn, sorted(awards))
    by_owner: dict[Owner, list[Use]] = {}
    for use in uses:
        by_owner.setdefault(use.owner, []).append(use)
    after = await ledger_store.lock_members(tx.conn, by_owner)
    changed = []
    for owner, mine in by_owner.items():
        before = after[owner] - sum(use.points for use in mine)
        book = LotBook(before, lots[owner])
        book.restore([lot for use in mine for lot in by_use[use.used_by]])
        changed += [(owner, book.lots[key]) for key in sorted(book.changed)]
    await lot_store.update(tx.conn, changed)
