"""What ingest does with each event it took, inside a transaction that somebody else opened."""

from collections import Counter
from typing import Any

from asyncpg import UniqueViolationError

from services.ingest.events import store
from services.ingest.events.domain.judgement import (
    NotAnEventError,
    Received,
    accepted_event,
    first_of_each,
    judge,
    who_takes_part,
)
from services.ingest.members.handlers import resolve
from services.ingest.metrics import EVENTS_JUDGED
from shared.topics import EVENTS, REJECTED, record_key
from shared.transaction import Invalid, Transaction

SOURCE = "/plaudit/ingest"
CONFLICT_REASON = "an event with this source and id was accepted before with other content"


async def on_raw_events(tx: Transaction, facts: list[Any]) -> None:
    """Deduplicate received events, find out whose they are, and pass on what is new."""
    received = [_received(fact, index) for index, fact in enumerate(facts)]
    # 1. Which are new? The unique key decides between workers.
    added = await store.add_events(tx.conn, received)
    stored: dict[tuple[str, str], bytes] = {}
    # 2. What isn't: the same event again, or a record consumed again, which must not turn its own acceptance
    #    into a duplicate.
    if len(added) < len(received):
        received = first_of_each(received, await store.known_receipts(tx.conn, received))
        if not received:
            return
        new = {(row["community"], str(row["event_uid"])) for row in added}
        stored = await store.content_hashes(tx.conn, sorted({(one.community, one.uid) for one in received} - new))
    outcomes = judge(received, stored)
    # 3. Who is it?
    accepted = [one for one, outcome in outcomes if outcome == "accepted"]
    names, first_seen_at = who_takes_part(accepted)
    members = await resolve(tx, names=names, first_seen_at=first_seen_at)
    # 4. The outcome, and the messages that follow.
    reasons = [CONFLICT_REASON if outcome == "conflict" else None for _, outcome in outcomes]
    try:
        await store.add_receipts(tx.conn, outcomes, reasons)
    except UniqueViolationError as error:
        # The loop then finds the record that names another's receipt.
        raise Invalid("an event's place in its receipt is another event's") from error
    for one in accepted:
        message = accepted_event(one, members)
        tx.publish(EVENTS, record_key(one.community, message["member"]), message)
    for one, outcome in outcomes:
        if outcome == "conflict":
            tx.publish(REJECTED, record_key(one.community, one.receipt_id), _rejected(tx, one))
    for outcome, count in Counter(outcome for _, outcome in outcomes).items():
        EVENTS_JUDGED.labels(outcome).inc(count)


def _received(fact: Any, index: int) -> Received:
    try:
        return Received.from_fact(fact)
    except NotAnEventError as error:
        raise Invalid(str(error), index) from error


def _rejected(tx: Transaction, one: Received) -> dict[str, Any]:
    fact = {
        "specversion": "1.0",
        "id": f"{one.receipt_id}/{one.receipt_index}",
        "source": SOURCE,
        "type": "engagement.rejected.v1",
        "time": tx.now,
        "community": one.community,
        "data": {
            "receipt_id": one.receipt_id,
            "receipt_index": one.receipt_index,
            "event_source": one.event["source"],
            "event_id": one.event["id"],
            "outcome": "conflict",
            "reason": CONFLICT_REASON,
        },
    }
    if one.traceparent is not None:
        fact["traceparent"] = one.traceparent
    return fact
