"""Points whose time is over: booked away before anybody can use them, and by a timer when nobody asks."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from services.rewards.ledger.domain.entries import Entry, Owner, Transfer, member_account, move, transfer_id
from services.rewards.ledger.store import entries as ledger_store
from services.rewards.lots import store
from services.rewards.lots.domain.lots import Lot, LotBook
from services.rewards.lots.handlers.holders import lock_holders
from services.rewards.metrics import POINTS_EXPIRED
from shared.transaction import Transaction


async def lock_usable(tx: Transaction, owners: Iterable[Owner]) -> dict[Owner, int]:
    """Lock the points of members, book away what of them is over, and return what is available to each then.

    What a member had who is merged into another is available to that one.
    """
    owners = set(owners)
    await lock_holders(tx, owners)
    return await lock_usable_of(tx, owners)


async def lock_usable_of(
    tx: Transaction, owners: Collection[Owner], *, came_back: bool = False
) -> dict[Owner, int]:
    """The same of members in communities whose holders the caller has locked.

    `came_back`: what is over by now was set aside when its time ended, and came back in this transaction.
    """
    if not owners:
        return {}
    available = await ledger_store.lock_members(tx.conn, owners, now=tx.now)
    lots = await store.load_over(tx.conn, list(available), now=tx.now)
    books = {owner: LotBook(available[owner], lots[owner]) for owner in lots}
    return available | await expire(tx, books, came_back=came_back)


class Usable(NamedTuple):
    """Who holds the points of each member, and what is available to each who holds some."""

    holders: dict[Owner, Owner]
    available: dict[Owner, int]

    def of(self, owner: Owner) -> int:
        """What is available to a member, or to whom it is merged into."""
        return self.available[self.holders[owner]]


async def lock_usable_held(tx: Transaction, owners: Iterable[Owner]) -> Usable:
    """Lock the points of members, and of whom these are merged into, as `lock_usable` does."""
    holders = await lock_holders(tx, owners)
    return Usable(holders, await lock_usable_of(tx, {*holders, *holders.values()}))


async def expire(tx: Transaction, books: Mapping[Owner, LotBook], *, came_back: bool = False) -> dict[Owner, int]:
    """Book away what is over in books of members that are locked; return what is available to each then.

    The event time of a transfer is when its points were there no more: the end of the lot's time, or when they
    came to the lot where that was later, which with `came_back` is now.
    """
    if not books:
        return {}
    # What is lacking is paid first, by what would be over.
    for owner, lots in (await store.load_lacking(tx.conn, books)).items():
        books[owner].lots |= {lot.award_id: lot for lot in lots if lot.award_id not in books[owner].lots}
    over = [(owner, book, use) for owner, book in books.items() for use in book.expire(tx.now)]
    if not any(book.changed for book in books.values()):
        return {owner: book.available for owner, book in books.items()}
    arrived = {} if came_back else await _arrivals(tx, [use.award_id for _, _, use in over])
    transfers: list[Transfer] = []
    lines: list[Entry] = []
    for owner, book, (award_id, points, _) in over:
        lot = book.lots[award_id]
        # A reservation given up may refill a lot that had expired, in the same moment too: each time is a transfer
        # of its own.
        made = transfer_id(award_id, f"expiry_{tx.now.isoformat()}_{lot.expired}")
        ended = tx.now if came_back or lot.expires_at is None else lot.expires_at
        at = max([ended, *arrived.get(award_id, ())])
        transfers.append(Transfer(owner.community, made, "expiry", award_id, min(at, tx.now)))
        lines += move(made, member_account(owner, "available"), member_account(owner, "expired"), points)
        POINTS_EXPIRED.inc(points)
    await ledger_store.post(tx.conn, transfers, entries=lines, now=tx.now)
    changed: list[tuple[Owner, Lot]] = [
        (owner, book.lots[award]) for owner, book in books.items() for award in sorted(book.changed)
    ]
    await store.set_remaining(tx.conn, changed)
    return {owner: book.available for owner, book in books.items()}


async def _arrivals(tx: Transaction, awards: Sequence[str]) -> dict[str, list[datetime]]:
    """When the points of awards came to their members, and when they had waited long enough, by award."""
    ids = {transfer_id(award, kind): award for award in awards for kind in ("award", "maturity")}
    found: dict[str, list[datetime]] = {}
    for made, at in (await store.load_arrivals(tx.conn, transfer_ids=list(ids))).items():
        found.setdefault(ids[made], []).append(at)
    return found
