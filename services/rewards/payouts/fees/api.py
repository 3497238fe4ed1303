"""The route of what a run by a provider would cost."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.rewards.payouts.fees import store
from services.rewards.payouts.fees.domain import RunQuote, cost_of
from services.rewards.payouts.runs.api.models import UNKNOWN_RUN
from services.rewards.payouts.runs.domain.runs import Run
from services.rewards.payouts.runs.handlers.checks import find_run
from services.rewards.providers.domain.contract import ProviderName
from shared.http import Conn, Principal, Scope, problem_responses, requires

router = APIRouter(tags=["payout runs"])


class RunCost(BaseModel):
    """What payouts of a run would cost by what their provider quotes of them."""

    payouts_count: int = Field(
        description="Payouts of amounts that it quoted: the most frequent ones", examples=[2]
    )
    leaves_minor: int = Field(description="So much would leave the community's account there", examples=[1250])
    leaves_currency: str = Field(examples=["EUR"])
    gets_minor: int = Field(description="Of that the members get so much", examples=[1200])
    gets_currency: str = Field(examples=["EUR"])
    fee_minor: int = Field(description="The provider's fees, in the currency that leaves", examples=[50])
    rate: str | None = Field(
        description="How much of the members' currency one of the other is, by the provider; null where nothing "
        "is converted",
        examples=[None],
    )
    expires_at: datetime | None = Field(
        description="Until when that holds, as the provider says; null: it does not"
    )


class RunFees(BaseModel):
    """What a run by a provider would cost, or why nobody knows."""

    run_id: UUID
    provider: ProviderName | None = Field(description="Who quotes; null for a run by bank")
    asked_at: datetime | None = Field(description="When it was asked last; null: not yet")
    not_quoted: str | None = Field(description="Why there is no quote; null where there is one")
    cost: RunCost | None

    @classmethod
    def of(cls, run: Run, quote: RunQuote | None) -> Self:
        """It as it is answered."""
        cost = None if quote is None else cost_of(quote)
        reason = None
        if cost is None:
            reason = quote.not_quoted if quote is not None else ""
            reason = reason or ("nobody asked yet" if run.provider else "a bank is not asked what it takes")
        return cls(
            run_id=UUID(run.run_id),
            provider=run.provider,
            asked_at=quote.asked_at if quote else None,
            not_quoted=reason,
            cost=None if cost is None else RunCost(gets_currency=run.terms.currency, **cost._asdict()),
        )


@router.get(
    "/v1/payout-runs/{run_id}/fees",
    summary="What a run by a provider would cost",
    responses=problem_responses(UNKNOWN_RUN),
)
async def get_fees(
    principal: Annotated[Principal, requires(Scope.PAYOUTS_READ)], conn: Conn, run_id: UUID
) -> RunFees:
    """While it waits for its approval its provider is asked now and then; nothing is decided by what it says."""
    run = await find_run(conn, community=principal.community, run_id=str(run_id))
    return RunFees.of(run, await store.find_quote(conn, community=run.community, run_id=run.run_id))
