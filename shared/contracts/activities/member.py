"""What becomes of a member as such."""

from typing import Final, Literal

from shared.contracts.activities.common import ActivityData, ActivityType, Envelope, activity_example
from shared.contracts.story import ADA_IN_FORUM, FORUM


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

TYPES: Final = (JOINED,)
