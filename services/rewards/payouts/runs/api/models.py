"""Payout runs as they are answered, and what can be wrong with one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.rewards.bank_messages.pain001.domain import SCHEMA
from services.rewards.payouts import api
from services.rewards.payouts.domain import Actor
from services.rewards.payouts.receivers.api import PayingProvider
from services.rewards.payouts.runs.domain import bank, runs
from services.rewards.payouts.runs.domain.progress import progress
from services.rewards.payouts.runs.domain.runs import (
    RunState,
)
from services.rewards.payouts.runs.handlers.checks import load_stopped
from services.rewards.payouts.runs.store import runs as run_store
from services.rewards.payouts.seals import store as seal_store
from services.rewards.payouts.seals.domain import Seal
from services.rewards.providers.domain.contract import ProviderName
from services.rewards.rates.api.models import NO_RATE, NO_RATE_POLICY, RATE_MOVED, STALE_RATES
from shared.contracts.fields import Currency
from shared.http import (
    ProblemType,
    RequestBody,
)
from shared.postgres import Connection

SEAL_EXAMPLE = "0b1d1f6e2b6c9d0f1c7a8e5d4f3b2a190807f6e5d4c3b2a1908f7e6d5c4b3a29"

UNKNOWN_RUN = ProblemType("unknown-payout-run", 404, "Payout run not found")
NO_PAYABLE_TERMS = ProblemType("no-payable-terms", 409, "No payout run can be made")
FOUR_EYES = ProblemType("four-eyes", 403, "Four eyes are needed")
RUN_REFUSED = ProblemType("payout-run-refused", 409, "The payout run does not allow that")
RUN_STOPPED = ProblemType("payout-run-stopped", 409, "The payout run is stopped")
SEAL_DIFFERS = ProblemType("payout-seal-differs", 409, "The payout run has another seal")
NOT_TOLD_YET = ProblemType("bank-file-not-told-yet", 503, "The broker does not have the run's facts yet")
NO_BANK_FILE = ProblemType("no-bank-file", 404, "No bank file")

#: Written out where they stand, as clients know them, not as schemas of their own.
_STATES = tuple(state.value for state in RunState)
State = Literal[_STATES]  # type: ignore[valid-type]


EXCHANGE_IS = "By which rate the price became the currency that is paid; null where the price is in that"
#: What may be wrong where a price is converted.
NO_RATES = (NO_RATE_POLICY, STALE_RATES, NO_RATE, RATE_MOVED)


class StateSum(BaseModel):
    """Payouts of a run that are in one state."""

    model_config = ConfigDict(from_attributes=True)

    state: api.State
    count: int
    points: int
    amount_minor: int


class PayingAccount(BaseModel):
    """The account that pays."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    iban: str
    bic: str | None


class OrderedAddress(BaseModel):
    """An address as banks take it."""

    model_config = ConfigDict(from_attributes=True)

    town: str = Field(examples=["Hamburg"])
    country: str = Field(examples=["DE"])
    post_code: str | None = Field(examples=["20095"])
    street: str | None = Field(examples=["Harbour Street"])
    building: str | None = Field(examples=["7a"])
    lines: list[str] = Field(description="What has no field of its own", examples=[[]])


class RunOrdering(BaseModel):
    """How the bank is asked to pay, by the programme's paying account as the run was made."""

    model_config = ConfigDict(from_attributes=True)

    address: OrderedAddress | None = Field(description="Of who pays")
    batch_booking: bool = Field(description="Whether the file is one booking, or each payment has its own")
    purpose: str | None = Field(description="A purpose code of ISO 20022", examples=["BONU"])
    instant: bool = Field(description="Whether it asks for instant credit transfers")
    file_max_count: int | None = Field(
        description="How many payments the bank takes in a file; null for any", examples=[10_000]
    )
    file_max_minor: int | None = Field(
        description="Up to which sum the bank takes a file; null for any", examples=[100_000_000]
    )


class Progress(BaseModel):
    """How far the work at a run is. It goes on by itself."""

    done_count: int = Field(examples=[6_400], description="So many payouts …")
    total_count: int = Field(examples=[20_500], description="… of so many")


