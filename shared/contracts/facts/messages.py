"""Facts of messages: somebody is to be written to."""

from typing import Annotated, Final, Literal, NotRequired

from pydantic import Field, StringConstraints
from typing_extensions import TypedDict

from shared.contracts.facts.envelope import FactEnvelope, FactType, fact_example
from shared.contracts.fields import Slug, Timestamp, Uuid
from shared.contracts.story import BADGE, GRACE, TRACEPARENT

MESSAGE_VALUES_MAX_COUNT = 20
MESSAGE_VALUE_MAX_CHARS = 500

ValueName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
MessageValue = Annotated[str, StringConstraints(max_length=MESSAGE_VALUE_MAX_CHARS, pattern=r"^[^\x00]*$")]


class MessageRequestedData(TypedDict):
    """Whom to write to and of what: a member, or a recipient whom ingest holds, and never an address.

    `kind` says which words; `values` are what they may name: titles, numbers and ids. Asked for again with the
    same `request_id` it is the same message. After `expires_at` it is not sent any more.
    """

    request_id: Uuid
    kind: Slug
    member_id: NotRequired[Uuid]
    recipient_id: NotRequired[Uuid]
    values: Annotated[
        dict[ValueName, MessageValue],
        # Without this the JSON Schema would take names that the pattern refuses.
        Field(max_length=MESSAGE_VALUES_MAX_COUNT, json_schema_extra={"additionalProperties": False}),
    ]
    expires_at: NotRequired[Timestamp]


class MessageRequested(FactEnvelope):
    """Somebody is to be written to, if the community and they want that."""

    type: Literal["message.requested.v1"]
    data: MessageRequestedData


MESSAGE_REQUESTED: Final = FactType(
    "message.requested.v1",
    envelope=MessageRequested,
    data=MessageRequestedData,
    examples=[
        fact_example(
            "message.requested.v1",
            "recognition",
            BADGE,
            "2026-01-31T12:30:01.500000Z",
            {
                "request_id": BADGE,
                "kind": "badge",
                "member_id": GRACE,
                "values": {"title": "Ten accepted answers"},
            },
            traceparent=TRACEPARENT,
        )
    ],
)
