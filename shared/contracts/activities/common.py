"""What every activity says, and the envelope that it comes in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NotRequired

from pydantic import ConfigDict, Field
from typing_extensions import TypedDict

from shared.contracts.activities.sent import (
    JsonType,
    SentHost,
    SentId,
    SentLabel,
    SentName,
    SentSource,
    SentText,
    SentTime,
    SentUri,
)
from shared.contracts.fields import CLOSED, TAGS_MAX_COUNT, Attributes, Channel, Count, Language

#: People of an event beside its actor, the author of its object and whom it answers.
CONTRIBUTORS_MAX_COUNT = 5
EXTENSION_NAME_MAX_CHARS = 64
EXTENSION_MAX_CHARS = 8_192
EXTENSION_NAME = rf"^[a-z0-9]{{1,{EXTENSION_NAME_MAX_CHARS}}}$"
#: What pydantic does not see, the front door looks at: names, sizes, and whether one is an attribute misspelt.
WITH_EXTENSIONS = ConfigDict(
    extra="allow",
    strict=True,
    json_schema_extra={
        "additionalProperties": {
            "type": ["string", "number", "boolean", "null"],
            "maxLength": EXTENSION_MAX_CHARS,
            "description": f"An extension attribute, which stays with ingest; its name is like {EXTENSION_NAME}",
        }
    },
)


class Actor(TypedDict):
    """Who did it, as the channel knows them. `name` may be shown; a `bot` is no person and earns nothing."""

    __pydantic_config__ = CLOSED  # type: ignore[misc]

    id: SentId
    name: NotRequired[SentName]
    bot: NotRequired[bool]


class Thing(TypedDict):
    """What an activity is about or answers, and who made it."""

    __pydantic_config__ = CLOSED  # type: ignore[misc]

    id: SentId
    author: NotRequired[Actor]
    url: NotRequired[SentUri]


class ActivityData(TypedDict):
    """What every activity says; event types add their own fields.

    `host` is where the channel is, for a community that has several of the kind: ids are unique within it.
    `contributors` did it with the actor: co-authors, a team.
    """

    __pydantic_config__ = CLOSED  # type: ignore[misc]

    channel: Channel
    host: NotRequired[SentHost]
    actor: Actor
    object: NotRequired[Thing]
    in_reply_to: NotRequired[Thing]
    contributors: NotRequired[Annotated[list[Actor], Field(min_length=1, max_length=CONTRIBUTORS_MAX_COUNT)]]
    attributes: NotRequired[Attributes]


class SaidData(ActivityData):
    """Of what somebody wrote: the text and where it is seen, which stay with ingest, and what it is about."""

    text: NotRequired[SentText]
    language: NotRequired[Language]
    topic: NotRequired[SentLabel]
    tags: NotRequired[Annotated[list[SentLabel], Field(max_length=TAGS_MAX_COUNT)]]
    url: NotRequired[SentUri]


class TextData(SaidData):
    length_chars: NotRequired[Count]


class Envelope(TypedDict):
    """The attributes of CloudEvents 1.0 that Plaudit reads; those of its extensions are allowed beside them."""

    __pydantic_config__ = WITH_EXTENSIONS  # type: ignore[misc]

    specversion: Literal["1.0"]
    id: SentId
    source: SentSource
    time: SentTime
    subject: NotRequired[SentId]
    datacontenttype: NotRequired[JsonType]
    dataschema: NotRequired[SentUri]
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
