"""Routes of redemptions."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from services.rewards.ledger.api.members import MEMBER_EXAMPLE
from services.rewards.ledger.api.problems import ALTERED
from services.rewards.lots.domain.lots import LotUse, UsePlace
from services.rewards.lots.store import page_of_uses
from services.rewards.redemptions import domain, handlers, store
from services.rewards.redemptions.domain import (
    RedemptionFilter,
    RedemptionPlace,
    RedemptionState,
    UnknownRedemptionError,
)
from shared.commands import KEY_REUSED, Command, CommandKey, IdempotencyKey, answer_once
from shared.contracts.fields import Slug
from shared.followed_members import find_name
from shared.http import (
    IN_ANSWER,
    Conn,
    Limit,
    MemberId,
    MemberNamed,
    Page,
    Principal,
    ProblemType,
    RequestBody,
    Scope,
    Shown,
    Tx,
    Whose,
    after,
    problem_responses,
    requires,
)
from shared.http.problem_types import ABOUT_YOURSELF, UNKNOWN_IDENTITY

UNKNOWN_REWARD = ProblemType("unknown-reward", 404, "Reward not found")
UNKNOWN_REDEMPTION = ProblemType("unknown-redemption", 404, "Redemption not found")
NOT_FOR_MEMBER = ProblemType("reward-not-for-member", 409, "The reward is for others")
LEVEL_TOO_LOW = ProblemType("level-too-low", 409, "The member has no level that opens rewards")
OUT_OF_STOCK = ProblemType("out-of-stock", 409, "There are no more of the reward")
NOT_ENOUGH_POINTS = ProblemType("not-enough-points", 409, "Not enough points")
NOT_CONFIRMABLE = ProblemType("redemption-not-confirmable", 409, "The redemption cannot be confirmed")
NOT_CANCELLABLE = ProblemType("redemption-not-cancellable", 409, "The redemption cannot be cancelled")

router = APIRouter(tags=["redemptions"])

#: Written out where it stands, as clients know it, not as a schema of its own.
_STATES = tuple(state.value for state in RedemptionState)
State = Literal[_STATES]  # type: ignore[valid-type]


class RedemptionRequest(RequestBody):
    """Who wants which reward."""

    member_id: MemberNamed = Field(description="An id or an identity, as `forum:ada`", examples=[MEMBER_EXAMPLE])
    reward_id: Slug = Field(examples=["sticker-pack"])


class OwnRequest(RequestBody):
    """Which reward a member wants."""

    reward_id: Slug = Field(examples=["sticker-pack"])


class Redemption(BaseModel):
    """A member's redemption of a reward."""

    redemption_id: UUID
    member_id: UUID
    reward_id: str
    title: str
    points: int
    state: State
    created_at: datetime
    expires_at: datetime = Field(description="Confirm before then, or the points become available again")
    changed_at: datetime
    changed_by: str = Field(description="The access key, or `timer`")

    @classmethod
    def of(cls, redemption: domain.Redemption) -> Self:
        """A redemption as it is answered."""
        return cls.model_validate(redemption, from_attributes=True)


class NamedRedemption(Redemption):
    """A redemption with its member's name."""

    # Not part of what commands answer: that is kept for whoever sends one again.
    member_name: str | None = Field(examples=["Ada Lovelace"])

    @classmethod
    def named(cls, redemption: domain.Redemption, name: str | None) -> Self:
        """A redemption as it is shown to whoever looks."""
        return cls(**Redemption.of(redemption).model_dump(), member_name=name)


