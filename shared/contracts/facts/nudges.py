"""Facts of nudges: somebody was to get a word, and does, or is held out to tell what it does."""

from typing import Annotated, Final, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from shared.contracts.facts.envelope import FactEnvelope, FactType, fact_example
from shared.contracts.fields import Count, Name, Slug, Timestamp, Uuid
from shared.contracts.programme import NudgeKind
from shared.contracts.programme.nudges import TYPES_MAX_COUNT, WISHED_MAX_DAYS
from shared.contracts.story import GRACE, TRACEPARENT


class NudgeData(TypedDict):
    """`nudge` is its id in the programme, and `title` what it is called there. `cause_id` stands for the occasion.

    Who is `held_out` gets no word: they are compared with those who do, by whether they did something `wished`, a
    type of event, within `within_days` of `decided_at`. The event or celebration that led to it is there where one
    did; that a streak ends today follows from none.
    """

    nudge_id: Uuid
    nudge: Slug
    kind: NudgeKind
    title: Name
    member_id: Uuid
    cause_id: Uuid
    held_out: bool
    decided_at: Timestamp
    wished: Annotated[list[str], Field(min_length=1, max_length=TYPES_MAX_COUNT)]
    within_days: Annotated[int, Field(ge=1, le=WISHED_MAX_DAYS)]
    event_uid: NotRequired[Uuid]
    celebration_id: NotRequired[Uuid]
    programme_version: Count


class NudgeDecided(FactEnvelope):
    """A member has an occasion for a nudge: they get it, or would have and are held out."""

    type: Literal["nudge.decided.v1"]
    data: NudgeData


NUDGE_DECIDED: Final = FactType(
    "nudge.decided.v1",
    envelope=NudgeDecided,
    data=NudgeData,
    examples=[
        fact_example(
            "nudge.decided.v1",
            "recognition",
            "0f0e2b52-6f0e-5a0b-8a53-5d2f1c3b7a10",
            "2026-01-31T12:12:00Z",
            {
                "nudge_id": "0f0e2b52-6f0e-5a0b-8a53-5d2f1c3b7a10",
                "nudge": "your-question",
                "kind": "answered",
                "title": "Your question was answered",
                "member_id": GRACE,
                "cause_id": "5b1de0a1-6a30-5c55-9df5-0a5a3c1a9c11",
                "held_out": False,
                "decided_at": "2026-01-31T12:12:00Z",
                "wished": ["forum.answer_accepted.v1"],
                "within_days": 7,
                "event_uid": "d0a4f1f6-6f0b-5b3a-9f6c-2f4c5d1e7a20",
                "programme_version": 3,
            },
            traceparent=TRACEPARENT,
        )
    ],
)
