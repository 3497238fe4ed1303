"""Redemptions into their tables. A fact that is known already changes nothing."""

from services.analytics.redemptions import store
from shared.contracts.facts import RedemptionChanged
from shared.transaction import Transaction


async def on_redemptions(tx: Transaction, redemptions: list[RedemptionChanged]) -> None:
    """Store the states of redemptions."""
    await store.add_redemptions(tx.conn, redemptions)
