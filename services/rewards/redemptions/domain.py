"""Redemptions in two phases: points are reserved, then the redemption is confirmed, cancelled, or expires."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from services.rewards.fulfilment.domain import FulfilledBy, FulfilmentState
from services.rewards.ledger.domain.entries import AlteredError, Owner, derived_id
from services.rewards.lots.domain.lots import LotUse, Use
from services.rewards.lots.domain.steps import Lots, Movement, Step, Steps, Way
from services.rewards.providers.domain.contract import Card
from shared.contracts.fields import Timestamp, Uuid


class RedemptionState(StrEnum):
    """What a redemption can be."""

    RESERVED = "reserved"
    CONFIRMED = "confirmed"
    PARTLY_REFUNDED = "partly_refunded"
    REFUNDED = "refunded"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


_GIVE_BACK = Way("reserved", "available")
#: What a refund moves is a step of its own, as a redemption may have several: see refunds.
STEPS: Steps[RedemptionState] = Steps(
    Step(None, RedemptionState.RESERVED, Way("available", "reserved"), lots=Lots.USE),
    Step(RedemptionState.RESERVED, RedemptionState.CONFIRMED, Way("reserved", "spent")),
    Step(RedemptionState.RESERVED, RedemptionState.CANCELLED, _GIVE_BACK, lots=Lots.RESTORE),
    Step(RedemptionState.RESERVED, RedemptionState.EXPIRED, _GIVE_BACK, lots=Lots.RESTORE),
    Step(RedemptionState.CONFIRMED, RedemptionState.PARTLY_REFUNDED),
    Step(RedemptionState.CONFIRMED, RedemptionState.REFUNDED),
    Step(RedemptionState.PARTLY_REFUNDED, RedemptionState.PARTLY_REFUNDED),
    Step(RedemptionState.PARTLY_REFUNDED, RedemptionState.REFUNDED),
)


class _Rest(StrEnum):
    """What happens to the points that are not spent when a redemption is confirmed in part."""

    VOIDED = "voided"


#: In the transaction in which the others are spent; the state is that of what was spent.
_VOID = Step(_Rest.VOIDED, _Rest.VOIDED, _GIVE_BACK, lots=Lots.RESTORE_PART)


class UnknownRewardError(Exception):
    """The catalogue in force does not have the reward."""

    def __init__(self, reward_id: str) -> None:
        super().__init__(f"the catalogue has no {reward_id!r}")
        self.reward_id = reward_id


class OutOfStockError(Exception):
    """All that there were of the reward are redeemed or given; `title` is what it is called."""

    def __init__(self, title: str) -> None:
        super().__init__(f"there is no {title} left")
        self.title = title


class OutsideAudienceError(Exception):
    """The reward is for an audience that the member is not in."""

    def __init__(self, title: str) -> None:
        super().__init__(f"the reward is for {title}")
        self.title = title


class LevelTooLowError(Exception):
    """Rewards are for members with one of some levels, whose `titles` these are, and the member has none."""

    def __init__(self, titles: tuple[str, ...]) -> None:
        super().__init__(f"rewards are open from {' or '.join(titles)} on")
        self.titles = titles


class RewardLevelLackingError(Exception):
    """The reward takes a level that the member does not have; `title` is what it is called."""

    def __init__(self, title: str) -> None:
        super().__init__(f"the reward takes the level {title}")
        self.title = title


class HadEnoughError(Exception):
    """The member has as many of the reward as one person may have: `count` within `days`, or in all."""

    def __init__(self, count: int, days: int | None) -> None:
        super().__init__(f"one person may have {count}")
        self.count = count
        self.days = days


class OrderItem(NamedTuple):
    """So many of a reward, in an order."""

    reward_id: str
    pieces: int


class PriceChangedError(Exception):
    """What is chosen costs `points` now, and not `asked` as whoever chooses it saw."""

    def __init__(self, *, asked: int, points: int) -> None:
        super().__init__(f"it costs {points} points, not {asked}")
        self.asked = asked
        self.points = points


class UnknownOrderError(Exception):
    """The member has no such order."""

    def __init__(self, order_id: str) -> None:
        super().__init__(f"there is no order {order_id}")
        self.order_id = order_id


class UnknownRedemptionError(Exception):
    """There is no such redemption."""

    def __init__(self, redemption_id: str) -> None:
        super().__init__(f"there is no redemption {redemption_id}")
        self.redemption_id = redemption_id


class OtherRequestError(Exception):
    """The key of the request made another redemption before, whose answer was lost with a database."""


class RedemptionClosedError(Exception):
    """A redemption that is over cannot become `wanted`; `state` is how it ended."""

    def __init__(self, state: RedemptionState, wanted: RedemptionState) -> None:
        super().__init__(f"the redemption is {state}")
        self.state = state
        self.wanted = wanted


class NotReservedError(Exception):
    """More points are to be spent than are `reserved`."""

    def __init__(self, reserved: int) -> None:
        super().__init__(f"{reserved} points are reserved")
        self.reserved = reserved


class RedemptionPlace(NamedTuple):
    """Where a page of redemptions ended."""

    created_at: Timestamp
    redemption_id: Uuid


@dataclass(frozen=True, slots=True)
class Redemption:
    """A member's redemption of a reward, and who or what brought it into its state."""

    community: str
    redemption_id: str
    member_id: str
    reward_id: str
    title: str
    points: int
    state: RedemptionState
    created_at: datetime
    expires_at: datetime
    changed_at: datetime
    changed_by: str
    #: Whether a voucher's code came with it.
    has_code: bool = False
    #: How many points were reserved, where fewer were spent: those are its `points`.
    reserved_points: int | None = None
    #: Where the goods are, and who sees to them; None of what is neither sent nor ordered.
    fulfilment: FulfilmentState | None = None
    fulfilled_by: FulfilledBy | None = None
    #: Which card is ordered for it; said of what was just redeemed, and told.
    card: Card | None = None
    #: Whether it waits for its member to say where to send it.
    needs_address: bool = False
    #: What was chosen together with others has the id of their order.
    order_id: str | None = None
    #: How many of its `points` are back since they were spent.
    refunded_points: int = 0
    #: Whether it was refunded as a whole, and goods came back or never went: there is one more of it.
    is_returned: bool = False

    @property
    def place(self) -> RedemptionPlace:
        """Where it stands among the redemptions of its community."""
        return RedemptionPlace(self.created_at, self.redemption_id)

    @property
    def use(self) -> Use:
        """Whose points it uses, and how many."""
        return Use(Owner(self.community, self.member_id), self.redemption_id, self.points)

    @property
    def left_points(self) -> int:
        """How many points were spent for it and are not back."""
        return self.points - self.refunded_points

    def becoming(self, state: RedemptionState, *, by: str, now: datetime) -> "Redemption":
        """The redemption in its next state."""
        goods = self.fulfilment
        if goods is not None and state is not RedemptionState.RESERVED:
            is_confirmed = state is RedemptionState.CONFIRMED
            goods = FulfilmentState.FULFILLED if is_confirmed else FulfilmentState.COMPENSATED
        return replace(self, state=state, changed_at=now, changed_by=by, fulfilment=goods, needs_address=False)

    def spending(self, points: int) -> "Redemption":
        """The redemption for so many points of those that are reserved.

        Raises NotReservedError when they are more.
        """
        if points > self.points:
            raise NotReservedError(self.points)
        return self if points == self.points else replace(self, points=points, reserved_points=self.points)

    @property
    def rest(self) -> Use | None:
        """The points that were reserved and are not spent; None when it is for all of them."""
        if self.reserved_points is None:
            return None
        return self.use._replace(points=self.reserved_points - self.points)

    def movements(self, before: RedemptionState | None) -> list[Movement]:
        """All that reaching its state moves: what is spent, and the rest back to its lots.

        Raises RedemptionClosedError when there is no such step.
        """
        rest = self.rest
        return [self.movement(before), *([] if rest is None else [Movement("redemption", rest, _VOID)])]

    def ends(self) -> dict[str, RedemptionState]:
        """The ways in which it can end, by the id of the transfer that would book it."""
        following = STEPS.following(self.state)
        return {replace(self, state=end).movement(self.state).transfer_id: end for end in following}

    def movement(self, before: RedemptionState | None) -> Movement:
        """What reaching its state from `before` moves.

        Raises RedemptionClosedError when there is no such step.
        """
        step = STEPS.find(before, self.state)
        if step is None:
            raise RedemptionClosedError(before or self.state, self.state)
        return Movement("redemption", self.use, step)


