"""What the routes of redemptions take, answer and refuse."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType
from typing import Annotated, Final, Literal, Self
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field, model_validator

from services.rewards.fulfilment.domain import FulfilledBy, FulfilmentState
from services.rewards.ledger.api.members import MEMBER_EXAMPLE
from services.rewards.quotes.api import QUOTE_NEEDED, QUOTE_OVER
from services.rewards.redemptions import domain
from services.rewards.redemptions.domain import RedemptionState
from shared.contracts.fields import POINTS_MAX, Language, Slug
from shared.http import MemberNamed, ProblemType, RequestBody
from shared.http.problem_types import UNKNOWN_MEMBER

UNKNOWN_REWARD = ProblemType("unknown-reward", 404, "Reward not found")
UNKNOWN_REDEMPTION = ProblemType("unknown-redemption", 404, "Redemption not found")
NOT_FOR_MEMBER = ProblemType("reward-not-for-member", 409, "The reward is for others")
LEVEL_TOO_LOW = ProblemType("level-too-low", 409, "The member has no level that opens rewards")
OUT_OF_STOCK = ProblemType("out-of-stock", 409, "There are no more of the reward")
BUDGET_USED_UP = ProblemType("budget-used-up", 409, "The budget for the reward is used up")
NOT_ENOUGH_POINTS = ProblemType("not-enough-points", 409, "Not enough points")
NOT_CONFIRMABLE = ProblemType("redemption-not-confirmable", 409, "The redemption cannot be confirmed")
NOT_RESERVED = ProblemType("more-than-reserved", 409, "Fewer points are reserved")
NOT_CANCELLABLE = ProblemType("redemption-not-cancellable", 409, "The redemption cannot be cancelled")
REWARD_LEVEL_LACKING = ProblemType("reward-level-lacking", 409, "The reward takes a level that the member lacks")
HAD_ENOUGH = ProblemType("reward-had-enough", 409, "One person may have no more of the reward")
PRICE_CHANGED = ProblemType("order-price-changed", 409, "It costs something else by now")
UNKNOWN_ORDER = ProblemType("unknown-order", 404, "Order not found")
NO_CODE = ProblemType("no-code", 404, "There is no code to show")
NOT_THEIRS = ProblemType("code-of-another", 403, "The code is shown to whom it was given alone")
#: Pieces of one order: each is a redemption, reserved in one transaction with the others.
ORDER_PIECES_MAX_COUNT: Final = 20
MAX_POINTS: Final = 2**53
#: Why a reward may be refused to whoever wants it.
REFUSALS = (
    UNKNOWN_MEMBER,
    UNKNOWN_REWARD,
    NOT_FOR_MEMBER,
    LEVEL_TOO_LOW,
    REWARD_LEVEL_LACKING,
    HAD_ENOUGH,
    OUT_OF_STOCK,
    BUDGET_USED_UP,
    NOT_ENOUGH_POINTS,
    QUOTE_NEEDED,
    QUOTE_OVER,
    PRICE_CHANGED,
)
QUOTE_DESCRIPTION: Final = "The quote that it is chosen at, where its price follows a rate"

#: Written out where it stands, as clients know it, not as a schema of its own.
_STATES = tuple(state.value for state in RedemptionState)
State = Literal[_STATES]  # type: ignore[valid-type]
_FULFILMENTS = tuple(state.value for state in FulfilmentState)
Fulfilment = Literal[_FULFILMENTS]  # type: ignore[valid-type]
_FULFILLERS = tuple(one.value for one in FulfilledBy)
Fulfiller = Literal[_FULFILLERS]  # type: ignore[valid-type]
InLanguage = Annotated[
    Language | None, Query(description="In which language titles are answered, of rewards that say theirs in it")
]


class RedemptionRequest(RequestBody):
    """Who wants which reward."""

    member_id: MemberNamed = Field(description="An id or an identity, as `forum:ada`", examples=[MEMBER_EXAMPLE])
    reward_id: Slug = Field(examples=["sticker-pack"])
    quote_id: UUID | None = Field(None, description=QUOTE_DESCRIPTION)
    points: Annotated[int, Field(ge=1, le=MAX_POINTS)] | None = Field(
        None,
        description="What it costs as whoever chooses it saw: at another price nothing is reserved; null: any",
        examples=[None],
    )


class Confirmation(RequestBody):
    """How much of what is reserved was handed out."""

    points: int | None = Field(
        None,
        ge=1,
        le=POINTS_MAX,
        description="How many of the reserved points are spent; the rest is available again. Null: all of them",
        examples=[20],
    )


class OwnRequest(RequestBody):
    """Which reward a member wants."""

    reward_id: Slug = Field(examples=["sticker-pack"])
    quote_id: UUID | None = Field(None, description=QUOTE_DESCRIPTION)
    points: Annotated[int, Field(ge=1, le=MAX_POINTS)] | None = Field(
        None,
        description="What it costs as whoever chooses it saw: at another price nothing is reserved; null: any",
        examples=[None],
    )


class OrderItem(RequestBody):
    """So many of a reward."""

    reward_id: Slug = Field(examples=["sticker-pack"])
    count: Annotated[int, Field(ge=1, le=ORDER_PIECES_MAX_COUNT)] = Field(1, examples=[2])


class OrderRequest(RequestBody):
    """Several rewards at once, and what they cost together."""

    items: Annotated[list[OrderItem], Field(min_length=1, max_length=ORDER_PIECES_MAX_COUNT)] = Field(
        description="Each reward once, with how many of it",
        examples=[[{"reward_id": "sticker-pack", "count": 2}]],
    )
    points: Annotated[int, Field(ge=1, le=MAX_POINTS)] = Field(
        description="What all of them cost, as the member saw it: at another price nothing is reserved",
        examples=[100],
    )

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        ids = [item.reward_id for item in self.items]
        if len(set(ids)) < len(ids):
            raise ValueError("a reward stands in an order once, with how many of it")
        if sum(item.count for item in self.items) > ORDER_PIECES_MAX_COUNT:
            raise ValueError(f"an order has {ORDER_PIECES_MAX_COUNT} pieces at most")
        return self


class Redemption(BaseModel):
    """A member's redemption of a reward."""

    redemption_id: UUID
    member_id: UUID
    reward_id: str
    title: str
    points: int
    state: State
    created_at: datetime
    expires_at: datetime = Field(description="Confirm before then, or the points become available again")
    changed_at: datetime
    changed_by: str = Field(
        description="The access key, `timer`, or `code` where a voucher's code was given at once"
    )
    reserved_points: int | None = Field(
        description="How many points were reserved, where only a part of them was spent: `points`"
    )
    fulfilment: Fulfilment | None = Field(
        None, description="Where goods are that are sent or ordered; null: it is of nothing of that kind"
    )
    fulfilled_by: Fulfiller | None = Field(None, description="Who sends or orders such goods")
    refunded_points: int = Field(0, description="How many of the points are back since they were spent")
    order_id: UUID | None = Field(None, description="What was chosen together with others has their order's")
    needs_address: bool = Field(False, description="Whether it waits for its member to say where it is sent")
    has_code: bool = Field(description="Whether a voucher's code came with it: its member is shown that")

    @classmethod
    def of(cls, redemption: domain.Redemption) -> Self:
        """A redemption as it is answered."""
        return cls.model_validate(redemption, from_attributes=True)

    def titled(self, titles: Mapping[str, str]) -> Self:
        """It as whoever reads it calls it; `titles` are by redemption."""
        return self.model_copy(update={"title": titles.get(str(self.redemption_id), self.title)})


