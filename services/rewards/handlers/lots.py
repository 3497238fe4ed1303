"""Taking points from lots and giving them back, for redemptions and payouts; and lots whose time has come."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from services.rewards import settings
from services.rewards.domain.ledger import Entry, Transfer, member_account, move, transfer_id
from services.rewards.domain.lots import LotBook, LotUse
from services.rewards.metrics import POINTS_EXPIRED
from services.rewards.store import ledger as ledger_store
from services.rewards.store import lots as lot_store
from services.rewards.store.lots import Owner, Use
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


async def mature_points(tx: Transaction) -> None:
    """Timer: make pending points available whose waiting is over."""
    due = await lot_store.due(tx.conn, "maturity", tx.now, settings.current().upkeep_max_count)
    if not due:
        return
    books = await _books(tx, due)
    transfers: list[Transfer] = []
    lines: list[Entry] = []
    for owner, awards in due.items():
        for award in awards:
            points = books[owner].mature(award) if award in books[owner].lots else 0
            if points:
                made = transfer_id(award, "maturity")
                transfers.append(Transfer(owner.community, made, "maturity", award, tx.now))
                lines += move(made, member_account(*owner, "pending"), member_account(*owner, "available"), points)
    await _store(tx, books, transfers, lines)


async def expire_points(tx: Transaction) -> None:
    """Timer: book points away whose time is over (breakage)."""
    due = await lot_store.due(tx.conn, "expiry", tx.now, settings.current().upkeep_max_count)
    if not due:
        return
    books = await _books(tx, due)
    transfers: list[Transfer] = []
    lines: list[Entry] = []
    for owner, book in books.items():
        for award, points in book.expire(tx.now):
            # A reservation given up may refill a lot that had expired: each time is a transfer of its own.
            made = transfer_id(award, f"expiry_{tx.now.isoformat()}")
            transfers.append(Transfer(owner.community, made, "expiry", award, tx.now))
            lines += move(made, member_account(*owner, "available"), member_account(*owner, "expired"), points)
            POINTS_EXPIRED.inc(points)
    await _store(tx, books, transfers, lines)


async def _books(tx: Transaction, due: dict[Owner, list[UUID]]) -> dict[Owner, LotBook]:
    """The lots that are due, read again under the lock of their members' balances."""
    available = await ledger_store.lock_members(tx.conn, due)
    keys = [(owner.community, award) for owner, awards in due.items() for award in awards]
    lots = await lot_store.of_awards(tx.conn, keys)
    return {owner: LotBook(available[owner], lots.get(owner, ())) for owner in due}


async def _store(
    tx: Transaction, books: dict[Owner, LotBook], transfers: Sequence[Transfer], lines: Sequence[Entry]
) -> None:
    await ledger_store.post(tx.conn, transfers, lines, tx.now)
    changed = [(owner, book.lots[key]) for owner, book in books.items() for key in sorted(book.changed)]
    await lot_store.update(tx.conn, changed)
