"""Payout runs: what is owed to whom, and who may decide that it is paid."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from services.rewards.bank_messages.domain import AS_EVER, BankAccount, Ordering, ordering_of
from services.rewards.ledger.domain.entries import derived_id
from services.rewards.lots.domain.steps import Step, Steps
from services.rewards.payouts.domain import Actor, Part, Payout, PayoutState, end_to_end_id, payout_id
from services.rewards.payouts.payees.domain import Payee
from services.rewards.payouts.policies.domain import PayoutPolicy
from services.rewards.payouts.receivers.domain import ReceiverSet
from services.rewards.payouts.runs.domain.rails import NoPayableTermsError, payable_terms, paying_account
from services.rewards.payouts.runs.domain.terms import Owing, PayoutTerms, affordable, parts_of, total
from services.rewards.programmes.domain import InForce
from services.rewards.providers.domain.contract import ProviderName
from services.rewards.rates.domain.exchange import Exchange
from shared.access_keys.scopes import Scope
from shared.bank_accounts import AccountError, read_account, why_not_payable_in, why_not_reached
from shared.contracts.fields import Timestamp, Uuid

NO_BANK_DETAILS = "no bank details"
#: Where a payout goes: by bank, or by a provider.
Addressed = Payee | ReceiverSet


class RunState(StrEnum):
    """What a run can be; in those that end in -ing it is worked at, piece by piece."""

    COMPUTING = "computing"
    OPEN = "open"
    APPROVING = "approving"
    APPROVED = "approved"
    FILING = "filing"
    FILED = "filed"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"


STEPS: Steps[RunState] = Steps(
    Step(None, RunState.COMPUTING),
    Step(RunState.COMPUTING, RunState.OPEN),
    Step(RunState.COMPUTING, RunState.CANCELLING),
    Step(RunState.OPEN, RunState.APPROVING),
    Step(RunState.OPEN, RunState.CANCELLING),
    Step(RunState.APPROVING, RunState.APPROVED),
    Step(RunState.APPROVING, RunState.CANCELLING),
    Step(RunState.APPROVED, RunState.FILING),
    Step(RunState.APPROVED, RunState.CANCELLING),
    Step(RunState.FILING, RunState.FILED),
    # None of its payouts could be paid any more, so there is no file.
    Step(RunState.FILING, RunState.APPROVED),
    Step(RunState.CANCELLING, RunState.CANCELLED),
)
#: In these states somebody works at it, and it goes on by itself.
WORKED_AT = (RunState.COMPUTING, RunState.APPROVING, RunState.FILING, RunState.CANCELLING)


class RunRefusedError(Exception):
    """The run cannot be decided or filed; the message says why and what to do."""


class RunStoppedError(Exception):
    """Who made or approved the run may not do so any more; the message says why."""


class UnknownRunError(Exception):
    """There is no such run."""

    def __init__(self, run_id: str) -> None:
        super().__init__(f"there is no payout run {run_id}")
        self.run_id = run_id


class PlanCounts(NamedTuple):
    """How many members a run is computed for, and how many did not fit: those who can be paid, and the others."""

    planned: int = 0
    left_payable: int = 0
    left_held: int = 0


NO_PLAN = PlanCounts()


class Plan(NamedTuple):
    """The members whom a run is computed for, in order, and how many did not fit."""

    member_ids: Sequence[str]
    left_payable: int
    left_held: int


class RunPlace(NamedTuple):
    """Where a page of runs ended."""

    created_at: Timestamp
    run_id: Uuid


@dataclass(frozen=True, slots=True)
class Run:
    """A payout run and the terms it was made under; `complete` unless members who can be paid are left over.

    Its payments are to be made `execution_days` after its bank file is written, which `filing_by` asked for.
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
    filing_by: Actor | None = None
    plan: PlanCounts = NO_PLAN
    ordering: Ordering = AS_EVER
    #: By which provider it pays; None: by bank.
    provider: ProviderName | None = None

    @property
    def earned_until(self) -> datetime | None:
        """Until when the points were earned that it pays; None where none have to wait."""
        return self.terms.earned_until(self.created_at)

    @property
    def place(self) -> RunPlace:
        """Where it stands among the runs of its community."""
        return RunPlace(self.created_at, self.run_id)

    def needed(self) -> list[tuple[str, Actor, Scope]]:
        """What somebody did for it to be paid, who, and what they must still be allowed for it to go on."""
        needed = []
        if self.state in (RunState.COMPUTING, RunState.OPEN, RunState.APPROVING, RunState.APPROVED):
            needed.append(("made", self.created_by, Scope.PAYOUTS_WRITE))
        if self.state in (RunState.APPROVING, RunState.APPROVED) and self.decided_by is not None:
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
        """The run being approved or cancelled."""
        return replace(self, state=wanted, decided_at=now, decided_by=by)

    def being_filed(self, *, by: Actor) -> "Run":
        """The run while its bank file is written; who decided it stays."""
        return replace(self, state=RunState.FILING, filing_by=by)

    def becoming(self, state: RunState) -> "Run":
        """The run in another state; who brought it there is known already."""
        return replace(self, state=state)


