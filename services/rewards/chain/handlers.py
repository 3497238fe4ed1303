"""The timer that chains what was booked."""

from services.rewards.chain import store
from services.rewards.metrics import CHAIN_WAITS_SECONDS, ENTRIES_CHAINED
from services.rewards.settings import Settings
from shared.transaction import Transaction


async def chain(tx: Transaction[Settings]) -> bool:
    """Timer: put what was booked into blocks, the oldest first; return whether there is more."""
    most = tx.settings.ledger_block_max_count
    added = await store.add_blocks(tx.conn, entries_max_count=most)
    waiting = await store.load_waiting(tx.conn, community=None)
    ENTRIES_CHAINED.inc(added)
    CHAIN_WAITS_SECONDS.set(waiting.age(tx.now).total_seconds())
    return waiting.entries_count > 0 and added > 0
