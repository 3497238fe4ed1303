"""Who turns to whom is noted as it is heard of; a timer counts it."""

from collections.abc import Sequence
from typing import Any, Final

from services.analytics.metrics import NETWORK_BEHIND
from services.analytics.network.domain.ties import tied_by
from services.analytics.network.store import counting
from shared.contracts.activities import TARGETING_TYPES
from shared.contracts.facts import AcceptedEvent
from shared.transaction import Transaction

COUNT_EVERY_SECONDS: Final = 1.0
#: Marks that one transaction takes.
COUNT_MAX_COUNT: Final = 5_000


async def note_ties(tx: Transaction, events: Sequence[AcceptedEvent]) -> None:
    """Note whom events turn to, and which of them are taken back or restored."""
    if tied := [one for event in events if (one := tied_by(event)) is not None]:
        await counting.add_ties(tx.conn, tied=tied)
    decided = {
        (event["community"], event["targetuid"])
        for event in events
        if event["type"] in TARGETING_TYPES and "targetuid" in event
    }
    if decided:
        await counting.mark_decided(tx.conn, events=decided)


async def count(tx: Transaction[Any]) -> bool:
    """Count the ties of which something changed; True where more wait."""
    if not await counting.lock_counting(tx.conn):
        return False
    events = await counting.take_marks(tx.conn, limit_count=COUNT_MAX_COUNT)
    if events:
        await counting.count(tx.conn, events=events)
    oldest = await counting.find_oldest_mark(tx.conn)
    NETWORK_BEHIND.set(0 if oldest is None else max(0.0, (tx.now - oldest).total_seconds()))
    return oldest is not None