#: More of a state are not counted one by one: nobody reads more than that there are many.
COUNTED_MAX_COUNT = 1000


class StateCount(NamedTuple):
    """How many redemptions are in a state; from COUNTED_MAX_COUNT on it is at least so many."""

    state: RedemptionState
    number: int

    @property
    def is_at_least(self) -> bool:
        """Whether there may be more."""
        return self.number >= COUNTED_MAX_COUNT


@dataclass(frozen=True, slots=True)
class RedemptionFilter:
    """Which redemptions: None for all."""

    state: RedemptionState | None = None
    member_id: str | None = None


class Named(NamedTuple):
    """A redemption, and the name of its member to show."""

    redemption: Redemption
    member_name: str | None


def altered(redemption: Redemption, *, booked: Collection[str], used: Iterable[LotUse]) -> AlteredError | None:
    """What is wrong when a redemption that can still end is not as ledger and lots have it; None otherwise.

    `booked` are those transfers of its that there are, `used` the lots that it used.
    """
    ended = [end for transfer, end in redemption.ends().items() if transfer in booked]
    if ended:
        reason = f"it is {redemption.state}, and {ended[0]} by the ledger"
    elif sum(use.points for use in used) != redemption.points:
        reason = f"it is for {redemption.points} points, and used others"
    else:
        return None
    return AlteredError(f"redemption {redemption.redemption_id}", reason)


