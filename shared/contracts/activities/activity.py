"""What is said of earlier events."""

from typing import Final, Literal, NotRequired

from typing_extensions import TypedDict

from shared.contracts.activities.common import ActivityData, ActivityType, Envelope, activity_example
from shared.contracts.activities.sent import SentId, SentSource
from shared.contracts.fields import CLOSED, Text
from shared.contracts.story import ADA_IN_FORUM, FORUM


class Target(TypedDict):
    """Which event is taken back: its CloudEvents source and id."""

    __pydantic_config__ = CLOSED  # type: ignore[misc]

    source: SentSource
    id: SentId


class RetractedData(ActivityData):
    target: Target
    reason: NotRequired[Text]


class Retracted(Envelope):
    """An earlier event of the same community is taken back; what it earned is reversed."""

    type: Literal["activity.retracted.v1"]
    data: RetractedData


RETRACTED: Final = ActivityType(
    "activity.retracted.v1",
    envelope=Retracted,
    examples=[
        activity_example(
            "activity.retracted.v1",
            FORUM,
            "solution-93-withdrawn",
            "2026-02-01T08:00:00Z",
            "forum",
            ADA_IN_FORUM,
            target={"source": FORUM, "id": "solution-93"},
            reason="The asker marked another answer",
        )
    ],
)
RETRACTED_TYPE: Final = RETRACTED.name

TYPES: Final = (RETRACTED,)
