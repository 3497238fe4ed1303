"""Receipts: what became of the events of a request."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.ingest.events import store
from services.ingest.events.domain.judgement import Outcome
from services.ingest.events.domain.receipts import (
    Judgement,
    ReceiptPlace,
    ReceiptSummary,
    SummaryPlace,
    event_count,
)
from shared.http import (
    Conn,
    Limit,
    Page,
    Principal,
    Problem,
    ProblemType,
    Scope,
    after,
    next_cursor,
    problem_responses,
    requires,
)
from shared.http.problem_types import INVALID_CURSOR

UNKNOWN_RECEIPT = ProblemType("unknown-receipt", 404, "No such receipt")

router = APIRouter()


class ReceiptItem(BaseModel):
    """What became of one event."""

    index: int = Field(description="The event's place in the request, from 0")
    event_uid: str
    outcome: str = Field(
        description="accepted, duplicate (same content before), conflict (other content before) or rejected "
        "(whoever did it was erased)"
    )
    reason: str | None = None

    @classmethod
    def of(cls, judgement: Judgement) -> "ReceiptItem":
        """What is shown of a judgement."""
        return cls(
            index=judgement.index,
            event_uid=judgement.event_uid,
            outcome=judgement.outcome,
            reason=judgement.reason,
        )


class Receipt(BaseModel):
    """What became of the events of one request."""

    receipt_id: str
    status: str = Field(
        description="pending until every event has an outcome, then complete", examples=["complete"]
    )
    counts: dict[str, int] = Field(examples=[{"accepted": 499, "duplicate": 1, "conflict": 0, "pending": 0}])
    items: list[ReceiptItem]
    next: str | None = None


class ReceiptListed(BaseModel):
    """A request with events, and how many of them have each outcome."""

    receipt_id: str = Field(examples=["r019c1425a8f03a5e7c1f92d4b6a80e31f04c97d25ab6-500"])
    received_at: datetime = Field(description="When it came, to the millisecond")
    status: str = Field(description="pending until every event has an outcome, then complete")
    counts: dict[str, int] = Field(examples=[{"accepted": 499, "duplicate": 1, "conflict": 0, "pending": 0}])

    @classmethod
    def of(cls, summary: ReceiptSummary) -> "ReceiptListed":
        """A summary as the API shows it."""
        return cls(
            receipt_id=summary.receipt_id,
            received_at=summary.received_at,
            status=_status(summary.pending_count),
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
    receipts = await store.page_of_receipts(conn, community=principal.community, after=place, limit_count=limit)
    return Page.of(receipts, limit, item=ReceiptListed.of, place=lambda receipt: SummaryPlace(receipt.receipt_id))


@router.get(
    "/v1/receipts/{receipt_id}",
    summary="What became of the events of a request",
    responses=problem_responses(UNKNOWN_RECEIPT),
)
async def get_receipt(
    principal: Annotated[Principal, requires(Scope.RECEIPTS_READ)],
    conn: Conn,
    receipt_id: str,
    place: Annotated[ReceiptPlace | None, after(ReceiptPlace)],
    limit: Limit = 100,
) -> Receipt:
    """Outcomes by event, and their counts. Events not yet judged are counted as pending."""
    count = event_count(principal.community, receipt_id)
    if count is None:
        raise Problem(UNKNOWN_RECEIPT, "A receipt id is what POST /v1/events answered this community")
    counts = await store.count_outcomes(conn, community=principal.community, receipt_id=receipt_id)
    judgements = await store.page_of_judgements(
        conn, community=principal.community, receipt_id=receipt_id, after=place, limit_count=limit
    )
    pending = max(0, count - sum(counts.values()))
    return Receipt(
        receipt_id=receipt_id,
        status=_status(pending),
        counts=_counts(counts, pending),
        items=[ReceiptItem.of(judgement) for judgement in judgements],
        next=next_cursor(judgements, limit, ReceiptPlace.of),
    )


def _status(pending_count: int) -> str:
    return "pending" if pending_count else "complete"


def _counts(counts: Mapping[Outcome, int], pending_count: int) -> dict[str, int]:
    return {outcome.value: counts.get(outcome, 0) for outcome in Outcome} | {"pending": pending_count}
