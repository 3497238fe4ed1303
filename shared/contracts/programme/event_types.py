"""The section `events`, which ingest and scoring read: types of events and channels of a community's own."""

from typing import Annotated, Final, Literal, Self, get_args

from pydantic import Field, FiniteFloat, StringConstraints, model_validator
from pydantic_core import PydanticCustomError
from typing_extensions import get_type_hints

from shared.contracts.activities import ACTIVITY_TYPES
from shared.contracts.activities.common import SaidData
from shared.contracts.activities.told import PERSONAL, STAYS
from shared.contracts.fields import (
    ATTRIBUTE_MAX_CHARS,
    INTEGER_MAX,
    TEXT_MAX_CHARS,
    AttributeName,
    Channel,
    ChannelName,
    Name,
    Text,
)
from shared.contracts.programme.ids import Ids
from shared.contracts.programme.section import Section

EVENT_TYPES_MAX_COUNT = 50
CHANNELS_MAX_COUNT = 20
EVENT_FIELDS_MAX_COUNT = 30
CHOICES_MAX_COUNT = 50
CHOICE_MAX_CHARS = 100
#: Of a text that says no length of its own.
FIELD_CHARS = 200

CHANNELS: Final = get_args(Channel)
#: What no type of a community's own begins with: what built-in types and facts begin with.
RESERVED_WORDS: Final = frozenset(name.split(".", 1)[0] for name in ACTIVITY_TYPES) | {
    *(
        "access_key",
        "audience",
        "campaign",
        "celebration",
        "command",
        "community",
        "debt",
        "decision",
        "engagement",
        "guidelines",
        "ledger",
        "message",
        "nomination_round",
        "nudge",
        "objective",
        "payout",
        "payout_run",
        "person",
    ),
    "personal_data",
    *("plaudit", "points", "programme", "recognition", "record", "redemption", "sentiment", "signal"),
    *("token_key", "wallet", "webhook_endpoint"),
}
#: What no field of its own is called: what every event may have, and what is measured of it.
RESERVED_FIELDS: Final = (
    frozenset(get_type_hints(SaidData)) | STAYS | {PERSONAL, "measures", "length_chars", "target"}
)

TYPES: Final = Ids(("events", "types"), "event type")
OWN_CHANNELS: Final = Ids(("events", "channels"), "channel")
IDS: Final = (TYPES, OWN_CHANNELS)

OWN_TYPE_PATTERN = r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*\.v[1-9][0-9]*$"
EventTypeName = Annotated[
    str,
    StringConstraints(max_length=64, pattern=OWN_TYPE_PATTERN),
    Field(examples=["webinar.attended.v1"]),
]
Bound = Annotated[int, Field(ge=-INTEGER_MAX - 1, le=INTEGER_MAX)] | FiniteFloat


def _wrong(said: str) -> PydanticCustomError:
    return PydanticCustomError("event_types", "{said}", {"said": said})


class EventChannel(Section):
    """A channel beside the built-in ones. In `addresses`, case counts in ids like ada@example.org, or not."""

    id: ChannelName
    title: Name
    addresses: Literal["exact", "any_case"] = "exact"

    @model_validator(mode="after")
    def it_is_another(self) -> Self:
        """Refuse the name of a built-in one."""
        if self.id in CHANNELS:
            raise _wrong(f"`{self.id}` is a channel that there is already; give it another id")
        return self


class EventField(Section):
    """A field of the `data` of a community's own event type, with its bounds.

    What is `personal` stays with ingest, sealed, and no rule reads it. All else travels, and conditions read what
    is `for_rules`. `max_chars` bounds text, `min` and `max` numbers, and a choice is one of `values`.
    """

    name: AttributeName
    title: Name
    type: Literal["text", "integer", "number", "boolean", "choice"] = "text"
    required: bool = False
    personal: bool = False
    for_rules: bool = True
    max_chars: Annotated[int, Field(ge=1, le=TEXT_MAX_CHARS)] | None = None
    min: Bound | None = None
    max: Bound | None = None
    values: (
        Annotated[
            list[Annotated[Name, StringConstraints(max_length=CHOICE_MAX_CHARS)]],
            Field(min_length=1, max_length=CHOICES_MAX_COUNT),
        ]
        | None
    ) = None

    @property
    def text_max_chars(self) -> int:
        """The most characters that a text may have."""
        return self.max_chars or FIELD_CHARS

    @property
    def is_read(self) -> bool:
        """Whether conditions of rules may read it."""
        return self.for_rules and not self.personal

    @model_validator(mode="after")
    def its_bounds_are_of_its_type(self) -> Self:
        """Refuse a name that events have already, and bounds that say nothing of the type."""
        if self.name in RESERVED_FIELDS:
            raise _wrong(f"`{self.name}` is a field that events have already; give it another name")
        if self.max_chars is not None and self.type != "text":
            raise _wrong("`max_chars` bounds fields of the type text")
        if (self.max_chars or 0) > ATTRIBUTE_MAX_CHARS and not self.personal:
            raise _wrong(f"what travels has at most {ATTRIBUTE_MAX_CHARS} characters; longer text is `personal`")
        if (self.min is not None or self.max is not None) and self.type not in ("integer", "number"):
            raise _wrong("`min` and `max` bound fields of the types integer and number")
        if self.type == "integer" and not all(isinstance(one, int | None) for one in (self.min, self.max)):
            raise _wrong("an integer has bounds without a fraction")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise _wrong("`min` is more than `max`")
        if (self.type == "choice") != (self.values is not None):
            raise _wrong("a choice says its `values`, and nothing else has any")
        return self


class CustomEventType(Section):
    """A type of event of a community's own. `channel` is where it usually happens.

    Where something is `written` it may have what built-in types have then: text, language, topic, tags and url. Of
    a type that is `retired` no events are taken any more.
    """

    id: EventTypeName
    title: Name
    description: Text = ""
    channel: ChannelName = "import"
    written: bool = False
    retired: bool = False
    fields: list[EventField] = Field(default_factory=list, max_length=EVENT_FIELDS_MAX_COUNT)

    @model_validator(mode="after")
    def its_names_are_its_own(self) -> Self:
        """Refuse the first word of what is built in, and a field twice."""
        word = self.id.split(".", 1)[0]
        if word in RESERVED_WORDS:
            raise _wrong(f"types that begin with `{word}.` are built in; begin `{self.id}` with another word")
        names = [field.name for field in self.fields]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise _wrong(f"`{self.id}` has the field `{twice}` twice")
        return self


class Events(Section):
    """What a community's events may be beside the built-in types and channels."""

    channels: list[EventChannel] = Field(default_factory=list, max_length=CHANNELS_MAX_COUNT)
    types: list[CustomEventType] = Field(default_factory=list, max_length=EVENT_TYPES_MAX_COUNT)

    @model_validator(mode="after")
    def channels_are_known(self) -> Self:
        """Refuse a type on a channel that is neither built in nor declared."""
        known = {*CHANNELS, *(channel.id for channel in self.channels)}
        for kind in self.types:
            if kind.channel not in known:
                raise _wrong(f"`{kind.id}` is on the channel `{kind.channel}`, which is not there")
        return self
