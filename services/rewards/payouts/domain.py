"""Payouts: money for a member's points, the steps that one makes, and what each moves."""

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from services.rewards.bank_messages.domain import BankAccount
from services.rewards.ledger.domain.entries import AlteredError, Owner, derived_id
from services.rewards.lots.domain.lots import Use
from services.rewards.lots.domain.steps import GIVING_BACK, Lots, Money, Movement, Step, Steps, Way
from services.rewards.rates.domain.exchange import Exchange
from shared.contracts.fields import Timestamp, Uuid


class PayoutState(StrEnum):
    """What a payout can be, in the order of its life: it reaches each state at most once."""

    ACCRUED = "accrued"
    HELD = "held"
    ELIGIBLE = "eligible"
    APPROVED = "approved"
    RESERVED = "reserved"
    SUBMITTED = "submitted"
    SENT = "sent"
    SETTLED = "settled"
    RETURNED = "returned"
    FAILED = "failed"
    REVERSED = "reversed"
    CORRECTED = "corrected"


_SET_ASIDE = Way("available", "reserved")
_FREE = Way("reserved", "available")
_PAY = Way("reserved", "paid")
_OWE = Way("payout_expense", "payable")
_OWE_NOTHING = Way("payable", "payout_expense")
_SEND = Way("payable", "bank_in_transit")
_LEAVE = Way("bank_in_transit", "bank")
_COME_BACK = Way("bank_in_transit", "payout_expense")
_PAY_AFTER_ALL = Way("available", "paid")
_LEAVE_AFTER_ALL = Way("payout_expense", "bank")

STEPS: Steps[PayoutState] = Steps(
    Step(None, PayoutState.ACCRUED),
    Step(PayoutState.ACCRUED, PayoutState.HELD),
    Step(PayoutState.ACCRUED, PayoutState.ELIGIBLE),
    Step(PayoutState.HELD, PayoutState.ELIGIBLE),
    Step(PayoutState.HELD, PayoutState.FAILED),
    Step(PayoutState.ELIGIBLE, PayoutState.APPROVED),
    Step(PayoutState.ELIGIBLE, PayoutState.FAILED),
    Step(PayoutState.APPROVED, PayoutState.RESERVED, _SET_ASIDE, _OWE, Lots.USE),
    Step(PayoutState.RESERVED, PayoutState.SUBMITTED, None, _SEND),
    Step(PayoutState.RESERVED, PayoutState.FAILED, _FREE, _OWE_NOTHING, Lots.RESTORE),
    Step(PayoutState.SUBMITTED, PayoutState.SENT),
    Step(PayoutState.SUBMITTED, PayoutState.SETTLED, _PAY, _LEAVE),
    Step(PayoutState.SUBMITTED, PayoutState.RETURNED, _FREE, _COME_BACK, Lots.OWE),
    Step(PayoutState.SUBMITTED, PayoutState.FAILED, _FREE, _COME_BACK, Lots.OWE),
    Step(PayoutState.SENT, PayoutState.SETTLED, _PAY, _LEAVE),
    Step(PayoutState.SENT, PayoutState.RETURNED, _FREE, _COME_BACK, Lots.OWE),
    Step(PayoutState.SENT, PayoutState.FAILED, _FREE, _COME_BACK, Lots.OWE),
    Step(
        PayoutState.SETTLED,
        PayoutState.REVERSED,
        Way("paid", "available"),
        Way("bank", "payout_expense"),
        Lots.OWE,
    ),
    # What was said of it was wrong: the money did leave. Opposite entries, and the points are taken again.
    Step(PayoutState.RETURNED, PayoutState.CORRECTED, _PAY_AFTER_ALL, _LEAVE_AFTER_ALL, Lots.TAKE_BACK),
    Step(PayoutState.FAILED, PayoutState.CORRECTED, _PAY_AFTER_ALL, _LEAVE_AFTER_ALL, Lots.TAKE_BACK),
    Step(PayoutState.REVERSED, PayoutState.CORRECTED, _PAY_AFTER_ALL, _LEAVE_AFTER_ALL, Lots.TAKE_BACK),
)
#: The points are still to be used: a member has at most one such payout.
UNDECIDED_STATES = tuple(
    state for state in PayoutState if any(step.lots is Lots.USE for step in STEPS.ahead(state))
)
#: What a bank can say of a payout that was submitted.
OUTCOMES = tuple(
    state for state in PayoutState if state in {step.after for step in STEPS.ahead(PayoutState.SUBMITTED)}
)
#: Those after which the points can be paid again.
OUTCOMES_GIVING_BACK = tuple(
    state for state in OUTCOMES if any(step.after is state and step.lots in GIVING_BACK for step in STEPS)
)
#: Those that two people decide: what makes money payable again, and what takes that back.
OUTCOMES_BY_TWO = (*OUTCOMES_GIVING_BACK, PayoutState.CORRECTED)


