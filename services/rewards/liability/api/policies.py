"""Routes of policy entries: proposed by one person, approved by another."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from services.rewards.approvals.api import ApprovalStateName, author
from services.rewards.approvals.domain import ApprovalState
from services.rewards.liability import handlers
from services.rewards.liability.api.models import (
    OTHER_CURRENCY,
    POLICY_DECIDED,
    POLICY_FOUR_EYES,
    TOO_MANY_POLICIES,
    UNKNOWN_POLICY,
    LiabilityPolicy,
    LiabilityPolicyTerms,
)
from services.rewards.liability.domain.policies import PolicyPlace
from services.rewards.liability.store import policies as store
from shared.commands import KEY_REUSED, Command, CommandKey, IdempotencyKey, answer_once
from shared.http import Conn, Limit, Page, Principal, Scope, Tx, after, problem_responses, requires

router = APIRouter(tags=["finance"])

Reader = Annotated[Principal, requires(Scope.PAYOUTS_READ)]
Maker = Annotated[Principal, requires(Scope.PAYOUTS_WRITE)]
Approver = Annotated[Principal, requires(Scope.PAYOUTS_APPROVE)]


@router.post(
    "/v1/finance/liability-policies",
    summary="Propose what points are worth from a day on",
    status_code=201,
    response_model=LiabilityPolicy,
    responses=problem_responses(OTHER_CURRENCY, TOO_MANY_POLICIES, KEY_REUSED),
)
async def post_liability_policy(
    principal: Maker, tx: Tx, terms: LiabilityPolicyTerms, idempotency_key: IdempotencyKey
) -> Response:
    """It is in force once another person approves it. On each day the latest approved entry applies.

    Days that were taken stay as they are: what changes is caught up on the next one. Of two entries from the same
    day the one approved later applies. The currency of the first stays.
    """

    async def work() -> LiabilityPolicy:
        policy = await handlers.propose(
            tx, community=principal.community, key=idempotency_key, terms=terms.terms, by=author(principal)
        )
        return LiabilityPolicy.of(policy)

    key = CommandKey(principal.community, "liability_policy", idempotency_key)
    return await answer_once(tx, Command(key, terms.model_dump(mode="json")), work=work)


@router.get(
    "/v1/finance/liability-policies", summary="Policy entries, newest first", responses=problem_responses()
)
async def list_liability_policies(
    principal: Reader,
    conn: Conn,
    place: Annotated[PolicyPlace | None, after(PolicyPlace)],
    state: Annotated[ApprovalStateName | None, Query(description="Only these")] = None,
    limit: Limit = 100,
) -> Page[LiabilityPolicy]:
    """Those in force, those that wait for another person, and those that were withdrawn."""
    found = await store.page_of_policies(
        conn,
        community=principal.community,
        state=None if state is None else ApprovalState(state),
        after=place,
        limit=limit,
    )
    return Page.of(found, limit, item=LiabilityPolicy.of, place=lambda policy: policy.place)


@router.get(
    "/v1/finance/liability-policies/{policy_id}",
    summary="A policy entry",
    responses=problem_responses(UNKNOWN_POLICY),
)
async def get_liability_policy(principal: Reader, conn: Conn, policy_id: UUID) -> LiabilityPolicy:
    """What it says, who proposed it and who decided."""
    return LiabilityPolicy.of(
        await handlers.load_policy(conn, community=principal.community, policy_id=str(policy_id))
    )


@router.post(
    "/v1/finance/liability-policies/{policy_id}/approve",
    summary="Put a policy entry in force that another person proposed",
    responses=problem_responses(UNKNOWN_POLICY, POLICY_FOUR_EYES, POLICY_DECIDED, OTHER_CURRENCY),
)
async def approve_liability_policy(principal: Approver, tx: Tx, policy_id: UUID) -> LiabilityPolicy:
    """Whoever proposed it cannot, by whatever key; approving again changes nothing."""
    return LiabilityPolicy.of(
        await handlers.approve(tx, community=principal.community, policy_id=str(policy_id), by=author(principal))
    )


@router.post(
    "/v1/finance/liability-policies/{policy_id}/withdraw",
    summary="Have a proposed policy entry never come into force",
    responses=problem_responses(UNKNOWN_POLICY, POLICY_DECIDED),
)
async def withdraw_liability_policy(principal: Maker, tx: Tx, policy_id: UUID) -> LiabilityPolicy:
    """Whoever proposed it may, and anybody else who could have; withdrawing again changes nothing."""
    return LiabilityPolicy.of(
        await handlers.withdraw(tx, community=principal.community, policy_id=str(policy_id), by=author(principal))
    )
