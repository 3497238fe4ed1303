"""Facts of scoring: points awarded and taken back."""

from typing import Final, Literal, NotRequired

from typing_extensions import TypedDict

from shared.contracts.facts.envelope import FactEnvelope, FactType, fact_example
from shared.contracts.fields import Count, LocalDay, Points, Slug, Timestamp, Uuid
from shared.contracts.story import ACCEPTANCE, AWARD, GRACE, REVERSAL, TRACEPARENT


class AwardData(TypedDict):
    """`day` and `week` are those of the event, left out as there."""

    award_id: Uuid
    member_id: Uuid
    points: Points
    rule_id: Slug
    slot: Literal["actor", "object_author", "reply_author"]
    programme_id: Slug
    programme_version: Count
    event_uid: Uuid
    event_type: str
    event_time: Timestamp
    received_at: Timestamp
    day: NotRequired[LocalDay]
    week: NotRequired[LocalDay]
    reverses: NotRequired[Uuid]


_AWARD_DATA = {
    "award_id": AWARD,
    "member_id": GRACE,
    "points": 15,
    "rule_id": "answer-accepted",
    "slot": "object_author",
    "programme_id": "starter",
    "programme_version": 3,
    "event_uid": ACCEPTANCE,
    "event_type": "forum.answer_accepted.v1",
    "event_time": "2026-01-31T12:30:00Z",
    "received_at": "2026-01-31T12:30:01.250000Z",
}


class PointsAwarded(FactEnvelope):
    """Points that a rule gave for an event; negative with `reverses` when an award is taken back."""

    type: Literal["points.awarded.v1"]
    data: AwardData


POINTS_AWARDED: Final = FactType(
    "points.awarded.v1",
    envelope=PointsAwarded,
    data=AwardData,
    examples=[
        fact_example(
            "points.awarded.v1",
            "scoring",
            AWARD,
            "2026-01-31T12:30:01.400000Z",
            _AWARD_DATA,
            traceparent=TRACEPARENT,
        ),
        fact_example(
            "points.awarded.v1",
            "scoring",
            REVERSAL,
            "2026-02-01T08:00:01Z",
            {**_AWARD_DATA, "award_id": REVERSAL, "points": -15, "reverses": AWARD},
        ),
    ],
)
