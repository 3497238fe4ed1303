"""Routes to hold a member's money, let it go on, and leave a payout out of its run."""

from collections.abc import Sequence
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from services.rewards.ledger.api.problems import ALTERED
from services.rewards.payouts.api import UNKNOWN_PAYOUT, Deed, Payout, deeds
from services.rewards.payouts.domain import Actor
from services.rewards.payouts.holds import domain, store
from services.rewards.payouts.holds.domain import HoldCause, HoldFilter, HoldPlace, HoldState
from services.rewards.payouts.holds.handlers import deciding
from shared.contracts.texts import Line
from shared.followed_members import load_names
from shared.http import (
    Conn,
    Limit,
    MemberNamed,
    Page,
    Principal,
    ProblemType,
    RequestBody,
    Scope,
    Tx,
    Whose,
    after,
    problem_responses,
    requires,
)
from shared.http.problem_types import ABOUT_YOURSELF, UNKNOWN_IDENTITY
from shared.postgres import Connection

UNKNOWN_HOLD = ProblemType("unknown-payout-hold", 404, "Hold not found")
PAST_STOPPING = ProblemType("payout-past-stopping", 409, "The payout cannot be stopped any more")
TOO_MANY_HOLDS = ProblemType("too-many-payout-holds", 409, "Too many holds stand")

router = APIRouter(tags=["payouts"])

Payer = Annotated[Principal, requires(Scope.PAYOUTS_WRITE)]

#: Written out where they stand, as clients know them, not as schemas of their own.
_CAUSES = tuple(cause.value for cause in HoldCause)
Cause = Literal[_CAUSES]  # type: ignore[valid-type]
_STATES = tuple(state.value for state in HoldState)
State = Literal[_STATES]  # type: ignore[valid-type]


class HoldRequest(RequestBody):
    """Why a member's money is kept back."""

    cause: Cause = Field(examples=["under_review"], description="The member is told the words of it")
    note: Line | None = Field(
        None, examples=["Called on Monday: waits for the new statement"], description="For finance alone"
    )


class LeaveOutRequest(RequestBody):
    """Why a payout is left out of its run."""

    cause: Cause = Field(examples=["disputed"], description="The member is told the words of it")


class PayoutHold(BaseModel):
    """A member's money that is kept back, by whom and why; no run pays them while it stands."""

    hold_id: UUID
    state: State = Field(examples=["standing"])
    member_id: UUID
    member_name: str | None = Field(description="The name to show", examples=["Ada Lovelace"])
    payout_id: UUID = Field(description="The payout that it began with")
    cause: Cause = Field(examples=["under_review"])
    reason: str = Field(description="As the member reads it", examples=["held by finance: it is being looked at"])
    note: str | None = Field(
        description="For finance; null where nobody wrote one, the member was erased, or a backup lacks it",
        examples=["Called on Monday: waits for the new statement"],
    )
    placed: Deed
    released: Deed | None = Field(description="Who let it go on; null while it stands")


@router.post(
    "/v1/payouts/{payout_id}/hold",
    summary="Hold a payout, and what follows it",
    responses=problem_responses(UNKNOWN_PAYOUT, PAST_STOPPING, TOO_MANY_HOLDS, ABOUT_YOURSELF, ALTERED),
)
async def hold_payout(principal: Payer, tx: Tx, payout_id: UUID, asked: HoldRequest) -> PayoutHold:
    """Until its file is written. No run pays its member before the hold is released.

    One that a run would pay fails at once, and its points are available again; the next run holds what it
    computes. Asked again, the hold that stands is the answer.
    """
    hold = await deciding.hold(
        tx,
        str(payout_id),
        community=principal.community,
        cause=HoldCause(asked.cause),
        note=asked.note,
        by=_actor(principal),
    )
    return await _answer(tx.conn, hold)


@router.post(
    "/v1/payouts/{payout_id}/leave-out",
    summary="Leave a payout out of its run",
    responses=problem_responses(UNKNOWN_PAYOUT, PAST_STOPPING, ABOUT_YOURSELF, ALTERED),
)
async def leave_payout_out(principal: Payer, tx: Tx, payout_id: UUID, asked: LeaveOutRequest) -> Payout:
    """Until the run's file is written: it fails with this reason, the others go on.

    Its points are available again at once, and the next run computes it anew.
    """
    payout = await deciding.leave_out(
        tx,
        str(payout_id),
        community=principal.community,
        cause=HoldCause(asked.cause),
        by=_actor(principal),
    )
    names = await load_names(tx.conn, community=principal.community, member_ids=[payout.member_id])
    return Payout.of(payout, names.get(payout.member_id))


@router.get("/v1/payout-holds", summary="Held money, newest first", responses=problem_responses(UNKNOWN_IDENTITY))
async def list_payout_holds(
    principal: Annotated[Principal, requires(Scope.PAYOUTS_READ, reads="member")],
    conn: Conn,
    whose: Whose,
    place: Annotated[HoldPlace | None, after(HoldPlace)],
    state: Annotated[State | None, Query(description="Only those that stand, or that were released")] = None,
    member: Annotated[MemberNamed | None, Query(description="Only this member's: an id or an identity")] = None,
    limit: Limit = 100,
) -> Page[PayoutHold]:
    """Whose money waits, why, since when, and who let it go on."""
    community = principal.community
    member_id = await whose.asked(conn, community=community, member=member)
    wanted = HoldFilter(HoldState(state) if state else None, member_id)
    found = await store.page_of_holds(conn, wanted, community=community, after=place, limit=limit)
    answers = await _answers(conn, found, community=community)
    shown = {str(answer.hold_id): answer for answer in answers}
    return Page.of(found, limit, item=lambda hold: shown[hold.hold_id], place=lambda hold: hold.place)


@router.post(
    "/v1/payout-holds/{hold_id}/release",
    summary="Let held money go on",
    responses=problem_responses(UNKNOWN_HOLD, ABOUT_YOURSELF, ALTERED),
)
async def release_payout_hold(principal: Payer, tx: Tx, hold_id: UUID) -> PayoutHold:
    """What an open run holds of the member becomes eligible, unless something else is in the way.

    Whoever releases it does not approve the run that pays it. Asked again, nothing happens.
    """
    hold = await deciding.release(tx, community=principal.community, hold_id=str(hold_id), by=_actor(principal))
    return await _answer(tx.conn, hold)


def _actor(principal: Principal) -> Actor:
    return Actor(principal.person_id, principal.credential)


async def _answer(conn: Connection, hold: domain.Hold) -> PayoutHold:
    (answer,) = await _answers(conn, [hold], community=hold.community)
    return answer


async def _answers(conn: Connection, holds: Sequence[domain.Hold], *, community: str) -> list[PayoutHold]:
    """Holds as they are answered, in their order."""
    names = await load_names(conn, community=community, member_ids=[hold.member_id for hold in holds])
    done = [
        (actor, at)
        for hold in holds
        for actor, at in ((hold.placed_by, hold.placed_at), (hold.released_by, hold.released_at))
        if actor is not None and at is not None
    ]
    said = iter(await deeds(conn, done, community=community))
    return [
        PayoutHold(
            hold_id=UUID(hold.hold_id),
            state=hold.state.value,
            member_id=UUID(hold.member_id),
            member_name=names.get(hold.member_id),
            payout_id=UUID(hold.payout_id),
            cause=hold.cause.value,
            reason=hold.reason,
            note=hold.note,
            placed=next(said),
            released=next(said) if hold.released_by else None,
        )
        for hold in holds
    ]
