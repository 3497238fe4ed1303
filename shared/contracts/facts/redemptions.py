"""Facts of rewards: redemptions and their states."""

from typing import Final, Literal

from typing_extensions import TypedDict

from shared.contracts.facts.envelope import FactEnvelope, FactType, fact_example
from shared.contracts.fields import Points, Slug, Uuid
from shared.contracts.story import GRACE, REDEMPTION


class RedemptionData(TypedDict):
    redemption_id: Uuid
    member_id: Uuid
    reward_id: Slug
    points: Points
    state: Literal["reserved", "confirmed", "cancelled", "expired"]


class RedemptionChanged(FactEnvelope):
    """A redemption changed its state; reserved points are neither available nor spent."""

    type: Literal["redemption.changed.v1"]
    data: RedemptionData


REDEMPTION_CHANGED: Final = FactType(
    "redemption.changed.v1",
    envelope=RedemptionChanged,
    data=RedemptionData,
    examples=[
        fact_example(
            "redemption.changed.v1",
            "rewards",
            "d149e9ef-c32e-5470-ae13-b35629837e7c",
            "2026-02-02T10:00:00Z",
            {
                "redemption_id": REDEMPTION,
                "member_id": GRACE,
                "reward_id": "stickers",
                "points": 50,
                "state": "reserved",
            },
        )
    ],
)