@router.post(
    "/v1/redemptions",
    summary="Reserve the points of a reward",
    status_code=201,
    response_model=Redemption,
    responses=problem_responses(
        UNKNOWN_IDENTITY,
        UNKNOWN_REWARD,
        NOT_FOR_MEMBER,
        LEVEL_TOO_LOW,
        OUT_OF_STOCK,
        NOT_ENOUGH_POINTS,
        KEY_REUSED,
    ),
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
        reserved = await handlers.reserve(
            tx,
            community=community,
            member_id=member_id,
            reward_id=wanted.reward_id,
            idempotency_key=idempotency_key,
            by=principal.credential,
        )
        return Redemption.of(reserved)

    key = CommandKey(principal.community, "redemption", idempotency_key)
    return await answer_once(tx, Command(key, wanted.model_dump(mode="json")), work=work)


@router.post(
    "/v1/redemptions/{redemption_id}/confirm",
    summary="Confirm a redemption",
    responses=problem_responses(UNKNOWN_REDEMPTION, ABOUT_YOURSELF, NOT_CONFIRMABLE, ALTERED),
)
async def confirm(
    principal: Annotated[Principal, requires(Scope.REWARDS_WRITE)], tx: Tx, redemption_id: UUID
) -> Redemption:
    """Second phase: reserved points are spent. Nobody does that for themselves; again changes nothing."""
    confirmed = await handlers.finish(
        tx,
        community=principal.community,
        redemption_id=str(redemption_id),
        wanted=RedemptionState.CONFIRMED,
        by=principal.credential,
        person_id=principal.person_id,
    )
    return Redemption.of(confirmed)


@router.post(
    "/v1/redemptions/{redemption_id}/cancel",
    summary="Cancel a redemption",
    responses=problem_responses(UNKNOWN_REDEMPTION, NOT_CANCELLABLE, ALTERED),
)
async def cancel(
    principal: Annotated[Principal, requires(Scope.REWARDS_WRITE)], tx: Tx, redemption_id: UUID
) -> Redemption:
    """Reserved points are available again, in the lots they came from. Cancelling again changes nothing."""
    cancelled = await handlers.finish(
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


@router.post(
    "/v1/members/{member_id}/redemptions",
    summary="Choose a reward",
    status_code=201,
    response_model=Redemption,
    responses=problem_responses(
        UNKNOWN_IDENTITY,
        UNKNOWN_REWARD,
        NOT_FOR_MEMBER,
        LEVEL_TOO_LOW,
        OUT_OF_STOCK,
        NOT_ENOUGH_POINTS,
        KEY_REUSED,
    ),
)
async def post_own_redemption(
    principal: Annotated[Principal, requires(Scope.REWARDS_WRITE, or_own=True)],
    tx: Tx,
    member_id: MemberId,
    wanted: OwnRequest,
    idempotency_key: IdempotencyKey,
) -> Response:
    """For the member themselves, too: the points are reserved until somebody of the community confirms."""
    # What others used as their key is no member's to meet.
    own_key = f"{member_id} {idempotency_key}"

    async def work() -> Redemption:
        reserved = await handlers.reserve(
            tx,
            community=principal.community,
            member_id=str(member_id),
            reward_id=wanted.reward_id,
            idempotency_key=own_key,
            by=principal.credential,
            command="redemption.choose",
        )
        return Redemption.of(reserved)

    key = CommandKey(principal.community, "own-redemption", own_key)
    return await answer_once(tx, Command(key, wanted.model_dump(mode="json")), work=work)


@router.get(
    "/v1/members/{member_id}/redemptions",
    summary="A member's redemptions, newest first",
    responses=problem_responses(UNKNOWN_IDENTITY),
)
async def list_own_redemptions(
    principal: Annotated[Principal, requires(Scope.REWARDS_READ, or_own=True, reads="member_id")],
    conn: Conn,
    member_id: MemberId,
    place: Annotated[RedemptionPlace | None, after(RedemptionPlace)],
    limit: Limit = 100,
) -> Page[Redemption]:
    """What the member chose, and what became of it."""
    own = RedemptionFilter(None, str(member_id))
    found = await store.page_of_redemptions(conn, own, community=principal.community, after=place, limit=limit)
    return Page.of(
        found,
        limit,
        item=lambda named: Redemption.of(named.redemption),
        place=lambda named: named.redemption.place,
    )


@router.post(
    "/v1/members/{member_id}/redemptions/{redemption_id}/cancel",
    summary="Give a reward up",
    responses=problem_responses(UNKNOWN_IDENTITY, UNKNOWN_REDEMPTION, NOT_CANCELLABLE, ALTERED),
)
async def cancel_own(
    principal: Annotated[Principal, requires(Scope.REWARDS_WRITE, or_own=True)],
    tx: Tx,
    member_id: MemberId,
    redemption_id: UUID,
) -> Redemption:
    """While it is reserved: the points are available again. For the member themselves, too."""
    cancelled = await handlers.finish(
        tx,
        community=principal.community,
        redemption_id=str(redemption_id),
        wanted=RedemptionState.CANCELLED,
        by=principal.credential,
        member_id=str(member_id),
    )
    return Redemption.of(cancelled)
