"""Facts of guidelines: what became of reports, who is suspended, who accepted them, and what people here said."""

from typing import Annotated, Final, Literal, NotRequired

from pydantic import Discriminator, Field, TypeAdapter
from typing_extensions import TypedDict

from shared.contracts.facts.envelope import FactEnvelope, FactType, fact_example
from shared.contracts.fields import Count, Id, Name, Slug, Timestamp, Uuid
from shared.contracts.story import ADA, GRACE

CaseState = Literal["open", "upheld", "dismissed", "appealed", "overturned", "withdrawn"]
SaidKind = Literal["report", "decision", "appeal", "appeal_decision", "suspension", "lift"]
Revision = Annotated[int, Field(ge=1, le=2**31 - 1)]


class CaseData(TypedDict):
    """What became of what was reported, of one content, as of the highest `revision`.

    `member_id` is whose it is, as far as a report says that. `due_at` is until when somebody is to decide.
    `repeat` is the how manieth upheld report of the member it is; `by_person` who decided here.
    """

    case_id: Uuid
    revision: Revision
    state: CaseState
    channel: str
    host: str
    object_id: Id
    member_id: NotRequired[Uuid]
    category: NotRequired[str]
    reports: Count
    opened_at: Timestamp
    due_at: Timestamp
    decided_at: NotRequired[Timestamp]
    by_person: NotRequired[Uuid]
    repeat: NotRequired[Count]
    penalty_points: NotRequired[Count]


class CaseChanged(FactEnvelope):
    """What was reported was decided, appealed against, or is open again."""

    type: Literal["guidelines.case_changed.v1"]
    data: CaseData


class SuspensionData(TypedDict):
    """From `starts_at` until `ends_at` (left out: until it is lifted) the member earns nothing and is on no board.

    One that does not stand (`stands` false) has never been. Of one suspension the highest `revision` counts.
    """

    suspension_id: Uuid
    member_id: Uuid
    revision: Revision
    stands: bool
    starts_at: Timestamp
    ends_at: NotRequired[Timestamp]
    case_id: NotRequired[Uuid]


class SuspensionChanged(FactEnvelope):
    """A member is suspended, for another time than before, or was not."""

    type: Literal["guidelines.suspension_changed.v1"]
    data: SuspensionData


class AcceptanceData(TypedDict):
    """The member accepted that version of the guidelines, then for the first time."""

    member_id: Uuid
    version: Id
    accepted_at: Timestamp


class GuidelinesAccepted(FactEnvelope):
    """A member accepted a version of the guidelines."""

    type: Literal["guidelines.accepted.v1"]
    data: AcceptanceData


class SaidData(TypedDict):
    """What somebody said here in a case: a report, a decision, an appeal, a suspension.

    `about` is the case, or the decision that an appeal is against, the appeal that was decided, the suspension
    that is lifted. Notes do not travel.
    """

    word_id: Uuid
    kind: SaidKind
    about: Uuid
    said_at: Timestamp
    by_member: NotRequired[Uuid]
    by_person: NotRequired[Uuid]
    by_name: NotRequired[Name]
    member_id: NotRequired[Uuid]
    channel: NotRequired[str]
    host: NotRequired[str]
    object_id: NotRequired[Id]
    outcome: NotRequired[Slug]
    category: NotRequired[str]
    reason: NotRequired[str]
    ends_at: NotRequired[Timestamp]
    programme_version: NotRequired[Count]
    repeat: NotRequired[Count]
    penalty_points: NotRequired[Count]
    suspended_days: NotRequired[Count]
    appeal_until: NotRequired[Timestamp]


class SaidInCase(FactEnvelope):
    """Something was said in a case."""

    type: Literal["guidelines.said.v1"]
    data: SaidData


#: What guidelines.v1 carries.
GuidelineFact = CaseChanged | SuspensionChanged | GuidelinesAccepted | SaidInCase
GUIDELINE_FACT: Final[TypeAdapter[GuidelineFact]] = TypeAdapter(Annotated[GuidelineFact, Discriminator("type")])

_CASE = "7e4b1c52-9d0a-4c1b-8a35-1f2e3d4c5b6a"
_DECISION = "0b5f2f0e-4a53-5a0c-9c0f-6d1f2f3a4b5c"
_SUSPENSION = "c3a1c9d2-1f5e-5b7a-8d0b-2a3b4c5d6e7f"
_PERSON = "5f0c1f6e-2a7b-4c8d-9e0f-1a2b3c4d5e6f"

CASE_CHANGED: Final = FactType(
    "guidelines.case_changed.v1",
    envelope=CaseChanged,
    data=CaseData,
    examples=[
        fact_example(
            "guidelines.case_changed.v1",
            "scoring",
            "2f0d5d0c-7b1a-5e2f-8c3d-4e5f6a7b8c9d",
            "2026-02-01T09:00:00Z",
            {
                "case_id": _CASE,
                "revision": 2,
                "state": "upheld",
                "channel": "forum",
                "host": "",
                "object_id": "post-95",
                "member_id": GRACE,
                "category": "spam",
                "reports": 3,
                "opened_at": "2026-01-31T15:00:00Z",
                "due_at": "2026-02-03T15:00:00Z",
                "decided_at": "2026-02-01T09:00:00Z",
                "by_person": _PERSON,
                "repeat": 1,
                "penalty_points": 10,
            },
        )
    ],
)
SUSPENSION_CHANGED: Final = FactType(
    "guidelines.suspension_changed.v1",
    envelope=SuspensionChanged,
    data=SuspensionData,
    examples=[
        fact_example(
            "guidelines.suspension_changed.v1",
            "scoring",
            "3a1e6e1d-8c2b-5f30-9d4e-5f6a7b8c9d0e",
            "2026-02-01T09:00:00Z",
            {
                "suspension_id": _SUSPENSION,
                "member_id": GRACE,
                "revision": 1,
                "stands": True,
                "starts_at": "2026-02-01T09:00:00Z",
                "ends_at": "2026-02-08T09:00:00Z",
                "case_id": _CASE,
            },
        )
    ],
)
GUIDELINES_ACCEPTED: Final = FactType(
    "guidelines.accepted.v1",
    envelope=GuidelinesAccepted,
    data=AcceptanceData,
    examples=[
        fact_example(
            "guidelines.accepted.v1",
            "scoring",
            "4b2f7f2e-9d3c-5041-8e5f-6a7b8c9d0e1f",
            "2026-01-30T09:01:01Z",
            {"member_id": ADA, "version": "3", "accepted_at": "2026-01-30T09:01:00Z"},
        )
    ],
)
SAID_IN_CASE: Final = FactType(
    "guidelines.said.v1",
    envelope=SaidInCase,
    data=SaidData,
    examples=[
        fact_example(
            "guidelines.said.v1",
            "scoring",
            _DECISION,
            "2026-02-01T09:00:00Z",
            {
                "word_id": _DECISION,
                "kind": "decision",
                "about": _CASE,
                "said_at": "2026-02-01T09:00:00Z",
                "by_person": _PERSON,
                "by_name": "Omar",
                "member_id": GRACE,
                "outcome": "upheld",
                "category": "spam",
                "programme_version": 3,
                "repeat": 1,
                "penalty_points": 10,
                "suspended_days": 7,
                "appeal_until": "2026-02-15T09:00:00Z",
            },
        )
    ],
)
