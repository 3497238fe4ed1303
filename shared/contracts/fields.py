"""Field types that several contracts share, with their limits.

Every limit carries its unit in its name. Text never holds control characters: PostgreSQL cannot store
NUL, and the rest has no business in an identifier or a name.
"""

from datetime import date
from typing import Annotated, Literal

from pydantic import AwareDatetime, ConfigDict, Field, FiniteFloat, StringConstraints
from typing_extensions import TypedDict

ID_MAX_CHARS = 255
NAME_MAX_CHARS = 200
TEXT_MAX_CHARS = 10_000
URI_MAX_CHARS = 1_000
TAGS_MAX_COUNT = 20
POINTS_MAX = 1_000_000_000
MINOR_UNITS_MAX = 1_000_000_000_000
ATTRIBUTES_MAX_COUNT = 32
ATTRIBUTE_MAX_CHARS = 1_000
EARLIEST_YEAR = 1990  # nothing that counts is older; seconds taken for milliseconds are of January 1970
INTEGER_MAX = 2**63 - 1  # what JSON writers, CEL and PostgreSQL's bigint hold

NO_CONTROL = r"^[^\x00-\x1f\x7f]+$"

Id = Annotated[str, StringConstraints(min_length=1, max_length=ID_MAX_CHARS, pattern=NO_CONTROL)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=NAME_MAX_CHARS, pattern=NO_CONTROL)]
Uri = Annotated[str, StringConstraints(min_length=1, max_length=URI_MAX_CHARS, pattern=NO_CONTROL)]
Text = Annotated[str, StringConstraints(max_length=TEXT_MAX_CHARS, pattern=r"^[^\x00]*$")]
SLUG_MAX_CHARS = 63
SLUG_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,62}$"
Slug = Annotated[str, StringConstraints(pattern=SLUG_PATTERN)]
Uuid = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Signature = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}\.[A-Za-z0-9_-]{86}$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Language = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$"),
    Field(description="A language tag of BCP 47", examples=["it"]),
]
Points = Annotated[int, Field(ge=-POINTS_MAX, le=POINTS_MAX)]
MinorUnits = Annotated[int, Field(ge=0, le=MINOR_UNITS_MAX)]
Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
Timestamp = AwareDatetime
#: The day that an event counts for, where that is not the UTC day of its time, and the first day of its week,
#: where that is not the day's Monday. Both follow the community's calendar as it was when the event was accepted.
LocalDay = Annotated[date, Field(examples=["2026-01-31"])]
AttributeValue = (
    Annotated[str, StringConstraints(max_length=ATTRIBUTE_MAX_CHARS, pattern=r"^[^\x00]*$")]
    | bool
    | Annotated[int, Field(ge=-INTEGER_MAX - 1, le=INTEGER_MAX)]
    | FiniteFloat
)
AttributeName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Attributes = Annotated[
    dict[AttributeName, AttributeValue],
    # Without this the JSON Schema would take names that the pattern refuses.
    Field(max_length=ATTRIBUTES_MAX_COUNT, json_schema_extra={"additionalProperties": False}),
]

#: What a platform may say. Channels will be added, so what readers get is a ChannelName.
Channel = Literal["forum", "social", "chat", "code", "support", "in_person", "survey", "shop", "import"]

#: A channel as facts name it: any name, so that a reader of today takes a channel of tomorrow.
ChannelName = Annotated[
    str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$"), Field(examples=["forum", "chat", "in_person"])
]

#: What a platform sends is refused when it says more than the contract knows: a misspelt field is an error.
CLOSED = ConfigDict(extra="forbid", strict=True)


class Identity(TypedDict):
    """Someone as a platform knows them; `id` is unique within the channel of the community."""

    channel: ChannelName
    id: Id
