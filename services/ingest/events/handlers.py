"""What ingest does with each event it took, inside a transaction that somebody else opened."""

import secrets
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

from services.ingest.bots.handlers import bots_among, rules_of, stand
from services.ingest.communities.handlers import calendars_of
from services.ingest.events.domain import admission
from services.ingest.events.domain.extensions import extensions_of
from services.ingest.events.domain.judgement import (
    ACCEPTED,
    CONFLICT,
    CONFLICT_REASON,
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
from services.ingest.events.domain.receipts import (
    EventPlace,
    Judged,
    Judgement,
    ReceiptPlace,
    ReceiptSummary,
    SummaryPlace,
    by_hour,
    receipt_id,
)
from services.ingest.events.domain.refusing import conflict
from services.ingest.events.domain.traces import traces_of
from services.ingest.events.store import receipts as store
from services.ingest.events.store import traces
from services.ingest.ideas.domain import TYPES as IDEA_TYPES
from services.ingest.ideas.handlers import IdeaEvent, ideas_told, lock_shown, note_ideas
from services.ingest.ideas.handlers import note_taken_back as note_ideas_taken_back
from services.ingest.measuring.handlers.texts import Said, keep_texts, measure
from services.ingest.members.domain import IdentityKey, MemberKey, Owner
from services.ingest.members.handlers.resolving import resolve, who_is_known
from services.ingest.members.store.members import load_erased_members
from services.ingest.metrics import EVENTS_JUDGED
from services.ingest.refused import store as refused_store
from services.ingest.refused.domain import Found, Refused, Request, UnknownRefusedError
from services.ingest.refused.handlers.keeping import keep, opened
from services.ingest.settings import Settings
from services.ingest.triggers.handlers import note_triggers
from services.ingest.walls.domain import KUDOS_TYPE, moment_of
from services.ingest.walls.handlers import (
    GivenEvent,
    SaidOf,
    kudos_told,
    listed_among,
    note_kudos,
    note_taken_back,
    said_told,
)
from shared.consumer import GivesWay
from shared.contracts.activities import RETRACTED_TYPE
from shared.contracts.activities.told import STAYS, text_of
from shared.contracts.facts import (
    ACCEPTED_EVENT,
    REJECTED_EVENT,
    AcceptedEvent,
    ListedData,
    RawEvent,
    RejectedData,
)
from shared.own_facts import ReadBack
from shared.postgres import Connection
from shared.telemetry import new_traceparent
from shared.topics import EVENTS, RAW, REJECTED, record_key
from shared.transaction import InvalidMessageError, Transaction

NOMINATED_TYPE = "nomination.made.v1"
#: Counts of outcomes are put in order so often, and so many at once.
KEEP_HOURS_EVERY_SECONDS = 60.0
HOURS_MAX_COUNT = 5_000
#: So often traces are looked at whose time is over, and so many go at once.
KEEP_TRACES_EVERY_SECONDS = 30.0
TRACES_DELETED_MAX_COUNT = 50_000


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
        event
        for event in accepted
        if (not STAYS.isdisjoint(event.event["data"]) or extensions_of(event.event)) and event.uid not in silent
    ]
    # What the wall and the list of suggestions show, also of what the database had forgotten.
    listed = await _note_shown(tx, accepted, members=members, silent=silent)
    said = _said_of(accepted)
    await note_taken_back(tx, said=said)
    await note_ideas_taken_back(tx, said=said)
    if told:
        # What was told before is in the log.
        again = [key for event in accepted if (key := (event.community, event.uid)) in told]
        accepted = [event for event in accepted if (event.community, event.uid) not in told]
        await store.forget_read_back(tx.conn, keys=again)
    # 4. What was written is measured, and kept, with what its platform said beside it, also of what the database
    #    had forgotten: it does not travel.
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
    await traces.add_traces(tx.conn, traces=traces_of(event for event, _ in outcomes))
    await store.add_hours(tx.conn, counts=by_hour(outcomes))
    fresh: list[AcceptedEvent] = []
    for event in accepted:
        message = accepted_event(event, members, calendars[event.community], measured.get(event.uid))
        if event.uid in listed:
            message["listed"] = listed[event.uid]
        # A retraction by nobody knows whom goes by what it takes back.
        by = message.get("member") or message["targetuid"]
        tx.publish(EVENTS, record_key(event.community, by), message)
        if not event.is_backfill:
            fresh.append(cast(AcceptedEvent, message | {"time": moment_of(event.event)}))
    await note_triggers(tx, told=fresh)
    for event, outcome in outcomes:
        if outcome in (CONFLICT, SUPPRESSED):
            _tell_refused(tx, event, outcome=outcome)
    await _keep_conflicts(tx, [event for event, outcome in outcomes if outcome is CONFLICT])
    for outcome, count in Counter(outcome for _, outcome in outcomes).items():
        EVENTS_JUDGED.labels(outcome).inc(count)


