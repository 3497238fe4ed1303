"""HTTP route of the types of events and the channels that there are for a community."""

from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.ingest.event_types import store
from services.ingest.event_types.domain import NOTHING_DECLARED, declared_types
from shared.contracts.activities import TYPES
from shared.contracts.programme import CustomEventType, EventChannel, EventField
from shared.http import Conn, Principal, Scope, problem_responses, requires

router = APIRouter()


class FieldShown(BaseModel):
    """A field of the `data` of a type that the programme declares."""

    name: str = Field(examples=["minutes"])
    title: str = Field(examples=["Minutes"])
    type: Literal["text", "integer", "number", "boolean", "choice"] = Field(examples=["integer"])
    required: bool
    personal: bool = Field(description="It stays with ingest, sealed")
    for_rules: bool = Field(description="Conditions of rules may read it")
    max_chars: int | None = None
    min: float | None = None
    max: float | None = None
    values: list[str] | None = None

    @classmethod
    def of(cls, field: EventField) -> Self:
        """The field as it is declared."""
        return cls(
            name=field.name,
            title=field.title,
            type=field.type,
            required=field.required,
            personal=field.personal,
            for_rules=field.is_read,
            max_chars=field.text_max_chars if field.type == "text" else None,
            min=field.min,
            max=field.max,
            values=field.values,
        )


class EventTypeShown(BaseModel):
    """A type of event that is taken. Fields of built-in types are in docs/events.md and schemas/events."""

    type: str = Field(examples=["webinar.attended.v1"])
    title: str = Field(examples=["Attended a webinar"])
    description: str
    channel: str = Field(description="Where it usually happens", examples=["in_person"])
    declared: bool = Field(description="Whether the community's programme declares it; else it is built in")
    retired: bool = Field(False, description="No events of it are taken any more")
    written: bool = Field(False, description="It may have text, language, topic, tags and url")
    fields: list[FieldShown] = Field(description="Those that the programme declares")

    @classmethod
    def of(cls, kind: CustomEventType) -> Self:
        """The type as it is declared."""
        return cls(
            type=kind.id,
            title=kind.title,
            description=kind.description,
            channel=kind.channel,
            declared=True,
            retired=kind.retired,
            written=kind.written,
            fields=[FieldShown.of(field) for field in kind.fields],
        )


class ChannelShown(BaseModel):
    """A channel that the programme declares."""

    id: str = Field(examples=["webinars"])
    title: str = Field(examples=["Webinars"])
    addresses: Literal["exact", "any_case"] = Field(description="Whether case counts in ids that are addresses")

    @classmethod
    def of(cls, channel: EventChannel) -> Self:
        """The channel as it is declared."""
        return cls(id=channel.id, title=channel.title, addresses=channel.addresses)


class EventTypes(BaseModel):
    """The types of events that there are for a community, the built-in ones first, and its own channels."""

    items: list[EventTypeShown]
    channels: list[ChannelShown]


def _built_in() -> list[EventTypeShown]:
    return [
        EventTypeShown(
            type=kind.name,
            title=said[0],
            description=" ".join(said[1:]),
            channel=kind.examples[0]["data"]["channel"],
            declared=False,
            fields=[],
        )
        for kind in TYPES
        for said in ([" ".join(part.split()) for part in (kind.envelope.__doc__ or "").split("\n\n")],)
    ]


@router.get("/v1/event-types", summary="Types of events that are taken", responses=problem_responses())
async def get_event_types(
    principal: Annotated[Principal, requires(Scope.EVENTS_WRITE)],
    conn: Conn,
) -> EventTypes:
    """The built-in types, and those that the programme in force declares; its limits bound the list."""
    found = await store.load_declared(conn, communities=[principal.community], now=datetime.now(UTC))
    declared = declared_types(found[principal.community]) if found else NOTHING_DECLARED
    return EventTypes(
        items=[*_built_in(), *(EventTypeShown.of(kind) for kind in declared.types.values())],
        channels=[ChannelShown.of(channel) for channel in declared.channels.values()],
    )
