"""What is said of connections and deliveries over HTTP."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints, model_validator

from connectors.compiled import Connector
from connectors.engine import State
from connectors.signatures import HEADER_MAX_CHARS, SECRET_MAX_CHARS
from services.ingest.connectors.domain.connections import Connection, is_platforms
from services.ingest.connectors.domain.deliveries import HourCount, Kept, Standing
from services.ingest.connectors.domain.mapping import Mapped
from services.ingest.connectors.handlers.connections import Made
from services.ingest.events.domain.judgement import Outcome
from shared.contracts.fields import Slug
from shared.http import RequestBody
from shared.located_yaml import DOCUMENT_MAX_BYTES

SETTING_MAX_CHARS = 1_000
SETTINGS_MAX_COUNT = 50
OVERLAP_MAX_HOURS = 24 * 30
HEADERS_MAX_COUNT = 100


class SettingSaid(RequestBody):
    """What a setting is to be."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")] = Field(examples=["address"])
    value: Annotated[str, StringConstraints(max_length=SETTING_MAX_CHARS, pattern=r"^[^\x00]*$")] = Field(
        examples=["https://forum.example.org"]
    )


class HeaderSaid(RequestBody):
    """A header of a delivery."""

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,100}$")] = Field(
        examples=["X-Discourse-Event"]
    )
    value: Annotated[str, StringConstraints(max_length=HEADER_MAX_CHARS)] = Field(examples=["ping"])


Settings = Annotated[list[SettingSaid], Field(max_length=SETTINGS_MAX_COUNT)]
GivenSecret = Annotated[
    str | None,
    Field(
        max_length=SECRET_MAX_CHARS,
        description="The secret that the platform shows, where it makes its own; left out: one is made here",
    ),
]
Document = Annotated[
    str | None,
    Field(max_length=DOCUMENT_MAX_BYTES, description="A connector of the community's own, as YAML"),
]


class ConnectionWanted(RequestBody):
    """A platform that is to be connected: by a connector that comes with Plaudit, or by a document."""

    name: Slug = Field(description="What the community calls it; a part of its address", examples=["forum"])
    connector: str | None = Field(
        None, max_length=63, description="One that GET /v1/connector-types lists", examples=["discourse"]
    )
    document: Document = None
    settings: Settings = Field([])
    secret: GivenSecret = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.connector is None) == (self.document is None):
            raise ValueError("give connector or document, and not both")
        return self


class ConnectionChange(RequestBody):
    """What is to change of a connection; what is left out stays."""

    document: Document = None
    settings: Settings | None = None
    enabled: bool | None = Field(None, description="Whether deliveries are taken", examples=[False])


class Rotation(RequestBody):
    """A new secret, and how long those before let in beside it."""

    secret: GivenSecret = None
    overlap_hours: int | None = Field(None, ge=0, le=OVERLAP_MAX_HOURS, examples=[24])


class Trial(RequestBody):
    """A delivery as a platform would send it."""

    headers: Annotated[list[HeaderSaid], Field(max_length=HEADERS_MAX_COUNT)] = Field([])
    body: str = Field(description="As it comes: JSON", examples=['{"ping": "OK"}'])


def said(settings: Sequence[SettingSaid]) -> dict[str, str]:
    """Settings by their names; of one that is said twice the last."""
    return {one.name: one.value for one in settings}


class SettingShown(BaseModel):
    """A setting that a connector has."""

    name: str = Field(examples=["address"])
    title: str = Field(examples=["The forum's address"])
    default: str | None


class ConnectorType(BaseModel):
    """A connector that comes with Plaudit."""

    connector: str = Field(examples=["discourse"])
    title: str = Field(examples=["Discourse"])
    documentation: list[str]
    signature: str = Field(description="How deliveries are shown to be the platform's", examples=["hmac"])
    secret_made_by: str = Field(description="Who makes the secret: plaudit or platform", examples=["plaudit"])
    steps: list[str] = Field(description="What to do at the platform")
    retries: str = Field(description="How the platform delivers again")
    settings: list[SettingShown]

    @classmethod
    def of(cls, connector: Connector) -> Self:
        """What is shown of a connector."""
        document = connector.document
        return cls(
            connector=connector.name,
            title=document.title,
            documentation=document.documentation,
            signature=document.signature.scheme,
            secret_made_by="platform" if is_platforms(connector) else "plaudit",
            steps=document.connecting.steps,
            retries=document.retries.said,
            settings=[
                SettingShown(name=name, title=one.title, default=one.default)
                for name, one in document.settings.items()
                if not one.of_exports
            ],
        )


