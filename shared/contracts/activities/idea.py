"""What members suggest, and what becomes of it."""

from typing import Final, Literal, NotRequired

from shared.contracts.activities.common import ActivityData, ActivityType, Envelope, TextData, activity_example
from shared.contracts.activities.sent import SentId, SentLabel
from shared.contracts.fields import Uuid
from shared.contracts.story import ADA_IN_FORUM, FORUM, GRACE_IN_FORUM


class SuggestedData(TextData):
    """`answer` is the event of the answer to a survey that it is made of."""

    answer: NotRequired[Uuid]


class Suggested(Envelope):
    """A member suggested something; `object` is the suggestion. One may be made of an `answer` to a survey."""

    type: Literal["idea.suggested.v1"]
    data: SuggestedData


SUGGESTED: Final = ActivityType(
    "idea.suggested.v1",
    envelope=Suggested,
    examples=[
        activity_example(
            "idea.suggested.v1",
            FORUM,
            "idea-31",
            "2026-01-20T09:00:00Z",
            "forum",
            GRACE_IN_FORUM,
            object={"id": "idea-31", "url": f"{FORUM}/ideas/31"},
            length_chars=320,
        )
    ],
)


class IdeaVoted(Envelope):
    """A member voted for a suggestion; `object` is the suggestion, `object.author` is whose it is."""

    type: Literal["idea.voted.v1"]
    data: ActivityData


VOTED: Final = ActivityType(
    "idea.voted.v1",
    envelope=IdeaVoted,
    examples=[
        activity_example(
            "idea.voted.v1",
            FORUM,
            "idea-31-vote-ada",
            "2026-01-21T10:00:00Z",
            "forum",
            ADA_IN_FORUM,
            object={"id": "idea-31", "author": GRACE_IN_FORUM},
        )
    ],
)


class StatusData(ActivityData):
    status: SentLabel
    joined_to: NotRequired[SentId]


class StatusChanged(Envelope):
    """A suggestion has another `status`, such as planned or done; `object.author` is whose it is.

    One that says the same as another is `joined_to` that.
    """

    type: Literal["idea.status_changed.v1"]
    data: StatusData


STATUS_CHANGED: Final = ActivityType(
    "idea.status_changed.v1",
    envelope=StatusChanged,
    examples=[
        activity_example(
            "idea.status_changed.v1",
            FORUM,
            "idea-31-planned",
            "2026-01-31T09:00:00Z",
            "forum",
            ADA_IN_FORUM,
            object={"id": "idea-31", "author": GRACE_IN_FORUM},
            status="planned",
        )
    ],
)

TYPES: Final = (SUGGESTED, VOTED, STATUS_CHANGED)
