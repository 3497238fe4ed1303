"""What the routes of refunds take, answer and refuse."""

from datetime import datetime
from typing import Annotated, Final, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field

from services.rewards.ledger.api.members import MEMBER_EXAMPLE
from services.rewards.redemptions.api.models import MAX_POINTS
from services.rewards.refunds import domain
from services.rewards.refunds.domain import (
    NotRefundableError,
    OtherRefundError,
    RefundFourEyesError,
    RefundOpenError,
    RefundStateError,
    UnknownRefundError,
)
from shared.commands import KEY_REUSED
from shared.contracts.fields import NO_CONTROL
from shared.http import ErrorTable, FieldError, Problem, ProblemType, RequestBody

NOT_REFUNDABLE = ProblemType("redemption-not-refundable", 409, "That cannot be refunded")
UNKNOWN_REFUND = ProblemType("unknown-refund", 404, "Refund not found")
REFUND_OPEN = ProblemType("refund-open", 409, "Another refund of it is not decided yet")
REFUND_STATE = ProblemType("refund-state", 409, "The refund is not in a state for that")
REFUND_FOUR_EYES = ProblemType("refund-four-eyes", 403, "Another person approves the refund")
REASON_MAX_CHARS: Final = 500
REFUND_EXAMPLE: Final = "5b0d6c1e-3f5a-5c1d-9a27-64c1a0d3f6b8"
REDEMPTION_EXAMPLE: Final = "0f4b6a0e-8a43-5d38-9f0c-1f4f6d1c2b3a"

#: Written out where they stand, as clients know them, not as schemas of their own.
RefundStateName = Literal["waiting", "asking", "done", "declined", "withdrawn"]
GoodsName = Literal["kept", "returned"]


class RefundRequest(RequestBody):
    """What is refunded of a redemption, and why."""

    points: Annotated[int, Field(ge=1, le=MAX_POINTS)] | None = Field(
        None, description="How many of its points go back; null: all that are not back yet", examples=[20]
    )
    reason: Annotated[str, Field(min_length=1, max_length=REASON_MAX_CHARS, pattern=NO_CONTROL)] = Field(
        description="Why; it stays with the refund",
        examples=["It arrived broken"],
    )
    goods: GoodsName = Field(
        "kept", description="Whether what was handed out came back: then there is one more of the reward"
    )
    ask_provider: bool = Field(
        True,
        description="Of a gift card as a whole: its provider is asked to take it back first; false: it is "
        "refunded whatever its provider says",
    )


class RefundShown(BaseModel):
    """A refund, and what became of it."""

    refund_id: UUID = Field(examples=[REFUND_EXAMPLE])
    redemption_id: UUID = Field(examples=[REDEMPTION_EXAMPLE])
    points: int = Field(examples=[20])
    reason: str | None = Field(
        description="Null: its member was erased, or a restored database lost it", examples=["It arrived broken"]
    )
    goods: GoodsName
    asks_provider: bool = Field(description="Whether its provider has to take the goods back first")
    state: RefundStateName = Field(
        description="`waiting` for another person, `asking` its provider; only what is `done` moved points"
    )
    asked_at: datetime
    asked_by: str = Field(description="The access key or token, or the provider that took the goods back")
    asked_by_person: UUID | None
    decided_at: datetime | None
    decided_by: str | None
    answer: str | None = Field(description="What a provider said that did not take it back")

    @classmethod
    def of(cls, refund: domain.Refund) -> Self:
        """A refund as it is answered."""
        person = refund.asked_by.person_id
        return cls(
            refund_id=UUID(refund.refund_id),
            redemption_id=UUID(refund.redemption_id),
            points=refund.points,
            reason=refund.reason,
            goods=refund.goods.value,
            asks_provider=refund.asks_provider,
            state=refund.state.value,
            asked_at=refund.asked_at,
            asked_by=refund.asked_by.credential,
            asked_by_person=None if person is None else UUID(person),
            decided_at=refund.decided_at,
            decided_by=None if refund.decided_by is None else refund.decided_by.credential,
            answer=refund.answer,
        )


class RefundListed(RefundShown):
    """A refund with what it is of, and whose."""

    member_id: UUID = Field(examples=[MEMBER_EXAMPLE])
    member_name: str | None = Field(examples=["Ada Lovelace"])
    title: str = Field(examples=["Coffee mug"])


ERRORS: ErrorTable = {
    NotRefundableError: lambda error: Problem(
        NOT_REFUNDABLE, f"{error}. Nothing was changed", [FieldError(field="/points", detail=str(error))]
    ),
    UnknownRefundError: lambda _: Problem(UNKNOWN_REFUND, "GET /v1/refunds lists those that there are"),
    RefundOpenError: lambda error: Problem(
        REFUND_OPEN, f"It is {error.state}: approve or withdraw it first. Nothing was changed"
    ),
    RefundStateError: lambda error: Problem(
        REFUND_STATE, f"{str(error)[:1].upper()}{str(error)[1:]}. Nothing was done"
    ),
    RefundFourEyesError: lambda _: Problem(
        REFUND_FOUR_EYES, "You asked for it, or nobody knows who did: another person approves it. Nothing was done"
    ),
    OtherRefundError: lambda _: Problem(
        KEY_REUSED,
        "The key asked for another refund before",
        [FieldError(field="Idempotency-Key", detail="Use a new key")],
    ),
}
