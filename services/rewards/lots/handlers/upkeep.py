"""Lots whose time has come: pending points mature, unused ones expire."""

from collections.abc import Mapping, Sequence

from services.rewards.ledger.domain.entries import Entry, Owner, Transfer, member_account, transfer_id
from services.rewards.ledger.store import entries as ledger_store
from services.rewards.lots import store
from services.rewards.lots.domain.lots import AwardKey, LotBook
from services.rewards.lots.handlers.expiry import expire
from services.rewards.lots.handlers.holders import lock_holders
from services.rewards.settings import Settings
from shared.transaction import Transaction


async def mature_points(tx: Transaction[Settings]) -> bool:
    """Timer: make pending points available whose waiting is over; True while there may be more."""
    due = await store.load_matured(tx.conn, now=tx.now, limit=tx.settings.upkeep_max_count)
    if not due:
        return False
    books = await _load_books(tx, due)
    transfers: list[Transfer] = []
    lines: list[Entry] = []
    for owner, awards in due.items():
        pending, available = member_account(owner, "pending"), member_account(owner, "available")
        for award_id in awards:
            points = books[owner].mature(award_id) if award_id in books[owner].lots else 0
            if points:
                made = transfer_id(award_id, "maturity")
                transfers.append(Transfer(owner.community, made, "maturity", award_id, tx.now))
                lines += [Entry(made, pending, -points), Entry(made, available, points)]
    await _store(tx, books, transfers=transfers, lines=lines)
    return _is_full(tx, due)


async def expire_points(tx: Transaction[Settings]) -> bool:
    """Timer: book points away whose time is over (breakage); True while there may be more.

    Nobody could use them any more, but days are kept once they are booked away: see liability.
    """
    due = await store.load_expired(tx.conn, now=tx.now, limit=tx.settings.upkeep_max_count)
    if not due:
        return False
    await expire(tx, await _load_books(tx, due))
    return _is_full(tx, due)


def _is_full(tx: Transaction[Settings], due: Mapping[Owner, Sequence[str]]) -> bool:
    return sum(len(awards) for awards in due.values()) >= tx.settings.upkeep_max_count


async def _load_books(tx: Transaction, due: Mapping[Owner, Sequence[str]]) -> dict[Owner, LotBook]:
    """The lots that are due, read again under the lock of their members' balances."""
    await lock_holders(tx, due)
    available = await ledger_store.lock_members(tx.conn, due, now=tx.now)
    keys = [AwardKey(owner.community, award_id) for owner, awards in due.items() for award_id in awards]
    lots = await store.load_lots(tx.conn, keys)
    return {owner: LotBook(available[owner], lots.get(owner, ())) for owner in due}


async def _store(
    tx: Transaction, books: Mapping[Owner, LotBook], *, transfers: Sequence[Transfer], lines: Sequence[Entry]
) -> None:
    await ledger_store.post(tx.conn, transfers, entries=lines, now=tx.now)
    changed = [(owner, book.lots[award]) for owner, book in books.items() for award in sorted(book.changed)]
    await store.set_remaining(tx.conn, changed)
