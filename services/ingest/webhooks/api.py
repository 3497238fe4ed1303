"""HTTP routes of webhooks: endpoints are added, changed, tried and removed."""

from datetime import datetime, timedelta
from typing import Annotated, Self

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.ingest.settings import Settings
from services.ingest.webhooks import handlers, store
from services.ingest.webhooks.domain import Endpoint, EndpointPlace
from services.ingest.webhooks.handlers import AddEndpoint, ChangeEndpoint, Made
from shared.contracts.fields import Slug
from shared.http import (
    Conn,
    Limit,
    Page,
    Principal,
    ProblemType,
    RequestBody,
    Scope,
    Tx,
    after,
    configured,
    problem_responses,
    requires,
)
from shared.http.problem_types import INVALID_CURSOR
from shared.webhooks import NotOpenedError
from shared.webhooks.addresses import URL_MAX_CHARS
from shared.webhooks.domain import Target
from shared.webhooks.offered import OFFERED

ENDPOINT_EXISTS = ProblemType("webhook-exists", 409, "There is a webhook of that name")
UNKNOWN_ENDPOINT = ProblemType("unknown-webhook", 404, "No such webhook")
TOO_MANY_ENDPOINTS = ProblemType("too-many-webhooks", 409, "There are as many webhooks as there may be")
ADDRESS_REFUSED = ProblemType("webhook-address-refused", 422, "Nothing may be delivered to that address")
UNKNOWN_FACT_TYPE = ProblemType("unknown-fact-type", 422, "No such fact is delivered")
NOT_THEIR_TYPES = ProblemType("webhook-types-not-readable", 403, "You may not read what would be delivered")
WEBHOOKS_NOT_SET_UP = ProblemType("webhooks-not-set-up", 409, "Nothing can be delivered from here")

TYPES_MAX_COUNT = len(OFFERED)

router = APIRouter(tags=["webhooks"])
Writer = Annotated[Principal, requires(Scope.WEBHOOKS_WRITE)]
Reader = Annotated[Principal, requires(Scope.WEBHOOKS_READ)]
OwnSettings = Annotated[Settings, configured(Settings)]
Url = Annotated[
    str,
    Field(
        min_length=1,
        max_length=URL_MAX_CHARS,
        description="By https, at a public address",
        examples=["https://example.org/plaudit"],
    ),
]
Types = Annotated[
    list[str],
    Field(
        min_length=1,
        max_length=TYPES_MAX_COUNT,
        description="Which facts; GET /v1/webhook-types lists them",
        examples=[["points.awarded.v1", "recognition.granted.v1"]],
    ),
]


class FactTypeOffered(BaseModel):
    """A fact that may be delivered."""

    type: str = Field(examples=["points.awarded.v1"])
    service: str = Field(description="Which tells it, and delivers it", examples=["scoring"])
    scope: str = Field(description="What whoever has it delivered must have", examples=["points:read"])


class FactTypesOffered(BaseModel):
    """All facts that may be delivered."""

    items: list[FactTypeOffered]


class WebhookWanted(RequestBody):
    """Where facts are to be delivered."""

    name: Slug = Field(description="A part of its address here", examples=["warehouse"])
    url: Url
    types: Types


class WebhookChange(RequestBody):
    """What is to change; what is left out stays."""

    url: Url | None = None
    types: Types | None = None
    enabled: bool | None = Field(None, description="Whether anything is delivered")


class WebhookRotation(RequestBody):
    """How long the secret before signs, too."""

    overlap_hours: int | None = Field(None, ge=0, le=720, description="Else as the installation says")


class WebhookShown(BaseModel):
    """An endpoint, without its secrets."""

    endpoint_id: str = Field(examples=["0b7f2f0e-6a0c-4f6e-9a55-3b1f1f5d2a10"])
    name: str = Field(examples=["warehouse"])
    url: str | None = Field(
        description="Null where the key that seals it is gone", examples=["https://example.org/plaudit"]
    )
    types: list[str] = Field(examples=[["points.awarded.v1"]])
    enabled: bool
    disabled_why: str | None = Field(
        description="The trouble for which it was disabled: gone, failing, or too_many_waiting",
        examples=["failing"],
    )
    disabled_by: str | None = Field(description="The service that had it", examples=["scoring"])
    secrets: int = Field(description="How many sign now: two while one is rotated", examples=[1])
    revision: int = Field(examples=[1])
    made_at: datetime
    changed_at: datetime

    @classmethod
    def of(cls, endpoint: Endpoint, target: Target | None, now: datetime) -> Self:
        """An endpoint as the API shows it."""
        return cls(**_shown(endpoint, target, now))


class WebhookMade(WebhookShown):
    """An endpoint with the secret that is in force, this once."""

    secret: str = Field(description="As libraries for Standard Webhooks take it", examples=["whsec_…"])

    @classmethod
    def made(cls, made: Made, now: datetime) -> Self:
        """With the secret that was made just now."""
        return cls(**_shown(made.endpoint, made.target, now), secret=made.secret or "")


class WebhookTested(BaseModel):
    """A delivery that says nothing."""

    delivery_id: str = Field(
        description="Ingest's GET /v1/webhook-deliveries/{delivery_id} says what became of it",
        examples=["2d6c6a52-9d55-5a52-8f1e-0d5a7c7f2b11"],
    )


