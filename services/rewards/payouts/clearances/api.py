"""Routes of clearances: that a check lets a person pass, proposed by one person and approved by another."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from services.rewards.approvals.api import ApprovalStateName, approval_shown, author
from services.rewards.approvals.domain import ApprovalState
from services.rewards.payouts.api import UNKNOWN_PAYOUT
from services.rewards.payouts.clearances import domain, handlers, store
from services.rewards.payouts.clearances.domain import ClearanceFilter, ClearancePlace
from services.rewards.payouts.findings.api import CheckName
from services.rewards.payouts.findings.domain import Check
from shared.commands import KEY_REUSED, Command, CommandKey, IdempotencyKey, answer_once
from shared.contracts.texts import Line
from shared.followed_members import load_names
from shared.http import (
    IN_ANSWER,
    Conn,
    Limit,
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
from shared.http.problem_types import ABOUT_YOURSELF
from shared.postgres import Connection

UNKNOWN_CLEARANCE = ProblemType("unknown-payout-clearance", 404, "Clearance not found")
CLEARANCE_FOUR_EYES = ProblemType("payout-clearance-four-eyes", 403, "Another person must do that")
CLEARANCE_DECIDED = ProblemType("payout-clearance-decided", 409, "The clearance is not in a state for that")
TOO_MANY_CLEARANCES = ProblemType("too-many-payout-clearances", 409, "Too many clearances wait for another person")
NOTHING_TO_CLEAR = ProblemType("nothing-to-clear", 409, "The check keeps nothing back")

router = APIRouter(tags=["payouts"])

Reader = Annotated[Principal, requires(Scope.PAYOUTS_READ, reads=IN_ANSWER)]
Maker = Annotated[Principal, requires(Scope.PAYOUTS_WRITE)]
Approver = Annotated[Principal, requires(Scope.PAYOUTS_APPROVE)]


class ClearanceRequest(RequestBody):
    """What is to be let pass, and why."""

    check: CheckName = Field(examples=["shared_account"], description="What the check found of the payout")
    reason: Line = Field(examples=["They are a couple: both called on Monday"], description="For finance alone")


class PayoutClearance(BaseModel):
    """That a check lets a member pass: who proposed it, and who decided."""

    clearance_id: UUID
    state: ApprovalStateName
    member_id: UUID
    member_name: str | None = Field(description="The name to show", examples=["Ada Lovelace"])
    payout_id: UUID = Field(description="The payout that it began with")
    check: CheckName = Field(examples=["shared_account"])
    basis: str = Field(
        description="For as long as that is the same: a country, a year and currency, the revision of the "
        "member's bank details, or entries of a sanctions list with that revision",
        examples=["revision 2"],
    )
    reason: str = Field(
        description="Empty once the member was erased", examples=["They are a couple: both called on Monday"]
    )
    proposed_at: datetime
    proposed_by: str = Field(examples=["Mia"])
    proposed_by_person: UUID | None
    decided_at: datetime | None = Field(description="When it was approved or withdrawn")
    decided_by: str | None = Field(examples=["Omar"])
    decided_by_person: UUID | None

    @classmethod
    def of(cls, found: domain.Clearance, name: str | None) -> Self:
        """A clearance as it is answered."""
        return cls(
            clearance_id=UUID(found.clearance_id),
            member_id=UUID(found.member_id),
            member_name=name,
            payout_id=UUID(found.payout_id),
            check=found.check.value,
            basis=found.basis,
            reason=found.reason,
            **approval_shown(found.approval),
        )


@router.post(
    "/v1/payouts/{payout_id}/clearances",
    summary="Propose that a check lets a payout's member pass",
    status_code=201,
    response_model=PayoutClearance,
    responses=problem_responses(UNKNOWN_PAYOUT, NOTHING_TO_CLEAR, ABOUT_YOURSELF, TOO_MANY_CLEARANCES, KEY_REUSED),
)
async def post_payout_clearance(
    principal: Maker, tx: Tx, payout_id: UUID, idempotency_key: IdempotencyKey, asked: ClearanceRequest
) -> Response:
    """Nothing changes before another person approves it. It is about the person, and what was found: the country,
    the year or the account.
    """

    async def work() -> PayoutClearance:
        found = await handlers.propose_clearance(
            tx,
            str(payout_id),
            community=principal.community,
            key=idempotency_key,
            check=Check(asked.check),
            reason=asked.reason,
            by=author(principal),
        )
        return await _answer(tx.conn, found)

    key = CommandKey(principal.community, "payout_clearance", idempotency_key)
    body = {"payout_id": str(payout_id), **asked.model_dump(mode="json")}
    return await answer_once(tx, Command(key, body), work=work)


@router.get("/v1/payout-clearances", summary="Clearances, newest first", responses=problem_responses())
async def list_payout_clearances(
    principal: Reader,
    conn: Conn,
    whose: Whose,
    place: Annotated[ClearancePlace | None, after(ClearancePlace)],
    state: Annotated[
        ApprovalStateName | None, Query(description="Only those in this state: `proposed` ones wait")
    ] = None,
    member: Annotated[MemberNamed | None, Query(description="Only this member's: an id or an identity")] = None,
    limit: Limit = 100,
) -> Page[PayoutClearance]:
    """Whom which check lets pass, why, and who proposed and decided it."""
    member_id = await whose.asked(conn, community=principal.community, member=member)
    wanted = ClearanceFilter(ApprovalState(state) if state else None, member_id)
    found = await store.page_of_clearances(conn, wanted, community=principal.community, after=place, limit=limit)
    names = await _names(conn, found, community=principal.community)
    return Page.of(
        found,
        limit,
        item=lambda one: PayoutClearance.of(one, names.get(one.member_id)),
        place=lambda one: one.place,
    )


@router.get(
    "/v1/payout-clearances/{clearance_id}", summary="A clearance", responses=problem_responses(UNKNOWN_CLEARANCE)
)
async def get_payout_clearance(principal: Reader, shown: Shown, conn: Conn, clearance_id: UUID) -> PayoutClearance:
    """Whom which check lets pass, why, and who proposed and decided it."""
    found = await handlers.load_clearance(conn, community=principal.community, clearance_id=str(clearance_id))
    shown.of(found.member_id)
    return await _answer(conn, found)


@router.post(
    "/v1/payout-clearances/{clearance_id}/approve",
    summary="Let pass what another person proposed",
    responses=problem_responses(UNKNOWN_CLEARANCE, CLEARANCE_FOUR_EYES, CLEARANCE_DECIDED, ABOUT_YOURSELF),
)
async def approve_payout_clearance(principal: Approver, tx: Tx, clearance_id: UUID) -> PayoutClearance:
    """The next run looks again, and pays. Whoever proposed it cannot, by whatever key, nor who the member is."""
    found = await handlers.approve_clearance(
        tx, community=principal.community, clearance_id=str(clearance_id), by=author(principal)
    )
    return await _answer(tx.conn, found)


@router.post(
    "/v1/payout-clearances/{clearance_id}/withdraw",
    summary="Have a proposed clearance come to nothing",
    responses=problem_responses(UNKNOWN_CLEARANCE, CLEARANCE_DECIDED),
)
async def withdraw_payout_clearance(principal: Maker, tx: Tx, clearance_id: UUID) -> PayoutClearance:
    """Whoever proposed it may, and anybody else who could have; withdrawing again changes nothing."""
    found = await handlers.withdraw_clearance(
        tx, community=principal.community, clearance_id=str(clearance_id), by=author(principal)
    )
    return await _answer(tx.conn, found)


async def _answer(conn: Connection, found: domain.Clearance) -> PayoutClearance:
    names = await _names(conn, [found], community=found.community)
    return PayoutClearance.of(found, names.get(found.member_id))


async def _names(conn: Connection, found: Sequence[domain.Clearance], *, community: str) -> dict[str, str | None]:
    return dict(await load_names(conn, community=community, member_ids=[one.member_id for one in found]))
