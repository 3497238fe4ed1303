"""Events into participation, in bulk. A fact that is known already changes nothing."""

from services.analytics.metrics import EVENTS, RETRACTED_EVENTS
from services.analytics.participation.store import counting
from shared.contracts.activities import RETRACTED_TYPE
from shared.contracts.facts import AcceptedEvent
from shared.telemetry import observe_ages
from shared.transaction import Transaction


async def on_events(tx: Transaction, events: list[AcceptedEvent]) -> None:
    """Store events and count them as participation; a retraction takes its event out again."""
    unique = list({(one["community"], one["uid"]): one for one in events}.values())
    new_count = await counting.add_events(tx.conn, unique)
    EVENTS.inc(new_count)
    retractions = {
        (one["community"], one["targetuid"]): one["uid"]
        for one in unique
        if one["type"] == RETRACTED_TYPE and "targetuid" in one
    }
    if retractions:
        ordered = [
            (community, target, retractions[community, target]) for community, target in sorted(retractions)
        ]
        RETRACTED_EVENTS.inc(await counting.retract(tx.conn, ordered))
    if new_count:
        observe_ages("analytics", (one["receivedat"] for one in unique), tx.now)
