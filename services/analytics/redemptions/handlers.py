"""Changes of redemptions into their tables; one that is known changes nothing."""

from services.analytics.redemptions import store
from shared.contracts.facts import RedemptionChanged, RedemptionLots
from shared.transaction import Transaction


async def on_redemptions(tx: Transaction, facts: list[RedemptionChanged | RedemptionLots]) -> None:
    """Store the states of redemptions, and the awards that they use."""
    changes: list[RedemptionChanged] = []
    parts: list[RedemptionLots] = []
    for fact in facts:
        if fact["type"] == "redemption.changed.v1":
            changes.append(fact)
        else:
            parts.append(fact)
    if changes:
        await store.add_changes(tx.conn, changes=changes)
    if parts:
        await store.add_lots(tx.conn, parts=parts)