def open_run(
    in_force: InForce | None,
    *,
    community: str,
    idempotency_key: str,
    execution_days: int,
    by: Actor,
    now: datetime,
    provider: ProviderName | None = None,
    currency: str | None = None,
) -> Run:
    """A new run under the terms in force, in a currency that they name or in that of the price.

    `under_policy` adds what a payout policy says, and `at_rate` the rate. Raises NoPayableTermsError when the
    programme has no payout terms, does not pay in that currency, or has terms that no bank file can be made of.
    """
    in_force, payout = payable_terms(in_force)
    if provider is not None and currency not in (None, payout.currency):
        raise NoPayableTermsError(
            f"A provider is paid to in the currency of the price, {payout.currency}: leave `currency` out"
        )
    currency = currency or payout.currency
    payer = paying_account(payout, currency)
    refused = why_not_payable_in(currency)
    if refused is not None:
        raise NoPayableTermsError(f"{refused[:1].upper()}{refused[1:]}")
    # It was looked at when it was published; what was published before that was so is looked at here.
    try:
        read_account(payer.name, payer.iban, payer.bic)
    except AccountError as error:
        ((field, reason), *_) = error.reasons.items()
        what = field if field == "name" else field.upper()
        raise NoPayableTermsError(
            f"The paying account's {what} is wrong ({reason}): publish a version with the right one"
        ) from error
    unreached = why_not_reached(payer.iban, currency)
    if unreached is not None:
        raise NoPayableTermsError(f"The paying account is on another rail ({unreached}): publish the right one")
    return Run(
        community=community,
        run_id=run_id(community, idempotency_key),
        state=RunState.COMPUTING,
        programme_id=in_force.programme_id,
        programme_version=in_force.version,
        terms=PayoutTerms(currency, payout.points, payout.minor, payout.minimum_points),
        payer=BankAccount(payer.name, payer.iban, payer.bic),
        ordering=ordering_of(payer.model_dump(exclude_none=True)),
        execution_days=execution_days,
        complete=True,
        created_at=now,
        created_by=by,
        provider=provider,
    )


def at_rate(run: Run, exchange: Exchange | None) -> Run:
    """The run, paying its price at a rate; None where it pays in the price's currency."""
    return run if exchange is None else replace(run, terms=replace(run.terms, exchange=exchange))


def under_policy(run: Run, policy: PayoutPolicy | None) -> Run:
    """The run with what the policy for its currency says of how long points wait, and from which amount."""
    if policy is None:
        return run
    terms = replace(
        run.terms,
        minimum_minor=policy.terms.minimum_minor,
        holding_days=policy.terms.holding_days,
        policy_id=policy.policy_id,
    )
    return replace(run, terms=terms)


def planned_run(run: Run, plan: Plan) -> Run:
    """The run with whom it is computed for."""
    counts = PlanCounts(len(plan.member_ids), plan.left_payable, plan.left_held)
    return replace(run, complete=not plan.left_payable, plan=counts)


def planned_counts(payable_count: int, held_count: int, *, most: int, ordering: Ordering) -> tuple[int, int]:
    """For how many of those who can be paid, and of those who would be held, a run is computed.

    At most `most` of either, and together as many as the bank takes in a file: who is held may be paid before the
    run is approved. Who can be paid comes first.
    """
    together = ordering.file_max_count
    payable = min(payable_count, most if together is None else min(most, together))
    held = min(held_count, most if together is None else min(most, together - payable))
    return payable, held


