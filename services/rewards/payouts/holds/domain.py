"""Holds on a member's money, and what of a payout can still be stopped."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from services.rewards.payouts.domain import STEPS, Actor, Payout, PayoutState
from shared.contracts.fields import Timestamp, Uuid


class HoldCause(StrEnum):
    """Why finance holds a payout or leaves it out; members are told the words of it, and no more."""

    UNDER_REVIEW = "under_review"
    DISPUTED = "disputed"
    ASKED = "asked"
    BANK_DETAILS = "bank_details"
    OTHER = "other"

    @property
    def words(self) -> str:
        """The cause in words, for everybody."""
        return _WORDS[self]


_WORDS = {
    HoldCause.UNDER_REVIEW: "it is being looked at",
    HoldCause.DISPUTED: "the amount is disputed",
    HoldCause.ASKED: "the member asked for it",
    HoldCause.BANK_DETAILS: "the bank details are being looked at",
    HoldCause.OTHER: "finance can say why",
}
#: Until its file a payout can be held or left out: it can fail, and was not submitted.
STOPPABLE = tuple(
    state
    for state in PayoutState
    if STEPS.find(state, PayoutState.FAILED)
    and any(step.after is PayoutState.SUBMITTED for step in STEPS.ahead(state))
)
#: Those of them that end at once when they are held: a run would pay them.
ENDED_BY_HOLD = tuple(state for state in STOPPABLE if state is not PayoutState.HELD)


class HoldState(StrEnum):
    """Whether a hold still keeps money back."""

    STANDING = "standing"
    RELEASED = "released"


class UnknownHoldError(Exception):
    """There is no such hold."""

    def __init__(self, hold_id: str) -> None:
        super().__init__(f"there is no hold {hold_id}")
        self.hold_id = hold_id


class PastStoppingError(Exception):
    """A payout is in its bank's file already, or over: nothing of it can be held or left out."""

    def __init__(self, payout_id: str, state: PayoutState) -> None:
        super().__init__(
            f"payout {payout_id} is {state}: it can be held or left out while it is {' or '.join(STOPPABLE)}"
        )
        self.payout_id = payout_id
        self.state = state


class TooManyHoldsError(Exception):
    """A community has as many standing holds as it may have, which is `most`."""

    def __init__(self, most: int) -> None:
        super().__init__(f"{most} holds stand: release some first")
        self.most = most


class HoldPlace(NamedTuple):
    """Where a page of holds ended, newest first."""

    placed_at: Timestamp
    hold_id: Uuid


@dataclass(frozen=True, slots=True)
class HoldFilter:
    """Which holds: None for all."""

    state: HoldState | None = None
    member_id: str | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """A member's money waits since `placed_at`, until it is released. It began with the payout `payout_id`.

    `note` is what somebody wrote for finance; None where nobody did, it was erased, or a backup lacks it.
    """

    community: str
    hold_id: str
    payout_id: str
    member_id: str
    cause: HoldCause
    note: str | None
    placed_at: datetime
    placed_by: Actor
    released_at: datetime | None = None
    released_by: Actor | None = None

    @property
    def state(self) -> HoldState:
        """Whether it stands."""
        return HoldState.STANDING if self.released_at is None else HoldState.RELEASED

    @property
    def place(self) -> HoldPlace:
        """Where it stands among those of its community."""
        return HoldPlace(self.placed_at, self.hold_id)

    @property
    def reason(self) -> str:
        """Why a payout waits, as its member is told too."""
        return f"held by finance: {self.cause.words}"

    def released(self, *, by: Actor, now: datetime) -> "Hold":
        """The hold, which stands no more."""
        return replace(self, released_at=now, released_by=by)


def check_stoppable(payout: Payout) -> None:
    """Check that a payout is not yet with its bank, and not over. Raises PastStoppingError when it is."""
    if payout.state not in STOPPABLE:
        raise PastStoppingError(payout.payout_id, payout.state)


def left_out_reason(cause: HoldCause) -> str:
    """Why a payout that was left out failed, as its member is told too."""
    return f"left out by finance: {cause.words}"
