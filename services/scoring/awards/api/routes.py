"""HTTP routes of awards: awards, scores, and why an event earned what it did."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request

from services.scoring.awards import store
from services.scoring.awards.api.models import AwardItem, DeclinedItem, Explanation, RuleScore, Score
from services.scoring.programmes.api.parameters import Moment, bad_cursor
from services.scoring.rules.store import declined_of
from shared.http import (
    PROBLEMS,
    After,
    FieldError,
    Limit,
    Page,
    Principal,
    Problem,
    decode_cursor,
    encode_cursor,
    requires,
)

router = APIRouter()


@router.get("/v1/awards", summary="Awards of a member or an event", responses=PROBLEMS)
async def get_awards(
    request: Request,
    member: Annotated[UUID | None, Query(description="Awards of this member")] = None,
    event: Annotated[UUID | None, Query(description="Awards that this event (its uid) earned")] = None,
    limit: Limit = 100,
    after: After = None,
    principal: Principal = requires("points:read"),
) -> Page[AwardItem]:
    """Awards and their reversals by event time. Give `member` or `event`."""
    if (member is None) == (event is None):
        detail = "Give either member or event"
        raise Problem(422, "The request is not valid", detail, [FieldError(field="member", detail=detail)])
    page_of, of = (store.page_of_awards, member) if member is not None else (store.page_of_event_awards, event)
    async with request.app.state.pool.acquire() as conn:
        rows = await page_of(conn, principal.community, str(of), _award_cursor(after), limit)
    last = rows[-1] if len(rows) == limit else None
    return Page(
        items=[AwardItem(**row) for row in rows],
        next=encode_cursor(last["event_time"].isoformat(), str(last["award_id"])) if last else None,
    )


def _award_cursor(after: str | None) -> tuple[datetime, str] | None:
    position = decode_cursor(after, str, str)
    if position is None:
        return None
    try:
        moment, award_id = datetime.fromisoformat(position[0]), str(UUID(position[1]))
    except ValueError as error:
        raise bad_cursor() from error
    if moment.tzinfo is None:
        raise bad_cursor()
    return moment, award_id


@router.get("/v1/members/{member_id}/score", summary="A member's points, at any time", responses=PROBLEMS)
async def get_score(
    request: Request,
    member_id: UUID,
    at: Annotated[Moment | None, Query(description="Count events until then (event time); now")] = None,
    as_known_at: Annotated[Moment | None, Query(description="Count what was recorded until then; now")] = None,
    principal: Principal = requires("points:read"),
) -> Score:
    """Points by rule, from append-only awards, so that the past can be asked: had at T, as known at K.

    A reversal counts at the event time of what it reverses: asked today, a retracted event never counted;
    asked as known before the retraction, it did. A member without awards has 0 points.
    """
    now = datetime.now(UTC)
    async with request.app.state.pool.acquire() as conn:
        rows = await store.score(conn, principal.community, str(member_id), at or now, as_known_at or now)
    rules = [RuleScore(**row) for row in rows]
    return Score(
        member_id=member_id,
        at=at or now,
        as_known_at=as_known_at or now,
        points=sum(rule.points for rule in rules),
        rules=rules,
    )


@router.get("/v1/events/{event_uid}/explanation", summary="Why an event earned what it did", responses=PROBLEMS)
async def get_explanation(
    request: Request,
    event_uid: UUID,
    principal: Principal = requires("points:read"),
) -> Explanation:
    """The awards of an event, and for every other rule that listens to its type, why it gave nothing.

    An event with neither came before the first programme, or no rule listens to its type.
    """
    async with request.app.state.pool.acquire() as conn:
        marks = await store.marks_of(conn, principal.community, str(event_uid))
        awards = await store.page_of_event_awards(conn, principal.community, str(event_uid), None, 500)
        declined = await declined_of(conn, principal.community, str(event_uid))
    if marks is None:
        raise Problem(404, "No such event", "Scoring has not seen it; a receipt says whether it was accepted")
    return Explanation(
        event_uid=event_uid,
        scored=marks["scored"],
        retracted=marks["retracted"],
        awards=[AwardItem(**row) for row in awards],
        declined=[DeclinedItem(**row) for row in declined],
    )
