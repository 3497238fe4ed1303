"""How a reward that somebody has to send or order gets to its member: its states, and which may follow which."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from services.rewards.catalogue.domain import Offer, RewardKind, RewardSource


class FulfilledBy(StrEnum):
    """Who sees to it: somebody of the community, or a provider of goods."""

    HAND = "hand"
    PROVIDER = "provider"


class FulfilmentState(StrEnum):
    """Where the goods are.

    `unknown` is for a provider that was asked and did not answer: it may have them on their way or not, and
    nothing is given or given back before that is known.
    """

    RESERVED = "reserved"
    IN_HAND = "in_hand"
    ORDERED = "ordered"
    UNKNOWN = "unknown"
    FULFILLED = "fulfilled"
    FAILED = "failed"
    COMPENSATED = "compensated"


_RESERVED, _IN_HAND, _ORDERED = FulfilmentState.RESERVED, FulfilmentState.IN_HAND, FulfilmentState.ORDERED
_UNKNOWN, _FULFILLED = FulfilmentState.UNKNOWN, FulfilmentState.FULFILLED
_FAILED, _COMPENSATED = FulfilmentState.FAILED, FulfilmentState.COMPENSATED

#: What may follow what. Whatever is not here cannot happen.
STEPS: Final[Mapping[FulfilmentState, frozenset[FulfilmentState]]] = {
    # Handed over in person, it was in nobody's hand before; given up or forgotten, it never failed.
    _RESERVED: frozenset({_IN_HAND, _ORDERED, _FULFILLED, _FAILED, _COMPENSATED}),
    _IN_HAND: frozenset({_RESERVED, _FULFILLED, _FAILED}),
    # A provider that surely did not take the order leaves it to be ordered again.
    _ORDERED: frozenset({_RESERVED, _UNKNOWN, _FULFILLED, _FAILED}),
    _UNKNOWN: frozenset({_RESERVED, _ORDERED, _FULFILLED, _FAILED}),
    _FAILED: frozenset({_COMPENSATED}),
    # Taken back after it had arrived: points are back.
    _FULFILLED: frozenset({_COMPENSATED}),
    _COMPENSATED: frozenset(),
}
#: Nobody waits for these any more.
OVER: Final = frozenset({_FULFILLED, _COMPENSATED})
#: Somebody is at it: it is neither forgotten nor given up meanwhile.
UNDER_WAY: Final = frozenset({_IN_HAND, _ORDERED, _UNKNOWN})


class WrongFulfilmentError(Exception):
    """What is `state` cannot become `wanted`."""

    def __init__(self, state: FulfilmentState, wanted: FulfilmentState) -> None:
        super().__init__(f"what is {state} cannot become {wanted}")
        self.state = state
        self.wanted = wanted


class UnderWayError(Exception):
    """It cannot be given up any more: somebody is at it. `state` says where it is."""

    def __init__(self, state: FulfilmentState) -> None:
        super().__init__(f"it is {state}")
        self.state = state


class UnknownFulfilmentError(Exception):
    """The redemption is of nothing that is sent or ordered, or there is none."""

    def __init__(self, redemption_id: str) -> None:
        super().__init__(f"nothing is sent for redemption {redemption_id}")
        self.redemption_id = redemption_id


class Parcel(NamedTuple):
    """How something was sent: by whom, and where one sees where it is."""

    carrier: str | None = None
    tracking_url: str | None = None


NO_PARCEL: Final = Parcel()


@dataclass(frozen=True, slots=True)
class Fulfilment:
    """The fulfilment of a redemption; `held_by` is the person who has it in hand, `reason` why it failed."""

    community: str
    redemption_id: str
    by: FulfilledBy
    state: FulfilmentState
    created_at: datetime
    changed_at: datetime
    changed_by: str
    held_by: str | None = None
    reason: str | None = None
    parcel: Parcel = NO_PARCEL

    @property
    def is_over(self) -> bool:
        """Whether nobody waits for it any more."""
        return self.state in OVER

    def becoming(
        self,
        state: FulfilmentState,
        *,
        by: str,
        now: datetime,
        held_by: str | None = None,
        reason: str | None = None,
        parcel: Parcel | None = None,
    ) -> "Fulfilment":
        """The fulfilment in its next state. Raises WrongFulfilmentError when that cannot follow."""
        if state not in STEPS[self.state]:
            raise WrongFulfilmentError(self.state, state)
        return replace(
            self,
            state=state,
            changed_at=now,
            changed_by=by,
            held_by=held_by,
            reason=reason or self.reason,
            parcel=parcel or self.parcel,
        )

    def check_may_end(self, *, fulfilled: bool, by_member: bool) -> None:
        """Raises UnderWayError where the redemption cannot be confirmed (`fulfilled`) or cancelled just now.

        Whoever it is for gives up what nobody has begun with. What a provider was asked for ends as it answers.
        """
        is_providers = self.state in (FulfilmentState.ORDERED, FulfilmentState.UNKNOWN)
        if is_providers or (by_member and not fulfilled and self.state in UNDER_WAY):
            raise UnderWayError(self.state)


class FulfilmentChange(NamedTuple):
    """A state that a fulfilment reached."""

    number: int
    state: FulfilmentState
    changed_at: datetime
    changed_by: str
    reason: str | None


def fulfilled_by(offer: Offer) -> FulfilledBy | None:
    """Who has to see to it that a reward arrives; None where nothing is sent or ordered."""
    if offer.source is RewardSource.CATALOGUE and offer.terms.kind is RewardKind.MERCHANDISE:
        return FulfilledBy.HAND
    if offer.source is RewardSource.CATALOGUE and offer.terms.kind is RewardKind.GIFT_CARD:
        return FulfilledBy.PROVIDER
    return None
