"""Receipts: what became of the events of a request."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.ingest.events import store
from services.ingest.events.domain.judgement import Outcome
from services.ingest.events.domain.receipts import Judgement, ReceiptPlace, event_count
from shared.http import (
    Conn,
    Limit,
    Principal,
    Problem,
    ProblemType,
    Scope,
    after,
    next_cursor,
    problem_responses,
    requires,
)

UNKNOWN_RECEIPT = ProblemType("unknown-receipt", 404, "No such receipt")

router = APIRouter()


class ReceiptItem(BaseModel):
    """What became of one event."""

    index: int = Field(description="The event's place in the request, from 0")
    event_uid: str
    outcome: str = Field(
        description="accepted, duplicate (same content before) or conflict (other content before)"
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
        status="pending" if pending else "complete",
        counts={outcome.value: counts.get(outcome, 0) for outcome in Outcome} | {"pending": pending},
        items=[ReceiptItem.of(judgement) for judgement in judgements],
        next=next_cursor(judgements, limit, ReceiptPlace.of),
    )