def fitting_in_file(run: Run, payouts: Sequence[Payout], *, taken_minor: int) -> tuple[list[Payout], list[Payout]]:
    """Those of a run's next payouts that its bank takes in the file, the first ones first, and those it does not.

    The run's payouts of before take `taken_minor` already. One that is held takes its place, too: it may be paid
    before the run is approved.
    """
    most = run.ordering.file_max_minor
    if most is None:
        return list(payouts), []
    fit: list[Payout] = []
    over: list[Payout] = []
    for payout in payouts:
        if taken_minor + payout.amount_minor <= most:
            taken_minor += payout.amount_minor
            fit.append(payout)
        else:
            over.append(payout)
    return fit, over


class PayableMember(NamedTuple):
    """A member, and what they have."""

    member_id: str
    owing: Owing


def accrued(run: Run, member: PayableMember, payee: Addressed | None, *, now: datetime) -> Payout | None:
    """What a run owes a member at a moment, None when that is nothing; to nobody when no details can be paid."""
    payee = payee if payee is not None and payee.why_not_paid(run.terms.currency) is None else None
    parts = parts_of(member.owing, run.terms, most_minor=run.ordering.payment_max_minor)
    points, amount_minor = total(parts)
    if not points:
        return None
    made = payout_id(run.run_id, member.member_id)
    payout = Payout(
        community=run.community,
        payout_id=made,
        run_id=run.run_id,
        member_id=member.member_id,
        state=PayoutState.ACCRUED,
        points=points,
        amount_minor=amount_minor,
        currency=run.terms.currency,
        end_to_end_id=end_to_end_id(made),
        payee=None,
        reason=None,
        created_at=now,
        changed_at=now,
        exchange=run.terms.exchange,
        parts=tuple(parts) if any(part.returned_payout_id for part in parts) else (),
    )
    return payee.put_on(payout) if payee is not None else payout


def why_held(payout: Payout, payee: Addressed | None, barred: str | None) -> str | None:
    """Why a payout waits: nobody can be paid, or finance or a check keeps it back; None when it does not."""
    if not payout.is_addressed:
        return (payee.why_not_paid(payout.currency) if payee else None) or NO_BANK_DETAILS
    return barred


class Judged(NamedTuple):
    """A payout as it can still be paid, with what is to be said of it; or None, with why not."""

    payout: Payout | None
    reason: str | None = None


def judged(
    payout: Payout,
    available: int,
    payee: Addressed | None,
    *,
    parts: Sequence[Part],
    run: Run,
    barred: str | None = None,
) -> Judged:
    """Whether a payout can still be paid as it was computed, or as much of it as the points still pay for.

    `barred` is why finance or a check keeps it back.
    """
    if barred is not None:
        return Judged(None, barred)
    if payee is None or not payee.is_of(payout):
        return Judged(None, "the bank details changed since the run was made")
    unpaid = payee.why_not_paid(payout.currency)
    if unpaid is not None:
        return Judged(None, unpaid)
    if available >= payout.points:
        return Judged(payout)
    fell = f"the balance fell to {available} points since the run was made"
    points, amount_minor = total(affordable(parts, available, run.terms))
    if not points:
        return Judged(None, f"{fell}; {payout.points} are needed")
    return Judged(payout.reduced_to(points, amount_minor), f"{fell}: {points} of {payout.points} are paid")


def why_not_filed(
    payout: Payout, available: int, payee: Addressed | None, *, barred: str | None = None
) -> str | None:
    """Why a payout whose points are reserved cannot be paid as it was approved; None when it can.

    `available` below zero is a debt: points were taken back, and only those that are reserved could pay it.
    """
    if barred is not None:
        return barred
    if available < 0:
        left = max(payout.points + available, 0)
        return f"points were taken back since the run was approved: {left} of {payout.points} are left"
    if payee is None or not payee.is_of(payout):
        return "the bank details changed since the run was approved"
    return payee.why_not_paid(payout.currency)


#: Which payouts of a run the work at it has yet to bring further.
LEFT: Mapping[RunState, tuple[PayoutState, ...]] = {
    RunState.APPROVING: (PayoutState.ELIGIBLE,),
    RunState.FILING: (PayoutState.RESERVED,),
    RunState.CANCELLING: (PayoutState.HELD, PayoutState.ELIGIBLE, PayoutState.RESERVED),
}


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
