"""Facts of rewards about wallets: budgets of points or money, what moves in them, and what is decided of them."""

from typing import Annotated, Final, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from shared.contracts.facts.envelope import FactEnvelope, FactType, fact_example
from shared.contracts.fields import (
    MINOR_UNITS_MAX,
    Count,
    Currency,
    Id,
    MinorUnits,
    Slug,
    Text,
    Timestamp,
    Uuid,
)

Moved = Annotated[int, Field(ge=1, le=MINOR_UNITS_MAX)]


class WalletData(TypedDict):
    wallet_id: Uuid
    root_id: Uuid
    revision: Count
    depth: Count
    purpose: Literal["community", "department", "campaign"]
    title: Text
    currency: Currency
    state: Literal["open", "frozen", "closed"]
    is_low: bool
    available: MinorUnits
    owner_person_ids: list[Uuid]
    created_at: Timestamp
    by: Id
    person_id: NotRequired[Uuid]
    parent_id: NotRequired[Uuid]
    campaign_id: NotRequired[Id]
    low_amount: NotRequired[Moved]


class WalletChanged(FactEnvelope):
    """A wallet was made, changed, frozen, opened again or closed, or it got low or is not any more.

    It holds points (`PTS`) or minor units; `available` is what was left in it then. The highest `revision` counts.
    """

    type: Literal["wallet.changed.v1"]
    data: WalletData


_ROOT = "0c9f3d52-5a0b-4c55-9a52-8d6a1e7b4c10"
_WALLET = "5e1d9b3f-7c2a-4d8e-8b6f-2a1c3e5d7f90"
_PERSON = "7b0d4b6e-2f6c-4c8e-9a0f-5f1f4f1f8b11"
_OTHER = "2d9c1b7a-4c3e-4f5d-8a6b-9e0f1a2b3c44"

WALLET_CHANGED: Final = FactType(
    "wallet.changed.v1",
    envelope=WalletChanged,
    data=WalletData,
    examples=[
        fact_example(
            "wallet.changed.v1",
            "rewards",
            "1f7a2b9c-6d3e-5f81-9c47-5b2d8e0a6c31",
            "2026-03-02T09:30:00Z",
            {
                "wallet_id": _WALLET,
                "root_id": _ROOT,
                "parent_id": _ROOT,
                "revision": 3,
                "depth": 2,
                "purpose": "campaign",
                "campaign_id": "spring",
                "title": "Spring campaign",
                "currency": "EUR",
                "state": "open",
                "is_low": True,
                "low_amount": 10_000,
                "available": 9_500,
                "owner_person_ids": [_PERSON],
                "created_at": "2026-02-01T08:00:00Z",
                "by": "timer",
            },
        )
    ],
)


class WalletMoveData(TypedDict):
    move_id: Uuid
    kind: Literal["fund", "withdraw", "transfer", "reserve", "post", "void", "refund"]
    wallet_id: Uuid
    amount: Moved
    currency: Currency
    transfer_id: Uuid
    by: Id
    person_id: NotRequired[Uuid]
    to_wallet_id: NotRequired[Uuid]
    reservation_id: NotRequired[Uuid]
    used_for: NotRequired[Literal["redemption", "payout_run", "send", "campaign"]]
    decision_id: NotRequired[Uuid]
    expires_at: NotRequired[Timestamp]


class WalletMoved(FactEnvelope):
    """Something came into a wallet, left it for another, was set aside, spent, freed or came back.

    `amount` is points or minor units. What is set aside has the id of what it is for: a redemption, payout run or
    send, or one made for points of a campaign; it is freed at `expires_at`, where it says so.
    """

    type: Literal["wallet.moved.v1"]
    data: WalletMoveData


