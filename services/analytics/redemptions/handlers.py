"""Changes of redemptions into their tables; one that is known changes nothing."""

from services.analytics.redemptions import store
from shared.contracts.facts import RedemptionChanged, RedemptionLots
from shared.transaction import Transaction


async def on_redemptions(tx: Transaction, facts: list[RedemptionChanged | RedemptionLots]) -> None:
    """Store the states of redemptions; of the awards that they use nothing is kept."""
    changes = [fact for fact in facts if fact["type"] == "redemption.changed.v1"]
    if changes:
        await store.add_changes(tx.conn, changes=changes)
