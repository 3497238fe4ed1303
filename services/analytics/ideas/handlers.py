"""Suggestions among events, and what became of them, into their table; what is known changes nothing."""

from collections.abc import Sequence
from typing import Final

from services.analytics.ideas import store
from services.analytics.ideas.store import IdeaSaid
from shared.contracts.facts import AcceptedEvent
from shared.transaction import Transaction

SUGGESTED: Final = "idea.suggested.v1"
CHANGED: Final = "idea.status_changed.v1"


async def note_ideas(tx: Transaction, events: Sequence[AcceptedEvent]) -> None:
    """Keep which events suggest something, and which say what became of it, here or on a platform."""
    said = [
        IdeaSaid(
            event["community"],
            event["uid"],
            event["data"]["channel"],
            event["data"].get("host", ""),
            event["data"]["object"]["id"],
            event["data"]["status"] if event["type"] == CHANGED else None,
        )
        for event in events
        if event["type"] in (SUGGESTED, CHANGED) and "object" in event["data"]
    ]
    if said:
        await store.add_said(tx.conn, said=said)
