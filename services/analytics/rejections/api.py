"""HTTP routes about events that will not count."""

from datetime import datetime
from typing import Annotated, Literal, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from services.analytics.periods.api import INVALID_DAYS, AskedCalendar, AskedDays, Reader
from services.analytics.rejections import store
from services.analytics.rejections.domain import (
    Moments,
    ReasonCount,
    ReasonPlace,
    Rejection,
    RejectionFilter,
    RejectionPlace,
)
from shared.contracts.fields import ID_MAX_CHARS, URI_MAX_CHARS
from shared.contracts.texts import plain_id, plain_source
from shared.http import Conn, Limit, Page, Problem, ProblemType, after, problem_responses
from shared.http.problem_types import INVALID_CURSOR

UNSTORABLE_TEXT = ProblemType("unstorable-text", 422, "The text is not valid")

#: Reasons are the platform's own sentences; one that is longer was never given.
REASON_MAX_CHARS = 2_000

router = APIRouter(tags=["analytics"])


class RejectionReason(BaseModel):
    outcome: str = Field(description="rejected, or conflict: other content than before under the same id")
    reason: str
    events: int
    last_at: datetime
    source: str = Field(
        description="The source that most of them came from", examples=["https://shop.example.org"]
    )
    sources_count: int = Field(description="From how many sources they came", examples=[1])

    @classmethod
    def of(cls, reason: ReasonCount) -> Self:
        """A reason as the API shows it."""
        return cls(
            outcome=reason.outcome,
            reason=reason.reason,
            events=reason.events,
            last_at=reason.last_at,
            source=reason.source,
            sources_count=reason.sources_count,
        )


@router.get(
    "/v1/rejections",
    summary="Why events were rejected",
    responses=problem_responses(INVALID_DAYS, INVALID_CURSOR),
)
async def get_rejections(
    principal: Reader,
    days: AskedDays,
    calendar: AskedCalendar,
    place: Annotated[ReasonPlace | None, after(ReasonPlace)],
    conn: Conn,
    limit: Limit = 100,
) -> Page[RejectionReason]:
    """Reasons of those days (of the rejection), most frequent first."""
    reasons = await store.page_of_reasons(
        conn,
        community=principal.community,
        moments=Moments.of(days, calendar),
        after=place,
        limit=limit,
    )
    return Page.of(reasons, limit, item=RejectionReason.of, place=lambda reason: reason.place)


class RejectedEvent(BaseModel):
    """An event that was received and will not count."""

    source: str
    event_id: str
    outcome: str = Field(description="rejected, or conflict: other content than before under the same id")
    reason: str
    rejected_at: datetime
    receipt_id: str
    receipt_index: int = Field(description="Its place in the request, from 0")

    @classmethod
    def of(cls, rejection: Rejection) -> Self:
        """A rejection as the API shows it."""
        return cls(
            source=rejection.source,
            event_id=rejection.event_id,
            outcome=rejection.outcome,
            reason=rejection.reason,
            rejected_at=rejection.rejected_at,
            receipt_id=rejection.receipt_id,
            receipt_index=rejection.receipt_index,
        )


@router.get(
    "/v1/rejections/events",
    summary="Events that were rejected",
    responses=problem_responses(UNSTORABLE_TEXT, INVALID_CURSOR),
)
async def get_rejected_events(
    principal: Reader,
    place: Annotated[RejectionPlace | None, after(RejectionPlace)],
    conn: Conn,
    source: Annotated[str | None, Query(max_length=URI_MAX_CHARS, description="Only of this source")] = None,
    event_id: Annotated[str | None, Query(max_length=ID_MAX_CHARS, description="Only of this id")] = None,
    outcome: Annotated[
        Literal["rejected", "conflict"] | None, Query(description="Only what became of them so")
    ] = None,
    reason: Annotated[
        str | None, Query(max_length=REASON_MAX_CHARS, description="Only for this reason, word for word")
    ] = None,
    limit: Limit = 100,
) -> Page[RejectedEvent]:
    """Each with its reason and the receipt it belongs to, newest first."""
    if any("\x00" in text for text in (source, event_id, reason) if text):
        raise Problem(UNSTORABLE_TEXT, "Leave out the character U+0000")
    # In the spelling that is stored, however it was sent.
    wanted = RejectionFilter(
        None if source is None else plain_source(source),
        None if event_id is None else plain_id(event_id),
        outcome,
        reason,
    )
    rejections = await store.page_of_rejections(
        conn, community=principal.community, wanted=wanted, after=place, limit=limit
    )
    return Page.of(rejections, limit, item=RejectedEvent.of, place=lambda rejection: rejection.place)