WALLET_MOVED: Final = FactType(
    "wallet.moved.v1",
    envelope=WalletMoved,
    data=WalletMoveData,
    examples=[
        fact_example(
            "wallet.moved.v1",
            "rewards",
            "8a4c6e0f-2b1d-5c37-8f90-7d6e5a4b3c21",
            "2026-03-02T09:30:00Z",
            {
                "move_id": "8a4c6e0f-2b1d-5c37-8f90-7d6e5a4b3c21",
                "kind": "reserve",
                "wallet_id": _WALLET,
                "amount": 500,
                "currency": "EUR",
                "transfer_id": "3b5d7f91-1a2c-8e4f-9b6d-0c1e2f3a4b5c",
                "reservation_id": "4c6e8fa2-2b3d-5f50-8c7e-1d2f3a4b5c6d",
                "used_for": "redemption",
                "by": "742a0960b22c",
                "person_id": _OTHER,
            },
        )
    ],
)


class WalletDecisionData(TypedDict):
    decision_id: Uuid
    wallet_id: Uuid
    kind: Literal["fund", "withdraw", "transfer", "assign", "unassign", "thaw", "close"]
    state: Literal["proposed", "confirmed", "withdrawn"]
    reason: Text
    proposed_at: Timestamp
    proposed_by: Id
    proposed_by_person: NotRequired[Uuid]
    decided_at: NotRequired[Timestamp]
    by: NotRequired[Id]
    person_id: NotRequired[Uuid]
    to_wallet_id: NotRequired[Uuid]
    amount: NotRequired[Moved]
    spends: NotRequired[Literal["payouts", "redemptions", "campaign"]]
    reward_id: NotRequired[Id]
    unit_cost: NotRequired[Moved]


class WalletDecisionChanged(FactEnvelope):
    """Somebody proposed something of a wallet, or another person had it done (`confirmed`), or it was withdrawn.

    `assign` says what is paid from it from then on: payouts in its currency, the points of its campaign,
    redemptions, or those of `reward_id`,
    each for `unit_cost` minor units where the wallet holds money.
    """

    type: Literal["wallet.decision_changed.v1"]
    data: WalletDecisionData


WALLET_DECISION_CHANGED: Final = FactType(
    "wallet.decision_changed.v1",
    envelope=WalletDecisionChanged,
    data=WalletDecisionData,
    examples=[
        fact_example(
            "wallet.decision_changed.v1",
            "rewards",
            "9b5d7f10-3c2e-5d48-9fa1-8e7f6b5c4d32",
            "2026-03-02T09:30:00Z",
            {
                "decision_id": "6d8fa0b3-3c4e-4061-9d8f-2e3a4b5c6d7e",
                "wallet_id": _ROOT,
                "kind": "fund",
                "state": "confirmed",
                "reason": "The budget of 2026",
                "amount": 500_000,
                "proposed_at": "2026-03-02T08:30:00Z",
                "proposed_by": "5f0c9a7b2d1e",
                "proposed_by_person": _PERSON,
                "decided_at": "2026-03-02T09:30:00Z",
                "by": "742a0960b22c",
                "person_id": _OTHER,
            },
        )
    ],
)


#: Sums of points: as far as every reader of JSON counts exactly.
PointsSum = Annotated[int, Field(ge=-(2**53), le=2**53)]


class WalletCampaignData(TypedDict):
    campaign_id: Slug
    revision: Count
    free_points: PointsSum
    wallet_id: NotRequired[Uuid]
    limit_points: NotRequired[PointsSum]


class WalletCampaignChanged(FactEnvelope):
    """What pays the points of a campaign, and so what they may come to in all; the highest `revision` counts.

    `limit_points` is what they had come to when the wallet was assigned (`free_points`), what it paid since, and
    what is left in it; without one no wallet pays, and the campaign's own budget alone holds.
    """

    type: Literal["wallet.campaign_changed.v1"]
    data: WalletCampaignData


WALLET_CAMPAIGN_CHANGED: Final = FactType(
    "wallet.campaign_changed.v1",
    envelope=WalletCampaignChanged,
    data=WalletCampaignData,
    examples=[
        fact_example(
            "wallet.campaign_changed.v1",
            "rewards",
            "ac6e8021-4d3f-5e59-80b2-9f807c6d5e43",
            "2026-03-02T09:30:00Z",
            {
                "campaign_id": "spring",
                "revision": 2,
                "wallet_id": _WALLET,
                "free_points": 1_200,
                "limit_points": 51_200,
            },
        )
    ],
)