def states_open_to(outcome: PayoutState) -> tuple[PayoutState, ...]:
    """The states of payouts of which a bank can say that: it has, or had, them."""
    banked = (PayoutState.SUBMITTED, *OUTCOMES)
    return tuple(state for state in banked if STEPS.find(state, outcome))


class Rate(NamedTuple):
    """So many points are worth so many minor units; with an `exchange`, of its price's currency.

    Amounts are of whole multiples of the points, and so exact; an exchange rounds an amount down, once.
    """

    points: int
    minor: int
    exchange: Exchange | None = None

    def amount_of(self, multiples: int) -> int:
        """What so many multiples of its points are paid, in minor units."""
        price = multiples * self.minor
        return price if self.exchange is None else math.floor(price * self.exchange.conversion.given_rate)

    def most_within(self, amount_minor: int) -> int:
        """The most multiples that are paid no more than an amount."""
        return max(math.ceil((amount_minor + 1) / self._of_one) - 1, 0)

    def least_for(self, amount_minor: int) -> int:
        """The fewest multiples that are paid an amount, and anything at all."""
        return math.ceil(max(amount_minor, 1) / self._of_one)

    @property
    def _of_one(self) -> Fraction:
        share = Fraction(1) if self.exchange is None else self.exchange.conversion.given_rate
        return self.minor * share


class Part(NamedTuple):
    """Points of a payout that are paid at one rate; `returned_payout_id` paid them, and came back."""

    points: int
    amount_minor: int
    rate: Rate
    returned_payout_id: str | None = None

    def of(self, multiples: int) -> "Part":
        """So many multiples of its rate."""
        return self._replace(points=multiples * self.rate.points, amount_minor=self.rate.amount_of(multiples))


class Computed(NamedTuple):
    """What a payout was computed as, where less is paid."""

    points: int
    amount_minor: int


class Actor(NamedTuple):
    """Who did it, and by which credential. Of before there are credentials alone, which say whose they are."""

    person_id: str | None
    credential: str


class Agreed(NamedTuple):
    """An outcome that two people decided, and the person who proposed it; another confirmed it."""

    outcome_id: str
    proposed_by: str | None


class UnknownPayoutError(Exception):
    """There is no such payout."""

    def __init__(self, payout_id: str) -> None:
        super().__init__(f"there is no payout {payout_id}")
        self.payout_id = payout_id


class WrongStateError(Exception):
    """A payout cannot go from `state` to `wanted`."""

    def __init__(self, state: PayoutState, wanted: PayoutState) -> None:
        super().__init__(f"a payout that is {state} cannot become {wanted}")
        self.state = state
        self.wanted = wanted


class PayoutPlace(NamedTuple):
    """Where a page of payouts ended."""

    created_at: Timestamp
    payout_id: Uuid


class PayeeSet(NamedTuple):
    """Which revision of a member's bank details a payout copied, and who set that."""

    revision: int
    changed_at: datetime
    changed_by: Actor


@dataclass(frozen=True, slots=True)
class Payout:
    """Money for a member's points. `payee` is whom the run was made for; `reason` says why it is in its state.

    `payee_set` is None without a payee, and for payouts of before bank details were a history. `computed` is what
    a run computed where its approval found fewer points and pays less. `parts` are given with a new payout that
    pays something at another rate than its run's. `exchange` is by which rate the price of its points became its
    currency; None where that is the price's own.
    """

    community: str
    payout_id: str
    run_id: str
    member_id: str
    state: PayoutState
    points: int
    amount_minor: int
    currency: str
    end_to_end_id: str
    payee: BankAccount | None
    reason: str | None
    created_at: datetime
    changed_at: datetime
    payee_set: PayeeSet | None = None
    computed: Computed | None = None
    parts: tuple[Part, ...] = ()
    exchange: Exchange | None = None
    #: The account at a provider that it is paid to, instead of `payee`.
    receiver_id: str | None = None

    @property
    def is_addressed(self) -> bool:
        """Whether it is known whom it is paid to."""
        return self.payee is not None or self.receiver_id is not None

    @property
    def owner(self) -> Owner:
        """Whose points it pays."""
        return Owner(self.community, self.member_id)

    @property
    def place(self) -> PayoutPlace:
        """Where it stands among the payouts of its community."""
        return PayoutPlace(self.created_at, self.payout_id)

    def paid_to(self, account: BankAccount) -> "Payout":
        """The payout with the bank details that it waited for."""
        return replace(self, payee=account)

    def reduced_to(self, points: int, amount_minor: int) -> "Payout":
        """The payout, paying less than it was computed as."""
        computed = Computed(self.points, self.amount_minor)
        return replace(self, points=points, amount_minor=amount_minor, computed=computed)

    def as_computed(self) -> "Payout":
        """The payout as its run computed it."""
        if self.computed is None:
            return self
        return replace(self, points=self.computed.points, amount_minor=self.computed.amount_minor, computed=None)


