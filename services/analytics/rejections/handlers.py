"""Rejections into their table; one that is known changes nothing."""

from services.analytics.rejections import store
from shared.contracts.facts import RejectedEvent
from shared.transaction import Transaction


async def on_rejected(tx: Transaction, rejections: list[RejectedEvent]) -> None:
    """Store rejected events with their reasons."""
    await store.add_rejections(tx.conn, rejections=rejections)
