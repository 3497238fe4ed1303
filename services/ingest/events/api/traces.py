"""What came by a trace: the way from a platform's own tracing to its events here."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from services.ingest.events.domain.traces import Traced, TracedPlace
from services.ingest.events.store import traces as store
from shared.http import (
    Conn,
    Limit,
    Page,
    Principal,
    Problem,
    ProblemType,
    Scope,
    after,
    problem_responses,
    requires,
)
from shared.http.problem_types import INVALID_CURSOR

UNKNOWN_TRACE = ProblemType("unknown-trace", 404, "No event of that trace")

router = APIRouter()

TraceId = Annotated[
    str,
    Path(pattern="^[0-9a-f]{32}$", description="The second part of a traceparent: 32 hexadecimal digits"),
]


class EventTraced(BaseModel):
    """An event that came by a trace, and what became of it."""

    event_uid: UUID = Field(description="By which lineage, texts and awards know it")
    receipt_id: str = Field(examples=["r019c1425a8f03a5e7c1f92d4b6a80e31f04c97d25ab6-500"])
    index: int = Field(description="Its place in the request, from 0")
    received_at: datetime
    outcome: str = Field(examples=["accepted"])
    reason: str | None = None

    @classmethod
    def of(cls, traced: Traced) -> "EventTraced":
        """What is shown of it."""
        return cls(
            event_uid=UUID(traced.event_uid),
            receipt_id=traced.receipt_id,
            index=traced.receipt_index,
            received_at=traced.received_at,
            outcome=traced.outcome,
            reason=traced.reason,
        )


@router.get(
    "/v1/traces/{trace_id}",
    summary="The events that came by a trace",
    responses=problem_responses(UNKNOWN_TRACE, INVALID_CURSOR),
)
async def get_trace(
    principal: Annotated[Principal, requires(Scope.RECEIPTS_READ)],
    conn: Conn,
    trace_id: TraceId,
    place: Annotated[TracedPlace | None, after(TracedPlace)],
    limit: Limit = 100,
) -> Page[EventTraced]:
    """In the order in which they were received, for 30 days unless set otherwise (`PLAUDIT_TRACES_KEPT_DAYS`).

    The trace is that of the request's header `traceparent` or of the record's, but for events that name one of
    their own. What the door refused is not among them.
    """
    found = await store.page_of_traced(
        conn, community=principal.community, trace_id=trace_id, after=place, limit_count=limit
    )
    if not found and place is None:
        detail = "No event came by it lately, or each waits to be judged: that takes a second. Look at the id"
        raise Problem(UNKNOWN_TRACE, detail)
    return Page.of(
        found, limit, item=EventTraced.of, place=lambda one: TracedPlace(one.receipt_id, one.receipt_index)
    )
