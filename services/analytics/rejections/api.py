"""HTTP routes about events that will not count."""

from datetime import UTC, datetime
from typing import Annotated, Self

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from services.analytics.periods.api import COUNT_MAX, AskedDays, Reader, in_count_range, storable
from services.analytics.rejections import store
from services.analytics.rejections.domain import NEWEST, ReasonCount, ReasonPlace, Rejection, RejectionPlace
from shared.contracts.fields import ID_MAX_CHARS, URI_MAX_CHARS
from shared.http import PROBLEMS, After, Limit, Page, Problem, decode_cursor, encode_cursor

router = APIRouter(tags=["analytics"])


class RejectionReason(BaseModel):
    outcome: str = Field(description="rejected, or conflict: other content than before under the same id")
    reason: str
    events: int
    last_at: datetime

    @classmethod
    def of(cls, reason: ReasonCount) -> Self:
        """A reason as the API shows it."""
        return cls(outcome=reason.outcome, reason=reason.reason, events=reason.events, last_at=reason.last_at)


@router.get("/v1/rejections", summary="Why events were rejected", responses=PROBLEMS)
async def get_rejections(
    request: Request, principal: Reader, days: AskedDays, limit: Limit = 100, after: After = None
) -> Page[RejectionReason]:
    """Reasons of those UTC days (of the rejection), most frequent first."""
    key = decode_cursor(after, int, str, str)
    place = ReasonPlace(COUNT_MAX, "", "")
    if key is not None:
        place = ReasonPlace(in_count_range(key[0]), storable(key[1]), storable(key[2]))
    async with request.app.state.pool.acquire() as conn:
        reasons = await store.page_of_reasons(
            conn, community=principal.community, days=days, after=place, limit=limit
        )
    return Page(
        items=[RejectionReason.of(reason) for reason in reasons],
        next=encode_cursor(*reasons[-1].place) if len(reasons) == limit else None,
    )


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


@router.get("/v1/rejections/events", summary="Events that were rejected", responses=PROBLEMS)
async def get_rejected_events(
    request: Request,
    principal: Reader,
    source: Annotated[str | None, Query(max_length=URI_MAX_CHARS, description="Only of this source")] = None,
    event_id: Annotated[str | None, Query(max_length=ID_MAX_CHARS, description="Only of this id")] = None,
    limit: Limit = 100,
    after: After = None,
) -> Page[RejectedEvent]:
    """Each with its reason and the receipt it belongs to, newest first."""
    key = decode_cursor(after, str, str)
    place = NEWEST
    if key is not None:
        try:
            place = RejectionPlace(datetime.fromisoformat(key[0]).astimezone(UTC), storable(key[1]))
        except (ValueError, OverflowError) as error:
            raise Problem(
                422, "The cursor is not valid", "Use the `next` of the page before, unchanged"
            ) from error
    async with request.app.state.pool.acquire() as conn:
        rejections = await store.page_of_rejections(
            conn,
            community=principal.community,
            source=source and storable(source),
            event_id=event_id and storable(event_id),
            after=place,
            limit=limit,
        )
    last = rejections[-1].place if len(rejections) == limit else None
    return Page(
        items=[RejectedEvent.of(rejection) for rejection in rejections],
        next=encode_cursor(last.rejected_at.isoformat(), last.fact_id) if last else None,
    )
