"""Routes of redemptions, for whoever runs the community."""

from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from services.rewards.fulfilment.api import UNDER_WAY
from services.rewards.ledger.api.problems import ALTERED
from services.rewards.lots.domain.lots import LotUse, UsePlace
from services.rewards.lots.store import page_of_uses
from services.rewards.redemptions import domain, store
from services.rewards.redemptions.api.models import (
    NOT_CANCELLABLE,
    NOT_CONFIRMABLE,
    NOT_RESERVED,
    REFUSALS,
    UNKNOWN_REDEMPTION,
    Confirmation,
    NamedRedemption,
    Redemption,
    RedemptionRequest,
    State,
)
from services.rewards.redemptions.domain import (
    RedemptionFilter,
    RedemptionPlace,
    RedemptionState,
    UnknownRedemptionError,
)
from services.rewards.redemptions.handlers.ending import finish
from services.rewards.redemptions.handlers.reserving import reserve
from shared.commands import KEY_REUSED, Command, CommandKey, IdempotencyKey, answer_once
from shared.followed_members import find_name
from shared.http import (
    IN_ANSWER,
    Conn,
    Limit,
    MemberNamed,
    Page,
    Principal,
    Scope,
    Shown,
    Tx,
    Whose,
    after,
    problem_responses,
    requires,
)
from shared.http.problem_types import ABOUT_YOURSELF, UNKNOWN_IDENTITY

router = APIRouter(tags=["redemptions"])


@router.post(
    "/v1/redemptions",
    summary="Reserve the points of a reward",
    status_code=201,
    response_model=Redemption,
    responses=problem_responses(UNKNOWN_IDENTITY, *REFUSALS, KEY_REUSED),
)
async def post_redemption(
    principal: Annotated[Principal, requires(Scope.REWARDS_WRITE)],
    tx: Tx,
    whose: Whose,
    wanted: RedemptionRequest,
    idempotency_key: IdempotencyKey,
) -> Response:
    """First phase: points go from available to reserved. Confirm or cancel before `expires_at`."""

    async def work() -> Redemption:
        community = principal.community
        member_id = await whose.of(tx.conn, community=community, named=wanted.member_id, field="/member_id")
        reserved = await reserve(
            tx,
            community=community,
            member_id=member_id,
            reward_id=wanted.reward_id,
            idempotency_key=idempotency_key,
            by=principal.credential,
            quote_id=None if wanted.quote_id is None else str(wanted.quote_id),
            seen_points=wanted.points,
        )
        return Redemption.of(reserved)

    key = CommandKey(principal.community, "redemption", idempotency_key)
    return await answer_once(tx, Command(key, wanted.model_dump(mode="json")), work=work)


@router.post(
    "/v1/redemptions/{redemption_id}/confirm",
    summary="Confirm a redemption",
    responses=problem_responses(
        UNKNOWN_REDEMPTION, ABOUT_YOURSELF, NOT_CONFIRMABLE, NOT_RESERVED, UNDER_WAY, ALTERED
    ),
)
async def confirm(
    principal: Annotated[Principal, requires(Scope.REWARDS_WRITE)],
    tx: Tx,
    redemption_id: UUID,
    wanted: Annotated[Confirmation | None, Body(examples=[{"points": 20}])] = None,
) -> Redemption:
    """Second phase: reserved points are spent. Nobody does that for themselves; again changes nothing.

    With `points` only so many are, and the rest goes back to its lots in the same transaction.
    """
    confirmed = await finish(
        tx,
        community=principal.community,
        redemption_id=str(redemption_id),
        wanted=RedemptionState.CONFIRMED,
        by=principal.credential,
        person_id=principal.person_id,
        points=wanted.points if wanted else None,
    )
    return Redemption.of(confirmed)


@router.post(
    "/v1/redemptions/{redemption_id}/cancel",
    summary="Cancel a redemption",
    responses=problem_responses(UNKNOWN_REDEMPTION, NOT_CANCELLABLE, UNDER_WAY, ALTERED),
)
async def cancel(
    principal: Annotated[Principal, requires(Scope.REWARDS_WRITE)], tx: Tx, redemption_id: UUID
) -> Redemption:
    """Reserved points are available again, in the lots they came from. Cancelling again changes nothing."""
    cancelled = await finish(
        tx,
        community=principal.community,
        redemption_id=str(redemption_id),
        wanted=RedemptionState.CANCELLED,
        by=principal.credential,
    )
    return Redemption.of(cancelled)


