"""Lots whose time has come: pending points mature, unused ones expire, of each community a share at once."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from services.rewards.ledger.domain.entries import Entry, Owner, Transfer, member_account, transfer_id
from services.rewards.ledger.store import entries as ledger_store
from services.rewards.lots import store
from services.rewards.lots.domain.lots import AwardKey, LotBook
from services.rewards.lots.due.store import EXPIRING, MATURING, load_due
from services.rewards.lots.handlers.expiry import expire
from services.rewards.lots.handlers.holders import lock_holders
from services.rewards.settings import Settings
from services.rewards.turns.domain import DueRows
from services.rewards.turns.handlers import take_turn
from shared.transaction import Transaction


class _Piece(NamedTuple):
    """The lots of a turn, by who holds them, and whether anything may be left."""

    awards: Mapping[Owner, Sequence[str]]
    may_be_more: bool


async def mature_points(tx: Transaction[Settings]) -> bool:
    """Timer: make pending points available whose waiting is over; True while there may be more."""
    piece = await _take_piece(tx, MATURING)
    if not piece.awards:
        return False
    books = await _load_books(tx, piece.awards)
    transfers: list[Transfer] = []
    lines: list[Entry] = []
    for owner, awards in piece.awards.items():
        pending, available = member_account(owner, "pending"), member_account(owner, "available")
        for award_id in awards:
            points = books[owner].mature(award_id) if award_id in books[owner].lots else 0
            if points:
                made = transfer_id(award_id, "maturity")
                transfers.append(Transfer(owner.community, made, "maturity", award_id, tx.now))
                lines += [Entry(made, pending, -points), Entry(made, available, points)]
    await _store(tx, books, transfers=transfers, lines=lines)
    return piece.may_be_more


async def expire_points(tx: Transaction[Settings]) -> bool:
    """Timer: book points away whose time is over (breakage); True while there may be more.

    Nobody could use them any more, but days are kept once they are booked away: see liability.
    """
    piece = await _take_piece(tx, EXPIRING)
    if not piece.awards:
        return False
    await expire(tx, await _load_books(tx, piece.awards))
    return piece.may_be_more


async def _take_piece(tx: Transaction[Settings], rows: DueRows) -> _Piece:
    """The lots of the communities whose turn it is, as many of each."""
    turn = await take_turn(tx, rows)
    awards = await load_due(tx.conn, rows, communities=turn.communities, now=tx.now, share=turn.share)
    taken = (owner.community for owner, found in awards.items() for _ in found)
    return _Piece(awards, turn.may_leave_some(taken))


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
