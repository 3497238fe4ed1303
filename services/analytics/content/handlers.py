"""What is read and responded to is noted as it is heard of; a timer counts it."""

from collections.abc import Collection, Sequence
from typing import Any, Final

from services.analytics.content import store
from services.analytics.content.domain import uses
from services.analytics.metrics import CONTENT_BEHIND
from shared.contracts.activities import TARGETING_TYPES
from shared.contracts.facts import AcceptedEvent
from shared.merges import MemberKey
from shared.transaction import Transaction

COUNT_EVERY_SECONDS: Final = 1.0
#: Marks that one transaction takes.
COUNT_MAX_COUNT: Final = 5_000


async def note_uses(tx: Transaction, events: Sequence[AcceptedEvent]) -> None:
    """Note what events make, read and respond to, and which of them are taken back or restored."""
    if found := [use for event in events for use in uses(event)]:
        await store.add_uses(tx.conn, uses=found)
    decided = {
        (event["community"], event["targetuid"])
        for event in events
        if event["type"] in TARGETING_TYPES and "targetuid" in event
    }
    if decided:
        await store.mark_decided(tx.conn, events=decided)


async def note_readers(tx: Transaction, members: Collection[MemberKey]) -> None:
    """Have what members read counted again who are others now."""
    if members:
        await store.mark_moved(tx.conn, members=members)


async def count(tx: Transaction[Any]) -> bool:
    """Count what was read and responded to of which something changed; True where more wait."""
    if not await store.lock_counting(tx.conn):
        return False
    events = await store.take_marks(tx.conn, limit_count=COUNT_MAX_COUNT)
    if events:
        await store.count(tx.conn, events=events)
    oldest = await store.find_oldest_mark(tx.conn)
    CONTENT_BEHIND.set(0 if oldest is None else max(0.0, (tx.now - oldest).total_seconds()))
    return oldest is not None
