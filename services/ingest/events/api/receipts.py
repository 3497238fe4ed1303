"""Receipts: what became of the events of a request."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from services.ingest.events import handlers
from services.ingest.events.domain.judgement import Outcome
from services.ingest.events.domain.judgement import event_uid as uid_of
from services.ingest.events.domain.receipts import (
    EventPlace,
    HourCount,
    HourPlace,
    HoursWanted,
    Judged,
    Judgement,
    Lane,
    ReceiptPlace,
    ReceiptSummary,
    SummaryPlace,
    event_count,
    lane_of,
)
from services.ingest.events.store import receipts as store
from services.ingest.events.store import traces
from services.ingest.refused import store as refused_store
from services.ingest.settings import Settings
from shared.contracts.fields import ID_MAX_CHARS, URI_MAX_CHARS
from shared.contracts.texts import plain_id, plain_source
from shared.http import (
    Conn,
    FieldError,
    Limit,
    Moment,
    Page,
    Principal,
    Problem,
    ProblemType,
    Scope,
    after,
    configured,
    next_cursor,
    problem_responses,
    requires,
)
from shared.http.problem_types import INVALID_CURSOR, INVALID_REQUEST

LANE = "live: as what happens now; backfill: as what is past, which waits for that, and is told to nobody"
COUNTS = {"accepted": 498, "duplicate": 1, "conflict": 0, "rejected": 0, "refused": 1, "pending": 0}
TRACE_ID = "The trace by which it came, as long as that is known: 32 hexadecimal digits, or null"
UNKNOWN_RECEIPT = ProblemType("unknown-receipt", 404, "No such receipt")

OwnSettings = Annotated[Settings, configured(Settings)]

router = APIRouter()


class ReceiptItem(BaseModel):
    """What became of one event."""

    index: int = Field(description="The event's place in the request, from 0")
    event_uid: str = Field(description="Empty for what was refused and says no source and id")
    outcome: str = Field(
        description="accepted, duplicate (same content before), conflict (other content before), rejected "
        "(whoever did it was erased) or refused (not taken at the door)"
    )
    reason: str | None = None
    refused_id: str | None = Field(None, description="By which GET /v1/refused-events/{refused_id} shows it")
    trace_id: str | None = Field(None, description=TRACE_ID)

    @classmethod
    def of(cls, judgement: Judgement, trace_id: str | None) -> "ReceiptItem":
        """What is shown of a judgement."""
        return cls(
            index=judgement.index,
            event_uid=judgement.event_uid or "",
            outcome=judgement.outcome,
            reason=judgement.reason,
            refused_id=judgement.refused_id,
            trace_id=trace_id,
        )


class Receipt(BaseModel):
    """What became of the events of one request."""

    receipt_id: str
    status: str = Field(
        description="pending until every event has an outcome, then complete", examples=["complete"]
    )
    lane: Lane = Field(description=LANE)
    counts: dict[str, int] = Field(examples=[COUNTS])
    items: list[ReceiptItem]
    next: str | None = None


class ReceiptListed(BaseModel):
    """A request with events, and how many of them have each outcome."""

    receipt_id: str = Field(examples=["r019c1425a8f03a5e7c1f92d4b6a80e31f04c97d25ab6-500"])
    received_at: datetime = Field(description="When it came, to the millisecond")
    status: str = Field(description="pending until every event has an outcome, then complete")
    lane: Lane = Field(description=LANE)
    counts: dict[str, int] = Field(examples=[COUNTS])

    @classmethod
    def of(cls, summary: ReceiptSummary) -> "ReceiptListed":
        """A summary as the API shows it."""
        return cls(
            receipt_id=summary.receipt_id,
            received_at=summary.received_at,
            status=_status(summary.pending_count),
            lane=summary.lane,
            counts=_counts(summary.counts, summary.pending_count),
        )


@router.get(
    "/v1/receipts", summary="Requests with events, newest first", responses=problem_responses(INVALID_CURSOR)
)
async def get_receipts(
    principal: Annotated[Principal, requires(Scope.RECEIPTS_READ)],
    conn: Conn,
    place: Annotated[SummaryPlace | None, after(SummaryPlace)],
    limit: Limit = 100,
) -> Page[ReceiptListed]:
    """Those of which an event was judged; what an event was rejected for stands in its receipt."""
    receipts = await handlers.page_of_receipts(conn, community=principal.community, after=place, limit_count=limit)
    return Page.of(receipts, limit, item=ReceiptListed.of, place=lambda receipt: SummaryPlace(receipt.receipt_id))


class EventReceived(BaseModel):
    """One time that an event was received, and what became of it."""

    receipt_id: str = Field(examples=["r019c1425a8f03a5e7c1f92d4b6a80e31f04c97d25ab6-500"])
    index: int = Field(description="Its place in the request, from 0")
    received_at: datetime
    outcome: str = Field(examples=["accepted"])
    reason: str | None = None
    refused_id: str | None = Field(None, description="By which GET /v1/refused-events/{refused_id} shows it")
    trace_id: str | None = Field(None, description=TRACE_ID)

    @classmethod
    def of(cls, judged: Judged, trace_id: str | None) -> "EventReceived":
        """What is shown of it."""
        return cls(
            receipt_id=judged.receipt_id,
            index=judged.judgement.index,
            received_at=judged.received_at,
            outcome=judged.judgement.outcome,
            reason=judged.judgement.reason,
            refused_id=judged.judgement.refused_id,
            trace_id=trace_id,
        )


class EventReceipts(BaseModel):
    """Every time that one event was received, oldest first."""

    event_uid: UUID = Field(description="By which lineage, texts and awards know it")
    items: list[EventReceived]
    next: str | None = None


class SourceHour(BaseModel):
    """How many events of a source, received in one hour, had an outcome."""

    hour: datetime = Field(description="When the hour begins, in UTC", examples=["2026-01-31T12:00:00Z"])
    source: str = Field(examples=["https://forum.example.org"])
    outcome: str = Field(examples=["accepted"])
    events: int = Field(examples=[480])

    @classmethod
    def of(cls, count: HourCount) -> "SourceHour":
        """A count as the API shows it."""
        return cls(hour=count.hour, source=count.source, outcome=count.outcome, events=count.events)


@router.get(
    "/v1/receipts/of-event",
    summary="Every receipt of one event, oldest first",
    responses=problem_responses(INVALID_REQUEST, INVALID_CURSOR),
)
async def get_event_receipts(
    principal: Annotated[Principal, requires(Scope.RECEIPTS_READ)],
    conn: Conn,
    settings: OwnSettings,
    place: Annotated[EventPlace | None, after(EventPlace)],
    event_uid: Annotated[UUID | None, Query(description="The event, by its uid")] = None,
    source: Annotated[
        str | None, Query(max_length=URI_MAX_CHARS, description="Or by what its platform said: its source")
    ] = None,
    event_id: Annotated[str | None, Query(max_length=ID_MAX_CHARS, description="and its id there")] = None,
    limit: Limit = 100,
) -> EventReceipts:
    """From the first time it came to the last, and what became of it each time: what was rejected, mended and sent
    again stands in one list. An event that never came has an empty one.
    """
    if (event_uid is None) != (source is not None and event_id is not None) or (source is None) != (
        event_id is None
    ):
        detail = "Name the event by event_uid alone, or by source and event_id"
        raise Problem(INVALID_REQUEST, detail, [FieldError(field="event_uid", detail=detail)])
    uid = str(event_uid)
    if source is not None and event_id is not None:
        uid = uid_of(principal.community, plain_source(source), plain_id(event_id))
    judged = await handlers.page_of_places(
        conn, settings, community=principal.community, event_uid=uid, after=place, limit_count=limit
    )
    trace_ids = await traces.load_trace_ids(
        conn,
        community=principal.community,
        places=[(one.receipt_id, one.judgement.index) for one in judged],
    )
    return EventReceipts(
        event_uid=UUID(uid),
        items=[EventReceived.of(one, trace_id) for one, trace_id in zip(judged, trace_ids, strict=True)],
        next=next_cursor(judged, limit, lambda one: EventPlace(one.receipt_id, one.judgement.index)),
    )


@router.get(
    "/v1/receipts/counts",
    summary="How many events of each source had which outcome, by hour",
    responses=problem_responses(INVALID_REQUEST, INVALID_CURSOR),
)
async def get_receipt_counts(
    principal: Annotated[Principal, requires(Scope.RECEIPTS_READ)],
    conn: Conn,
    place: Annotated[HourPlace | None, after(HourPlace)],
    since: Annotated[Moment | None, Query(description="From this moment on; else the last 24 hours")] = None,
    until: Annotated[Moment | None, Query(description="Before this moment; else until now")] = None,
    source: Annotated[str | None, Query(max_length=URI_MAX_CHARS, description="Only of this source")] = None,
    limit: Limit = 100,
) -> Page[SourceHour]:
    """By the hour (UTC) in which they were received, newest first; of the last 32 days unless set otherwise."""
    to = until or datetime.now(UTC)
    wanted = HoursWanted(since or to - timedelta(hours=24), to, source and plain_source(source))
    counts = await store.page_of_hours(
        conn, community=principal.community, wanted=wanted, after=place, limit_count=limit
    )
    return Page.of(
        counts,
        limit,
        item=SourceHour.of,
        place=lambda count: HourPlace(count.hour, count.source, count.outcome),
    )


@router.get(
    "/v1/receipts/{receipt_id}",
    summary="What became of the events of a request",
    responses=problem_responses(UNKNOWN_RECEIPT),
)
async def get_receipt(
    principal: Annotated[Principal, requires(Scope.RECEIPTS_READ)],
    conn: Conn,
    settings: OwnSettings,
    receipt_id: str,
    place: Annotated[ReceiptPlace | None, after(ReceiptPlace)],
    limit: Limit = 100,
) -> Receipt:
    """Outcomes by event, and their counts. Events not yet judged are counted as pending. Those that the door
    refused are there for as long as they are kept.
    """
    count = event_count(principal.community, receipt_id)
    if count is None:
        raise Problem(UNKNOWN_RECEIPT, "A receipt id is what POST /v1/events answered this community")
    counts = await store.count_outcomes(conn, community=principal.community, receipt_id=receipt_id)
    pending = max(0, count - sum(counts.values()))
    refused = await refused_store.count_of_receipts(conn, community=principal.community, receipt_ids=[receipt_id])
    counts |= {Outcome.REFUSED: refused.get(receipt_id, 0)}
    judgements = await handlers.page_of_judgements(
        conn, settings, community=principal.community, receipt_id=receipt_id, after=place, limit_count=limit
    )
    trace_ids = await traces.load_trace_ids(
        conn, community=principal.community, places=[(receipt_id, one.index) for one in judgements]
    )
    return Receipt(
        receipt_id=receipt_id,
        status=_status(pending),
        lane=lane_of(receipt_id),
        counts=_counts(counts, pending),
        items=[ReceiptItem.of(one, trace_id) for one, trace_id in zip(judgements, trace_ids, strict=True)],
        next=next_cursor(judgements, limit, ReceiptPlace.of),
    )


def _status(pending_count: int) -> str:
    return "pending" if pending_count else "complete"


def _counts(counts: Mapping[Outcome, int], pending_count: int) -> dict[str, int]:
    return {outcome.value: counts.get(outcome, 0) for outcome in Outcome} | {"pending": pending_count}
