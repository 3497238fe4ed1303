"""Grants into their tables; one that is known changes nothing."""

from services.analytics.recognition import store
from shared.contracts.facts import RecognitionGranted
from shared.transaction import Transaction


async def on_grants(tx: Transaction, grants: list[RecognitionGranted]) -> None:
    """Store badges and levels granted and taken back."""
    await store.add_grants(tx.conn, grants=grants)
