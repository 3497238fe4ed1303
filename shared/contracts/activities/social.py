"""Activities on social networks."""

from typing import Final, Literal

from shared.contracts.activities.common import ActivityType, Envelope, TextData, activity_example


class SocialShare(Envelope):
    """A member shared or mentioned the community on a social network."""

    type: Literal["social.share.v1"]
    data: TextData


SOCIAL_SHARE: Final = ActivityType(
    "social.share.v1",
    envelope=SocialShare,
    examples=[
        activity_example(
            "social.share.v1",
            "https://social.example.net",
            "status-771",
            "2026-01-31T13:00:00Z",
            "social",
            {"id": "@ada@social.example.net"},
            object={"id": "status-771", "url": "https://social.example.net/@ada/771"},
        )
    ],
)

TYPES: Final = (SOCIAL_SHARE,)
