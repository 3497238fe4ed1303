"""Events into participation, in bulk; one that is known changes nothing."""

from datetime import UTC

from services.analytics.metrics import EVENTS, RESTORED_EVENTS, RETRACTED_EVENTS
from services.analytics.participation.domain import Decision, in_force
from services.analytics.participation.store import counting
from shared.contracts.activities import RETRACTED_TYPE, TARGETING_TYPES
from shared.contracts.facts import AcceptedEvent
from shared.telemetry import observe_ages
from shared.transaction import Transaction


async def on_events(tx: Transaction, events: list[AcceptedEvent]) -> None:
    """Store events and count them as participation; a retraction takes its event out, a restoration back in."""
    unique = list({(event["community"], event["uid"]): event for event in events}.values())
    new_count = await counting.add_events(tx.conn, events=unique)
    EVENTS.inc(new_count)
    decisions = in_force(
        Decision(
            event["community"],
            event["targetuid"],
            event["time"].astimezone(UTC),
            event["id"],
            event["uid"],
            event["type"] == RETRACTED_TYPE,
        )
        for event in unique
        if event["type"] in TARGETING_TYPES and "targetuid" in event
    )
    if decisions:
        changed = await counting.decide(tx.conn, decisions=decisions)
        RETRACTED_EVENTS.inc(changed.retracted)
        RESTORED_EVENTS.inc(changed.restored)
    if new_count:
        observe_ages("analytics", (event["receivedat"] for event in unique), tx.now)