def redemption_id(community: str, idempotency_key: str) -> str:
    """The id of the redemption that a request with this key makes: the same request, the same redemption."""
    return derived_id(f"redemption|{community}|{idempotency_key}")


def order_id(community: str, idempotency_key: str) -> str:
    """The id of the order that a request with this key places: the same request, the same order."""
    return derived_id(f"redemption_order|{community}|{idempotency_key}")


def fact_id(redemption_id: str, state: RedemptionState) -> str:
    """The id of the fact that the redemption reached `state`; it reaches each state at most once."""
    return derived_id(f"redemption|{redemption_id}|{state}")


def lots_fact_id(redemption_id: str, part: int) -> str:
    """The id of the fact with the `part`th list of the lots that a redemption uses."""
    return derived_id(f"redemption_lots|{redemption_id}|{part}")


def back_fact_id(redemption_id: str, part: int) -> str:
    """The id of the fact with the `part`th list of what went back to the lots of a redemption."""
    return derived_id(f"redemption_lots_given_back|{redemption_id}|{part}")


def next_state(
    state: RedemptionState, wanted: RedemptionState, *, expires_at: datetime, now: datetime
) -> RedemptionState:
    """The state after asking for `wanted` at `now`; asking twice changes nothing.

    Raises RedemptionClosedError when it ended otherwise, or when the reservation's time is over: then it can
    only expire.
    """
    if state == wanted:
        return state
    if STEPS.find(state, wanted) is None:
        raise RedemptionClosedError(state, wanted)
    if wanted == RedemptionState.CONFIRMED and expires_at <= now:
        raise RedemptionClosedError(RedemptionState.EXPIRED, wanted)
    return wanted
