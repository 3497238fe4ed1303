"""Routes of redemptions."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from services.rewards.commands.api import IdempotencyKey, run_once
from services.rewards.ledger.api.cursors import uuid_of
from services.rewards.ledger.api.members import MEMBER_EXAMPLE
from services.rewards.lots.domain.lots import NotEnoughPointsError
from services.rewards.metrics import REDEMPTIONS_REFUSED
from services.rewards.redemptions import handlers, store
from services.rewards.redemptions.domain import RedemptionClosedError, RedemptionState
from shared.contracts.fields import Slug
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
from shared.transaction import Transaction

router = APIRouter(tags=["redemptions"])


class RedemptionRequest(BaseModel):
    """Who wants which reward."""

    member_id: UUID = Field(examples=[MEMBER_EXAMPLE])
    reward_id: Slug = Field(examples=["sticker-pack"])


class Redemption(BaseModel):
    """A member's redemption of a reward."""

    redemption_id: UUID
    member_id: UUID
    reward_id: str
    title: str
    points: int
    state: RedemptionState
    created_at: datetime
    expires_at: datetime = Field(description="Confirm before then, or the points become available again")
    changed_at: datetime
    changed_by: str = Field(description="The access key, or `timer`")


@router.post(
    "/v1/redemptions",
    summary="Reserve the points of a reward",
    status_code=201,
    response_model=Redemption,
    responses=PROBLEMS,
)
async def post_redemption(
    request: Request,
    wanted: RedemptionRequest,
    idempotency_key: IdempotencyKey,
    principal: Principal = requires("rewards:write"),
) -> Response:
    """First phase: points go from available to reserved. Confirm or cancel before `expires_at`."""

    async def work(tx: Transaction) -> Redemption:
        row = await handlers.reserve(
            tx, principal.community, wanted.member_id, wanted.reward_id, idempotency_key, principal.key_id
        )
        return Redemption(**row)

    try:
        return await run_once(
            request, principal, "redemption", idempotency_key, wanted.model_dump(mode="json"), work
        )
    except handlers.UnknownRewardError as error:
        detail = f"The catalogue has no {wanted.reward_id!r}; GET /v1/catalogue lists the rewards on offer"
        raise Problem(404, "Reward not found", detail, [FieldError(field="/reward_id", detail=detail)]) from error
    except NotEnoughPointsError as error:
        REDEMPTIONS_REFUSED.inc()
        detail = f"{error.missing_points} points are missing; nothing was reserved"
        raise Problem(409, "Not enough points", detail) from error


@router.post("/v1/redemptions/{redemption_id}/confirm", summary="Confirm a redemption", responses=PROBLEMS)
async def confirm(
    request: Request, redemption_id: UUID, principal: Principal = requires("rewards:write")
) -> Redemption:
    """Second phase: reserved points are spent. Confirming again changes nothing."""
    return await _finish(request, redemption_id, "confirmed", principal)


@router.post("/v1/redemptions/{redemption_id}/cancel", summary="Cancel a redemption", responses=PROBLEMS)
async def cancel(
    request: Request, redemption_id: UUID, principal: Principal = requires("rewards:write")
) -> Redemption:
    """Reserved points are available again, in the lots they came from. Cancelling again changes nothing."""
    return await _finish(request, redemption_id, "cancelled", principal)


async def _finish(
    request: Request, redemption_id: UUID, state: RedemptionState, principal: Principal
) -> Redemption:
    try:
        async with request.app.state.begin() as tx:
            row = await handlers.finish(tx, principal.community, redemption_id, state, principal.key_id)
    except handlers.UnknownRedemptionError as error:
        raise _unknown(redemption_id) from error
    except RedemptionClosedError as error:
        detail = f"It is {error.state} and stays so; make a new redemption"
        raise Problem(409, f"The redemption cannot be {state}", detail) from error
    return Redemption(**row)


@router.get("/v1/redemptions/{redemption_id}", summary="A redemption", responses=PROBLEMS)
async def get_redemption(
    request: Request, redemption_id: UUID, principal: Principal = requires("rewards:read")
) -> Redemption:
    """A redemption and the state it is in."""
    async with request.app.state.pool.acquire() as conn:
        row = await store.get(conn, principal.community, redemption_id)
    if row is None:
        raise _unknown(redemption_id)
    return Redemption(**row)


@router.get("/v1/redemptions", summary="Redemptions", responses=PROBLEMS)
async def list_redemptions(
    request: Request,
    member: Annotated[UUID | None, Query(description="Only those of this member")] = None,
    limit: Limit = 100,
    after: After = None,
    principal: Principal = requires("rewards:read"),
) -> Page[Redemption]:
    """Redemptions of the community in id order."""
    place = decode_cursor(after, str)
    async with request.app.state.pool.acquire() as conn:
        rows = await store.page_of_redemptions(
            conn, principal.community, member, uuid_of(place[0]) if place else None, limit
        )
    return Page(
        items=[Redemption(**row) for row in rows],
        next=encode_cursor(str(rows[-1]["redemption_id"])) if len(rows) == limit else None,
    )


def _unknown(redemption_id: UUID) -> Problem:
    return Problem(404, "Redemption not found", f"There is no redemption {redemption_id} in this community")
