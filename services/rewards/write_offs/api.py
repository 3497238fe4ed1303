"""Routes of write-offs: propose one, have another person approve it, and have it owed again."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from services.rewards.approvals.api import ApprovalStateName, approval_shown, author
from services.rewards.approvals.domain import ApprovalState
from services.rewards.ledger.api.members import MEMBER_EXAMPLE
from services.rewards.ledger.domain.entries import Owner
from services.rewards.write_offs import domain, store
from services.rewards.write_offs.domain import UnknownWriteOffError, WriteOffPlace
from services.rewards.write_offs.handlers import deciding
from services.rewards.write_offs.store import WriteOffFilter
from shared.commands import KEY_REUSED, Command, CommandKey, IdempotencyKey, answer_once
from shared.contracts.fields import INTEGER_MAX
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

UNKNOWN_WRITE_OFF = ProblemType("unknown-debt-write-off", 404, "Write-off not found")
WRITE_OFF_REFUSED = ProblemType("debt-write-off-refused", 409, "The debt cannot be written off, or owed again")
WRITE_OFF_FOUR_EYES = ProblemType("debt-write-off-four-eyes", 403, "Another person must do that")
WRITE_OFF_DECIDED = ProblemType("debt-write-off-decided", 409, "The write-off is not in a state for that")
TOO_MANY_WRITE_OFFS = ProblemType("too-many-debt-write-offs", 409, "Too many write-offs wait for another person")

router = APIRouter(tags=["ledger"])

Reader = Annotated[Principal, requires(Scope.PAYOUTS_READ, reads=IN_ANSWER)]
Maker = Annotated[Principal, requires(Scope.PAYOUTS_WRITE)]
Approver = Annotated[Principal, requires(Scope.PAYOUTS_APPROVE)]


class WriteOffRequest(RequestBody):
    """What of a member's debt is to be written off, and why."""

    member_id: MemberNamed = Field(description="An id or an identity, as `forum:ada`", examples=[MEMBER_EXAMPLE])
    points: int = Field(ge=1, le=INTEGER_MAX, description="At most what is owed", examples=[250])
    reason: Line = Field(examples=["Left in March; the points were used in good faith"])


class WriteOffReversalRequest(RequestBody):
    """Why what was written off is to be owed again."""

    reason: Line = Field(examples=["It was the wrong member"])


class DebtWriteOff(BaseModel):
    """What of a member's debt is written off, or owed again: who proposed it, and who decided."""

    write_off_id: UUID
    state: ApprovalStateName
    member_id: UUID
    name: str | None = Field(description="The name to show", examples=["Ada Lovelace"])
    points: int = Field(description="At most so many", examples=[250])
    booked_points: int | None = Field(
        description="What was booked: as many of these as were owed when it was approved; null until then"
    )
    reason: str = Field(examples=["Left in March; the points were used in good faith"])
    reverses: UUID | None = Field(description="The write-off that is owed again by this")
    transfer_id: UUID | None = Field(description="What it was booked as; null unless it is")
    proposed_at: datetime
    proposed_by: str = Field(examples=["Mia"])
    proposed_by_person: UUID | None
    decided_at: datetime | None = Field(description="When it was approved or withdrawn")
    decided_by: str | None = Field(examples=["Omar"])
    decided_by_person: UUID | None

    @classmethod
    def of(cls, found: domain.WriteOff, name: str | None) -> Self:
        """A write-off as it is answered."""
        return cls(
            write_off_id=UUID(found.write_off_id),
            member_id=UUID(found.member_id),
            name=name,
            points=found.points,
            booked_points=found.booked_points,
            reason=found.reason,
            reverses=UUID(found.reverses) if found.reverses else None,
            transfer_id=UUID(found.transfer_id) if found.booked_points else None,
            **approval_shown(found.approval),
        )


@router.post(
    "/v1/debt-write-offs",
    summary="Propose to write off a member's debt",
    status_code=201,
    response_model=DebtWriteOff,
    responses=problem_responses(WRITE_OFF_REFUSED, ABOUT_YOURSELF, TOO_MANY_WRITE_OFFS, KEY_REUSED),
)
async def post_debt_write_off(
    principal: Maker, tx: Tx, whose: Whose, idempotency_key: IdempotencyKey, asked: WriteOffRequest
) -> Response:
    """Nothing is booked before another person approves it. Nobody has written off what they owe themselves."""
    community = principal.community

    async def work() -> DebtWriteOff:
        member_id = await whose.of(tx.conn, community=community, named=asked.member_id, field="/member_id")
        found = await deciding.propose_write_off(
            tx,
            Owner(community, member_id),
            key=idempotency_key,
            points=asked.points,
            reason=asked.reason,
            by=author(principal),
        )
        return await _answer(tx.conn, found)

    key = CommandKey(principal.community, "debt_write_off", idempotency_key)
    return await answer_once(tx, Command(key, asked.model_dump(mode="json")), work=work)


