"""/v1/webhook-deliveries: what a service delivered to a community's endpoints, what waits, and that made again."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

import orjson
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from shared.access_keys import Principal, Scope
from shared.http.auth import requires
from shared.http.bodies import RequestBody
from shared.http.connected import Conn, Tx
from shared.http.pages import Limit, Page, after
from shared.http.problem_types import INVALID_CURSOR, MISSING_SCOPE, ProblemType
from shared.http.problems import ErrorTable, Problem, problem_responses
from shared.http.reads import IN_ANSWER
from shared.webhooks import (
    Delivery,
    DeliveryPlace,
    DeliveryState,
    Lane,
    SettledDeliveryError,
    UnknownDeliveryError,
    handlers,
    store,
)
from shared.webhooks.offered import OFFERED

COUNTED_MAX = 100_000

UNKNOWN_DELIVERY = ProblemType("unknown-webhook-delivery", 404, "No such delivery of a webhook")
SETTLED_DELIVERY = ProblemType("webhook-delivery-waiting", 409, "It is on its way already")

ERRORS: ErrorTable = {
    UnknownDeliveryError: lambda _: Problem(
        UNKNOWN_DELIVERY, "Each service has those of its own facts, for as long as it keeps them: list them there"
    ),
    SettledDeliveryError: lambda _: Problem(
        SETTLED_DELIVERY, "It waits for its next try, which says when that is"
    ),
}

router = APIRouter(tags=["webhooks"])

Reader = Annotated[Principal, requires(Scope.WEBHOOKS_READ)]
Writer = Annotated[Principal, requires(Scope.WEBHOOKS_WRITE)]


class WebhookDeliveryListed(BaseModel):
    """A fact on its way to an endpoint, or there."""

    delivery_id: str = Field(examples=["2d6c6a52-9d55-5a52-8f1e-0d5a7c7f2b11"])
    endpoint_id: str = Field(examples=["0b7f2f0e-6a0c-4f6e-9a55-3b1f1f5d2a10"])
    message_id: str = Field(
        description="What the header webhook-id says: the same each time",
        examples=["5f1e0d5a-7c7f-5b11-8f1e-2d6c6a529d55"],
    )
    type: str = Field(examples=["points.awarded.v1"])
    state: DeliveryState = Field(
        description="waiting for its next try; delivered; failed: it was tried for a day; held: the service was "
        "restored from a backup, and does not know whether it was made"
    )
    made_at: datetime = Field(description="When the fact was told")
    next_try_at: datetime | None = Field(description="While it waits")
    tries: int = Field(examples=[1])
    tried_at: datetime | None
    status: int | None = Field(description="What the endpoint answered last; null when it did not", examples=[200])
    why: str | None = Field(description="Why the last try failed", examples=["it answered 503"])

    @classmethod
    def of(cls, delivery: Delivery) -> Self:
        """A delivery as a list shows it."""
        return cls(**_listed(delivery))


class WebhookDeliveryShown(WebhookDeliveryListed):
    """A delivery with what is sent."""

    fact: dict[str, Any] = Field(description="The CloudEvent that is the body")

    @classmethod
    def of(cls, delivery: Delivery) -> Self:
        """A delivery with its fact."""
        return cls(**_listed(delivery), fact=orjson.loads(delivery.body))


class WebhookLaneShown(BaseModel):
    """How a service does with an endpoint."""

    endpoint_id: str = Field(examples=["0b7f2f0e-6a0c-4f6e-9a55-3b1f1f5d2a10"])
    name: str = Field(examples=["warehouse"])
    waiting: int = Field(description="Deliveries that wait, those that are tried again too", examples=[3])
    held: int = Field(description="Deliveries of which a restored service does not know whether they were made")
    oldest_at: datetime | None = Field(description="When the fact was told that waits longest")
    failing_since: datetime | None = Field(description="Since when the endpoint takes nothing; null when it does")
    last_delivered_at: datetime | None
    gave_up: bool = Field(description="Whether the service delivers nothing until the endpoint is enabled again")

    @classmethod
    def of(cls, lane: Lane) -> Self:
        """A lane as the API shows it."""
        return cls(
            endpoint_id=lane.endpoint_id,
            name=lane.name,
            waiting=lane.waiting,
            held=lane.held,
            oldest_at=lane.oldest_at,
            failing_since=lane.failing_since,
            last_delivered_at=lane.last_delivered_at,
            gave_up=lane.gave_up,
        )


class WebhookLanes(BaseModel):
    """How a service does with each endpoint of a community."""

    items: list[WebhookLaneShown]


class WebhookReplayWanted(RequestBody):
    """Which deliveries are to be made again."""

    endpoint_id: UUID = Field(examples=["0b7f2f0e-6a0c-4f6e-9a55-3b1f1f5d2a10"])
    states: list[Literal["delivered", "failed", "held"]] = Field(
        min_length=1, max_length=3, examples=[["failed", "held"]]
    )


class WebhookReplayed(BaseModel):
    """How many deliveries are made again."""

    deliveries: int = Field(examples=[12])


@router.get(
    "/v1/webhook-deliveries",
    summary="Facts delivered to webhooks, and on their way",
    responses=problem_responses(INVALID_CURSOR),
)
async def get_deliveries(
    principal: Reader,
    conn: Conn,
    place: Annotated[DeliveryPlace | None, after(DeliveryPlace)],
    endpoint_id: Annotated[UUID | None, Query(description="Only to this endpoint; else all")] = None,
    state: Annotated[DeliveryState | None, Query(description="Only of this state; else all")] = None,
    limit: Limit = 100,
) -> Page[WebhookDeliveryListed]:
    """Those of this service's facts, the newest first."""
    found = await store.page_of_deliveries(
        conn,
        community=principal.community,
        endpoint_id=None if endpoint_id is None else str(endpoint_id),
        state=state,
        after=place,
        limit_count=limit,
    )
    return Page.of(
        found, limit, item=WebhookDeliveryListed.of, place=lambda one: DeliveryPlace(one.made_at, one.delivery_id)
    )


