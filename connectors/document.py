"""The format of a connector: what a file in connectors/ may say. schemas/connector.schema.json is made of it."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from connectors.exports.document import EXPORTS_MAX_COUNT, Export
from connectors.parts import Cel, Header, Name, Part, Sentence, Value, Variable
from shared.contracts.fields import Channel

EVENTS_MAX_COUNT = 100
MAPPINGS_MAX_COUNT = 200
ACTIVITIES_MAX_COUNT = 10
CASES_MAX_COUNT = 200
TOLERANCE_MAX_SECONDS = 3_600

EventName = Annotated[str, StringConstraints(pattern=r"^(\*|[A-Za-z0-9][A-Za-z0-9_./:-]{0,99}(\.\*)?)$")]
TypeName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*\.v[1-9][0-9]{0,2}$")]


class Recognition(Part):
    """A delivery is this platform's when it has all of these headers, and its body all of these keys or paths."""

    headers: list[Header] = Field([])
    body: list[str] = Field([])

    @model_validator(mode="after")
    def _says_something(self) -> "Recognition":
        if not self.headers and not self.body:
            raise ValueError("needs `headers` or `body`")
        return self


class Values(Part):
    """A header with several named values, such as t=1,v1=ab,v1=cd: signatures are those called `name`."""

    separator: Annotated[str, StringConstraints(min_length=1, max_length=3)] = ","
    sign: Annotated[str, StringConstraints(min_length=1, max_length=3)] = "="
    name: str
    timestamp: str | None = Field(None, description="The name of the value that is the timestamp.")


class Timestamp(Part):
    """When it was signed, and how far that may lie off now."""

    header: Header | None = Field(None, description="Its header; left out where `values` has it.")
    form: Literal["unix", "rfc3339"] = "unix"
    tolerance_seconds: Annotated[int, Field(ge=1, le=TOLERANCE_MAX_SECONDS)] = 300


class Hmac(Part):
    """A keyed hash with a secret that both have."""

    scheme: Literal["hmac"]
    hash: Literal["sha256", "sha1"] = "sha256"
    header: Header
    form: Literal["hex", "base64"] = "hex"
    prefix: str = ""
    values: Values | None = None
    timestamp: Timestamp | None = None
    signed: str = Field(
        "{body}",
        description="What is signed: text with {body}, {timestamp}, {header:NAME}, {setting:NAME}, {crc32}.",
    )
    key: Literal["text", "base64"] = "text"
    key_prefix: str = Field(
        "", description="What stands before a secret and is no part of the key, such as whsec_."
    )


class StandardWebhooks(Part):
    """https://www.standardwebhooks.com, as Svix has it."""

    scheme: Literal["standard_webhooks"]
    tolerance_seconds: Annotated[int, Field(ge=1, le=TOLERANCE_MAX_SECONDS)] = 300


class Token(Part):
    """The secret itself in a header."""

    scheme: Literal["token"]
    header: Header
    prefix: str = ""


class Ed25519(Part):
    """A signature in hex; the secret is the platform's public key in hex."""

    scheme: Literal["ed25519"]
    header: Header
    timestamp: Timestamp | None = None
    signed: str = "{timestamp}{body}"


class Certificate(Part):
    """Where the platform says whose certificate it signed with: only these hosts are believed."""

    header: Header
    hosts: Annotated[list[str], Field(min_length=1, max_length=5)]


class Rsa(Part):
    """An RSA signature in base64 (PKCS #1 v1.5); the secret is a public key or certificate as PEM."""

    scheme: Literal["rsa"]
    hash: Literal["sha256"] = "sha256"
    header: Header
    timestamp: Timestamp | None = None
    signed: str = "{body}"
    certificate: Certificate | None = None


class InPath(Part):
    """The platform signs nothing: a secret is a part of the address, and perhaps the sender's is known."""

    scheme: Literal["path"]
    allow_from: Annotated[list[str], Field(max_length=100)] = Field([], description="Networks, as 192.0.2.0/24.")


One = Annotated[Hmac | StandardWebhooks | Token | Ed25519 | Rsa | InPath, Field(discriminator="scheme")]


class NotDelivered(Part):
    """Nothing is delivered: what the platform has comes as an export, and a delivery is nobody's."""

    scheme: Literal["not_delivered"]


class AnyOf(Part):
    """The platform signs in one of several ways: one that fits is enough. Each needs the secret."""

    scheme: Literal["any_of"]
    of: Annotated[list[One], Field(min_length=2, max_length=4)]


Signature = Annotated[
    Hmac | StandardWebhooks | Token | Ed25519 | Rsa | InPath | AnyOf | NotDelivered, Field(discriminator="scheme")
]


class Challenge(Part):
    """What the platform asks when the address is set, and what it wants to hear."""

    when: Cel
    answer: Value


class Retries(Part):
    """How the platform delivers again, and whether a delivery's id stays the same then."""

    id: Literal["same", "changes", "none"]
    said: Sentence


