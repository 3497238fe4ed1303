"""Payouts: what is owed, in which state it is, and what each state means for the ledger.

Points become money in whole multiples of the programme's `payout.points`, so that nothing is ever
rounded: what is left over stays available.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args
from uuid import UUID

from services.rewards.bank_messages.domain import AMOUNT_MINOR_MAX
from services.rewards.ledger.domain import (
    Account,
    Entry,
    community_account,
    derived_id,
    member_account,
    move,
    transfer_id,
)
from services.rewards.lots.domain.lots import LotUse

PayoutState = Literal[
    "accrued",
    "held",
    "eligible",
    "approved",
    "reserved",
    "submitted",
    "sent",
    "settled",
    "returned",
    "failed",
    "reversed",
]
PAYOUT_STATES: tuple[PayoutState, ...] = get_args(PayoutState)

NEXT_STATES: dict[PayoutState, tuple[PayoutState, ...]] = {
    "accrued": ("held", "eligible"),
    "held": ("eligible", "failed"),
    "eligible": ("approved", "failed"),
    "approved": ("reserved",),
    "reserved": ("submitted", "failed"),
    "submitted": ("sent", "settled", "returned", "failed"),
    "sent": ("settled", "returned", "failed"),
    "settled": ("reversed",),
    "returned": (),
    "failed": (),
    "reversed": (),
}
#: Nothing is decided yet: a member has at most one such payout.
UNDECIDED_STATES: tuple[PayoutState, ...] = ("accrued", "held", "eligible", "approved")
#: What a bank can say of a payout that was submitted.
Outcome = Literal["sent", "settled", "returned", "failed", "reversed"]
#: The bank has, or had, these.
BANK_STATES: tuple[PayoutState, ...] = ("submitted", "sent", "settled")

LOTS_PER_FACT_MAX_COUNT = 500
POINTS_PER_PAYOUT_MAX = 1_000_000_000
NO_BANK_DETAILS = "no bank details"


class WrongStateError(Exception):
    """A payout cannot go from `state` to `wanted`."""

    def __init__(self, state: PayoutState, wanted: PayoutState) -> None:
        super().__init__(f"a payout that is {state} cannot become {wanted}")
        self.state = state
        self.wanted = wanted


@dataclass(frozen=True, slots=True)
class Terms:
    """`points` points are worth `minor` minor units of `currency`; below `minimum_points` nothing is paid."""

    currency: str
    points: int
    minor: int
    minimum_points: int


class Worth(NamedTuple):
    """Points that are paid, and the minor units paid for them."""

    points: int
    amount_minor: int


def worth(available: int, terms: Terms) -> Worth:
    """What a member with `available` points is paid: 0 and 0 below the minimum or one whole multiple.

    The points are a whole multiple of `terms.points`, so the amount is exact. One payout is limited by
    what a SEPA credit transfer can carry; the rest stays available.
    """
    if available < terms.minimum_points:
        return Worth(0, 0)
    multiples = min(
        available // terms.points, AMOUNT_MINOR_MAX // terms.minor, POINTS_PER_PAYOUT_MAX // terms.points
    )
    return Worth(multiples * terms.points, multiples * terms.minor)


def payout_id(run: UUID, member: UUID) -> UUID:
    """A payout's id comes from what it pays, so that a retry cannot make a second one."""
    return derived_id(f"payout|{run}|{member}")


def fact_id(payout: UUID, state: PayoutState) -> UUID:
    """The id of the fact that the payout reached `state`; it reaches each state at most once."""
    return derived_id(f"payout|{payout}|{state}")


def lots_fact_id(payout: UUID, part: int) -> UUID:
    """The id of the fact with the `part`th list of the payout's lots."""
    return derived_id(f"payout_lots|{payout}|{part}")


def end_to_end_id(payout: UUID) -> str:
    """ISO 20022's EndToEndId: the payout's id in 32 hex digits (at most 35 characters are allowed)."""
    return payout.hex


def check_next(state: PayoutState, wanted: PayoutState) -> None:
    """Raise WrongStateError unless a payout in `state` may become `wanted`."""
    if wanted not in NEXT_STATES[state]:
        raise WrongStateError(state, wanted)


def lots_parts(uses: Sequence[LotUse]) -> Iterator[tuple[int, int, Sequence[LotUse]]]:
    """Cut a payout's lots into (part from 1, parts, lots) that fit into one message each."""
    parts = -(-len(uses) // LOTS_PER_FACT_MAX_COUNT)
    for part in range(parts):
        start = part * LOTS_PER_FACT_MAX_COUNT
        yield part + 1, parts, uses[start : start + LOTS_PER_FACT_MAX_COUNT]


@dataclass(frozen=True, slots=True)
class Movement:
    """What a payout moves in the ledger: whose points, and what they are worth."""

    community: str
    payout: UUID
    member: UUID
    points: int
    amount_minor: int
    currency: str

    def entries(self, state: PayoutState, wanted: PayoutState) -> list[Entry]:
        """The entries of going from `state` to `wanted`; none where only the state changes.

        Raises WrongStateError when there is no such way.
        """
        check_next(state, wanted)
        step = transfer_id(self.payout, f"payout_{wanted}")
        available = member_account(self.community, self.member, "available")
        reserved = member_account(self.community, self.member, "reserved")
        paid = member_account(self.community, self.member, "paid")
        payable = member_account(self.community, self.member, "payable", self.currency)
        expense = community_account(self.community, "payout_expense", self.currency)
        in_transit = community_account(self.community, "bank_in_transit", self.currency)
        bank = community_account(self.community, "bank", self.currency)
        ways: list[tuple[Account, Account, int]] = []
        if wanted == "reserved":
            ways = [(available, reserved, self.points), (expense, payable, self.amount_minor)]
        elif wanted == "submitted":
            ways = [(payable, in_transit, self.amount_minor)]
        elif wanted == "settled":
            ways = [(reserved, paid, self.points), (in_transit, bank, self.amount_minor)]
        elif gives_points_back(state, wanted):
            points_at = paid if state == "settled" else reserved
            money_at = {"reserved": payable, "settled": bank}.get(state, in_transit)
            ways = [(points_at, available, self.points), (money_at, expense, self.amount_minor)]
        return [entry for source, target, amount in ways for entry in move(step, source, target, amount)]


def gives_points_back(state: PayoutState, wanted: PayoutState) -> bool:
    """Whether the payout's lots are restored by going from `state` to `wanted`."""
    return wanted in ("returned", "failed", "reversed") and state in (
        "reserved",
        "submitted",
        "sent",
        "settled",
    )
