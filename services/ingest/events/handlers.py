"""What ingest does with each event it took, inside a transaction that somebody else opened."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

from services.ingest.bots.handlers import bots_among, rules_of, stand
from services.ingest.communities.handlers import calendars_of
from services.ingest.events import store
from services.ingest.events.domain.judgement import (
    ACCEPTED,
    CONFLICT,
    REASONS,
    SUPPRESSED,
    EventKey,
    NotAnEventError,
    OccupiedReceiptError,
    Outcome,
    Received,
    ToldEvent,
    accepted_event,
    first_of_each,
    judge,
    people_of,
    said_bots,
    suppressed,
)
from services.ingest.events.domain.receipts import by_hour
from services.ingest.measuring.handlers.texts import Said, keep_texts, measure
from services.ingest.members.domain import IdentityKey, Owner
from services.ingest.members.handlers import resolve, who_is_known
from services.ingest.metrics import EVENTS_JUDGED
from services.ingest.settings import Settings
from shared.contracts.activities.told import STAYS
from shared.contracts.facts import ACCEPTED_EVENT, REJECTED_EVENT, AcceptedEvent, RawEvent, RejectedData
from shared.own_facts import ReadBack
from shared.topics import EVENTS, REJECTED, record_key
from shared.transaction import InvalidMessageError, Transaction

#: Counts of outcomes are put in order so often, and so many at once.
KEEP_HOURS_EVERY_SECONDS = 60.0
HOURS_MAX_COUNT = 5_000


async def on_raw_events(tx: Transaction[Settings], facts: list[RawEvent]) -> None:
    """Deduplicate received events, find out whose they are, and pass on what is new.

    Raises InvalidMessageError for a record that the API would never have written.
    """
    hash_key = tx.settings.identity_key_bytes
    received = [_received(fact, index, hash_key) for index, fact in enumerate(facts)]
    # 1. Which are new? The unique key decides between workers.
    new = await store.add_events(tx.conn, received=received)
    stored: dict[EventKey, bytes] = {}
    told: dict[EventKey, datetime] = {}
    # 2. What isn't: the same event again, or a record consumed again, which must not turn its own acceptance
    #    into a duplicate.
    if new is not None:
        received = first_of_each(received, await store.load_consumed(tx.conn, received=received))
        if not received:
            return
        there = {(event.community, event.uid) for event in received} - new
        stored = await store.load_hashes(tx.conn, keys=sorted(there))
        told = await store.load_read_back(tx.conn, keys=sorted(there))
    outcomes = judge(received, stored, told)
    # 3. Who is it? A name that was heard before changes nothing when it is heard again. Nothing is taken of who
    #    was erased.
    accepted = [event for event, outcome in outcomes if outcome is ACCEPTED]
    people = {identity for event in accepted for identity, _ in event.identities.values()}
    known, erased = await who_is_known(tx, identities=people)
    silent = {event.uid for event in accepted if event.is_by(erased)}
    if erased:
        outcomes = suppressed(outcomes, erased, told)
        rejected = [event for event, outcome in outcomes if outcome is SUPPRESSED]
        await store.forget_events(tx.conn, keys=[(event.community, event.uid) for event in rejected])
        accepted = [event for event, outcome in outcomes if outcome is ACCEPTED]
    names, first_seen_at = people_of(accepted)
    shown = {key: said and said.name for key, said in names.items()}
    rules = await rules_of(tx, communities={key.community for key in names})
    bots = bots_among(rules, shown, said_bots(accepted))
    members = await resolve(tx, known=known, names=names, first_seen_at=first_seen_at, bots=bots)
    members = await stand(tx, rules=rules, names=shown, owners=members)
    written = [
        event for event in accepted if not STAYS.isdisjoint(event.event["data"]) and event.uid not in silent
    ]
    if told:
        # What was told before is in the log.
        again = [key for event in accepted if (key := (event.community, event.uid)) in told]
        accepted = [event for event in accepted if (event.community, event.uid) not in told]
        await store.forget_read_back(tx.conn, keys=again)
    # 4. What was written is measured, and kept, also of what the database had forgotten: it does not travel.
    measured = {event.uid: found for event in written if (found := measure(tx.settings, event.event["data"]))}
    await keep_texts(tx, said=[(_said(event, members), measured.get(event.uid)) for event in written])
    # 5. Which day is it for them?
    calendars = await calendars_of(tx, communities={event.community for event in accepted})
    # 6. The outcome, and the messages that follow.
    try:
        await store.add_receipts(tx.conn, outcomes=outcomes)
    except OccupiedReceiptError as error:
        # The loop then finds the record that names another's receipt.
        raise InvalidMessageError(str(error)) from error
    await store.add_hours(tx.conn, counts=by_hour(outcomes))
    for event in accepted:
        message = accepted_event(event, members, calendars[event.community], measured.get(event.uid))
        # A retraction by nobody knows whom goes by what it takes back.
        by = message.get("member") or message["targetuid"]
        tx.publish(EVENTS, record_key(event.community, by), message)
    for event, outcome in outcomes:
        if outcome in (CONFLICT, SUPPRESSED):
            _tell_refused(tx, event, outcome=outcome)
    for outcome, count in Counter(outcome for _, outcome in outcomes).items():
        EVENTS_JUDGED.labels(outcome).inc(count)


async def on_events_told(tx: Transaction, facts: list[AcceptedEvent]) -> None:
    """Remember events that were accepted and that the database has forgotten.

    Their requests are read again, and get the receipts that they had: see on_raw_events.
    """
    # Their days stay what they are: no calendar of theirs changes backwards.
    await calendars_of(tx, communities={fact["community"] for fact in facts})
    await store.add_events_as_told(tx.conn, events=[ToldEvent.from_fact(fact) for fact in facts])


READ_BACK = (ReadBack((EVENTS,), ACCEPTED_EVENT, on_events_told),)


async def keep_hours(tx: Transaction[Settings]) -> None:
    """Make one row of the counts of each hour that is over, and delete those that are too old to be asked for."""
    hour = tx.now.replace(minute=0, second=0, microsecond=0)
    await store.fold_hours(tx.conn, before=hour, limit_count=HOURS_MAX_COUNT)
    kept_from = tx.now - timedelta(days=tx.settings.outcome_hours_days)
    await store.delete_hours(tx.conn, before=kept_from, limit_count=HOURS_MAX_COUNT)


def _said(event: Received, members: Mapping[IdentityKey, Owner]) -> Said:
    actor = event.identities.get("member")
    return Said(
        event.community,
        event.uid,
        None if actor is None else members[actor[0]].member_id,
        event.event["type"],
        event.received_at,
        event.event["data"],
    )


def _received(fact: RawEvent, index: int, key: bytes) -> Received:
    try:
        return Received.from_fact(fact, key)
    except NotAnEventError as error:
        raise InvalidMessageError(str(error), index) from error


def _tell_refused(tx: Transaction, event: Received, *, outcome: Outcome) -> None:
    data: RejectedData = {
        "receipt_id": event.receipt_id,
        "receipt_index": event.receipt_index,
        "event_source": event.event["source"],
        "event_id": event.event["id"],
        "outcome": "conflict" if outcome is CONFLICT else "rejected",
        "reason": str(REASONS[outcome]),
    }
    tx.tell(
        REJECTED,
        REJECTED_EVENT,
        fact_id=f"{event.receipt_id}/{event.receipt_index}",
        community=event.community,
        subject=event.receipt_id,
        data=data,
        traceparent=event.traceparent,
    )