def send_own(tx: Transaction[Settings], *, community: str, event: Mapping[str, Any]) -> None:
    """Send an event of Plaudit's own, as a platform would its: it goes out once this transaction has committed."""
    receipt = receipt_id(community, tx.now, secrets.token_hex(8), 1)
    request = admission.Request(
        community, receipt, received_at=tx.now, traceparent=tx.traceparent or new_traceparent()
    )
    told = dict(event)
    tx.publish(RAW, admission.raw_key(community, told), admission.raw_fact(request, 0, told))


def as_backfill(settings: Settings) -> GivesWay:
    """How what is past gives way to what comes live."""
    return GivesWay(
        settings.backfill_batch_max_count,
        settings.backfill_events_per_second,
        settings.backfill_wait_max_seconds,
    )


async def on_events_told(tx: Transaction[Settings], facts: list[AcceptedEvent]) -> None:
    """Remember events that were accepted and that the database has forgotten.

    Their requests are read again, and get the receipts that they had: see on_raw_events. What was thanked and
    suggested is there before that: before a command counts it, and before what was decided of it is read.
    """
    # Their days stay what they are: no calendar of theirs changes backwards.
    await calendars_of(tx, communities={fact["community"] for fact in facts})
    await store.add_events_as_told(tx.conn, events=[ToldEvent.from_fact(fact) for fact in facts])
    there = await _without_erased(tx, facts)
    ideas, said = ideas_told(there), said_told(facts)
    await lock_shown(tx, told=ideas, said=said)
    await note_kudos(tx, given=kudos_told(there))
    await note_ideas(tx, told=ideas)
    await note_taken_back(tx, said=said)
    await note_ideas_taken_back(tx, said=said)


async def _without_erased(tx: Transaction[Settings], facts: Sequence[AcceptedEvent]) -> list[AcceptedEvent]:
    """Those of events whose actor and object's author were not erased since."""
    people = [
        {MemberKey(fact["community"], one) for one in (fact.get("member"), fact.get("objectmember")) if one}
        for fact in facts
    ]
    erased = await load_erased_members(tx.conn, keys=set().union(*people))
    return [fact for fact, keys in zip(facts, people, strict=True) if erased.isdisjoint(keys)]


READ_BACK = (ReadBack((EVENTS,), ACCEPTED_EVENT, on_events_told),)


async def page_of_receipts(
    conn: Connection, *, community: str, after: SummaryPlace | None, limit_count: int
) -> list[ReceiptSummary]:
    """The receipts of a community, newest first, each with what was refused of its request at the door."""
    receipts = await store.page_of_receipts(conn, community=community, after=after, limit_count=limit_count)
    ids = [one.receipt_id for one in receipts]
    refused = await refused_store.count_of_receipts(conn, community=community, receipt_ids=ids)
    return [
        replace(one, counts={**one.counts, Outcome.REFUSED: refused.get(one.receipt_id, 0)}) for one in receipts
    ]


async def page_of_judgements(
    conn: Connection,
    settings: Settings,
    *,
    community: str,
    receipt_id: str,
    after: ReceiptPlace | None,
    limit_count: int,
) -> list[Judgement]:
    """What became of the events of a receipt, and what was refused beside them, in the order of the request."""
    judged = await store.page_of_judgements(
        conn, community=community, receipt_id=receipt_id, after=after, limit_count=limit_count
    )
    refused = await refused_store.page_of_receipt(
        conn,
        community=community,
        receipt_id=receipt_id,
        after_index=-1 if after is None else after.event_index,
        limit_count=limit_count,
    )
    both = [*judged, *(_refusal(settings, one) for one in refused)]
    return sorted(both, key=lambda one: one.index)[:limit_count]


async def page_of_places(
    conn: Connection,
    settings: Settings,
    *,
    community: str,
    event_uid: str,
    after: EventPlace | None,
    limit_count: int,
) -> list[Judged]:
    """Every time an event came, oldest first, and what became of it then: at the door, or behind it."""
    judged = await store.page_of_places(
        conn, community=community, event_uid=event_uid, after=after, limit_count=limit_count
    )
    refused = await refused_store.page_of_event(
        conn, community=community, event_uid=event_uid, after=after or ("", -1), limit_count=limit_count
    )
    at_the_door = [Judged(one.received_at, one.receipt_id, _refusal(settings, one)) for one in refused]
    both = sorted([*judged, *at_the_door], key=lambda one: (one.receipt_id, one.judgement.index))
    return both[:limit_count]


