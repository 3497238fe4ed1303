"""Routes of policies of rates: proposed by one person, approved by another."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from services.rewards.approvals.api import ApprovalStateName, author
from services.rewards.approvals.domain import ApprovalState
from services.rewards.rates import handlers
from services.rewards.rates.api.models import (
    RATE_FOUR_EYES,
    RATE_POLICY_DECIDED,
    TOO_MANY_RATE_POLICIES,
    UNKNOWN_RATE_POLICY,
    RatePolicyShown,
    RatePolicyTermsGiven,
)
from services.rewards.rates.domain.policies import RatePolicyPlace
from services.rewards.rates.store import policies as store
from shared.commands import KEY_REUSED, Command, CommandKey, IdempotencyKey, answer_once
from shared.http import Conn, Limit, Page, Principal, Scope, Tx, after, problem_responses, requires

router = APIRouter(tags=["finance"])

Reader = Annotated[Principal, requires(Scope.PAYOUTS_READ)]
Maker = Annotated[Principal, requires(Scope.PAYOUTS_WRITE)]
Approver = Annotated[Principal, requires(Scope.PAYOUTS_APPROVE)]


@router.post(
    "/v1/finance/rate-policies",
    summary="Propose by which rates amounts are converted from a day on",
    status_code=201,
    response_model=RatePolicyShown,
    responses=problem_responses(TOO_MANY_RATE_POLICIES, KEY_REUSED),
)
async def post_rate_policy(
    principal: Maker, tx: Tx, terms: RatePolicyTermsGiven, idempotency_key: IdempotencyKey
) -> Response:
    """It is in force once another person approves it. On each day the latest approved entry applies.

    Of two entries from the same day the one approved later applies. What was converted before stays as it is.
    """

    async def work() -> RatePolicyShown:
        policy = await handlers.propose(
            tx, community=principal.community, key=idempotency_key, terms=terms.terms, by=author(principal)
        )
        return RatePolicyShown.of(policy)

    key = CommandKey(principal.community, "rate_policy", idempotency_key)
    return await answer_once(tx, Command(key, terms.model_dump(mode="json")), work=work)


@router.get("/v1/finance/rate-policies", summary="Policies of rates, newest first", responses=problem_responses())
async def list_rate_policies(
    principal: Reader,
    conn: Conn,
    place: Annotated[RatePolicyPlace | None, after(RatePolicyPlace)],
    state: Annotated[ApprovalStateName | None, Query(description="Only these")] = None,
    limit: Limit = 100,
) -> Page[RatePolicyShown]:
    """Those in force, those that wait for another person, and those that were withdrawn."""
    found = await store.page_of_policies(
        conn,
        community=principal.community,
        state=None if state is None else ApprovalState(state),
        after=place,
        limit=limit,
    )
    return Page.of(found, limit, item=RatePolicyShown.of, place=lambda policy: policy.place)


@router.get(
    "/v1/finance/rate-policies/{policy_id}",
    summary="A policy of rates",
    responses=problem_responses(UNKNOWN_RATE_POLICY),
)
async def get_rate_policy(principal: Reader, conn: Conn, policy_id: UUID) -> RatePolicyShown:
    """What it says, who proposed it and who decided."""
    return RatePolicyShown.of(
        await handlers.load_policy(conn, community=principal.community, policy_id=str(policy_id))
    )


@router.post(
    "/v1/finance/rate-policies/{policy_id}/approve",
    summary="Put a policy of rates in force that another person proposed",
    responses=problem_responses(UNKNOWN_RATE_POLICY, RATE_FOUR_EYES, RATE_POLICY_DECIDED),
)
async def approve_rate_policy(principal: Approver, tx: Tx, policy_id: UUID) -> RatePolicyShown:
    """Whoever proposed it cannot, by whatever key; approving again changes nothing."""
    return RatePolicyShown.of(
        await handlers.approve(tx, community=principal.community, policy_id=str(policy_id), by=author(principal))
    )


@router.post(
    "/v1/finance/rate-policies/{policy_id}/withdraw",
    summary="Have a proposed policy of rates never come into force",
    responses=problem_responses(UNKNOWN_RATE_POLICY, RATE_POLICY_DECIDED),
)
async def withdraw_rate_policy(principal: Maker, tx: Tx, policy_id: UUID) -> RatePolicyShown:
    """Whoever proposed it may, and anybody else who could have; withdrawing again changes nothing."""
    return RatePolicyShown.of(
        await handlers.withdraw(tx, community=principal.community, policy_id=str(policy_id), by=author(principal))
    )
