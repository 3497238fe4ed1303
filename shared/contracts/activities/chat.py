"""Activities in chats."""

from typing import Final, Literal

from shared.contracts.activities.common import ActivityData, ActivityType, Envelope, TextData, activity_example
from shared.contracts.activities.sent import SentLabel


class ChatMessage(Envelope):
    """A member wrote in a chat; `object.author` is whom a direct message went to."""

    type: Literal["chat.message.v1"]
    data: TextData


CHAT_MESSAGE: Final = ActivityType(
    "chat.message.v1",
    envelope=ChatMessage,
    examples=[
        activity_example(
            "chat.message.v1",
            "https://chat.example.org/rooms/lobby",
            "m-20260131-8812",
            "2026-01-31T13:05:00Z",
            "chat",
            {"id": "U1", "name": "Ada"},
            length_chars=88,
        )
    ],
)


class ReactionData(ActivityData):
    reaction: SentLabel


class Reaction(Envelope):
    """A member reacted to what somebody made; `object` is that."""

    type: Literal["chat.reaction.v1"]
    data: ReactionData


REACTION: Final = ActivityType(
    "chat.reaction.v1",
    envelope=Reaction,
    examples=[
        activity_example(
            "chat.reaction.v1",
            "https://chat.example.org/rooms/lobby",
            "m-20260131-8812/heart/U2",
            "2026-01-31T13:06:00Z",
            "chat",
            {"id": "U2", "name": "Grace"},
            object={"id": "m-20260131-8812", "author": {"id": "U1", "name": "Ada"}},
            reaction="heart",
        )
    ],
)


class ReactionRemoved(Envelope):
    """A member took a reaction back; `object` is what it was to.

    What the reaction earned is taken back by an `activity.retracted.v1` that names it, not by this.
    """

    type: Literal["chat.reaction_removed.v1"]
    data: ReactionData


REACTION_REMOVED: Final = ActivityType(
    "chat.reaction_removed.v1",
    envelope=ReactionRemoved,
    examples=[
        activity_example(
            "chat.reaction_removed.v1",
            "https://chat.example.org/rooms/lobby",
            "m-20260131-8812/heart/U2/removed-1",
            "2026-01-31T13:09:00Z",
            "chat",
            {"id": "U2", "name": "Grace"},
            object={"id": "m-20260131-8812", "author": {"id": "U1", "name": "Ada"}},
            reaction="heart",
        )
    ],
)

TYPES: Final = (CHAT_MESSAGE, REACTION, REACTION_REMOVED)
