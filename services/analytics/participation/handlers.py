"""Events into participation, in bulk; one that is known changes nothing."""

from datetime import UTC

from services.analytics.metrics import EVENTS, RESTORED_EVENTS, RETRACTED_EVENTS
from services.analytics.participation.domain import Decided, Decision, count, in_force
from services.analytics.participation.store import counting, storing
from shared.contracts.activities import RETRACTED_TYPE, TARGETING_TYPES
from shared.contracts.backfill import is_backfill
from shared.contracts.facts import AcceptedEvent
from shared.merges import MemberKey
from shared.telemetry import observe_ages
from shared.transaction import Transaction


async def count_events(tx: Transaction, events: list[AcceptedEvent]) -> set[MemberKey]:
    """Store events and count them as participation; a retraction takes its event out, a restoration back in.

    Returns the members of whom more events count now, or fewer.
    """
    unique = list({(event["community"], event["uid"]): event for event in events}.values())
    stored = await storing.add_events(tx.conn, events=unique)
    EVENTS.inc(len(stored.events))
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
    decided: list[Decided] = await storing.decide(tx.conn, decisions=decisions) if decisions else []
    RETRACTED_EVENTS.inc(sum(change < 0 for _, change in decided))
    RESTORED_EVENTS.inc(sum(change > 0 for _, change in decided))
    changes = count(stored, decided)
    if changes:
        await counting.add_counts(tx.conn, changes=changes)
    if stored.events:
        observe_ages("analytics", (event["receivedat"] for event in unique if not is_backfill(event)), tx.now)
    return {(place.community, place.member_id) for place in changes}
