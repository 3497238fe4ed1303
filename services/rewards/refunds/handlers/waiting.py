"""How many refunds wait for another person."""

from services.rewards.metrics import REFUNDS_WAIT_SECONDS, REFUNDS_WAITING
from services.rewards.refunds import store
from shared.transaction import Transaction


async def count_refunds_waiting(tx: Transaction) -> None:
    """Timer: count the refunds that wait for another person, and how long the oldest has."""
    count, oldest = await store.count_waiting(tx.conn)
    REFUNDS_WAITING.set(count)
    REFUNDS_WAIT_SECONDS.set(0 if oldest is None else max(0.0, (tx.now - oldest).total_seconds()))
