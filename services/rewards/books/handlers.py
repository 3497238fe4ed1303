"""The timer that keeps the trial balance quick."""

from services.rewards.ledger.store.entries import fold_sums
from services.rewards.settings import Settings
from shared.transaction import Transaction


async def fold(tx: Transaction[Settings]) -> None:
    """Timer: make one of what was added to each sum of members' accounts since the last time."""
    await fold_sums(tx.conn, limit=tx.settings.upkeep_max_count)
