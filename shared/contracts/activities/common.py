"""What every activity says, and the envelope that it comes in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from shared.contracts.fields import CLOSED, Attributes, Channel, Count, Id, Name, Timestamp, Uri


class Actor(TypedDict):
    """Who did it, as the channel knows them. `name` is what may be shown."""

    __pydantic_config__ = CLOSED  # type: ignore[misc]

    id: Id
    name: NotRequired[Name]


class Thing(TypedDict):
    """What an activity is about or answers, and who made it."""

    __pydantic_config__ = CLOSED  # type: ignore[misc]

    id: Id
    author: NotRequired[Actor]
    url: NotRequired[Uri]


class ActivityData(TypedDict):
    """What every activity says; event types add their own fields."""

    __pydantic_config__ = CLOSED  # type: ignore[misc]

    channel: Channel
    actor: Actor
    object: NotRequired[Thing]
    in_reply_to: NotRequired[Thing]
    attributes: NotRequired[Attributes]


class TextData(ActivityData):
    length_chars: NotRequired[Count]


class Envelope(TypedDict):
    """The attributes of CloudEvents 1.0 that Plaudit reads."""

    __pydantic_config__ = CLOSED  # type: ignore[misc]

    specversion: Literal["1.0"]
    id: Id
    source: Uri
    time: Timestamp
    subject: NotRequired[Id]
    datacontenttype: NotRequired[Literal["application/json"]]
    dataschema: NotRequired[Uri]
    traceparent: NotRequired[Annotated[str, Field(pattern=r"^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$")]]


@dataclass(frozen=True, eq=False)  # each is itself alone: its examples could not be hashed
class ActivityType:
    """A type of event that platforms may send, and its version: `name` is its CloudEvents type.

    `envelope` is the class of the whole message. Its examples are part of what is published.
    """

    name: str
    envelope: type[Envelope]
    examples: Sequence[Any]


def activity_example(
    kind: str, source: str, event_id: str, time: str, channel: str, actor: Any, **data: Any
) -> Any:
    """A message of the type `kind` as a platform sends it."""
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": source,
        "type": kind,
        "time": time,
        "data": {"channel": channel, "actor": actor, **data},
    }
