"""Routes of points that are not paid yet: of a member, and of all."""

from datetime import UTC, datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.rewards.ledger.domain.entries import UnknownMemberError
from services.rewards.payouts.domain import Actor
from services.rewards.payouts.runs.api.models import NO_PAYABLE_TERMS
from services.rewards.payouts.runs.domain.runs import Run
from services.rewards.payouts.runs.domain.terms import Owing
from services.rewards.payouts.waits import domain, store
from services.rewards.payouts.waits.domain import WaitPlace
from services.rewards.payouts.waits.handlers import load_waits, run_of_now
from shared.followed_members import find_name, load_names
from shared.http import (
    IN_ANSWER,
    Conn,
    Limit,
    MemberId,
    Page,
    Principal,
    Scope,
    Snapshot,
    after,
    problem_responses,
    requires,
)
from shared.http.problem_types import UNKNOWN_IDENTITY, UNKNOWN_MEMBER

router = APIRouter(tags=["payouts"])


class PayoutWait(BaseModel):
    """What of a member's points the next run pays, and what waits: for its time, or for more."""

    member_id: UUID
    member_name: str | None = Field(description="The name to show", examples=["Ada Lovelace"])
    currency: str = Field(examples=["EUR"])
    available_points: int = Field(examples=[640])
    payable_minor: int = Field(
        description="What a run would pay of it now, with what is owed; checks may still keep it back",
        examples=[0],
    )
    waiting_points: int = Field(description="Earned less than holding_days ago", examples=[140])
    holding_days: int = Field(examples=[14])
    payable_from: datetime | None = Field(description="When the first of them can be paid; null for none")
    missing_points: int = Field(
        description="To the least that is paid, of points whose time has come", examples=[0]
    )
    missing_minor: int = Field(description="To the least amount that is paid", examples=[500])

    @classmethod
    def of(cls, wait: domain.Wait, run: Run, *, name: str | None) -> Self:
        """What waits, as it is answered."""
        return cls(
            member_id=UUID(wait.member_id),
            member_name=name,
            currency=run.terms.currency,
            available_points=wait.available_points,
            payable_minor=wait.payable_minor,
            waiting_points=wait.waiting_points,
            holding_days=run.terms.holding_days,
            payable_from=wait.payable_from,
            missing_points=wait.missing_points,
            missing_minor=wait.missing_minor,
        )


@router.get(
    "/v1/members/{member_id}/payout-wait",
    summary="What of a member's points is not paid yet, and why",
    responses=problem_responses(UNKNOWN_IDENTITY, UNKNOWN_MEMBER, NO_PAYABLE_TERMS),
)
async def get_payout_wait(
    principal: Annotated[Principal, requires(Scope.REWARDS_READ, or_own=True, reads="member_id")],
    conn: Snapshot,
    member_id: MemberId,
) -> PayoutWait:
    """By the terms and the policy of now; with members who are merged, of whoever stays."""
    asked = str(member_id)
    name = await find_name(conn, community=principal.community, member_id=asked)
    if name is None:
        raise UnknownMemberError(asked)
    run = await run_of_now(conn, community=principal.community, by=_actor(principal), now=datetime.now(UTC))
    found = await load_waits(conn, run, member_ids=[asked])
    nothing = domain.waits_of([domain.Held(asked, 0, None)], {asked: Owing(0)}, run.terms)
    return PayoutWait.of((found or nothing)[0], run, name=name.name)


@router.get(
    "/v1/payout-waits",
    summary="Whose points are not paid yet, and why",
    responses=problem_responses(NO_PAYABLE_TERMS),
)
async def list_payout_waits(
    principal: Annotated[Principal, requires(Scope.PAYOUTS_READ, reads=IN_ANSWER)],
    conn: Conn,
    place: Annotated[WaitPlace | None, after(WaitPlace)],
    limit: Limit = 100,
) -> Page[PayoutWait]:
    """Members with points that were earned too late, or that are too few, in the order of their ids."""
    community = principal.community
    run = await run_of_now(conn, community=community, by=_actor(principal), now=datetime.now(UTC))
    found = await store.page_of_waiting(
        conn,
        community=community,
        least_points=run.terms.least_points,
        earned_until=run.earned_until,
        after=place,
        limit=limit,
    )
    waits = {wait.member_id: wait for wait in await load_waits(conn, run, member_ids=found)}
    names = await load_names(conn, community=community, member_ids=found)
    nothing = Owing(0)

    def shown(member_id: str) -> PayoutWait:
        wait = waits.get(member_id)
        if wait is None:  # all that is there is over, and not booked yet
            (wait,) = domain.waits_of([domain.Held(member_id, 0, None)], {member_id: nothing}, run.terms)
        return PayoutWait.of(wait, run, name=names.get(member_id))

    return Page.of(found, limit, item=shown, place=WaitPlace)


def _actor(principal: Principal) -> Actor:
    return Actor(principal.person_id, principal.credential)
