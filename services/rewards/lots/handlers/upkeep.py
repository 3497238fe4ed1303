"""Lots whose time has come: pending points mature, unused ones expire."""

from collections.abc import Sequence
from uuid import UUID

from services.rewards import settings
from services.rewards.ledger.domain import Entry, Transfer, member_account, move, transfer_id
from services.rewards.ledger.store import entries as ledger_store
from services.rewards.lots import store as lot_store
from services.rewards.lots.domain.lots import LotBook
from services.rewards.lots.store import Owner
from services.rewards.metrics import POINTS_EXPIRED
from shared.transaction import Transaction


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
