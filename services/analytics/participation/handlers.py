"""Events into participation, in bulk; one that is known changes nothing."""

from services.analytics.metrics import EVENTS, RETRACTED_EVENTS
from services.analytics.participation.domain import Retraction
from services.analytics.participation.store import counting
from shared.contracts.activities import RETRACTED_TYPE
from shared.contracts.facts import AcceptedEvent
from shared.telemetry import observe_ages
from shared.transaction import Transaction


async def on_events(tx: Transaction, events: list[AcceptedEvent]) -> None:
    """Store events and count them as participation; a retraction takes its event out again."""
    unique = list({(event["community"], event["uid"]): event for event in events}.values())
    new_count = await counting.add_events(tx.conn, events=unique)
    EVENTS.inc(new_count)
    retractions = {
        (event["community"], event["targetuid"]): event["uid"]
        for event in unique
        if event["type"] == RETRACTED_TYPE and "targetuid" in event
    }
    if retractions:
        ordered = [Retraction(*target, uid) for target, uid in sorted(retractions.items())]
        RETRACTED_EVENTS.inc(await counting.set_retracted(tx.conn, retractions=ordered))
    if new_count:
        observe_ages("analytics", (event["receivedat"] for event in unique), tx.now)
