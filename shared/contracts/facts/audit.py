"""Facts of every service: what people commanded, and whose personal data they read."""

from typing import Annotated, Any, Final, Literal, NotRequired

from pydantic import Discriminator, Field, StringConstraints, TypeAdapter
from typing_extensions import TypedDict

from shared.contracts.facts.envelope import FactEnvelope, FactType, fact_example
from shared.contracts.fields import INTEGER_MAX, NO_CONTROL, Slug, Uuid
from shared.contracts.story import GRACE, PAYOUT_RUN, TRACEPARENT

NOTED_MAX_COUNT = 24
NOTED_TEXT_MAX_CHARS = 300
NOTED_LIST_MAX_COUNT = 50

#: What was done, as `payout_run.approve`; an operation, as `GET /v1/payees/{member_id}`, where data were read.
CommandName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200, pattern=NO_CONTROL),
    Field(examples=["payout_run.approve"]),
]
#: An access key's id, `token:` and a token's, or `bootstrap`.
Credential = Annotated[str, StringConstraints(max_length=255, pattern=r"^[^\x00-\x1f\x7f]*$")]
NotedText = Annotated[str, StringConstraints(max_length=NOTED_TEXT_MAX_CHARS, pattern=r"^[^\x00]*$")]
NotedValue = (
    NotedText
    | bool
    | Annotated[int, Field(ge=-INTEGER_MAX - 1, le=INTEGER_MAX)]
    | Annotated[list[NotedText], Field(max_length=NOTED_LIST_MAX_COUNT)]
    | dict[str, Any]  # nobody writes one today
    | None
)
#: How something stood, in a few fields: no name, handle, address, text or secret, and bank details masked.
Noted = Annotated[
    dict[Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")], NotedValue],
    # Without this the JSON Schema would take names that the pattern refuses.
    Field(max_length=NOTED_MAX_COUNT, json_schema_extra={"additionalProperties": False}),
]


class AuditedObject(TypedDict):
    """What it was done to: its kind, and its id among those."""

    kind: Slug
    id: Annotated[str, StringConstraints(max_length=300, pattern=r"^[^\x00-\x1f\x7f]*$")]


class CommandData(TypedDict):
    """`person_id` is left out for the bootstrap key, which is nobody's."""

    audit_id: Uuid
    service: Slug
    command: CommandName
    credential: Credential
    person_id: NotRequired[Uuid]
    object: AuditedObject
    member_id: NotRequired[Uuid]
    before: NotRequired[Noted]
    after: NotRequired[Noted]


class CommandDone(FactEnvelope):
    """Somebody changed something: who, what, from what, to what. Facts that came of it have its `traceparent`."""

    type: Literal["command.done.v1"]
    data: CommandData


class ReadData(TypedDict):
    """Without a `member_id` it was a list of members, or of what is theirs."""

    audit_id: Uuid
    service: Slug
    operation: CommandName
    credential: Credential
    person_id: Uuid
    member_id: NotRequired[Uuid]


class PersonalDataRead(FactEnvelope):
    """Somebody read personal data of another, a member: told once for a person, member, operation and hour."""

    type: Literal["personal_data.read.v1"]
    data: ReadData


_PERSON = "7b0d4b6e-2f6c-4c8e-9a0f-5f1f4f1f8b11"

COMMAND_DONE: Final = FactType(
    "command.done.v1",
    envelope=CommandDone,
    data=CommandData,
    examples=[
        fact_example(
            "command.done.v1",
            "rewards",
            "019c2a34-55a0-7c3e-8b1a-3f6d2c9e4b70",
            "2026-02-03T09:00:00Z",
            {
                "audit_id": "019c2a34-55a0-7c3e-8b1a-3f6d2c9e4b70",
                "service": "rewards",
                "command": "payout_run.approve",
                "credential": "5f0c9a7b2d1e",
                "person_id": _PERSON,
                "object": {"kind": "payout_run", "id": PAYOUT_RUN},
                "before": {"state": "open"},
                "after": {"state": "approved"},
            },
            traceparent=TRACEPARENT,
        ),
        fact_example(
            "command.done.v1",
            "rewards",
            "019c2a30-1d11-7a55-9c02-5b1f0e7a6d21",
            "2026-02-03T08:55:00Z",
            {
                "audit_id": "019c2a30-1d11-7a55-9c02-5b1f0e7a6d21",
                "service": "rewards",
                "command": "payee.set",
                "credential": "5f0c9a7b2d1e",
                "person_id": _PERSON,
                "object": {"kind": "payee", "id": GRACE},
                "member_id": GRACE,
                "after": {"iban": "DE…3000"},
            },
            traceparent=TRACEPARENT,
        ),
    ],
)

PERSONAL_DATA_READ: Final = FactType(
    "personal_data.read.v1",
    envelope=PersonalDataRead,
    data=ReadData,
    examples=[
        fact_example(
            "personal_data.read.v1",
            "rewards",
            "5d6f2b1c-9a1e-5c7d-8f40-1b2c3d4e5f60",
            "2026-02-03T09:10:00Z",
            {
                "audit_id": "5d6f2b1c-9a1e-5c7d-8f40-1b2c3d4e5f60",
                "service": "rewards",
                "operation": "GET /v1/payees/{member_id}",
                "credential": "5f0c9a7b2d1e",
                "person_id": _PERSON,
                "member_id": GRACE,
            },
        )
    ],
)

#: What audit.v1 carries.
AUDIT_FACT: TypeAdapter[CommandDone | PersonalDataRead] = TypeAdapter(
    Annotated[CommandDone | PersonalDataRead, Discriminator("type")]
)
