"""Thanks from one member to another."""

from typing import Final, Literal, NotRequired

from shared.contracts.activities.common import ActivityData, ActivityType, Envelope, activity_example
from shared.contracts.activities.sent import SentLabel, SentText
from shared.contracts.fields import Language


class KudosData(ActivityData):
    """What for: `value` is which of the community's values it is for, and `message` says it in words."""

    message: NotRequired[SentText]
    value: NotRequired[SentLabel]
    language: NotRequired[Language]


class Kudos(Envelope):
    """A member thanked another; `object.author` is who is thanked."""

    type: Literal["kudos.given.v1"]
    data: KudosData


KUDOS: Final = ActivityType(
    "kudos.given.v1",
    envelope=Kudos,
    examples=[
        activity_example(
            "kudos.given.v1",
            "https://chat.example.org/rooms/lobby",
            "kudos-31",
            "2026-01-31T20:00:00Z",
            "chat",
            {"id": "U1", "name": "Ada"},
            object={"id": "kudos-31", "author": {"id": "U2", "name": "Grace"}},
            message="Thank you for staying with it until it was solved.",
            value="patience",
        )
    ],
)

TYPES: Final = (KUDOS,)
