"""Receipts: what became of the events of a request."""

import re

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from services.ingest.events import store
from shared.http import (
    PROBLEMS,
    After,
    Limit,
    Principal,
    Problem,
    decode_cursor,
    encode_cursor,
    requires,
)

RECEIPT_PATTERN = re.compile(r"^r[0-9a-f]{28}-([0-9]{1,6})$")

router = APIRouter()


class ReceiptItem(BaseModel):
    """What became of one event."""

    index: int = Field(description="The event's place in the request, from 0")
    event_uid: str
    outcome: str = Field(
        description="accepted, duplicate (same content before) or conflict (other content before)"
    )
    reason: str | None = None


class Receipt(BaseModel):
    """What became of the events of one request."""

    receipt_id: str
    status: str = Field(
        description="pending until every event has an outcome, then complete", examples=["complete"]
    )
    counts: dict[str, int] = Field(examples=[{"accepted": 499, "duplicate": 1, "conflict": 0, "pending": 0}])
    items: list[ReceiptItem]
    next: str | None = None


@router.get("/v1/receipts/{receipt_id}", summary="What became of the events of a request", responses=PROBLEMS)
async def get_receipt(
    request: Request,
    receipt_id: str,
    limit: Limit = 100,
    after: After = None,
    principal: Principal = requires("receipts:read"),
) -> Receipt:
    """Outcomes by event, and their counts. Events not yet judged are counted as pending."""
    matched = RECEIPT_PATTERN.match(receipt_id)
    if matched is None:
        raise Problem(404, "No such receipt", "A receipt id is what POST /v1/events answered")
    position = decode_cursor(after, int)
    async with request.app.state.pool.acquire() as conn:
        counts = await store.receipt_counts(conn, principal.community, receipt_id)
        rows = await store.page_of_receipt(
            conn, principal.community, receipt_id, position[0] if position else -1, limit
        )
    pending = max(0, int(matched[1]) - sum(counts.values()))
    return Receipt(
        receipt_id=receipt_id,
        status="pending" if pending else "complete",
        counts={outcome: counts.get(outcome, 0) for outcome in ("accepted", "duplicate", "conflict")}
        | {"pending": pending},
        items=[
            ReceiptItem(
                index=row["receipt_index"],
                event_uid=str(row["event_uid"]),
                outcome=row["outcome"],
                reason=row["reason"],
            )
            for row in rows
        ],
        next=encode_cursor(rows[-1]["receipt_index"]) if len(rows) == limit else None,
    )
