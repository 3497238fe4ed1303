"""What members do with what somebody made, wherever it stands: read, rate, vote."""

from typing import Annotated, Final, Literal, NotRequired

from pydantic import Field

from shared.contracts.activities.common import ActivityData, ActivityType, Envelope, activity_example
from shared.contracts.activities.sent import SentLabel
from shared.contracts.fields import Count
from shared.contracts.story import ADA_IN_FORUM, FORUM, GRACE_IN_FORUM

RATING_MAX = 100
_GUIDE: Final = {"id": "guide-7", "author": GRACE_IN_FORUM, "url": f"{FORUM}/guides/7"}


class ReadData(ActivityData):
    topic: NotRequired[SentLabel]
    seconds: NotRequired[Count]


class Read(Envelope):
    """A member read something; `object` is that, and `seconds` how long, where that is known."""

    type: Literal["content.read.v1"]
    data: ReadData


READ: Final = ActivityType(
    "content.read.v1",
    envelope=Read,
    examples=[
        activity_example(
            "content.read.v1",
            FORUM,
            "read-guide-7-ada-20260131",
            "2026-01-31T11:00:00Z",
            "forum",
            ADA_IN_FORUM,
            object=_GUIDE,
            seconds=140,
        )
    ],
)


class RatingData(ActivityData):
    rating: Annotated[int, Field(ge=0, le=RATING_MAX)]
    best: Annotated[int, Field(ge=1, le=RATING_MAX)]


class Rated(Envelope):
    """A member rated something; `object` is that, `rating` how many of `best` it got, such as 4 of 5 stars."""

    type: Literal["content.rated.v1"]
    data: RatingData


RATED: Final = ActivityType(
    "content.rated.v1",
    envelope=Rated,
    examples=[
        activity_example(
            "content.rated.v1",
            FORUM,
            "rating-guide-7-ada",
            "2026-01-31T11:04:00Z",
            "forum",
            ADA_IN_FORUM,
            object=_GUIDE,
            rating=4,
            best=5,
        )
    ],
)


class VoteData(ActivityData):
    vote: NotRequired[Literal["up", "down"]]
    option: NotRequired[SentLabel]


class Voted(Envelope):
    """A member voted; `object` is what on. `vote` is up or down; in a poll `option` is what was chosen."""

    type: Literal["content.voted.v1"]
    data: VoteData


VOTED: Final = ActivityType(
    "content.voted.v1",
    envelope=Voted,
    examples=[
        activity_example(
            "content.voted.v1",
            FORUM,
            "vote-post-93-ada",
            "2026-01-31T12:20:00Z",
            "forum",
            ADA_IN_FORUM,
            object={"id": "post-93", "author": GRACE_IN_FORUM},
            vote="up",
        )
    ],
)

TYPES: Final = (READ, RATED, VOTED)