class Change(NamedTuple):
    """A payout that is to become `wanted`, and why where that needs saying."""

    payout: Payout
    wanted: PayoutState
    reason: str | None = None
    #: Points that were earned later are not used.
    earned_until: datetime | None = None
    #: A state that it reaches on the way, in the same moment.
    through: PayoutState | None = None

    def steps(self) -> list["Change"]:
        """It, step by step."""
        if self.through is None:
            return [self]
        passed = replace(self.payout, state=self.through, reason=self.reason)
        return [self._replace(wanted=self.through, through=None), self._replace(payout=passed, through=None)]

    @property
    def moves_points(self) -> bool:
        """Whether the step moves its member's points."""
        return self.movement().step.moves_points

    def movement(self) -> Movement:
        """What it moves. Raises WrongStateError when there is no such step."""
        payout = self.payout
        step = STEPS.find(payout.state, self.wanted)
        if step is None:
            raise WrongStateError(payout.state, self.wanted)
        use = Use(payout.owner, payout.payout_id, payout.points, earned_until=self.earned_until)
        return Movement("payout", use, step, Money(payout.amount_minor, payout.currency))

    def made(self, now: datetime) -> Payout:
        """The payout afterwards."""
        return replace(self.payout, state=self.wanted, reason=self.reason, changed_at=now)


_FROM_RESERVED = (PayoutState.RESERVED, PayoutState.SUBMITTED, PayoutState.SENT)


def budget_moved(payout: Payout, wanted: PayoutState) -> tuple[str, int] | None:
    """What a step does with the money that its run has set aside of a wallet: `post`, `void` or `refund` so much.

    A run sets aside what all its eligible payouts come to when its approval begins. None where nothing moves; what
    left after all is another matter.
    """
    if wanted is PayoutState.APPROVED and payout.computed is not None:
        return "void", payout.computed.amount_minor - payout.amount_minor
    if wanted is PayoutState.FAILED and payout.state is PayoutState.ELIGIBLE:
        return "void", payout.amount_minor
    if payout.state in _FROM_RESERVED and wanted in (PayoutState.FAILED, PayoutState.RETURNED):
        return "void", payout.amount_minor
    if wanted is PayoutState.SETTLED:
        return "post", payout.amount_minor
    if wanted is PayoutState.REVERSED:
        return "refund", payout.amount_minor
    return None


def changes_to(wanted: PayoutState, payouts: Sequence[Payout], reason: str | None = None) -> list[Change]:
    """The same change of several payouts."""
    return [Change(payout, wanted, reason) for payout in payouts]


@dataclass(frozen=True, slots=True)
class PastChange:
    """A state that a payout reached, and who brought it there."""

    state: PayoutState
    changed_at: datetime
    changed_by: Actor
    reason: str | None
    outcome_id: str | None = None


_LIFE = {state: number for number, state in enumerate(PayoutState)}


def in_order(changes: Sequence[PastChange]) -> list[PastChange]:
    """A payout's changes as they came; those of one moment in the order of its life."""
    return sorted(changes, key=lambda change: (change.changed_at, _LIFE[change.state]))


class Traced(NamedTuple):
    """A payout, and the states that it reached by its history, which is only added to."""

    payout: Payout
    reached: Collection[PayoutState]

    @property
    def last_reached(self) -> PayoutState | None:
        """The state that it is in by its history; None without one."""
        return max(self.reached, key=_LIFE.__getitem__, default=None)


def altered(payouts: Iterable[Traced]) -> AlteredError | None:
    """What is wrong when a payout is not in the state that its history ends with; None when all are."""
    for traced in payouts:
        payout, last = traced.payout, traced.last_reached
        if payout.state != last:
            reason = f"it is {payout.state}, and {last or 'nothing'} by its history"
            return AlteredError(f"payout {payout.payout_id}", reason)
    return None


@dataclass(frozen=True, slots=True)
class PayoutFilter:
    """Which payouts: None for all."""

    state: PayoutState | None = None
    run_id: str | None = None
    member_id: str | None = None


def payout_id(run_id: str, member_id: str) -> str:
    """A payout's id comes from what it pays, so that a retry cannot make a second one."""
    return derived_id(f"payout|{run_id}|{member_id}")


def fact_id(payout_id: str, state: PayoutState) -> str:
    """The id of the fact that the payout reached `state`; it reaches each state at most once."""
    return derived_id(f"payout|{payout_id}|{state}")


def lots_fact_id(payout_id: str, part: int) -> str:
    """The id of the fact with the `part`th list of the payout's lots."""
    return derived_id(f"payout_lots|{payout_id}|{part}")


def end_to_end_id(payout_id: str) -> str:
    """ISO 20022's EndToEndId: the payout's id in 32 hex digits (at most 35 characters are allowed)."""
    return payout_id.replace("-", "")