class ConnectorTypes(BaseModel):
    """The connectors that come with Plaudit."""

    items: list[ConnectorType]


class ConnectionShown(BaseModel):
    """A connected platform, and how it does."""

    name: str = Field(examples=["forum"])
    connector: str = Field(examples=["discourse"])
    is_own: bool = Field(description="Whether the connector is the community's own document")
    settings: dict[str, str]
    enabled: bool = Field(description="Whether deliveries are taken")
    path: str = Field(
        description="Where the platform delivers to, behind the address of this API; without a secret that "
        "is part of it",
        examples=["/v1/connectors/acme.forum"],
    )
    made_at: datetime
    changed_at: datetime
    last_delivery_at: datetime | None
    counts: dict[str, int] = Field(
        description="How many deliveries have each outcome, as long as hours are counted",
        examples=[{"mapped": 480, "no_engagement": 12, "unmapped": 3, "invalid": 0}],
    )
    replaying: int = Field(description="How many deliveries still wait to be mapped again", examples=[0])
    refused_at: datetime | None = Field(description="When a delivery was refused last, to a few seconds")
    refused_why: str | None = Field(
        description="Why: whoever sent it is not told", examples=["the signature is not that of the body"]
    )
    refused_count: int
    secrets_in_force: int = Field(
        description="How many secrets let in; 0: the platform's is still to be given", examples=[1]
    )

    @classmethod
    def of(cls, connection: Connection, standing: Standing, *, secrets_count: int) -> Self:
        """What is shown of a connection: no secret."""
        return cls(**shown(connection, standing, secrets_count=secrets_count))


def shown(connection: Connection, standing: Standing, *, secrets_count: int) -> dict[str, Any]:
    """The fields of a connection that is shown."""
    return {
        "name": connection.name,
        "connector": connection.connector,
        "is_own": connection.document is not None,
        "settings": dict(connection.settings),
        "enabled": connection.is_enabled,
        "path": path_of(f"{connection.community}.{connection.name}"),
        "made_at": connection.made_at,
        "changed_at": connection.changed_at,
        "last_delivery_at": standing.last_at,
        "counts": counted(standing.counts),
        "replaying": standing.queued_count,
        "refused_at": connection.refused_at,
        "refused_why": connection.refused_why,
        "refused_count": connection.refused_count,
        "secrets_in_force": secrets_count,
    }


def path_of(address: object) -> str:
    """The path of an address."""
    return f"/v1/connectors/{address}"


def counted(counts: Mapping[str, int]) -> dict[str, int]:
    """How many have each outcome, those of which none is there as 0."""
    return {state.value: counts.get(state, 0) for state in State}


class ConnectionOpened(ConnectionShown):
    """One connection, with its document."""

    document: str | None = Field(description="The community's own connector, as YAML")

    @classmethod
    def opened(cls, connection: Connection, standing: Standing, *, secrets_count: int) -> Self:
        """What is shown of one connection."""
        return cls(**shown(connection, standing, secrets_count=secrets_count), document=connection.document)


class ConnectionMade(BaseModel):
    """Where the platform is to deliver to, and by what it shows that it does. `secret` is shown this once."""

    name: str = Field(examples=["forum"])
    connector: str = Field(examples=["discourse"])
    path: str = Field(
        description="Where the platform delivers to, behind the address of this API",
        examples=["/v1/connectors/acme.forum"],
    )
    secret: str | None = Field(
        description="Give it to the platform. Null where the platform makes it", examples=["9jGx…"]
    )
    waits_for_secret: bool = Field(
        description="Whether the platform's secret is still to be given: POST /v1/connectors/{name}/rotate"
    )
    steps: list[str] = Field(description="What to do at the platform")

    @classmethod
    def of(cls, made: Made, *, waits_for_secret: bool) -> Self:
        """What is shown of what was made, this once."""
        return cls(
            name=made.connection.name,
            connector=made.connection.connector,
            path=path_of(made.address),
            secret=made.secret,
            waits_for_secret=waits_for_secret,
            steps=made.connector.document.connecting.steps,
        )