class Setting(Part):
    """What whoever connects the platform may say."""

    title: Sentence
    default: str | None = None
    of_exports: bool = Field(False, description="Whether only exports ask for it, and nothing that is delivered.")


class Connecting(Part):
    """How the platform is told to deliver: who makes the secret, and what to do there, step by step."""

    made_by: Literal["plaudit", "platform"] = Field("plaudit", description="Who makes the secret.")
    steps: Annotated[list[Sentence], Field(max_length=10)] = Field([])


class Activity(BaseModel):
    """An activity, or what is said of one: `type`, `retract` or `restore`. Other fields are those of its data."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, Value] = Field(init=False)

    type: TypeName | None = None
    retract: Cel | None = Field(None, description="The id of the activity that is taken back.")
    restore: Cel | None = Field(None, description="The id of the activity that counts again.")
    when: Cel | None = None
    each: dict[Variable, Cel] | None = Field(None, description="Once for each of a list; later ones go within it.")
    otherwise: Sentence | None = Field(None, description="Why there may be none of the innermost list.")
    id: Cel | None = None
    source: Cel | None = None
    time: Cel
    channel: Channel | None = None
    reason: Sentence | None = None

    @model_validator(mode="after")
    def _is_one_thing(self) -> "Activity":
        if sum(one is not None for one in (self.type, self.retract, self.restore)) != 1:
            raise ValueError("needs one of `type`, `retract` and `restore`")
        if self.type is not None and self.id is None:
            raise ValueError("needs an `id`: the same whenever the platform delivers the same thing again")
        return self


class Mapping(Part):
    """What becomes of deliveries of some events: the first mapping that is for one decides."""

    on: Annotated[list[EventName], Field(min_length=1, max_length=EVENTS_MAX_COUNT)]
    when: Cel | None = None
    activities: Annotated[list[Activity], Field(min_length=1, max_length=ACTIVITIES_MAX_COUNT)] | None = None
    no_engagement: Sentence | None = Field(None, description="Why nothing is counted.")

    @model_validator(mode="after")
    def _is_one_thing(self) -> "Mapping":
        if (self.activities is None) is (self.no_engagement is None):
            raise ValueError("needs either `activities` or `no_engagement`")
        return self


class Delivery(Part):
    """What a platform sent."""

    headers: dict[Header, str] = Field({})
    body: dict[str, Any]
    received: str = "2026-02-01T00:00:00Z"


class Case(Part):
    """A delivery, several, or the files of an export, and what becomes of them.

    Of an activity only what is said is compared; null says that it is not there. `stands` are the ids that count
    once all were delivered, in any order.
    """

    case: Sentence
    delivery: Delivery | None = None
    deliveries: list[Delivery] | None = None
    files: dict[str, str] | None = Field(None, description="Files of an export: what is in each, by its name.")
    settings: dict[Variable, str] = Field({})
    outcome: Literal["mapped", "no_engagement", "unmapped", "invalid"] = "mapped"
    reason: str | None = Field(None, description="What the reason says, among other things.")
    activities: list[dict[str, Any]] | None = None
    stands: list[str] | None = None

    @model_validator(mode="after")
    def _has_deliveries(self) -> "Case":
        if sum(one is not None for one in (self.delivery, self.deliveries, self.files)) != 1:
            raise ValueError("needs one of `delivery`, `deliveries` and `files`")
        return self


class Document(Part):
    """A platform: how its deliveries are recognised, checked, told apart, and become activities."""

    connector: Name
    title: Sentence
    documentation: Annotated[list[str], Field(min_length=1)]
    channel: Channel
    recognised_by: Annotated[list[Recognition], Field(min_length=1, max_length=30)]
    signature: Signature
    connecting: Connecting = Connecting()
    challenges: list[Challenge] = Field([])
    acknowledged_with: Literal["outcome", "nothing"] = Field(
        "outcome",
        description="What the platform hears of what was taken: 200 and what became of it, or 204 and no body "
        "where it takes nothing else for a yes.",
    )
    delivery_id: Cel | None = Field(
        None, description="What the platform calls the delivery; none where it has no id."
    )
    retries: Retries
    settings: dict[Variable, Setting] = Field({})
    let: dict[Variable, Value] = Field({}, description="Named values; each may use those before it.")
    event: Cel = Field(description="What kind of thing happened: what `on` lists.")
    source: Cel = Field(description="Where it comes from: the `source` of the activities.")
    host: Cel | None = None
    nobody: Sentence | None = Field(
        None,
        description="Why nothing is counted where it is not said who did it, or by an id that is nobody's. "
        "Without it such a delivery is invalid, and kept.",
    )
    mappings: Annotated[list[Mapping], Field(min_length=1, max_length=MAPPINGS_MAX_COUNT)]
    not_yet: dict[EventName, Sentence] = Field({}, description="Types that are not mapped, and why.")
    exports: Annotated[list[Export], Field(max_length=EXPORTS_MAX_COUNT)] = Field(
        [], description="What the platform lets one take out, and how it becomes what it would have delivered."
    )
    cases: Annotated[list[Case], Field(max_length=CASES_MAX_COUNT)] = Field([])
