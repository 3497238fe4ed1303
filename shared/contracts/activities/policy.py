"""What members agree to."""

from typing import Final, Literal, NotRequired

from shared.contracts.activities.common import ActivityData, ActivityType, Envelope, activity_example
from shared.contracts.activities.sent import SentLabel
from shared.contracts.story import ADA_IN_FORUM, FORUM


class PolicyData(ActivityData):
    policy: SentLabel
    version: NotRequired[SentLabel]


class PolicyAccepted(Envelope):
    """A member accepted a `policy`, such as the code of conduct, in a `version`."""

    type: Literal["policy.accepted.v1"]
    data: PolicyData


ACCEPTED: Final = ActivityType(
    "policy.accepted.v1",
    envelope=PolicyAccepted,
    examples=[
        activity_example(
            "policy.accepted.v1",
            FORUM,
            "policy-conduct-3-ada",
            "2026-01-30T09:01:00Z",
            "forum",
            ADA_IN_FORUM,
            policy="code-of-conduct",
            version="3",
        )
    ],
)

TYPES: Final = (ACCEPTED,)