@router.get(
    "/v1/debt-write-offs",
    summary="Debts that are written off, or owed again, newest first",
    responses=problem_responses(),
)
async def list_debt_write_offs(
    principal: Reader,
    conn: Conn,
    whose: Whose,
    place: Annotated[WriteOffPlace | None, after(WriteOffPlace)],
    state: Annotated[
        ApprovalStateName | None, Query(description="Only those in this state: `proposed` ones wait")
    ] = None,
    member: Annotated[MemberNamed | None, Query(description="Only this member's: an id or an identity")] = None,
    limit: Limit = 100,
) -> Page[DebtWriteOff]:
    """What was proposed, why and by whom, who decided it, and what was booked."""
    member_id = await whose.asked(conn, community=principal.community, member=member)
    wanted = WriteOffFilter(ApprovalState(state) if state else None, member_id)
    found = await store.page_of_write_offs(
        conn, community=principal.community, wanted=wanted, after=place, limit=limit
    )
    names = await _names(conn, found, community=principal.community)
    return Page.of(
        found,
        limit,
        item=lambda one: DebtWriteOff.of(one, names.get(one.member_id)),
        place=lambda one: one.place,
    )


@router.get(
    "/v1/debt-write-offs/{write_off_id}", summary="A write-off", responses=problem_responses(UNKNOWN_WRITE_OFF)
)
async def get_debt_write_off(principal: Reader, shown: Shown, conn: Conn, write_off_id: UUID) -> DebtWriteOff:
    """What was proposed, why and by whom, who decided it, and what was booked."""
    found = await store.find_write_off(conn, community=principal.community, write_off_id=str(write_off_id))
    if found is None:
        raise UnknownWriteOffError(str(write_off_id))
    shown.of(found.member_id)
    return await _answer(conn, found)


@router.post(
    "/v1/debt-write-offs/{write_off_id}/approve",
    summary="Have booked what another person proposed",
    responses=problem_responses(
        UNKNOWN_WRITE_OFF, WRITE_OFF_FOUR_EYES, WRITE_OFF_DECIDED, WRITE_OFF_REFUSED, ABOUT_YOURSELF
    ),
)
async def approve_debt_write_off(principal: Approver, tx: Tx, write_off_id: UUID) -> DebtWriteOff:
    """What is owed at that moment is booked, at most what was proposed; approving again changes nothing.

    Whoever proposed it cannot, by whatever key, nor who the member is.
    """
    return await _answer(
        tx.conn,
        await deciding.approve_write_off(
            tx, community=principal.community, write_off_id=str(write_off_id), by=author(principal)
        ),
    )


@router.post(
    "/v1/debt-write-offs/{write_off_id}/withdraw",
    summary="Have a proposed write-off come to nothing",
    responses=problem_responses(UNKNOWN_WRITE_OFF, WRITE_OFF_DECIDED),
)
async def withdraw_debt_write_off(principal: Maker, tx: Tx, write_off_id: UUID) -> DebtWriteOff:
    """Whoever proposed it may, and anybody else who could have; withdrawing again changes nothing."""
    return await _answer(
        tx.conn,
        await deciding.withdraw_write_off(
            tx, community=principal.community, write_off_id=str(write_off_id), by=author(principal)
        ),
    )


@router.post(
    "/v1/debt-write-offs/{write_off_id}/reverse",
    summary="Propose that what was written off is owed again",
    status_code=201,
    response_model=DebtWriteOff,
    responses=problem_responses(
        UNKNOWN_WRITE_OFF, WRITE_OFF_REFUSED, ABOUT_YOURSELF, TOO_MANY_WRITE_OFFS, KEY_REUSED
    ),
)
async def reverse_debt_write_off(
    principal: Maker, tx: Tx, write_off_id: UUID, idempotency_key: IdempotencyKey, asked: WriteOffReversalRequest
) -> Response:
    """A write-off of its own, which another person approves; less what made it good since."""

    async def work() -> DebtWriteOff:
        found = await deciding.propose_reversal(
            tx,
            community=principal.community,
            write_off_id=str(write_off_id),
            key=idempotency_key,
            reason=asked.reason,
            by=author(principal),
        )
        return await _answer(tx.conn, found)

    key = CommandKey(principal.community, "debt_write_off", idempotency_key)
    body = {"reverses": str(write_off_id), **asked.model_dump(mode="json")}
    return await answer_once(tx, Command(key, body), work=work)


async def _answer(conn: Connection, found: domain.WriteOff) -> DebtWriteOff:
    names = await _names(conn, [found], community=found.community)
    return DebtWriteOff.of(found, names.get(found.member_id))


async def _names(conn: Connection, found: Sequence[domain.WriteOff], *, community: str) -> dict[str, str | None]:
    ids = [one.member_id for one in found]
    return dict(await load_names(conn, community=community, member_ids=ids))