class Order(BaseModel):
    """What a member chose at once: a redemption of each piece, which ends by itself."""

    order_id: UUID
    points: int = Field(description="What all pieces cost when they were reserved", examples=[100])
    items: list[Redemption]

    @classmethod
    def of(
        cls, redemptions: Sequence[domain.Redemption], titles: Mapping[str, str] = MappingProxyType({})
    ) -> Self:
        """An order as it is answered; `titles` are by redemption, where pieces are called otherwise."""
        return cls(
            order_id=UUID(redemptions[0].order_id),
            points=sum(one.points for one in redemptions),
            items=[Redemption.of(one).titled(titles) for one in redemptions],
        )


class CodeOfRedemption(BaseModel):
    """A voucher's code, for whom it was given to."""

    redemption_id: UUID
    reward_id: str = Field(examples=["book-voucher"])
    title: str = Field(examples=["Book voucher, 10 €"])
    code: str = Field(examples=["EXAMPLE-CODE-1"])
    pin: str | None = Field(None, examples=["1234"])
    given_at: datetime
    expires_at: datetime | None = Field(description="It cannot be used from then on; null: for good")
    expires_on: date | None = Field(
        description="The last day on which it can be used, by the community's calendar; null: for good"
    )


class NamedRedemption(Redemption):
    """A redemption with its member's name."""

    # Not part of what commands answer: that is kept for whoever sends one again.
    member_name: str | None = Field(examples=["Ada Lovelace"])

    @classmethod
    def named(cls, redemption: domain.Redemption, name: str | None) -> Self:
        """A redemption as it is shown to whoever looks."""
        return cls(**Redemption.of(redemption).model_dump(), member_name=name)
