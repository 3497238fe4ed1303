"""Facts of rewards: redemptions, their states, and the awards they use."""

from typing import Annotated, Final, Literal, NotRequired

from pydantic import Discriminator, TypeAdapter
from typing_extensions import TypedDict

from shared.contracts.facts.envelope import FactEnvelope, FactType, fact_example
from shared.contracts.facts.payouts import PayoutLot
from shared.contracts.fields import Count, Currency, Id, MinorUnits, Name, Points, Sha256, Slug, Timestamp, Uuid
from shared.contracts.story import AWARD, GRACE, REDEMPTION


class RedemptionCode(TypedDict):
    """A voucher's code by its id and a hash under the key `key_id`: it says nothing to whoever lacks that key."""

    code_id: Uuid
    key_id: Id
    hash: Sha256


#: Providers that have gift cards.
OfGoods = Literal["sandbox", "xoxoday", "tremendous"]


class RedemptionCard(TypedDict):
    """A gift card that is ordered for it at a provider, in minor units of its currency."""

    provider: OfGoods
    product_id: Id
    face_minor: MinorUnits
    currency: Currency


class RedemptionRefund(TypedDict):
    """A refund: of how many points, the how many-th of its redemption; `is_returned`: goods came back as well."""

    refund_id: Uuid
    points: Points
    number: Count
    is_returned: bool


class RedemptionData(TypedDict):
    redemption_id: Uuid
    member_id: Uuid
    reward_id: Slug
    title: Name
    points: Points
    state: Literal["reserved", "confirmed", "partly_refunded", "refunded", "cancelled", "expired"]
    expires_at: Timestamp
    by: Id
    code: NotRequired[RedemptionCode]
    reserved_points: NotRequired[Points]
    card: NotRequired[RedemptionCard]
    #: What was chosen together with others has the id of their order.
    order_id: NotRequired[Uuid]
    #: Who sees to it that goods arrive; without it nothing is sent or ordered.
    fulfilled_by: NotRequired[Literal["hand", "provider"]]
    #: How many of the points are back since they were spent, and by which refund the last of them.
    refunded_points: NotRequired[Points]
    refund: NotRequired[RedemptionRefund]


class RedemptionChanged(FactEnvelope):
    """A redemption changed its state, and who or what did that; reserved points are neither available nor spent.

    A reservation that is not confirmed by `expires_at` expires. Where fewer `points` were spent than were
    reserved, `reserved_points` says how many those were; the rest is available again. What was confirmed may be
    refunded, also in parts: each is told, with the `refunded_points` of all so far.
    """

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
                "title": "A pack of stickers",
                "points": 50,
                "state": "reserved",
                "expires_at": "2026-02-02T10:15:00Z",
                "by": "5f0c9a7b2d1e",
            },
        )
    ],
)


class RedemptionLotsData(TypedDict):
    redemption_id: Uuid
    part: Count
    parts: Count
    lots: list[PayoutLot]


class RedemptionLots(FactEnvelope):
    """Which awards a redemption uses, and how many points of each; long lists come in `parts`."""

    type: Literal["redemption.lots.v1"]
    data: RedemptionLotsData


REDEMPTION_LOTS: Final = FactType(
    "redemption.lots.v1",
    envelope=RedemptionLots,
    data=RedemptionLotsData,
    examples=[
        fact_example(
            "redemption.lots.v1",
            "rewards",
            "3f0b5d6e-1c2a-5e7f-8a4b-6d7c8e9f0a1b",
            "2026-02-02T10:00:00Z",
            {"redemption_id": REDEMPTION, "part": 1, "parts": 1, "lots": [{"award_id": AWARD, "points": 15}]},
        )
    ],
)


class RedemptionLotsBackData(RedemptionLotsData):
    #: The refund that gave them back; without one it is the rest when a part was spent.
    refund_id: NotRequired[Uuid]


class RedemptionLotsGivenBack(FactEnvelope):
    """What went back to the awards of a redemption: when a part was spent, or by a refund; in `parts`."""

    type: Literal["redemption.lots_given_back.v1"]
    data: RedemptionLotsBackData


REDEMPTION_LOTS_GIVEN_BACK: Final = FactType(
    "redemption.lots_given_back.v1",
    envelope=RedemptionLotsGivenBack,
    data=RedemptionLotsBackData,
    examples=[
        fact_example(
            "redemption.lots_given_back.v1",
            "rewards",
            "b7a1c5e2-0d4f-5b6c-8e9a-2f3d4c5b6a79",
            "2026-02-02T10:05:00Z",
            {"redemption_id": REDEMPTION, "part": 1, "parts": 1, "lots": [{"award_id": AWARD, "points": 5}]},
        )
    ],
)


class RedemptionCostData(TypedDict):
    redemption_id: Uuid
    step: Literal["bought", "charged", "refund_unsaid", "taken_back"]
    currency: Currency
    charged_minor: MinorUnits
    expected_minor: MinorUnits
    fee_minor: MinorUnits
    discount_minor: MinorUnits
    #: Whether its provider said so; if not it is the card's value.
    is_said: bool
    booked_at: Timestamp
    #: What its provider kept of it when it took the card back.
    kept_minor: MinorUnits
    taken_back_at: NotRequired[Timestamp]
    #: Since when the provider has the card back and has not said what it refunds.
    refund_unsaid_at: NotRequired[Timestamp]


class RedemptionCostChanged(FactEnvelope):
    """What a gift card cost at its provider, in minor units, and how it is booked from now on.

    It was `bought`, its provider said later what it `charged`, it took the card back and did not say what it
    refunds (`refund_unsaid`: nothing is booked before that is known), or it was `taken_back`.
    """

    type: Literal["redemption.cost_changed.v1"]
    data: RedemptionCostData


REDEMPTION_COST_CHANGED: Final = FactType(
    "redemption.cost_changed.v1",
    envelope=RedemptionCostChanged,
    data=RedemptionCostData,
    examples=[
        fact_example(
            "redemption.cost_changed.v1",
            "rewards",
            "5a2f8c1e-7b3d-5e4a-9c6b-1d0f2e3a4b5c",
            "2026-02-02T10:00:05Z",
            {
                "redemption_id": REDEMPTION,
                "step": "bought",
                "currency": "EUR",
                "charged_minor": 990,
                "expected_minor": 1_000,
                "fee_minor": 20,
                "discount_minor": 30,
                "is_said": True,
                "booked_at": "2026-02-02T10:00:05Z",
                "kept_minor": 0,
            },
        )
    ],
)

RedemptionFact = RedemptionChanged | RedemptionLots | RedemptionLotsGivenBack | RedemptionCostChanged
REDEMPTION_FACT: TypeAdapter[RedemptionFact] = TypeAdapter(Annotated[RedemptionFact, Discriminator("type")])
