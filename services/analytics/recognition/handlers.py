"""Grants into their tables; one that is known changes nothing."""

from services.analytics.recognition import store
from shared.contracts.facts import RecognitionFact
from shared.transaction import Transaction


async def on_grants(tx: Transaction, facts: list[RecognitionFact]) -> None:
    """Store badges and levels granted and taken back; what boards give is in recognition alone."""
    grants = [fact for fact in facts if fact["type"] == "recognition.granted.v1"]
    if grants:
        await store.add_grants(tx.conn, grants=grants)
