"""Who is suspended is kept: they stand on no board while that lasts."""

from services.recognition.leaderboards import store
from shared.contracts.facts import GuidelineFact
from shared.transaction import Transaction


async def on_guidelines(tx: Transaction, facts: list[GuidelineFact]) -> None:
    """Keep suspensions. Their points stay, and are on boards again once it ends."""
    suspensions = [fact for fact in facts if fact["type"] == "guidelines.suspension_changed.v1"]
    if suspensions:
        await store.put_suspensions(tx.conn, suspensions=suspensions)
