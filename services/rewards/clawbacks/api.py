"""Routes of clawback policies: proposed by one person, approved by another."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError
from starlette.responses import Response

from services.rewards.approvals.api import ApprovalStateName, approval_shown, author
from services.rewards.approvals.domain import ApprovalState
from services.rewards.clawbacks import domain, handlers, store
from services.rewards.clawbacks.domain import ClawbackPolicyPlace, Treatment, UnknownClawbackPolicyError
from shared.commands import KEY_REUSED, Command, CommandKey, IdempotencyKey, answer_once
from shared.contracts.fields import INTEGER_MAX
from shared.http import (
    Conn,
    Day,
    Limit,
    Page,
    Principal,
    ProblemType,
    RequestBody,
    Scope,
    Tx,
    after,
    problem_responses,
    requires,
)

UNKNOWN_CLAWBACK_POLICY = ProblemType("unknown-clawback-policy", 404, "Policy entry not found")
CLAWBACK_FOUR_EYES = ProblemType("clawback-policy-four-eyes", 403, "Another person must do that")
CLAWBACK_DECIDED = ProblemType("clawback-policy-decided", 409, "The policy entry is not in a state for that")
TOO_MANY_CLAWBACKS = ProblemType("too-many-clawback-policies", 409, "Too many entries wait for another person")

router = APIRouter(tags=["finance"])

Reader = Annotated[Principal, requires(Scope.PAYOUTS_READ)]
Maker = Annotated[Principal, requires(Scope.PAYOUTS_WRITE)]
Approver = Annotated[Principal, requires(Scope.PAYOUTS_APPROVE)]

TreatmentName = Literal["owe", "keep_below", "keep"]
_TREATMENT = (
    "`owe`: the member owes them. `keep_below`: the member keeps them where they are fewer than `below_points`, "
    "and owes them otherwise. `keep`: the member keeps them"
)


class ClawbackPolicyTerms(RequestBody):
    """What becomes of points that were used before their award was taken back, from a day on."""

    effective_from: Day = Field(
        description="From the beginning of this day in the community's zone", examples=["2026-01-01"]
    )
    treatment: TreatmentName = Field(description=_TREATMENT, examples=["keep_below"])
    below_points: int | None = Field(
        None, ge=1, le=INTEGER_MAX, description="With `keep_below` alone, of one award each time", examples=[20]
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.treatment == "keep_below") != (self.below_points is not None):
            raise PydanticCustomError("below_points", "`keep_below` needs below_points, and the others take none")
        return self


class ClawbackPolicy(BaseModel):
    """A policy entry, and who proposed and decided it."""

    policy_id: UUID
    state: ApprovalStateName
    effective_from: date
    treatment: TreatmentName = Field(description=_TREATMENT)
    below_points: int | None = Field(examples=[20])
    proposed_at: datetime
    proposed_by: str = Field(examples=["Mia"])
    proposed_by_person: UUID | None
    decided_at: datetime | None = Field(description="When it was approved or withdrawn")
    decided_by: str | None = Field(examples=["Omar"])
    decided_by_person: UUID | None

    @classmethod
    def of(cls, policy: domain.ClawbackPolicy) -> Self:
        """The entry as it is answered."""
        return cls(
            policy_id=UUID(policy.policy_id),
            effective_from=policy.effective_from,
            treatment=policy.treatment.value,
            below_points=policy.below_points,
            **approval_shown(policy.approval),
        )


@router.post(
    "/v1/finance/clawback-policies",
    summary="Propose what becomes of used points that are taken back",
    status_code=201,
    response_model=ClawbackPolicy,
    responses=problem_responses(TOO_MANY_CLAWBACKS, KEY_REUSED),
)
async def post_clawback_policy(
    principal: Maker, tx: Tx, terms: ClawbackPolicyTerms, idempotency_key: IdempotencyKey
) -> Response:
    """It is in force once another person approves it. On each day the latest approved entry applies.

    What was taken back before stays as it is. Where none applies members owe what they used.
    """

    async def work() -> ClawbackPolicy:
        policy = await handlers.propose_policy(
            tx,
            community=principal.community,
            key=idempotency_key,
            effective_from=terms.effective_from,
            treatment=Treatment(terms.treatment),
            below_points=terms.below_points,
            by=author(principal),
        )
        return ClawbackPolicy.of(policy)

    key = CommandKey(principal.community, "clawback_policy", idempotency_key)
    return await answer_once(tx, Command(key, terms.model_dump(mode="json")), work=work)


@router.get(
    "/v1/finance/clawback-policies", summary="Clawback policies, newest first", responses=problem_responses()
)
async def list_clawback_policies(
    principal: Reader,
    conn: Conn,
    place: Annotated[ClawbackPolicyPlace | None, after(ClawbackPolicyPlace)],
    state: Annotated[ApprovalStateName | None, Query(description="Only these")] = None,
    limit: Limit = 100,
) -> Page[ClawbackPolicy]:
    """Those in force, those that wait for another person, and those that were withdrawn."""
    found = await store.page_of_policies(
        conn,
        community=principal.community,
        state=None if state is None else ApprovalState(state),
        after=place,
        limit=limit,
    )
    return Page.of(found, limit, item=ClawbackPolicy.of, place=lambda policy: policy.place)


@router.get(
    "/v1/finance/clawback-policies/{policy_id}",
    summary="A clawback policy",
    responses=problem_responses(UNKNOWN_CLAWBACK_POLICY),
)
async def get_clawback_policy(principal: Reader, conn: Conn, policy_id: UUID) -> ClawbackPolicy:
    """What it says, who proposed it and who decided."""
    found = await store.find_policy(conn, community=principal.community, policy_id=str(policy_id))
    if found is None:
        raise UnknownClawbackPolicyError
    return ClawbackPolicy.of(found)


@router.post(
    "/v1/finance/clawback-policies/{policy_id}/approve",
    summary="Put a clawback policy in force that another person proposed",
    responses=problem_responses(UNKNOWN_CLAWBACK_POLICY, CLAWBACK_FOUR_EYES, CLAWBACK_DECIDED),
)
async def approve_clawback_policy(principal: Approver, tx: Tx, policy_id: UUID) -> ClawbackPolicy:
    """Whoever proposed it cannot, by whatever key; approving again changes nothing."""
    return ClawbackPolicy.of(
        await handlers.approve_policy(
            tx, community=principal.community, policy_id=str(policy_id), by=author(principal)
        )
    )


@router.post(
    "/v1/finance/clawback-policies/{policy_id}/withdraw",
    summary="Have a proposed clawback policy never come into force",
    responses=problem_responses(UNKNOWN_CLAWBACK_POLICY, CLAWBACK_DECIDED),
)
async def withdraw_clawback_policy(principal: Maker, tx: Tx, policy_id: UUID) -> ClawbackPolicy:
    """Whoever proposed it may, and anybody else who could have; withdrawing again changes nothing."""
    return ClawbackPolicy.of(
        await handlers.withdraw_policy(
            tx, community=principal.community, policy_id=str(policy_id), by=author(principal)
        )
    )
