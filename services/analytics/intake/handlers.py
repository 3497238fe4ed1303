"""What is new in the event log, to everything that is made of it."""

from services.analytics.participation.handlers import count_events
from services.analytics.retention.handlers import mark
from shared.contracts.facts import AcceptedEvent
from shared.transaction import Transaction


async def on_events(tx: Transaction, events: list[AcceptedEvent]) -> None:
    """Count events as participation, and have whoever did something, or had it taken back, counted anew."""
    await mark(tx, await count_events(tx, events))