class Run(BaseModel):
    """A payout run: what it pays under which terms, and who made and approved it."""

    run_id: UUID
    state: State
    programme_id: str
    programme_version: int
    currency: str
    exchange: api.Exchange | None = Field(description=EXCHANGE_IS)
    points: int = Field(description="So many points …")
    minor: int = Field(description="… are worth so many minor units, of the price's currency")
    minimum_points: int
    minimum_minor: int = Field(description="Below it nobody is paid, but for what came back; 0 without a policy")
    holding_days: int = Field(description="So many days points wait after they were earned; 0 without a policy")
    policy_id: UUID | None = Field(description="The payout policy that it was made under; null for none")
    payer: PayingAccount = Field(description="The programme's paying account, as the run was made")
    execution_days: int = Field(
        description="Bank days from the one on which the bank receives the file to its execution date"
    )
    payer_bank_name: str | None = Field(
        description="The payer's name as the bank file has it, in SEPA's characters",
        examples=["Example Community"],
    )
    ordering: RunOrdering
    provider: ProviderName | None = Field(
        description="By which provider it pays those who want to be paid by it; null: by bank"
    )
    complete: bool = Field(description="False when members who can be paid are left for another run")
    left_payable_count: int = Field(
        description="Members who can be paid and did not fit; the next run begins with whoever waits longest"
    )
    left_held_count: int = Field(
        description="Members without bank details who did not fit either; they take no place of others"
    )
    progress: Progress | None = Field(
        description="How far the work is at one that is computing, approving, filing or cancelling"
    )
    created_at: datetime
    created_by: str = Field(description="The access key or token by which it was made")
    created_by_person: UUID | None = Field(description="Who made it; null for runs of before")
    decided_at: datetime | None
    decided_by: str | None = Field(description="The access key or token by which it was approved or cancelled")
    decided_by_person: UUID | None = Field(description="Who approved or cancelled it")
    stopped: str | None = Field(
        description="Why it is neither approved nor filed: who made or approved it may not do so any more",
        examples=["who made it may not do so any more: the access key that it was done by was revoked"],
    )
    payouts: list[StateSum]
    seal: str | None = Field(
        examples=[SEAL_EXAMPLE],
        description="SHA-256 over who pays whom how much, and when: of the list as it was filed, was approved or, "
        "while the run is open, was computed. Null for a run made before lists were sealed",
    )

    @classmethod
    def of(cls, run: runs.Run, sums: Sequence[runs.StateSum], seal: Seal | None, stopped: str | None) -> Self:
        """A run as it is answered."""
        work = progress(run, sums)
        return cls(
            run_id=UUID(run.run_id),
            state=run.state,
            programme_id=run.programme_id,
            programme_version=run.programme_version,
            currency=run.terms.currency,
            exchange=api.Exchange.of(run.terms.exchange),
            points=run.terms.points,
            minor=run.terms.minor,
            minimum_points=run.terms.minimum_points,
            minimum_minor=run.terms.minimum_minor,
            holding_days=run.terms.holding_days,
            policy_id=UUID(run.terms.policy_id) if run.terms.policy_id else None,
            payer=PayingAccount.model_validate(run.payer),
            execution_days=run.execution_days,
            payer_bank_name=run.payer.bank_name,
            ordering=RunOrdering.model_validate(run.ordering),
            provider=run.provider,
            complete=run.complete,
            left_payable_count=run.plan.left_payable,
            left_held_count=run.plan.left_held,
            progress=Progress(done_count=work.done, total_count=work.total) if work else None,
            created_at=run.created_at,
            created_by=run.created_by.credential,
            created_by_person=_uuid(run.created_by),
            decided_at=run.decided_at,
            decided_by=run.decided_by.credential if run.decided_by else None,
            decided_by_person=_uuid(run.decided_by),
            stopped=stopped,
            payouts=[StateSum.model_validate(state_sum) for state_sum in sums],
            seal=seal.value if seal else None,
        )


def _uuid(actor: Actor | None) -> UUID | None:
    return UUID(actor.person_id) if actor and actor.person_id else None


class BankFile(BaseModel):
    """A run's bank file, without its content."""

    run_id: UUID
    message_id: str = Field(description="ISO 20022's MsgId, derived from the run")
    schema_name: str = Field(
        examples=[SCHEMA], description="Or `plaudit-payout-list` for what a provider was asked for"
    )
    payment_count: int
    control_sum_minor: int
    sha256: str = Field(description="Of the file's bytes, in hex")
    created_at: datetime
    created_by: str

    @classmethod
    def of(cls, file: bank.BankFile) -> Self:
        """A bank file as it is answered."""
        return cls(
            run_id=UUID(file.run_id),
            message_id=file.message_id,
            schema_name=file.schema_name,
            payment_count=file.payment_count,
            control_sum_minor=file.control_sum_minor,
            sha256=file.sha256,
            created_at=file.created_at,
            created_by=file.created_by,
        )


class NewRun(RequestBody):
    """What a run is made of, beside what is in force: by what it pays, and in what currency."""

    provider: PayingProvider | None = Field(
        None,
        description="Whom it pays: those who want to be paid by it, in the currency of the price; null: all "
        "others, by bank",
        examples=["sandbox"],
    )
    currency: Currency | None = Field(
        None,
        description="One that the programme pays in; where it is not said, that of its price",
        examples=["JPY"],
    )


class Approval(RequestBody):
    """What is approved."""

    seal: str | None = Field(
        None,
        pattern="^[0-9a-f]{64}$",
        description="The seal of the run as the approver saw it: when it has another one, nothing is approved",
    )


async def shown(conn: Connection, run: runs.Run) -> Run:
    """A run as it is answered."""
    sums = await run_store.load_sums(conn, community=run.community, run_ids=[run.run_id])
    seals = await seal_store.load_newest(conn, community=run.community, run_ids=[run.run_id])
    stopped = await load_stopped(conn, [run])
    return Run.of(run, sums.get(run.run_id, ()), seals.get(run.run_id), stopped.get(run.run_id))
