"""HTTP routes of awards: awards, scores, and why an event earned what it did."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request

from services.scoring.awards import store
from services.scoring.awards.api.models import AwardItem, DeclinedItem, Explanation, RuleScore, Score
from services.scoring.awards.domain.awards import AwardPlace
from services.scoring.programmes.api.parameters import Moment, bad_cursor
from services.scoring.rules.store import load_declined
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
from shared.http.pages import PAGE_MAX_COUNT

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
    community, place = principal.community, _award_place(after)
    async with request.app.state.pool.acquire() as conn:
        if member is not None:
            found = await store.page_of_awards(
                conn, community=community, member_id=str(member), after=place, limit=limit
            )
        else:
            found = await store.page_of_event_awards(
                conn, community=community, event_uid=str(event), after=place, limit=limit
            )
    last = found[-1].award if len(found) == limit else None
    return Page(
        items=[AwardItem.of(recorded) for recorded in found],
        next=encode_cursor(last.event_time.isoformat(), last.award_id) if last else None,
    )


def _award_place(after: str | None) -> AwardPlace | None:
    position = decode_cursor(after, str, str)
    if position is None:
        return None
    try:
        moment, award_id = datetime.fromisoformat(position[0]), str(UUID(position[1]))
    except ValueError as error:
        raise bad_cursor() from error
    if moment.tzinfo is None:
        raise bad_cursor()
    return AwardPlace(moment, award_id)


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
        rules = await store.load_rule_points(
            conn,
            community=principal.community,
            member_id=str(member_id),
            at=at or now,
            as_known_at=as_known_at or now,
        )
    return Score(
        member_id=member_id,
        at=at or now,
        as_known_at=as_known_at or now,
        points=sum(rule.points for rule in rules),
        rules=[RuleScore.of(rule) for rule in rules],
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
        community, uid = principal.community, str(event_uid)
        marks = await store.find_marks(conn, community=community, event_uid=uid)
        awards = await store.page_of_event_awards(
            conn, community=community, event_uid=uid, after=None, limit=PAGE_MAX_COUNT
        )
        declined = await load_declined(conn, community=community, event_uid=uid)
    if marks is None:
        raise Problem(404, "No such event", "Scoring has not seen it; a receipt says whether it was accepted")
    return Explanation(
        event_uid=event_uid,
        scored=marks.scored,
        retracted=marks.retracted,
        awards=[AwardItem.of(recorded) for recorded in awards],
        declined=[DeclinedItem.of(rule) for rule in declined],
    )
