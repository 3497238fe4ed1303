"""Payout runs: what is owed to whom, and who may decide that it is paid."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from services.rewards.bank_messages.domain import BankAccount
from services.rewards.ledger.domain.entries import derived_id
from services.rewards.lots.domain.steps import Step, Steps
from services.rewards.payouts.domain import Actor, Payout, PayoutState, end_to_end_id, payout_id
from services.rewards.payouts.payees.domain import Payee
from services.rewards.payouts.runs.domain.terms import PayoutTerms, worth
from services.rewards.programmes.domain import InForce
from shared.access_keys.scopes import Scope
from shared.bank_accounts import AccountError, read_account, why_not_payable_in
from shared.contracts.fields import Timestamp, Uuid

NO_BANK_DETAILS = "no bank details"


class RunState(StrEnum):
    """What a run can be."""

    OPEN = "open"
    APPROVED = "approved"
    FILED = "filed"
    CANCELLED = "cancelled"


STEPS: Steps[RunState] = Steps(
    Step(None, RunState.OPEN),
    Step(RunState.OPEN, RunState.APPROVED),
    Step(RunState.OPEN, RunState.CANCELLED),
    Step(RunState.APPROVED, RunState.FILED),
    Step(RunState.APPROVED, RunState.CANCELLED),
)


class RunRefusedError(Exception):
    """The run cannot be decided or filed; the message says why and what to do."""


class RunStoppedError(Exception):
    """Who made or approved the run may not do so any more; the message says why."""


class NoPayableTermsError(Exception):
    """The programme in force has no payout terms that a bank file can be made of; the message says what to do."""


class UnknownRunError(Exception):
    """There is no such run."""

    def __init__(self, run_id: str) -> None:
        super().__init__(f"there is no payout run {run_id}")
        self.run_id = run_id


class RunPlace(NamedTuple):
    """Where a page of runs ended."""

    created_at: Timestamp
    run_id: Uuid


@dataclass(frozen=True, slots=True)
class Run:
    """A payout run and the terms it was made under; `complete` unless members are left for another run.

    Its payments are to be made `execution_days` after its bank file is written.
    """

    community: str
    run_id: str
    state: RunState
    programme_id: str
    programme_version: int
    terms: PayoutTerms
    payer: BankAccount
    execution_days: int
    complete: bool
    created_at: datetime
    created_by: Actor
    decided_at: datetime | None = None
    decided_by: Actor | None = None

    @property
    def place(self) -> RunPlace:
        """Where it stands among the runs of its community."""
        return RunPlace(self.created_at, self.run_id)

    def needed(self) -> list[tuple[str, Actor, Scope]]:
        """What somebody did for it to be paid, who, and what they must still be allowed for it to go on."""
        needed = []
        if self.state in (RunState.OPEN, RunState.APPROVED):
            needed.append(("made", self.created_by, Scope.PAYOUTS_WRITE))
        if self.state is RunState.APPROVED and self.decided_by is not None:
            needed.append(("approved", self.decided_by, Scope.PAYOUTS_APPROVE))
        return needed

    def check_step(self, wanted: RunState) -> None:
        """Check that it can become `wanted`. Raises RunRefusedError when it cannot."""
        self.check_state(*STEPS.preceding(wanted))

    def check_state(self, *states: RunState) -> None:
        """Check that it is in one of these states. Raises RunRefusedError when it is not."""
        if self.state not in states:
            raise RunRefusedError(f"The run is {self.state}; this needs one that is {' or '.join(states)}")

    def decided(self, wanted: RunState, *, by: Actor, now: datetime) -> "Run":
        """The run approved or cancelled."""
        return replace(self, state=wanted, decided_at=now, decided_by=by)

    def filed(self) -> "Run":
        """The run with its bank file written; who decided it stays."""
        return replace(self, state=RunState.FILED)


def open_run(
    in_force: InForce | None,
    *,
    community: str,
    idempotency_key: str,
    execution_days: int,
    by: Actor,
    now: datetime,
) -> Run:
    """A new run under the terms in force.

    Raises NoPayableTermsError when the programme has no payout terms, or ones that no bank file can be made of.
    """
    payout = in_force.rewards.payout if in_force else None
    if in_force is None or payout is None:
        raise NoPayableTermsError(
            "The programme in force has no `rewards.payout`: publish a version that says what points are worth"
        )
    refused = why_not_payable_in(payout.currency)
    if refused is not None:
        raise NoPayableTermsError(f"{refused[:1].upper()}{refused[1:]}")
    # It was looked at when it was published; what was published before that was so is looked at here.
    payer = payout.paying_account
    try:
        read_account(payer.name, payer.iban, payer.bic)
    except AccountError as error:
        ((field, reason), *_) = error.reasons.items()
        what = field if field == "name" else field.upper()
        raise NoPayableTermsError(
            f"The paying account's {what} is wrong ({reason}): publish a version with the right one"
        ) from error
    return Run(
        community=community,
        run_id=run_id(community, idempotency_key),
        state=RunState.OPEN,
        programme_id=in_force.programme_id,
        programme_version=in_force.version,
        terms=PayoutTerms(payout.currency, payout.points, payout.minor, payout.minimum_points),
        payer=BankAccount(payer.name, payer.iban, payer.bic),
        execution_days=execution_days,
        complete=True,
        created_at=now,
        created_by=by,
    )


class PayableMember(NamedTuple):
    """A member and the points that are available to them."""

    member_id: str
    available: int


def accrued(run: Run, member: PayableMember, payee: Payee | None) -> Payout:
    """What a run owes a member; without bank details that can be paid, nobody to pay it to."""
    payee = payee if payee is not None and payee.refusal is None else None
    points, amount_minor = worth(member.available, run.terms)
    made = payout_id(run.run_id, member.member_id)
    return Payout(
        community=run.community,
        payout_id=made,
        run_id=run.run_id,
        member_id=member.member_id,
        state=PayoutState.ACCRUED,
        points=points,
        amount_minor=amount_minor,
        currency=run.terms.currency,
        end_to_end_id=end_to_end_id(made),
        payee=payee.account if payee else None,
        reason=None,
        created_at=run.created_at,
        changed_at=run.created_at,
        payee_set=payee.as_set if payee else None,
    )


def why_held(payee: Payee | None) -> str:
    """Why a payout waits that nobody can be paid."""
    return NO_BANK_DETAILS if payee is None or payee.refusal is None else payee.refusal.words


def why_not(payout: Payout, available: int, payee: Payee | None) -> str | None:
    """Why a payout can no longer be paid as it was computed; None when it can."""
    if available < payout.points:
        return f"the balance fell to {available} points since the run was made; {payout.points} are needed"
    if payee is None or payee.account != payout.payee:
        return "the bank details changed since the run was made"
    return payee.refusal.words if payee.refusal else None


def why_not_filed(payout: Payout, available: int, payee: Payee | None) -> str | None:
    """Why a payout whose points are reserved cannot be paid as it was approved; None when it can.

    `available` below zero is a debt: points were taken back, and only those that are reserved could pay it.
    """
    if available < 0:
        left = max(payout.points + available, 0)
        return f"points were taken back since the run was approved: {left} of {payout.points} are left"
    if payee is None or payee.account != payout.payee:
        return "the bank details changed since the run was approved"
    return payee.refusal.words if payee.refusal else None


@dataclass(frozen=True, slots=True)
class StateSum:
    """Payouts of a run that are in one state."""

    state: PayoutState
    count: int
    points: int
    amount_minor: int


def run_id(community: str, idempotency_key: str) -> str:
    """The id of the payout run that a request with this key makes."""
    return derived_id(f"payout_run|{community}|{idempotency_key}")
