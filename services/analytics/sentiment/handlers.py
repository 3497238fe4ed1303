"""How texts sound is noted as it is heard of; a timer counts it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from services.analytics.metrics import SENTIMENT_BEHIND
from services.analytics.sentiment.store import counting
from services.analytics.sentiment.store.counting import Measured
from shared.contracts.activities import TARGETING_TYPES
from shared.contracts.facts import AcceptedEvent, SentimentMeasured
from shared.contracts.measures import Measures
from shared.transaction import Transaction

COUNT_EVERY_SECONDS: Final = 1.0
#: Marks that one transaction takes.
COUNT_MAX_COUNT: Final = 5_000


async def note_tones(tx: Transaction, events: Sequence[AcceptedEvent]) -> None:
    """Note how what was written in events sounds, and which of them are taken back or restored."""
    measured = [
        _measured(event["community"], event["uid"], event["receivedat"], event["data"]["measures"])
        for event in events
        if "measures" in event["data"]
    ]
    if measured:
        await counting.put_measured(tx.conn, measured=measured)
    decided = {
        (event["community"], event["targetuid"])
        for event in events
        if event["type"] in TARGETING_TYPES and "targetuid" in event
    }
    if decided:
        await counting.mark_decided(tx.conn, events=decided)


async def on_measured(tx: Transaction, facts: Iterable[SentimentMeasured]) -> None:
    """Note what another model measured of texts."""
    measured = [
        _measured(fact["community"], fact["data"]["event_uid"], fact["time"], fact["data"]["measures"])
        for fact in facts
    ]
    if measured:
        await counting.put_measured(tx.conn, measured=measured)


def _measured(community: str, uid: str, at: datetime, measures: Measures) -> Measured:
    language = measures.get("language", "").partition("-")[0].lower()
    return Measured(community, uid, at, measures["model"], language, measures["tone"])


async def count(tx: Transaction[Any]) -> bool:
    """Count the texts of which something changed; True where more wait."""
    if not await counting.lock_counting(tx.conn):
        return False
    events = await counting.take_marks(tx.conn, limit_count=COUNT_MAX_COUNT)
    if events:
        await counting.count(tx.conn, events=events)
    oldest = await counting.find_oldest_mark(tx.conn)
    SENTIMENT_BEHIND.set(0 if oldest is None else max(0.0, (tx.now - oldest).total_seconds()))
    return oldest is not None
