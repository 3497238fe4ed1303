"""Whether who was erased stays erased: looked at again and again."""

from shared.followed_members.store import count_erased_known
from shared.invariants import DIFFERENCES_MAX_COUNT, ERASED_MEMBERS, show_differences
from shared.transaction import Transaction

WATCH_ERASED_EVERY_SECONDS = 15.0


async def watch_erased(tx: Transaction) -> None:
    """Timer: show how many members that were erased are known here by a name or by identities again."""
    count = await count_erased_known(tx.conn, limit_count=DIFFERENCES_MAX_COUNT)
    show_differences({ERASED_MEMBERS: count})
