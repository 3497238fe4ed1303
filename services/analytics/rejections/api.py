"""HTTP routes about events that will not count."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from services.analytics.periods.api import COUNT_MAX, AskedDays, Reader, in_count_range, storable
from services.analytics.rejections import store
from shared.contracts.fields import ID_MAX_CHARS, URI_MAX_CHARS
from shared.http import PROBLEMS, After, Limit, Page, Problem, decode_cursor, encode_cursor

router = APIRouter(tags=["analytics"])


class RejectionReason(BaseModel):
    outcome: str = Field(description="rejected, or conflict: other content than before under the same id")
    reason: str
    events: int
    last_at: datetime


@router.get("/v1/rejections", summary="Why events were rejected", responses=PROBLEMS)
async def get_rejections(
    request: Request, principal: Reader, days: AskedDays, limit: Limit = 100, after: After = None
) -> Page[RejectionReason]:
    """Reasons of those UTC days (of the rejection), most frequent first."""
    key = decode_cursor(after, int, str, str)
    start = (COUNT_MAX, "", "") if key is None else (in_count_range(key[0]), storable(key[1]), storable(key[2]))
    async with request.app.state.pool.acquire() as conn:
        rows = await store.rejection_reasons(
            conn, principal.community, days.first, days.last + timedelta(days=1), start, limit
        )
    following = None
    if len(rows) == limit:
        following = encode_cursor(rows[-1]["events"], rows[-1]["outcome"], rows[-1]["reason_md5"])
    return Page(
        items=[
            RejectionReason(
                outcome=row["outcome"], reason=row["reason"], events=row["events"], last_at=row["last_at"]
            )
            for row in rows
        ],
        next=following,
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
    place = store.NEWEST
    if key is not None:
        try:
            place = (datetime.fromisoformat(key[0]).astimezone(UTC), storable(key[1]))
        except (ValueError, OverflowError) as error:
            raise Problem(
                422, "The cursor is not valid", "Use the `next` of the page before, unchanged"
            ) from error
    async with request.app.state.pool.acquire() as conn:
        rows = await store.rejected_events(
            conn, principal.community, source and storable(source), event_id and storable(event_id), place, limit
        )
    return Page(
        items=[RejectedEvent.model_validate(dict(row)) for row in rows],
        next=encode_cursor(rows[-1]["rejected_at"].isoformat(), rows[-1]["fact_id"])
        if len(rows) == limit
        else None,
    )