@router.get("/v1/webhook-types", summary="Facts that may be delivered", responses=problem_responses())
async def get_webhook_types(principal: Reader) -> FactTypesOffered:
    """Each with what whoever has it delivered must be allowed to read."""
    return FactTypesOffered(
        items=[
            FactTypeOffered(type=kind, service=one.topic.producers[0], scope=one.scope)
            for kind, one in OFFERED.items()
        ]
    )


@router.post(
    "/v1/webhook-endpoints",
    status_code=201,
    summary="Have facts delivered",
    responses=problem_responses(
        ENDPOINT_EXISTS,
        TOO_MANY_ENDPOINTS,
        ADDRESS_REFUSED,
        UNKNOWN_FACT_TYPE,
        NOT_THEIR_TYPES,
        WEBHOOKS_NOT_SET_UP,
    ),
)
async def post_endpoint(principal: Writer, tx: Tx, body: WebhookWanted) -> WebhookMade:
    """From a second after this on. The answer has the secret that signs deliveries, this once."""
    wanted = AddEndpoint(body.name, body.url, body.types)
    made = await handlers.add_endpoint(tx, caller=principal, community=principal.community, wanted=wanted)
    return WebhookMade.made(made, tx.now)


@router.get(
    "/v1/webhook-endpoints", summary="Where facts are delivered", responses=problem_responses(INVALID_CURSOR)
)
async def get_endpoints(
    principal: Reader,
    conn: Conn,
    settings: OwnSettings,
    place: Annotated[EndpointPlace | None, after(EndpointPlace)],
    limit: Limit = 100,
) -> Page[WebhookShown]:
    """By name."""
    found = await store.page_of_endpoints(conn, community=principal.community, after=place, limit_count=limit)
    now = await conn.fetchval("select now()")
    return Page.of(
        found,
        limit,
        item=lambda one: WebhookShown.of(one, _target(settings, one), now),
        place=lambda one: EndpointPlace(one.name),
    )


@router.get(
    "/v1/webhook-endpoints/{name}",
    summary="Where facts are delivered, one",
    responses=problem_responses(UNKNOWN_ENDPOINT),
)
async def get_endpoint(principal: Reader, conn: Conn, settings: OwnSettings, name: Slug) -> WebhookShown:
    """Its secrets are shown nowhere."""
    found = await handlers.named(conn, community=principal.community, name=name)
    now = await conn.fetchval("select now()")
    return WebhookShown.of(found, _target(settings, found), now)


@router.patch(
    "/v1/webhook-endpoints/{name}",
    summary="Change where facts are delivered, which, or whether",
    responses=problem_responses(
        UNKNOWN_ENDPOINT, ADDRESS_REFUSED, UNKNOWN_FACT_TYPE, NOT_THEIR_TYPES, WEBHOOKS_NOT_SET_UP
    ),
)
async def patch_endpoint(principal: Writer, tx: Tx, name: Slug, body: WebhookChange) -> WebhookShown:
    """What was told while it was disabled is not delivered; what waited then is, once it is enabled."""
    wanted = ChangeEndpoint(body.url, body.types, body.enabled)
    made = await handlers.change_endpoint(
        tx, caller=principal, community=principal.community, name=name, wanted=wanted
    )
    return WebhookShown.of(made.endpoint, made.target, tx.now)


@router.post(
    "/v1/webhook-endpoints/{name}/rotate",
    summary="Put a new secret in force",
    responses=problem_responses(UNKNOWN_ENDPOINT, WEBHOOKS_NOT_SET_UP),
)
async def post_rotate(
    principal: Writer, tx: Tx, settings: OwnSettings, name: Slug, body: WebhookRotation
) -> WebhookMade:
    """The answer has it, this once. Until the overlap is over each delivery is signed by both."""
    hours = settings.webhook_overlap_hours if body.overlap_hours is None else body.overlap_hours
    made = await handlers.rotate_secret(
        tx, community=principal.community, name=name, overlap=timedelta(hours=hours)
    )
    return WebhookMade.made(made, tx.now)


@router.post(
    "/v1/webhook-endpoints/{name}/test",
    status_code=202,
    summary="Deliver a fact that says nothing",
    responses=problem_responses(UNKNOWN_ENDPOINT),
)
async def post_test(principal: Writer, tx: Tx, name: Slug) -> WebhookTested:
    """To one that is disabled, too: a `webhook_endpoint.tested.v1`, signed like all others."""
    return WebhookTested(delivery_id=await handlers.test_endpoint(tx, community=principal.community, name=name))


@router.delete(
    "/v1/webhook-endpoints/{name}",
    status_code=204,
    summary="Have facts delivered there no more",
    responses=problem_responses(UNKNOWN_ENDPOINT),
)
async def delete_endpoint(principal: Writer, tx: Tx, name: Slug) -> None:
    """What waits for it, and the log of its deliveries, go."""
    await handlers.remove_endpoint(tx, community=principal.community, name=name)


def _target(settings: Settings, endpoint: Endpoint) -> Target | None:
    try:
        return handlers.opened(settings, endpoint)
    except NotOpenedError:
        return None


def _shown(endpoint: Endpoint, target: Target | None, now: datetime) -> dict[str, object]:
    return {
        "endpoint_id": endpoint.endpoint_id,
        "name": endpoint.name,
        "url": None if target is None else target.url,
        "types": list(endpoint.types),
        "enabled": endpoint.enabled,
        "disabled_why": endpoint.disabled_why,
        "disabled_by": endpoint.disabled_by,
        "secrets": 0 if target is None else len(target.signing(now)),
        "revision": endpoint.revision,
        "made_at": endpoint.made_at,
        "changed_at": endpoint.changed_at,
    }
