"""HTTP routes of refunds, for whoever runs the community."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from services.rewards.ledger.api.problems import ALTERED
from services.rewards.payouts.domain import Actor
from services.rewards.redemptions.api.models import UNKNOWN_REDEMPTION
from services.rewards.refunds import store
from services.rewards.refunds.api.models import (
    NOT_REFUNDABLE,
    REDEMPTION_EXAMPLE,
    REFUND_EXAMPLE,
    REFUND_FOUR_EYES,
    REFUND_OPEN,
    REFUND_STATE,
    UNKNOWN_REFUND,
    RefundListed,
    RefundRequest,
    RefundShown,
    RefundStateName,
)
from services.rewards.refunds.domain import Goods, Refund, RefundPlace, RefundState
from services.rewards.refunds.handlers import people
from shared.commands import KEY_REUSED, Command, CommandKey, IdempotencyKey, answer_once
from shared.http import (
    IN_ANSWER,
    Conn,
    Limit,
    Page,
    Principal,
    Scope,
    Tx,
    after,
    problem_responses,
    requires,
)
from shared.http.problem_types import ABOUT_YOURSELF

router = APIRouter(tags=["refunds"])
Keeper = Annotated[Principal, requires(Scope.REWARDS_WRITE)]
#: A manager, or whoever approves for finance.
Approver = Annotated[Principal, requires(Scope.POINTS_APPROVE)]
RedemptionId = Annotated[UUID, Path(examples=[REDEMPTION_EXAMPLE])]
RefundId = Annotated[UUID, Path(examples=[REFUND_EXAMPLE])]


def _by(principal: Principal) -> Actor:
    return Actor(principal.person_id, principal.credential)


@router.post(
    "/v1/redemptions/{redemption_id}/refunds",
    summary="Refund a redemption, as a whole or in part",
    status_code=201,
    response_model=RefundShown,
    responses=problem_responses(
        UNKNOWN_REDEMPTION, ABOUT_YOURSELF, NOT_REFUNDABLE, REFUND_OPEN, ALTERED, KEY_REUSED
    ),
)
async def post_refund(
    principal: Keeper, tx: Tx, redemption_id: RedemptionId, wanted: RefundRequest, idempotency_key: IdempotencyKey
) -> Response:
    """Points that were spent go back to the lots that they came from, those used last first.

    Nobody refunds their own. Above an amount it waits for another person; all of a gift card waits for its
    provider, who is asked to take it back. What paid for it has its budget back.
    """

    async def work() -> RefundShown:
        refund = await people.ask_refund(
            tx,
            community=principal.community,
            redemption_id=str(redemption_id),
            points=wanted.points,
            reason=wanted.reason,
            goods=Goods(wanted.goods),
            asks_provider=wanted.ask_provider,
            idempotency_key=idempotency_key,
            by=_by(principal),
        )
        return RefundShown.of(refund)

    key = CommandKey(principal.community, "refund", idempotency_key)
    said = {"redemption_id": str(redemption_id), **wanted.model_dump(mode="json")}
    return await answer_once(tx, Command(key, said), work=work)


@router.post(
    "/v1/redemptions/{redemption_id}/refunds/{refund_id}/approve",
    summary="Approve a refund that somebody else asked for",
    responses=problem_responses(
        UNKNOWN_REDEMPTION, UNKNOWN_REFUND, ABOUT_YOURSELF, REFUND_FOUR_EYES, REFUND_STATE, NOT_REFUNDABLE, ALTERED
    ),
)
async def approve_refund(
    principal: Approver, tx: Tx, redemption_id: RedemptionId, refund_id: RefundId
) -> RefundShown:
    """It is done, or its provider is asked. Approving again changes nothing."""
    approved = await people.approve_refund(
        tx,
        community=principal.community,
        redemption_id=str(redemption_id),
        refund_id=str(refund_id),
        by=_by(principal),
    )
    return RefundShown.of(approved)


@router.post(
    "/v1/redemptions/{redemption_id}/refunds/{refund_id}/withdraw",
    summary="Withdraw a refund that is not done yet",
    responses=problem_responses(UNKNOWN_REDEMPTION, UNKNOWN_REFUND, REFUND_STATE),
)
async def withdraw_refund(
    principal: Keeper, tx: Tx, redemption_id: RedemptionId, refund_id: RefundId
) -> RefundShown:
    """Nothing is given back by it. What its provider took back meanwhile is refunded all the same."""
    withdrawn = await people.withdraw_refund(
        tx,
        community=principal.community,
        redemption_id=str(redemption_id),
        refund_id=str(refund_id),
        by=_by(principal),
    )
    return RefundShown.of(withdrawn)


@router.get("/v1/refunds", summary="Refunds, newest first", responses=problem_responses())
async def list_refunds(
    principal: Annotated[Principal, requires(Scope.REWARDS_READ, reads=IN_ANSWER)],
    conn: Conn,
    place: Annotated[RefundPlace | None, after(RefundPlace)],
    state: Annotated[
        RefundStateName | None, Query(description="Only those: `waiting` ones need another person")
    ] = None,
    redemption_id: Annotated[UUID | None, Query(description="Only those of this redemption")] = None,
    limit: Limit = 100,
) -> Page[RefundListed]:
    """Of the community, by state or redemption."""
    found = await store.page_of_refunds(
        conn,
        community=principal.community,
        redemption_id=None if redemption_id is None else str(redemption_id),
        state=None if state is None else RefundState(state),
        after=place,
        limit=limit,
    )
    of = await store.load_members(conn, found)

    def listed(refund: Refund) -> RefundListed:
        member_id, title, name = of[refund.redemption_id]
        shown = RefundShown.of(refund).model_dump()
        return RefundListed(**shown, member_id=UUID(member_id), member_name=name, title=title)

    return Page.of(found, limit, item=listed, place=lambda refund: refund.place)