@router.get("/v1/webhook-lanes", summary="How webhooks do", responses=problem_responses())
async def get_lanes(principal: Reader, conn: Conn) -> WebhookLanes:
    """What of this service's facts waits for each endpoint, and since when one takes nothing."""
    found = await store.load_lanes(conn, community=principal.community, count_max=COUNTED_MAX)
    return WebhookLanes(items=[WebhookLaneShown.of(lane) for lane in found])


@router.post(
    "/v1/webhook-deliveries/replay",
    summary="Deliver facts again",
    status_code=202,
    responses=problem_responses(),
)
async def post_replay_all(principal: Writer, tx: Tx, body: WebhookReplayWanted) -> WebhookReplayed:
    """Under the same webhook-id, the oldest first; 10,000 at once."""
    count = await handlers.replay_all(
        tx,
        community=principal.community,
        endpoint_id=str(body.endpoint_id),
        states=[DeliveryState(state) for state in body.states],
    )
    return WebhookReplayed(deliveries=count)


@router.get(
    "/v1/webhook-deliveries/{delivery_id}",
    summary="A delivery of a fact",
    responses=problem_responses(UNKNOWN_DELIVERY),
)
async def get_delivery(
    principal: Annotated[Principal, requires(Scope.WEBHOOKS_READ, reads=IN_ANSWER)], conn: Conn, delivery_id: UUID
) -> WebhookDeliveryShown:
    """With the fact, as it is sent: that takes what its type is read with, such as `points:read`, and is noted."""
    found = await store.find_delivery(conn, community=principal.community, delivery=str(delivery_id))
    if found is None:
        raise UnknownDeliveryError
    offered = OFFERED.get(found.fact_type)
    if offered is not None and offered.scope not in principal.scopes:
        raise Problem(MISSING_SCOPE, f"What {found.fact_type} says is read with {str(offered.scope)!r}")
    return WebhookDeliveryShown.of(found)


@router.post(
    "/v1/webhook-deliveries/{delivery_id}/replay",
    summary="Deliver a fact again",
    status_code=202,
    responses=problem_responses(UNKNOWN_DELIVERY, SETTLED_DELIVERY),
)
async def post_replay(principal: Writer, tx: Tx, delivery_id: UUID) -> WebhookDeliveryListed:
    """Under the same webhook-id: whoever had it before knows it again."""
    found = await handlers.replay_delivery(tx, community=principal.community, delivery_id=str(delivery_id))
    return WebhookDeliveryListed.of(found)


def _listed(delivery: Delivery) -> dict[str, Any]:
    waits = delivery.state is DeliveryState.WAITING
    return {
        "delivery_id": delivery.delivery_id,
        "endpoint_id": delivery.endpoint_id,
        "message_id": delivery.message_id,
        "type": delivery.fact_type,
        "state": delivery.state,
        "made_at": delivery.made_at,
        "next_try_at": delivery.due_at if waits else None,
        "tries": delivery.tries,
        "tried_at": delivery.tried_at,
        "status": delivery.status,
        "why": delivery.why,
    }
