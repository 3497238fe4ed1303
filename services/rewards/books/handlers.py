"""The timer that keeps trial balances quick."""

from services.rewards.ledger.store.entries import fold_sums
from services.rewards.ledger.store.turnovers import fold_turnovers
from services.rewards.settings import Settings
from shared.transaction import Transaction


async def fold(tx: Transaction[Settings]) -> None:
    """Timer: make one of what was added to each sum and turnover since the last time."""
    await fold_sums(tx.conn, limit=tx.settings.upkeep_max_count)
    await fold_turnovers(tx.conn, limit=tx.settings.upkeep_max_count)
