"""Changes of redemptions into their tables; one that is known changes nothing."""

from services.analytics.redemptions import store
from shared.contracts.facts import RedemptionChanged, RedemptionFact, RedemptionLots, RedemptionLotsGivenBack
from shared.transaction import Transaction


async def on_redemptions(tx: Transaction, facts: list[RedemptionFact]) -> None:
    """Store the states of redemptions, the awards that they use, and what went back to these; no costs."""
    changes: list[RedemptionChanged] = []
    parts: list[RedemptionLots] = []
    back: list[RedemptionLotsGivenBack] = []
    for fact in facts:
        if fact["type"] == "redemption.changed.v1":
            changes.append(fact)
        elif fact["type"] == "redemption.lots.v1":
            parts.append(fact)
        elif fact["type"] == "redemption.lots_given_back.v1":
            back.append(fact)
    if changes:
        await store.add_changes(tx.conn, changes=changes)
    if parts:
        await store.add_lots(tx.conn, parts=parts)
    if back:
        await store.add_lots_given_back(tx.conn, parts=back)
