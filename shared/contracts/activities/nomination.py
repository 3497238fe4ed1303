"""Who members put forward, whom they vote for, and who is chosen."""

from typing import Annotated, Final, Literal, NotRequired

from pydantic import Field

from shared.contracts.activities.common import ActivityData, ActivityType, Envelope, activity_example
from shared.contracts.activities.sent import SentId, SentText
from shared.contracts.fields import Language

_ROUND: Final = "0195f3f4-9b21-7c13-8d5e-6f7a8b9c0d1e"
_NOMINATION: Final = "0195f3f4-9c32-7d24-9e6f-7a8b9c0d1e2f"
_SOURCE: Final = "https://community.example.org"
_GRACE: Final = {"id": "grace", "name": "Grace"}
_ADA: Final = {"id": "ada", "name": "Ada"}


class NominationData(ActivityData):
    """`round` is in which choice, and `text` says why."""

    round: SentId
    text: NotRequired[SentText]
    language: NotRequired[Language]


class Nominated(Envelope):
    """A member put another forward; `object` is the nomination, `object.author` is who is nominated."""

    type: Literal["nomination.made.v1"]
    data: NominationData


class NominationVoteData(ActivityData):
    """`round` is in which choice."""

    round: SentId


class NominationVoted(Envelope):
    """A member voted for a nomination; `object.author` is who is nominated."""

    type: Literal["nomination.voted.v1"]
    data: NominationVoteData


class NominationWonData(ActivityData):
    """`round` is in which choice; with so many `votes` it is at that `place`, which several may share."""

    round: SentId
    votes: Annotated[int, Field(ge=0, le=10_000_000)]
    place: Annotated[int, Field(ge=1, le=10_000)]


class NominationWon(Envelope):
    """A round is over, and this nomination was chosen; `object.author` is who is."""

    type: Literal["nomination.won.v1"]
    data: NominationWonData


TYPES: Final = (
    ActivityType(
        "nomination.made.v1",
        envelope=Nominated,
        examples=[
            activity_example(
                "nomination.made.v1",
                _SOURCE,
                "nomination-7",
                "2026-01-10T09:00:00Z",
                "forum",
                _ADA,
                object={"id": _NOMINATION, "author": _GRACE},
                round=_ROUND,
                text="She stayed with every newcomer until it worked.",
            )
        ],
    ),
    ActivityType(
        "nomination.voted.v1",
        envelope=NominationVoted,
        examples=[
            activity_example(
                "nomination.voted.v1",
                _SOURCE,
                "nomination-7-vote-ada",
                "2026-01-20T09:00:00Z",
                "forum",
                _ADA,
                object={"id": _NOMINATION, "author": _GRACE},
                round=_ROUND,
            )
        ],
    ),
    ActivityType(
        "nomination.won.v1",
        envelope=NominationWon,
        examples=[
            activity_example(
                "nomination.won.v1",
                _SOURCE,
                "nomination-7-won",
                "2026-01-31T23:00:00Z",
                "forum",
                {"id": "house", "bot": True},
                object={"id": _NOMINATION, "author": _GRACE},
                round=_ROUND,
                votes=41,
                place=1,
            )
        ],
    ),
)
