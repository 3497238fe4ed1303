"""What a card cost, as it is answered."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, Field

from services.rewards.costs.domain import CardCost


class OrderCost(BaseModel):
    """What a card cost, in minor units of a currency: `charged = expected + fee - discount + difference`."""

    currency: str = Field(examples=["EUR"])
    charged_minor: int = Field(description="In all", examples=[990])
    expected_minor: int = Field(description="What it was quoted at, or its value", examples=[1000])
    fee_minor: int = Field(examples=[0])
    discount_minor: int = Field(examples=[30])
    difference_minor: int = Field(description="What it cost beyond that; below zero for less", examples=[20])
    is_said: bool = Field(description="By its provider; false: nothing was said, and it is the card's value")
    booked_at: datetime
    taken_back_at: datetime | None = Field(description="When its provider took the card back")
    kept_minor: int = Field(description="What its provider kept then", examples=[0])
    refund_unsaid_at: datetime | None = Field(
        description="Since when its provider has the card back and has not said what it refunds; null: it says it"
    )

    @classmethod
    def of(cls, cost: CardCost) -> Self:
        """It as it is answered."""
        return cls(
            currency=cost.currency,
            charged_minor=cost.charged_minor,
            expected_minor=cost.expected_minor,
            fee_minor=cost.fee_minor,
            discount_minor=cost.discount_minor,
            difference_minor=cost.difference_minor,
            is_said=cost.is_said,
            booked_at=cost.booked_at,
            taken_back_at=cost.taken_back_at,
            kept_minor=cost.kept_minor,
            refund_unsaid_at=cost.refund_unsaid_at,
        )