def _refusal(settings: Settings, refused: Refused) -> Judgement:
    try:
        reasons = opened(settings, refused).reasons
    except UnknownRefusedError:
        reasons = []
    reason = "; ".join(f"{one.field} {one.detail}".strip() for one in reasons) or None
    return Judgement(refused.receipt_index, refused.event_uid, Outcome.REFUSED, reason, refused.refused_id)


async def keep_hours(tx: Transaction[Settings]) -> None:
    """Make one row of the counts of each hour that is over, and delete those that are too old to be asked for."""
    hour = tx.now.replace(minute=0, second=0, microsecond=0)
    await store.fold_hours(tx.conn, before=hour, limit_count=HOURS_MAX_COUNT)
    kept_from = tx.now - timedelta(days=tx.settings.outcome_hours_days)
    await store.delete_hours(tx.conn, before=kept_from, limit_count=HOURS_MAX_COUNT)


async def keep_traces(tx: Transaction[Settings]) -> None:
    """Delete by which traces events came whose time is over; on the events themselves the trace stays."""
    before = tx.now - timedelta(days=tx.settings.traces_kept_days)
    await traces.delete_traces(tx.conn, before=before, limit_count=TRACES_DELETED_MAX_COUNT)


async def _keep_conflicts(tx: Transaction[Settings], conflicts: Sequence[Received]) -> None:
    """Keep what says otherwise, so that somebody sees both: in the order of their requests."""
    by_request: defaultdict[Request, list[Found]] = defaultdict(list)
    for event in conflicts:
        request = Request(event.community, event.receipt_id, event.received_at)
        by_request[request].append(conflict(event, CONFLICT_REASON))
    for request in sorted(by_request):
        await keep(tx, request=request, found=by_request[request])


def _said(event: Received, members: Mapping[IdentityKey, Owner]) -> Said:
    actor = event.identities.get("member")
    return Said(
        event.community,
        event.uid,
        None if actor is None else members[actor[0]].member_id,
        event.event["type"],
        event.received_at,
        event.event["data"],
        extensions_of(event.event),
    )


async def _note_shown(
    tx: Transaction[Settings],
    accepted: Sequence[Received],
    *,
    members: Mapping[IdentityKey, Owner],
    silent: Collection[str],
) -> dict[str, ListedData]:
    """Keep what pages show of events; those whose words wait for a decision, with a word of a list."""
    ideas = _ideas(accepted, members, silent)
    # Members are locked; suggestions come next, and what else is shown behind them.
    await lock_shown(tx, told=ideas, said=_said_of(accepted))
    listed = await note_kudos(tx, given=_kudos(accepted, members, silent))
    listed |= await note_ideas(tx, told=ideas)
    return listed | await listed_among(tx, said=_citations(accepted, silent))


def _kudos(
    accepted: Sequence[Received], members: Mapping[IdentityKey, Owner], silent: Collection[str]
) -> list[GivenEvent]:
    """Those of events that thank somebody else, with both as members."""
    found = []
    for event in accepted:
        if event.event["type"] != KUDOS_TYPE or event.uid in silent or "objectmember" not in event.identities:
            continue
        giver, receiver = (members[event.identities[role][0]].member_id for role in ("member", "objectmember"))
        if giver != receiver:
            found.append(GivenEvent(event.community, event.uid, event.event, giver, receiver))
    return found


def _ideas(
    accepted: Sequence[Received], members: Mapping[IdentityKey, Owner], silent: Collection[str]
) -> list[IdeaEvent]:
    """Those of events that say something of a suggestion, with who did it."""
    return [
        IdeaEvent(event.community, event.uid, event.event, members[event.identities["member"][0]].member_id)
        for event in accepted
        if event.event["type"] in IDEA_TYPES and event.uid not in silent and "member" in event.identities
    ]


def _citations(accepted: Sequence[Received], silent: Collection[str]) -> list[tuple[str, str, str]]:
    """Why members are nominated, in the words of events, each with its community and its id."""
    return [
        (event.community, event.uid, text)
        for event in accepted
        if event.event["type"] == NOMINATED_TYPE
        and event.uid not in silent
        and "object" in event.event["data"]
        and (text := text_of(event.event["data"])) is not None
    ]


def _said_of(accepted: Sequence[Received]) -> list[SaidOf]:
    return [
        SaidOf(event.community, target, moment_of(event.event), event.event["type"] == RETRACTED_TYPE)
        for event in accepted
        if (target := event.target_uid()) is not None
    ]


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