class StateCount(BaseModel):
    """How many redemptions are in a state."""

    state: State
    count: int = Field(examples=[12])
    is_at_least: bool = Field(description="Whether there may be more: as many are counted, and no more")

    @classmethod
    def of(cls, counted: domain.StateCount) -> Self:
        """A count as it is answered."""
        return cls(state=counted.state.value, count=counted.number, is_at_least=counted.is_at_least)


class StateCounts(BaseModel):
    """How many redemptions are in each state."""

    items: list[StateCount]


@router.get(
    "/v1/redemptions/counts", summary="How many redemptions are in each state", responses=problem_responses()
)
async def get_counts(principal: Annotated[Principal, requires(Scope.REWARDS_READ)], conn: Conn) -> StateCounts:
    """Of each state up to 1,000 are counted: `reserved` ones wait."""
    counts = await store.count_states(conn, community=principal.community)
    return StateCounts(items=[StateCount.of(one) for one in counts])


@router.get(
    "/v1/redemptions/{redemption_id}", summary="A redemption", responses=problem_responses(UNKNOWN_REDEMPTION)
)
async def get_redemption(
    principal: Annotated[Principal, requires(Scope.REWARDS_READ, reads=IN_ANSWER)],
    shown: Shown,
    conn: Conn,
    redemption_id: UUID,
) -> NamedRedemption:
    """A redemption and the state it is in."""
    redemption = await store.find_redemption(conn, community=principal.community, redemption_id=str(redemption_id))
    if redemption is None:
        raise UnknownRedemptionError(str(redemption_id))
    shown.of(redemption.member_id)
    known = await find_name(conn, community=principal.community, member_id=redemption.member_id)
    return NamedRedemption.named(redemption, known.name if known else None)


class SpentLot(BaseModel):
    """Points of one award that a redemption uses."""

    award_id: UUID
    points: int

    @classmethod
    def of(cls, use: LotUse) -> Self:
        """A use of a lot as it is answered."""
        return cls.model_validate(use._asdict())


@router.get(
    "/v1/redemptions/{redemption_id}/lots",
    summary="The awards that a redemption uses",
    responses=problem_responses(UNKNOWN_REDEMPTION),
)
async def get_redemption_lots(
    principal: Annotated[Principal, requires(Scope.REWARDS_READ, reads=IN_ANSWER)],
    shown: Shown,
    conn: Conn,
    redemption_id: UUID,
    place: Annotated[UsePlace | None, after(UsePlace)],
    limit: Limit = 100,
) -> Page[SpentLot]:
    """Award ids and points; they sum up to the redemption's points."""
    community, used_by = principal.community, str(redemption_id)
    redemption = await store.find_redemption(conn, community=community, redemption_id=used_by)
    if redemption is None:
        raise UnknownRedemptionError(used_by)
    shown.of(redemption.member_id)
    uses = await page_of_uses(conn, community=community, used_by=used_by, after=place, limit=limit)
    return Page.of(uses, limit, item=SpentLot.of, place=lambda use: use.place)


@router.get("/v1/redemptions", summary="Redemptions, newest first", responses=problem_responses(UNKNOWN_IDENTITY))
async def list_redemptions(
    principal: Annotated[Principal, requires(Scope.REWARDS_READ, reads="member")],
    conn: Conn,
    whose: Whose,
    place: Annotated[RedemptionPlace | None, after(RedemptionPlace)],
    state: Annotated[State | None, Query(description="Only those in this state: `reserved` ones wait")] = None,
    member: Annotated[MemberNamed | None, Query(description="Only this member's: an id or an identity")] = None,
    limit: Limit = 100,
) -> Page[NamedRedemption]:
    """Redemptions of the community by state or member."""
    community = principal.community
    member_id = await whose.asked(conn, community=community, member=member)
    wanted = RedemptionFilter(RedemptionState(state) if state else None, member_id)
    redemptions = await store.page_of_redemptions(conn, wanted, community=community, after=place, limit=limit)
    return Page.of(
        redemptions,
        limit,
        item=lambda named: NamedRedemption.named(*named),
        place=lambda named: named.redemption.place,
    )
