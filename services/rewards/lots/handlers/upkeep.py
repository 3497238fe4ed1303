"""Lots whose time has come: pending points mature, unused ones expire, of each community a share at once."""

from collections.abc import Mapping, Sequence

from services.rewards.ledger.domain.entries import Entry, Owner, Transfer, member_account, transfer_id
from services.rewards.ledger.store import entries as ledger_store
from services.rewards.lots import store
from services.rewards.lots.domain.lots import AwardKey, LotBook
from services.rewards.lots.due import store as due_store
from services.rewards.lots.due.domain import Due, Piece, most_at_once, piece_of, turn_of
from services.rewards.lots.handlers.expiry import expire
from services.rewards.lots.handlers.holders import lock_holders
from services.rewards.settings import Settings
from shared.transaction import Transaction


async def mature_points(tx: Transaction[Settings]) -> bool:
    """Timer: make pending points available whose waiting is over; True while there may be more."""
    piece = await _take_turn(tx, Due.MATURITY)
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
    piece = await _take_turn(tx, Due.EXPIRY)
    if not piece.awards:
        return False
    await expire(tx, await _load_books(tx, piece.awards))
    return piece.may_be_more


async def _take_turn(tx: Transaction[Settings], due: Due) -> Piece:
    """The lots of the communities whose turn it is, as many of each, so that one with many keeps none waiting."""
    most = tx.settings.upkeep_max_count
    place, at_once = await due_store.find_place(tx.conn, due), most_at_once(most)
    communities = await due_store.page_of_communities(
        tx.conn, due, now=tx.now, after=place, until=None, limit=at_once
    )
    if place and len(communities) < at_once:
        communities += await due_store.page_of_communities(
            tx.conn, due, now=tx.now, after="", until=place, limit=at_once - len(communities)
        )
    turn = turn_of(communities, lots_max_count=most)
    awards = await due_store.load_due(tx.conn, due, communities=turn.communities, now=tx.now, share=turn.share)
    if turn.ends_at is not None:
        await due_store.set_place(tx.conn, due, after=turn.ends_at)
    return piece_of(turn, awards)


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
