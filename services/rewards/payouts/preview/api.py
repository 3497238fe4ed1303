"""Routes of what payout runs would pay."""

from datetime import UTC, datetime
from typing import Annotated, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from services.rewards.payouts.api import Exchange
from services.rewards.payouts.domain import Actor
from services.rewards.payouts.preview.domain import REASONS_MAX_COUNT, PreviewSum, held_for
from services.rewards.payouts.preview.handlers import Previewed, PreviewedRail, preview, preview_rails
from services.rewards.payouts.receivers.api import PayingProvider
from services.rewards.payouts.runs.api.models import EXCHANGE_IS, NO_PAYABLE_TERMS, NO_RATES, PayingAccount
from services.rewards.providers.domain.contract import ProviderName
from services.rewards.settings import Settings
from shared.contracts.fields import Currency
from shared.http import Principal, Scope, Snapshot, configured, problem_responses, requires

router = APIRouter(tags=["payout runs"])
Reader = Annotated[Principal, requires(Scope.PAYOUTS_READ)]
InSettings = Annotated[Settings, configured(Settings)]
_BY = "By a provider; where it is not said, by bank"


class WouldBe(BaseModel):
    """Payouts that a run would have."""

    model_config = ConfigDict(from_attributes=True)

    payouts_count: int
    points: int
    amount_minor: int


class WouldWaitFor(BaseModel):
    """Payouts that would wait for one reason."""

    model_config = ConfigDict(from_attributes=True)

    reason: str = Field(examples=["no bank details"])
    payouts_count: int
    amount_minor: int


class RunPreview(BaseModel):
    """What a payout run would pay if it were made now, and under which terms."""

    at: datetime
    programme_id: str
    programme_version: int
    provider: ProviderName | None = Field(description="By which provider it would pay; null: by bank")
    currency: str = Field(examples=["EUR"])
    currencies: list[str] = Field(description="What the programme pays in; a run is in one of them")
    exchange: Exchange | None = Field(description=EXCHANGE_IS)
    points: int = Field(description="So many points …")
    minor: int = Field(description="… are worth so many minor units")
    minimum_points: int
    minimum_minor: int = Field(description="Below it nobody is paid, but for what came back; 0 without a policy")
    holding_days: int = Field(description="So many days points wait after they were earned; 0 without a policy")
    payer: PayingAccount
    paid: WouldBe = Field(description="Payouts that could be paid")
    held: WouldBe = Field(description="Payouts that would wait: for bank details, finance or a check")
    held_for: list[WouldWaitFor] = Field(
        description=f"Why they would wait, the most frequent reason first; at most {REASONS_MAX_COUNT}"
    )
    stopped: str | None = Field(description="Why the run would not go on; null where nothing stops it")
    left_payable_count: int = Field(description="Members who can be paid and would not fit")
    left_held_count: int = Field(description="Members without bank details, or held by finance, who would not fit")

    @classmethod
    def of(cls, would: Previewed, *, at: datetime) -> Self:
        """What a run would pay as it is answered."""
        run = would.run
        return cls(
            at=at,
            programme_id=run.programme_id,
            programme_version=run.programme_version,
            provider=run.provider,
            currency=run.terms.currency,
            currencies=list(would.currencies),
            exchange=Exchange.of(run.terms.exchange),
            points=run.terms.points,
            minor=run.terms.minor,
            minimum_points=run.terms.minimum_points,
            minimum_minor=run.terms.minimum_minor,
            holding_days=run.terms.holding_days,
            payer=PayingAccount.model_validate(run.payer),
            paid=WouldBe.model_validate(PreviewSum.of(would.paid)),
            held=WouldBe.model_validate(PreviewSum.of(would.held)),
            held_for=[WouldWaitFor.model_validate(one) for one in held_for(would.held, would.reasons)],
            stopped=would.stopped,
            left_payable_count=would.left_payable,
            left_held_count=would.left_held,
        )


class RailPreview(BaseModel):
    """What a run by one rail would pay, or why none could be made."""

    provider: ProviderName | None = Field(description="By which provider; null: by bank", examples=["paypal"])
    currency: str = Field(examples=["EUR"])
    would: RunPreview | None = Field(description="Null where no run could be made")
    not_made: str | None = Field(description="Why no run could be made; null where one could")

    @classmethod
    def of(cls, found: PreviewedRail, *, at: datetime) -> Self:
        """A rail as it is answered."""
        would = None if found.would is None else RunPreview.of(found.would, at=at)
        return cls(
            provider=found.rail.provider, currency=found.rail.currency, would=would, not_made=found.not_made
        )


class RailPreviews(BaseModel):
    """What runs by all rails would pay now."""

    at: datetime
    items: list[RailPreview] = Field(
        description="By bank in each currency, and by each provider, by which somebody with points wants to be "
        "paid; the first is that of everybody who chose nothing"
    )


@router.get(
    "/v1/payout-run-preview",
    summary="What a payout run would pay",
    responses=problem_responses(NO_PAYABLE_TERMS, *NO_RATES),
)
async def get_preview(
    principal: Reader,
    conn: Snapshot,
    settings: InSettings,
    currency: Annotated[
        Currency | None,
        Query(description="One that the programme pays in; where it is not said, that of its price"),
    ] = None,
    provider: Annotated[PayingProvider | None, Query(description=_BY)] = None,
) -> RunPreview:
    """Chosen and computed as POST /v1/payout-runs does; nothing is kept, and nothing is reserved."""
    now = datetime.now(UTC)
    would = await preview(
        conn,
        settings,
        community=principal.community,
        by=Actor(principal.person_id, principal.credential),
        now=now,
        provider=None if provider is None else ProviderName(provider),
        currency=currency,
    )
    return RunPreview.of(would, at=now)


@router.get(
    "/v1/payout-run-previews",
    summary="What payout runs by all rails would pay",
    responses=problem_responses(NO_PAYABLE_TERMS),
)
async def get_previews(principal: Reader, conn: Snapshot, settings: InSettings) -> RailPreviews:
    """The runs that a schedule would prepare now, one for each rail: what is paid by each, what waits and why."""
    now = datetime.now(UTC)
    found = await preview_rails(
        conn,
        settings,
        community=principal.community,
        by=Actor(principal.person_id, principal.credential),
        now=now,
    )
    return RailPreviews(at=now, items=[RailPreview.of(one, at=now) for one in found])
