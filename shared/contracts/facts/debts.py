"""Facts of rewards about debts: what is written off, what a policy lets members keep, and who decided that."""

from typing import Annotated, Final, Literal, NotRequired

from pydantic import Discriminator, Field, TypeAdapter
from typing_extensions import TypedDict

from shared.contracts.facts.envelope import FactEnvelope, FactType, fact_example
from shared.contracts.facts.payouts import PayoutLot
from shared.contracts.facts.policies import DecisionOfTwo
from shared.contracts.fields import POINTS_MAX, Count, LocalDay, Points, Uuid
from shared.contracts.story import AWARD, GRACE

SomePoints = Annotated[int, Field(ge=1, le=POINTS_MAX)]


class ClawbackPolicyData(DecisionOfTwo):
    policy_id: Uuid
    effective_from: LocalDay
    treatment: Literal["owe", "keep_below", "keep"]
    below_points: NotRequired[SomePoints]


class ClawbackPolicyChanged(FactEnvelope):
    """What becomes of points that were used before their award was taken back was proposed, approved or withdrawn.

    It applies from `effective_from` on, a day of the community; `below_points` belongs to `keep_below`.
    """

    type: Literal["debt.policy_changed.v1"]
    data: ClawbackPolicyData


_MAKER = "7b0d4b6e-2f6c-4c8e-9a0f-5f1f4f1f8b11"
_APPROVER = "2d9c1b7a-4c3e-4f5d-8a6b-9e0f1a2b3c44"
_POLICY = "0d6f2a81-5b3c-5e97-8c14-7a9b2e4d6f03"
_WRITE_OFF = "c1e5a7b3-8d2f-5406-9b7a-3f6d1c8e2a54"

CLAWBACK_POLICY_CHANGED: Final = FactType(
    "debt.policy_changed.v1",
    envelope=ClawbackPolicyChanged,
    data=ClawbackPolicyData,
    examples=[
        fact_example(
            "debt.policy_changed.v1",
            "rewards",
            "6f2b8d14-3a5c-5e79-9d02-8c1e4b7f6a35",
            "2026-03-02T09:30:00Z",
            {
                "policy_id": _POLICY,
                "effective_from": "2026-04-01",
                "treatment": "keep_below",
                "below_points": 50,
                "state": "approved",
                "proposed_at": "2026-03-02T08:30:00Z",
                "proposed_by": "5f0c9a7b2d1e",
                "proposed_by_person": _MAKER,
                "decided_at": "2026-03-02T09:30:00Z",
                "by": "742a0960b22c",
                "person_id": _APPROVER,
            },
        )
    ],
)


class ClawbackData(TypedDict):
    transfer_id: Uuid
    member_id: Uuid
    award_id: Uuid
    policy_id: NotRequired[Uuid]
    used_points: SomePoints
    kept_points: Points


class ClawbackBooked(FactEnvelope):
    """An award was taken back after some of its points were used: so many, of which their member keeps so many.

    `transfer_id` is what booked it; the policy that was applied is named, where there was one.
    """

    type: Literal["debt.clawback_booked.v1"]
    data: ClawbackData


CLAWBACK_BOOKED: Final = FactType(
    "debt.clawback_booked.v1",
    envelope=ClawbackBooked,
    data=ClawbackData,
    examples=[
        fact_example(
            "debt.clawback_booked.v1",
            "rewards",
            "a4c7e190-6b2d-5f38-8e51-0d9b3c7a5f26",
            "2026-04-03T10:00:00Z",
            {
                "transfer_id": "1f3a5c7e-9b2d-8f40-a6c8-2e4b6d8f0a13",
                "member_id": GRACE,
                "award_id": AWARD,
                "policy_id": _POLICY,
                "used_points": 15,
                "kept_points": 15,
            },
        )
    ],
)


class WriteOffData(DecisionOfTwo):
    write_off_id: Uuid
    member_id: Uuid
    points: SomePoints
    reverses: NotRequired[Uuid]
    booked_points: NotRequired[SomePoints]


class WriteOffChanged(FactEnvelope):
    """That a member need not make up for points was proposed, approved or withdrawn; or (`reverses`) must again.

    `points` is at most what is booked; `booked_points` what was, when another person approved it. Why is told to
    nobody: it is about a member.
    """

    type: Literal["debt.write_off_changed.v1"]
    data: WriteOffData


WRITE_OFF_CHANGED: Final = FactType(
    "debt.write_off_changed.v1",
    envelope=WriteOffChanged,
    data=WriteOffData,
    examples=[
        fact_example(
            "debt.write_off_changed.v1",
            "rewards",
            "e8b1d3f5-2c4a-5670-8b9d-4f6a8c0e2b47",
            "2026-03-02T09:30:00Z",
            {
                "write_off_id": _WRITE_OFF,
                "member_id": GRACE,
                "points": 400,
                "booked_points": 300,
                "state": "approved",
                "proposed_at": "2026-03-02T08:30:00Z",
                "proposed_by": "5f0c9a7b2d1e",
                "proposed_by_person": _MAKER,
                "decided_at": "2026-03-02T09:30:00Z",
                "by": "742a0960b22c",
                "person_id": _APPROVER,
            },
        )
    ],
)


class WriteOffLotsData(TypedDict):
    write_off_id: Uuid
    part: Count
    parts: Count
    lots: list[PayoutLot]


class WriteOffLots(FactEnvelope):
    """Of which awards a write-off was booked, and how many points of each; long lists come in `parts`."""

    type: Literal["debt.write_off_lots.v1"]
    data: WriteOffLotsData


WRITE_OFF_LOTS: Final = FactType(
    "debt.write_off_lots.v1",
    envelope=WriteOffLots,
    data=WriteOffLotsData,
    examples=[
        fact_example(
            "debt.write_off_lots.v1",
            "rewards",
            "3d5f7a91-8b0c-5e24-9f68-6a8c0e2d4b59",
            "2026-03-02T09:30:00Z",
            {
                "write_off_id": _WRITE_OFF,
                "part": 1,
                "parts": 1,
                "lots": [{"award_id": AWARD, "points": 300}],
            },
        )
    ],
)

DebtFact = ClawbackPolicyChanged | ClawbackBooked | WriteOffChanged | WriteOffLots

DEBT_FACT: TypeAdapter[DebtFact] = TypeAdapter(Annotated[DebtFact, Discriminator("type")])
