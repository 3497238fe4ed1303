"""Changes of redemptions into their tables; one that is known changes nothing."""

from services.analytics.redemptions import store
from shared.contracts.facts import RedemptionChanged
from shared.transaction import Transaction


async def on_redemptions(tx: Transaction, changes: list[RedemptionChanged]) -> None:
    """Store the states of redemptions."""
    await store.add_changes(tx.conn, changes=changes)
