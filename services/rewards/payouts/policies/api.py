"""Routes of payout policies: proposed by one person, approved by another."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError
from starlette.responses import Response

from services.rewards.approvals.api import ApprovalStateName, approval_shown, author
from services.rewards.approvals.domain import ApprovalState
from services.rewards.bank_messages.domain import AMOUNT_MINOR_MAX
from services.rewards.payouts.policies import domain, handlers, store
from services.rewards.payouts.policies.domain import (
    AGE_MAX_YEARS,
    COUNTRIES_MAX_COUNT,
    HOLDING_MAX_DAYS,
    PayoutPolicyPlace,
)
from shared.commands import KEY_REUSED, Command, CommandKey, IdempotencyKey, answer_once
from shared.contracts.fields import INTEGER_MAX, MINOR_UNITS_MAX, Currency
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

UNKNOWN_PAYOUT_POLICY = ProblemType("unknown-payout-policy", 404, "Policy entry not found")
PAYOUT_POLICY_FOUR_EYES = ProblemType("payout-policy-four-eyes", 403, "Another person must do that")
PAYOUT_POLICY_DECIDED = ProblemType("payout-policy-decided", 409, "The policy entry is not in a state for that")
TOO_MANY_PAYOUT_POLICIES = ProblemType("too-many-payout-policies", 409, "Too many entries wait for another person")

router = APIRouter(tags=["finance"])

Reader = Annotated[Principal, requires(Scope.PAYOUTS_READ)]
Maker = Annotated[Principal, requires(Scope.PAYOUTS_WRITE)]
Approver = Annotated[Principal, requires(Scope.PAYOUTS_APPROVE)]

Country = Annotated[str, StringConstraints(pattern="^[A-Z]{2}$")]
_HOLDING = "Points are paid so many days after they were earned"
_MINIMUM = "Below it nobody is paid, but for what came back from a bank"
_COUNTRIES = "Those in which a payee's account may be, by ISO 3166; null for all. Others wait"
_WARN = "More than that paid to a person in a year, finance is told"
_STOP = "More than that paid to a person in a year, the payout waits"

_SHARED = "Whether a payout waits to an account that several persons have, or that the programme pays from"
_FORMS = "In which countries of accounts a payout waits without a tax form on file, above which total of a year"
_AGE = "Payouts wait to whom nobody attested at least so many years; null for any age"


class TaxFormRule(RequestBody):
    """Above so much in a year, who has an account in a country needs a tax form on file."""

    country: Country = Field(examples=["US"], description="Of the account, by ISO 3166")
    above_minor: int = Field(0, ge=0, le=MINOR_UNITS_MAX, description="In a year of a person", examples=[60_000])


class RuledTaxForm(BaseModel):
    """Above so much in a year, who has an account in a country needs a tax form on file."""

    country: str = Field(examples=["US"])
    above_minor: int = Field(examples=[60_000])


class PayoutPolicyTerms(RequestBody):
    """What holds for payouts in a currency, from a day on."""

    effective_from: Day = Field(
        description="From the beginning of this day in the community's zone", examples=["2026-01-01"]
    )
    currency: Currency = Field(examples=["EUR"])
    holding_days: int = Field(0, ge=0, le=HOLDING_MAX_DAYS, description=_HOLDING, examples=[14])
    minimum_minor: int = Field(0, ge=0, le=AMOUNT_MINOR_MAX, description=_MINIMUM, examples=[1_000])
    countries: Annotated[list[Country], Field(min_length=1, max_length=COUNTRIES_MAX_COUNT)] | None = Field(
        None, description=_COUNTRIES, examples=[["DE", "FR", "IT"]]
    )
    warn_above_minor: int | None = Field(None, ge=0, le=INTEGER_MAX, description=_WARN, examples=[150_000])
    stop_above_minor: int | None = Field(None, ge=0, le=INTEGER_MAX, description=_STOP, examples=[200_000])
    stops_shared_accounts: bool = Field(False, description=_SHARED)
    tax_forms: Annotated[list[TaxFormRule], Field(max_length=COUNTRIES_MAX_COUNT)] = Field([], description=_FORMS)
    minimum_age: int | None = Field(None, ge=1, le=AGE_MAX_YEARS, description=_AGE, examples=[18])

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if len({rule.country for rule in self.tax_forms}) < len(self.tax_forms):
            raise PydanticCustomError("tax_forms", "tax_forms has each country once")
        warn, stop = self.warn_above_minor, self.stop_above_minor
        if warn is not None and stop is not None and warn > stop:
            raise PydanticCustomError("warn_above_minor", "warn_above_minor is at most stop_above_minor")
        return self

    @property
    def terms(self) -> domain.PayoutPolicyTerms:
        """As the domain has them, countries in their order."""
        return domain.PayoutPolicyTerms(
            effective_from=self.effective_from,
            currency=self.currency,
            holding_days=self.holding_days,
            minimum_minor=self.minimum_minor,
            countries=None if self.countries is None else tuple(sorted(set(self.countries))),
            warn_above_minor=self.warn_above_minor,
            stop_above_minor=self.stop_above_minor,
            stops_shared_accounts=self.stops_shared_accounts,
            tax_forms=tuple(sorted(domain.TaxFormRule(rule.country, rule.above_minor) for rule in self.tax_forms)),
            minimum_age=self.minimum_age,
        )


class PayoutPolicy(BaseModel):
    """A policy entry, and who proposed and decided it."""

    policy_id: UUID
    state: ApprovalStateName
    effective_from: date
    currency: str = Field(examples=["EUR"])
    holding_days: int = Field(description=_HOLDING, examples=[14])
    minimum_minor: int = Field(description=_MINIMUM, examples=[1_000])
    countries: list[str] | None = Field(description=_COUNTRIES, examples=[["DE", "FR", "IT"]])
    warn_above_minor: int | None = Field(description=_WARN, examples=[150_000])
    stop_above_minor: int | None = Field(description=_STOP, examples=[200_000])
    stops_shared_accounts: bool = Field(description=_SHARED)
    tax_forms: list[RuledTaxForm] = Field(description=_FORMS)
    minimum_age: int | None = Field(description=_AGE, examples=[18])
    proposed_at: datetime
    proposed_by: str = Field(examples=["Mia"])
    proposed_by_person: UUID | None
    decided_at: datetime | None = Field(description="When it was approved or withdrawn")
    decided_by: str | None = Field(examples=["Omar"])
    decided_by_person: UUID | None

    @classmethod
    def of(cls, policy: domain.PayoutPolicy) -> Self:
        """The entry as it is answered."""
        terms = policy.terms
        return cls(
            policy_id=UUID(policy.policy_id),
            effective_from=terms.effective_from,
            currency=terms.currency,
            holding_days=terms.holding_days,
            minimum_minor=terms.minimum_minor,
            countries=None if terms.countries is None else list(terms.countries),
            warn_above_minor=terms.warn_above_minor,
            stop_above_minor=terms.stop_above_minor,
            stops_shared_accounts=terms.stops_shared_accounts,
            tax_forms=[RuledTaxForm(**rule._asdict()) for rule in terms.tax_forms],
            minimum_age=terms.minimum_age,
            **approval_shown(policy.approval),
        )


@router.post(
    "/v1/finance/payout-policies",
    summary="Propose what holds for payouts in a currency from a day on",
    status_code=201,
    response_model=PayoutPolicy,
    responses=problem_responses(TOO_MANY_PAYOUT_POLICIES, KEY_REUSED),
)
async def post_payout_policy(
    principal: Maker, tx: Tx, terms: PayoutPolicyTerms, idempotency_key: IdempotencyKey
) -> Response:
    """It is in force once another person approves it. On each day the latest approved entry of a currency applies.

    A run keeps how long points wait and from which amount it pays as they were when it was made; countries and
    yearly totals are looked at again when it is approved and filed. What came back from a bank is owed as it was.
    """

    async def work() -> PayoutPolicy:
        policy = await handlers.propose_policy(
            tx, community=principal.community, key=idempotency_key, terms=terms.terms, by=author(principal)
        )
        return PayoutPolicy.of(policy)

    key = CommandKey(principal.community, "payout_policy", idempotency_key)
    return await answer_once(tx, Command(key, terms.model_dump(mode="json")), work=work)


@router.get("/v1/finance/payout-policies", summary="Payout policies, newest first", responses=problem_responses())
async def list_payout_policies(
    principal: Reader,
    conn: Conn,
    place: Annotated[PayoutPolicyPlace | None, after(PayoutPolicyPlace)],
    state: Annotated[ApprovalStateName | None, Query(description="Only these")] = None,
    limit: Limit = 100,
) -> Page[PayoutPolicy]:
    """Those in force, those that wait for another person, and those that were withdrawn."""
    found = await store.page_of_policies(
        conn,
        community=principal.community,
        state=None if state is None else ApprovalState(state),
        after=place,
        limit=limit,
    )
    return Page.of(found, limit, item=PayoutPolicy.of, place=lambda policy: policy.place)


@router.get(
    "/v1/finance/payout-policies/{policy_id}",
    summary="A payout policy",
    responses=problem_responses(UNKNOWN_PAYOUT_POLICY),
)
async def get_payout_policy(principal: Reader, conn: Conn, policy_id: UUID) -> PayoutPolicy:
    """What it says, who proposed it and who decided."""
    return PayoutPolicy.of(
        await handlers.load_policy(conn, community=principal.community, policy_id=str(policy_id))
    )


@router.post(
    "/v1/finance/payout-policies/{policy_id}/approve",
    summary="Put a payout policy in force that another person proposed",
    responses=problem_responses(UNKNOWN_PAYOUT_POLICY, PAYOUT_POLICY_FOUR_EYES, PAYOUT_POLICY_DECIDED),
)
async def approve_payout_policy(principal: Approver, tx: Tx, policy_id: UUID) -> PayoutPolicy:
    """Whoever proposed it cannot, by whatever key; approving again changes nothing."""
    return PayoutPolicy.of(
        await handlers.approve_policy(
            tx, community=principal.community, policy_id=str(policy_id), by=author(principal)
        )
    )


@router.post(
    "/v1/finance/payout-policies/{policy_id}/withdraw",
    summary="Have a proposed payout policy never come into force",
    responses=problem_responses(UNKNOWN_PAYOUT_POLICY, PAYOUT_POLICY_DECIDED),
)
async def withdraw_payout_policy(principal: Maker, tx: Tx, policy_id: UUID) -> PayoutPolicy:
    """Whoever proposed it may, and anybody else who could have; withdrawing again changes nothing."""
    return PayoutPolicy.of(
        await handlers.withdraw_policy(
            tx, community=principal.community, policy_id=str(policy_id), by=author(principal)
        )
    )