class DeliveryShown(BaseModel):
    """A delivery, and what became of it."""

    delivery_id: UUID
    platform_id: str | None = Field(description="What the platform calls it")
    event: str | None = Field(description="What it says of", examples=["post_created"])
    received_at: datetime
    outcome: State = Field(
        description="mapped to events, no_engagement (reason says why), unmapped (no mapping is for it) or "
        "invalid (a mapping failed, and reason says which expression of it)"
    )
    reason: str | None
    receipt_id: str | None = Field(description="Under which its events are told of: GET /v1/receipts/{receipt_id}")
    event_uids: list[UUID] = Field(description="The events that it became")
    settled_at: datetime = Field(description="When it was mapped last")
    copies: int = Field(description="How often the same came again")
    bytes: int = Field(description="How large it was")
    replayable: bool = Field(description="Whether its bytes are kept, and it can be mapped again")
    replaying: bool = Field(description="Whether it waits to be mapped again")

    @classmethod
    def of(cls, delivery: Kept) -> Self:
        """What is shown of a delivery: nothing of its content."""
        return cls(
            delivery_id=UUID(delivery.delivery_id),
            platform_id=delivery.platform_id,
            event=delivery.event,
            received_at=delivery.received_at,
            outcome=delivery.outcome,
            reason=delivery.reason,
            receipt_id=delivery.receipt_id,
            event_uids=[UUID(uid) for uid in delivery.event_uids],
            settled_at=delivery.settled_at,
            copies=delivery.copies_count,
            bytes=delivery.bytes_count,
            replayable=delivery.is_kept,
            replaying=delivery.queued_at is not None,
        )


class DeliveryReceipt(BaseModel):
    """A delivery, and what became of its events."""

    delivery_id: UUID
    received_at: datetime
    outcome: State
    reason: str | None
    receipt_id: str | None = Field(description="Null where it became no events")
    status: str = Field(description="pending until every event has an outcome, then complete")
    counts: dict[str, int] = Field(examples=[{"accepted": 1, "duplicate": 0, "conflict": 0, "pending": 0}])

    @classmethod
    def of(cls, delivery: Kept, counts: Mapping[Outcome, int]) -> Self:
        """What is shown of a delivery and the outcomes of its events."""
        pending = max(0, len(delivery.event_uids) - sum(counts.values()))
        return cls(
            delivery_id=UUID(delivery.delivery_id),
            received_at=delivery.received_at,
            outcome=delivery.outcome,
            reason=delivery.reason,
            receipt_id=delivery.receipt_id,
            status="pending" if pending else "complete",
            counts={outcome.value: counts.get(outcome, 0) for outcome in Outcome} | {"pending": pending},
        )


class Queued(BaseModel):
    """How many deliveries are mapped again, some each second; the connection's `replaying` are those left."""

    queued: int = Field(examples=[12])


class DeliveryHour(BaseModel):
    """How many deliveries that came in one hour have an outcome."""

    hour: datetime = Field(description="When the hour begins, in UTC", examples=["2026-01-31T12:00:00Z"])
    outcome: State
    deliveries: int = Field(examples=[48])

    @classmethod
    def of(cls, count: HourCount) -> Self:
        """A count as the API shows it."""
        return cls(hour=count.hour, outcome=State(count.outcome), deliveries=count.deliveries)


class Tried(BaseModel):
    """What would become of a delivery."""

    outcome: State
    event: str | None = Field(examples=["ping"])
    reason: str | None
    activities: list[dict[str, Any]] = Field(description="The events that would be taken, as CloudEvents")

    @classmethod
    def of(cls, mapped: Mapped) -> Self:
        """What is shown of a trial."""
        return cls(
            outcome=mapped.state,
            event=mapped.event,
            reason=mapped.reason,
            activities=[event for _, event, _ in mapped.events],
        )
