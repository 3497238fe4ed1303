"""The route of what a payout run would pay."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from services.rewards.ledger.domain.entries import Owner
from services.rewards.lots.handlers.young import payable_of
from services.rewards.payouts.api import Exchange
from services.rewards.payouts.domain import Actor, Payout
from services.rewards.payouts.findings import store as finding_store
from services.rewards.payouts.holds import store as hold_store
from services.rewards.payouts.holds.handlers.barring import load_barred_now
from services.rewards.payouts.payees import store as payee_store
from services.rewards.payouts.policies.handlers import load_in_force
from services.rewards.payouts.preview.domain import REASONS_MAX_COUNT, PreviewSum, held_for
from services.rewards.payouts.preview.store import load_usable
from services.rewards.payouts.runs.api.models import EXCHANGE_IS, NO_PAYABLE_TERMS, NO_RATES, PayingAccount
from services.rewards.payouts.runs.domain.runs import (
    PayableMember,
    Plan,
    Run,
    accrued,
    fitting_in_file,
    why_held,
)
from services.rewards.payouts.runs.domain.terms import Owing
from services.rewards.payouts.runs.handlers.terms import opened
from services.rewards.payouts.runs.store import plans as plan_store
from services.rewards.payouts.sanctions.handlers import load_why_not_whole
from services.rewards.settings import Settings
from shared.contracts.fields import Currency
from shared.http import Principal, Scope, Snapshot, configured, problem_responses, requires
from shared.postgres import Connection

router = APIRouter(tags=["payout runs"])


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


@router.get(
    "/v1/payout-run-preview",
    summary="What a payout run would pay",
    responses=problem_responses(NO_PAYABLE_TERMS, *NO_RATES),
)
async def get_preview(
    principal: Annotated[Principal, requires(Scope.PAYOUTS_READ)],
    conn: Snapshot,
    settings: Annotated[Settings, configured(Settings)],
    currency: Annotated[
        Currency | None,
        Query(description="One that the programme pays in; where it is not said, that of its price"),
    ] = None,
) -> RunPreview:
    """Chosen and computed as POST /v1/payout-runs does; nothing is kept, and nothing is reserved."""
    now = datetime.now(UTC)
    run, currencies, elsewhere = await opened(
        conn,
        community=principal.community,
        idempotency_key="preview",
        execution_days=settings.payout_execution_days,
        by=Actor(principal.person_id, principal.credential),
        now=now,
        currency=currency,
    )
    policy = await load_in_force(conn, community=run.community, currency=run.terms.currency, now=now)
    refused = [
        *await payee_store.load_refused_members(conn, community=run.community),
        *await payee_store.load_unreached_members(conn, community=run.community, currency=run.terms.currency),
        *await hold_store.load_held_members(conn, community=run.community),
        *await finding_store.load_found_members(conn, community=run.community),
    ]
    most = settings.payouts_per_run_max_count
    plan = await plan_store.load_plan(conn, run, now=now, most=most, refused=refused, elsewhere=elsewhere)
    payouts, over = fitting_in_file(run, await _payouts(conn, run, plan=plan, now=now), taken_minor=0)
    over_payable = sum(payout.payee is not None for payout in over)
    barred = await load_barred_now(conn, payouts, community=run.community, policy=policy, now=now)
    payees = await payee_store.load_payees(
        conn, community=run.community, member_ids=[payout.member_id for payout in payouts]
    )
    reasons = {
        payout.payout_id: reason
        for payout in payouts
        if (reason := why_held(payout, payees.get(payout.member_id), barred.get(payout.payout_id))) is not None
    }
    held = [payout for payout in payouts if payout.payout_id in reasons]
    paid = [payout for payout in payouts if payout.payout_id not in reasons]
    return RunPreview(
        at=now,
        programme_id=run.programme_id,
        programme_version=run.programme_version,
        currency=run.terms.currency,
        currencies=currencies,
        exchange=Exchange.of(run.terms.exchange),
        points=run.terms.points,
        minor=run.terms.minor,
        minimum_points=run.terms.minimum_points,
        minimum_minor=run.terms.minimum_minor,
        holding_days=run.terms.holding_days,
        payer=PayingAccount.model_validate(run.payer),
        paid=WouldBe.model_validate(PreviewSum.of(paid)),
        held=WouldBe.model_validate(PreviewSum.of(held)),
        held_for=[WouldWaitFor.model_validate(one) for one in held_for(held, reasons)],
        stopped=await load_why_not_whole(conn, community=run.community),
        left_payable_count=plan.left_payable + over_payable,
        left_held_count=plan.left_held + len(over) - over_payable,
    )


async def _payouts(conn: Connection, run: Run, *, plan: Plan, now: datetime) -> list[Payout]:
    """The payouts that the run would have, in the order in which it takes them."""
    community, member_ids = run.community, plan.member_ids
    usable = await load_usable(conn, community=community, member_ids=member_ids, now=now)
    owners = {Owner(community, member_id): points for member_id, points in usable.items()}
    payable = await payable_of(conn, owners, earned_until=run.earned_until)
    usable |= {owner.member_id: points for owner, points in payable.items()}
    claims = await plan_store.load_claims(conn, run, member_ids=member_ids)
    payees = await payee_store.load_payees(conn, community=community, member_ids=member_ids)
    payouts = []
    for member_id in (one for one in member_ids if one in usable):
        points = usable[member_id]
        claim = claims.get(member_id)
        owing = Owing(points, claim.owed, claim.parts) if claim else Owing(points)
        payout = accrued(run, PayableMember(member_id, owing), payees.get(member_id), now=now)
        if payout is not None:
            payouts.append(payout)
    return payouts
