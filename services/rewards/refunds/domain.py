"""Refunds: what one is, who has to say yes to it, and what it does to its redemption."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from services.rewards.ledger.domain.entries import derived_id
from services.rewards.lots.domain.steps import Corrects, Lots, Movement, Step, Way
from services.rewards.payouts.domain import Actor
from services.rewards.redemptions.domain import Redemption, RedemptionState
from shared.contracts.fields import Timestamp, Uuid


class RefundState(StrEnum):
    """What became of a refund.

    It waits for another person, its provider is asked to take the goods back, it is done, the provider did not
    take them back, or somebody withdrew it. Only what is done moved anything.
    """

    WAITING = "waiting"
    ASKING = "asking"
    DONE = "done"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class Goods(StrEnum):
    """Whether what was handed out is back, or its member keeps it."""

    KEPT = "kept"
    RETURNED = "returned"


#: Which state follows which.
STEPS: Final = {
    RefundState.WAITING: frozenset({RefundState.ASKING, RefundState.DONE, RefundState.WITHDRAWN}),
    RefundState.ASKING: frozenset({RefundState.DONE, RefundState.DECLINED, RefundState.WITHDRAWN}),
}


class _Back(StrEnum):
    """What happens to points that were spent when they are refunded."""

    REFUNDED = "refunded"


_BACK: Final = Step(_Back.REFUNDED, _Back.REFUNDED, Way("spent", "available"), lots=Lots.RESTORE_PART)
_REFUNDABLE: Final = (RedemptionState.CONFIRMED, RedemptionState.PARTLY_REFUNDED)


class ReceiptEvent(StrEnum):
    """What became of a redemption, as its receipt lists it."""

    RESERVED = "reserved"
    CONFIRMED = "confirmed"
    #: Fewer points were spent than were reserved.
    REST_BACK = "rest_back"
    REFUNDED = "refunded"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class ReceiptLine(NamedTuple):
    """Something that became of a redemption, how many points it moved, and by which transfer (None: by none)."""

    event: ReceiptEvent
    at: datetime
    points: int
    transfer_id: str | None


class UnknownRefundError(Exception):
    """The redemption has no such refund."""


class NotRefundableError(Exception):
    """A redemption cannot be refunded, or not that much of it; the message says why."""


class RefundOpenError(Exception):
    """Another refund of the redemption is not decided yet; `state` is what it waits for."""

    def __init__(self, state: RefundState) -> None:
        super().__init__(f"another refund of it is {state}")
        self.state = state


class RefundStateError(Exception):
    """A refund that is `state` cannot become what is wanted; the message says why."""

    def __init__(self, state: RefundState, why: str | None = None) -> None:
        super().__init__(why or f"it is {state}")
        self.state = state


class RefundFourEyesError(Exception):
    """Whoever asked for a refund approves it; somebody else must."""


class OtherRefundError(Exception):
    """The key of the request asked for another refund before."""


class RefundPlace(NamedTuple):
    """Where a page of refunds ended."""

    asked_at: Timestamp
    refund_id: Uuid


class Refunded(NamedTuple):
    """A refund as it is done: of how many points, the how many-th of its redemption, and who says so."""

    refund_id: str
    points: int
    number: int
    goods: Goods
    by: str


@dataclass(frozen=True, slots=True)
class Refund:
    """So many points of a redemption that are to go back, or did; `reason` is None where a restore lost it.

    `asks_provider`: who delivered the goods has to take them back first. `answer` is what that one said.
    """

    community: str
    refund_id: str
    redemption_id: str
    points: int
    reason: str | None
    goods: Goods
    asks_provider: bool
    state: RefundState
    asked_at: datetime
    asked_by: Actor
    number: int | None = None
    decided_at: datetime | None = None
    decided_by: Actor | None = None
    answer: str | None = None

    @property
    def place(self) -> RefundPlace:
        """Where it stands among the refunds of its community."""
        return RefundPlace(self.asked_at, self.refund_id)

    @property
    def is_open(self) -> bool:
        """Whether it is not decided yet."""
        return self.state in STEPS

    def check_other_approves(self, by: Actor) -> None:
        """Raises RefundFourEyesError unless another person approves it; nobody known could be anybody."""
        if self.asked_by.person_id is None or by.person_id in (None, self.asked_by.person_id):
            raise RefundFourEyesError

    def becoming(
        self, state: RefundState, *, by: Actor, now: datetime, number: int | None = None, answer: str | None = None
    ) -> "Refund":
        """It in its next state. Raises RefundStateError."""
        if state not in STEPS.get(self.state, ()):
            raise RefundStateError(self.state)
        return replace(self, state=state, decided_at=now, decided_by=by, number=number, answer=answer)

    def done(self, *, number: int) -> Refunded:
        """It as it is done."""
        by = self.decided_by or self.asked_by
        return Refunded(self.refund_id, self.points, number, self.goods, by.credential)


def check_refundable(redemption: Redemption, points: int) -> None:
    """Raises NotRefundableError when so many points of a redemption cannot be given back."""
    if redemption.state is RedemptionState.RESERVED:
        raise NotRefundableError("It is reserved: cancel it, and all of its points are back")
    if redemption.state not in _REFUNDABLE:
        raise NotRefundableError(f"It is {redemption.state.replace('_', ' ')}: its points are back")
    if redemption.points == 0:
        raise NotRefundableError("It was given for nothing: there are no points to give back")
    if not 0 < points <= redemption.left_points:
        raise NotRefundableError(f"{redemption.left_points} of its points are not back yet, not {points}")


def refunded(redemption: Redemption, refund: Refunded, *, now: datetime) -> Redemption:
    """A redemption after a refund. Raises NotRefundableError."""
    check_refundable(redemption, refund.points)
    is_whole = refund.points == redemption.left_points
    return replace(
        redemption,
        state=RedemptionState.REFUNDED if is_whole else RedemptionState.PARTLY_REFUNDED,
        refunded_points=redemption.refunded_points + refund.points,
        is_returned=is_whole and refund.goods is Goods.RETURNED,
        changed_at=now,
        changed_by=refund.by,
    )


def refund_movement(redemption: Redemption, refund: Refunded) -> Movement:
    """What a refund moves: from what is spent to the lots, and which transfer it takes back a part of."""
    spent = replace(redemption, state=RedemptionState.CONFIRMED).movement(RedemptionState.RESERVED)
    use = redemption.use._replace(points=refund.points, refund_id=refund.refund_id)
    return Movement("redemption", use, _BACK, corrects=Corrects(spent.transfer_id, refund.number, "refund"))


def receipt_of(
    redemption: Redemption, done: Iterable[Refund], *, booked_at: Mapping[str, datetime] | None = None
) -> list[ReceiptLine]:
    """All that became of a redemption, in its order; `done` are its refunds that are done, oldest first.

    `booked_at` says when transfers were booked, by their ids: when something that is refunded by now was confirmed
    stands in the books alone.
    """

    def line(event: ReceiptEvent, movement: Movement, at: datetime) -> ReceiptLine:
        made, points = movement.transfer_id, movement.use.points
        return ReceiptLine(event, (booked_at or {}).get(made, at), points, made if points else None)

    reserved = replace(redemption, points=redemption.reserved_points or redemption.points, reserved_points=None)
    first = replace(reserved, state=RedemptionState.RESERVED)
    lines = [line(ReceiptEvent.RESERVED, first.movement(None), redemption.created_at)]
    if redemption.state in (RedemptionState.CANCELLED, RedemptionState.EXPIRED):
        moved = redemption.movement(RedemptionState.RESERVED)
        return [*lines, line(ReceiptEvent(redemption.state.value), moved, redemption.changed_at)]
    if redemption.state is RedemptionState.RESERVED:
        return lines
    spent = replace(redemption, state=RedemptionState.CONFIRMED).movements(RedemptionState.RESERVED)
    events = (ReceiptEvent.CONFIRMED, ReceiptEvent.REST_BACK)
    lines += [line(event, moved, redemption.changed_at) for event, moved in zip(events, spent, strict=False)]
    return lines + [
        line(
            ReceiptEvent.REFUNDED,
            refund_movement(redemption, refund.done(number=refund.number or 0)),
            refund.decided_at or refund.asked_at,
        )
        for refund in done
    ]


def takes_other_person(redemption: Redemption, points: int, *, alone_max_points: int) -> bool:
    """Whether so many more are above what one person refunds of a redemption in all."""
    return redemption.refunded_points + points > alone_max_points


def refund_id(community: str, idempotency_key: str) -> str:
    """The id of the refund that a request with this key asks for."""
    return derived_id(f"refund|{community}|{idempotency_key}")


def reversal_id(redemption_id: str) -> str:
    """The id of the refund that follows when a provider takes back what it delivered: there is one."""
    return derived_id(f"refund|{redemption_id}|reversed")


def refund_fact_id(redemption_id: str, refund_id: str) -> str:
    """The id of the fact that a refund of the redemption was done."""
    return derived_id(f"redemption|{redemption_id}|refund|{refund_id}")
