"""Who is merged into another has its points there, and takes them along when it leaves."""

from services.rewards.ledger.domain.entries import Entry, Owner, Transfer, member_account, transfer_id
from services.rewards.ledger.store import entries as ledger_store
from services.rewards.lots import store
from shared.merges import MovedMember
from shared.transaction import Transaction


async def move(tx: Transaction, moved: list[MovedMember]) -> None:
    """Book what the lots of each member hold from whose it was to whose it is: lots stay the member's.

    So a merge is one transfer, however many lots there are, and its end is one, of what they hold then.
    """
    if not moved:
        return
    # 1. All members in one order; nobody books by who holds whose points meanwhile: the merge has that lock.
    of_each = [(Owner(one.community, one.was_of), Owner(one.community, one.is_of)) for one in moved]
    await ledger_store.lock_members(tx.conn, {owner for pair in of_each for owner in pair}, now=tx.now)
    # 2. What each has in its own lots, pending and expired too: an award that amounts to less takes from there.
    held = await store.load_held(tx.conn, [Owner(one.community, one.member_id) for one in moved])
    transfers: list[Transfer] = []
    lines: list[Entry] = []
    for one, (was, now_of) in zip(moved, of_each, strict=True):
        kind = "unmerge" if one.is_of == one.member_id else "merge"
        made = transfer_id(one.member_id, f"{kind}_{one.was_of}_{one.is_of}_{tx.now.isoformat()}")
        entries = [
            entry
            for account, points in held.get(Owner(one.community, one.member_id), {}).items()
            if points
            for entry in (
                Entry(made, member_account(was, account), -points),
                Entry(made, member_account(now_of, account), points),
            )
        ]
        if entries:
            transfers.append(Transfer(one.community, made, kind, one.member_id, tx.now))
            lines += entries
    await ledger_store.post(tx.conn, transfers, entries=lines, now=tx.now)
