"""Facts of signals: what was found about members, and what became of it."""

from typing import Annotated, Final, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from shared.contracts.facts.envelope import FactEnvelope, FactType, fact_example
from shared.contracts.fields import Count, LocalDay, Timestamp, Uuid
from shared.contracts.story import ADA, GRACE

CaseStateName = Literal["marked", "held", "release_asked", "released", "denied", "gone"]
SignalName = Literal["ring", "linked", "burst", "farm", "shared_account", "payer"]
CaseReasonName = Literal["honest", "same_place", "one_person", "traded", "automated"]
Percent = Annotated[int, Field(ge=0, le=100)]


class SignalData(TypedDict):
    """A signal with its score, and whose giving it is about; left out it is whatever the member received."""

    signal: SignalName
    score_percent: Percent
    givers: NotRequired[Annotated[list[Uuid], Field(max_length=200)]]


class SignalCaseData(TypedDict):
    """What was found about what a member received in the 30 days from `starts_on`, and what became of it.

    Of a case the highest `revision` counts. While it is `held`, or its release is asked for, and when it is
    `denied`, awards of these givers amount to nothing; so they say themselves, on points.awarded.v1.
    """

    case_id: Uuid
    member_id: Uuid
    revision: Annotated[int, Field(ge=1, le=2**31 - 1)]
    state: CaseStateName
    starts_on: LocalDay
    score_percent: Percent
    signals: Annotated[list[SignalData], Field(max_length=50)]
    programme_version: Count
    opened_at: Timestamp
    asked_by_person: NotRequired[Uuid]
    decided_by_person: NotRequired[Uuid]
    reason: NotRequired[CaseReasonName]


class SignalCaseChanged(FactEnvelope):
    """A case of giving that looks like points that friends hand one another is something else from now on."""

    type: Literal["signal.case_changed.v1"]
    data: SignalCaseData


SIGNAL_CASE_CHANGED: Final = FactType(
    "signal.case_changed.v1",
    envelope=SignalCaseChanged,
    data=SignalCaseData,
    examples=[
        fact_example(
            "signal.case_changed.v1",
            "scoring",
            "3b1f0c52-6c1d-5a64-9a0e-3d3f5c1b7a11",
            "2026-01-31T12:30:02Z",
            {
                "case_id": "0d2f6f0e-57b4-5d0c-9a0e-3d3f5c1b7a10",
                "member_id": GRACE,
                "revision": 1,
                "state": "held",
                "starts_on": "2026-01-04",
                "score_percent": 97,
                "signals": [{"signal": "ring", "score_percent": 97, "givers": [ADA]}],
                "programme_version": 3,
                "opened_at": "2026-01-31T12:30:02Z",
            },
        )
    ],
)
