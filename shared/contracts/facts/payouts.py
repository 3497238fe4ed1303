"""Facts of rewards, and for finance: payouts, their states, and the awards they pay."""

from typing import Annotated, Final, Literal, NotRequired

from pydantic import Discriminator, TypeAdapter
from typing_extensions import TypedDict

from shared.contracts.facts.envelope import FactEnvelope, FactType, fact_example
from shared.contracts.fields import Count, Currency, MinorUnits, Points, Text, Uuid
from shared.contracts.story import AWARD, GRACE, PAYOUT, PAYOUT_RUN


class PayoutData(TypedDict):
    payout_id: Uuid
    run_id: Uuid
    member_id: Uuid
    state: Literal[
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
        "corrected",
    ]
    points: Points
    amount_minor: MinorUnits
    currency: Currency
    end_to_end_id: str
    by: str
    person_id: NotRequired[Uuid]
    outcome_id: NotRequired[Uuid]
    reason: NotRequired[Text]


_MAKER = "7b0d4b6e-2f6c-4c8e-9a0f-5f1f4f1f8b11"
_APPROVER = "2d9c1b7a-4c3e-4f5d-8a6b-9e0f1a2b3c44"
_PAYOUT_DATA = {
    "payout_id": PAYOUT,
    "run_id": PAYOUT_RUN,
    "member_id": GRACE,
    "points": 1500,
    "amount_minor": 1500,
    "currency": "EUR",
    "end_to_end_id": PAYOUT.replace("-", ""),
}


class PayoutChanged(FactEnvelope):
    """A payout reached a state, and who or what brought it there: the person, and the credential (`by`).

    `end_to_end_id` is ISO 20022's EndToEndId. `outcome_id` is that of what one person said the bank had said, and
    another confirmed. After `corrected` the money did leave: that it had come back was wrong.
    """

    type: Literal["payout.changed.v1"]
    data: PayoutData


PAYOUT_CHANGED: Final = FactType(
    "payout.changed.v1",
    envelope=PayoutChanged,
    data=PayoutData,
    examples=[
        fact_example(
            "payout.changed.v1",
            "rewards",
            "7bb4c6eb-bed7-5453-b2af-35060fd0acbc",
            "2026-02-05T06:00:00Z",
            {**_PAYOUT_DATA, "state": "settled", "by": "5f0c9a7b2d1e", "person_id": _MAKER},
        ),
        fact_example(
            "payout.changed.v1",
            "rewards",
            "904bd4e5-9943-50a5-8d87-8dfa5b06f5c9",
            "2026-02-05T06:00:00Z",
            {
                **_PAYOUT_DATA,
                "state": "returned",
                "by": "742a0960b22c",
                "person_id": _APPROVER,
                "outcome_id": "6c1f5b0e-0e6d-4a51-9f5c-1d2e3f408a77",
                "reason": "AC04 account closed",
            },
        ),
    ],
)


class PayoutLot(TypedDict):
    award_id: Uuid
    points: Points


class PayoutLotsData(TypedDict):
    payout_id: Uuid
    part: Count
    parts: Count
    lots: list[PayoutLot]


class PayoutLots(FactEnvelope):
    """Which awards a payout pays, and how many points of each; long lists come in `parts`."""

    type: Literal["payout.lots.v1"]
    data: PayoutLotsData


PAYOUT_LOTS: Final = FactType(
    "payout.lots.v1",
    envelope=PayoutLots,
    data=PayoutLotsData,
    examples=[
        fact_example(
            "payout.lots.v1",
            "rewards",
            "1cd03c4b-2519-5b8f-a7cc-cb22e9e51b14",
            "2026-02-03T09:00:00Z",
            {"payout_id": PAYOUT, "part": 0, "parts": 1, "lots": [{"award_id": AWARD, "points": 15}]},
        )
    ],
)


PAYOUT_FACT: TypeAdapter[PayoutChanged | PayoutLots] = TypeAdapter(
    Annotated[PayoutChanged | PayoutLots, Discriminator("type")]
)
