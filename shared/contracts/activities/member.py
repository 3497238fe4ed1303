"""What becomes of a member as such."""

from typing import Final, Literal

from shared.contracts.activities.common import ActivityData, ActivityType, Envelope, activity_example
from shared.contracts.story import ADA_IN_FORUM, FORUM, GRACE_IN_FORUM


class Joined(Envelope):
    """Somebody joined the community on a channel."""

    type: Literal["member.joined.v1"]
    data: ActivityData


JOINED: Final = ActivityType(
    "member.joined.v1",
    envelope=Joined,
    examples=[
        activity_example("member.joined.v1", FORUM, "user-118", "2026-01-30T09:00:00Z", "forum", ADA_IN_FORUM),
    ],
)


class Visited(Envelope):
    """A member came by on a channel; one a visit, as the platform counts them."""

    type: Literal["member.visited.v1"]
    data: ActivityData


VISITED: Final = ActivityType(
    "member.visited.v1",
    envelope=Visited,
    examples=[
        activity_example(
            "member.visited.v1", FORUM, "visit-ada-20260131", "2026-01-31T10:58:00Z", "forum", ADA_IN_FORUM
        ),
    ],
)


class Referred(Envelope):
    """A member brought somebody to the community; `object.author` is who came."""

    type: Literal["member.referred.v1"]
    data: ActivityData


REFERRED: Final = ActivityType(
    "member.referred.v1",
    envelope=Referred,
    examples=[
        activity_example(
            "member.referred.v1",
            FORUM,
            "referral-204",
            "2026-01-30T09:00:00Z",
            "forum",
            ADA_IN_FORUM,
            object={"id": "referral-204", "author": GRACE_IN_FORUM},
        ),
    ],
)

TYPES: Final = (JOINED, VISITED, REFERRED)
