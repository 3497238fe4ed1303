"""HTTP routes of deliveries: what became of each, and mapping them again."""

from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from connectors.engine import State
from services.ingest.connectors.api import models
from services.ingest.connectors.api.connections import UNKNOWN_CONNECTION, Connects, OwnSettings, Reads
from services.ingest.connectors.domain.deliveries import (
    PLATFORM_ID_MAX_CHARS,
    Arrived,
    DeliveriesWanted,
    DeliveryPlace,
    HourPlace,
)
from services.ingest.connectors.handlers import deliveries as handlers
from services.ingest.connectors.handlers.connections import find_connection
from services.ingest.connectors.handlers.reading import connector_of
from services.ingest.connectors.store import deliveries as store
from services.ingest.event_types.handlers import types_of
from services.ingest.events.store.receipts import count_outcomes
from services.ingest.shares.api import QUOTA_EXCEEDED, WithinShare
from shared.contracts.fields import Slug
from shared.http import Conn, Limit, Moment, Page, ProblemType, Tx, after, problem_responses
from shared.http.problem_types import INVALID_CURSOR

UNKNOWN_DELIVERY = ProblemType("unknown-delivery", 404, "No such delivery")
NOT_REPLAYABLE = ProblemType("not-replayable", 409, "The delivery cannot be mapped again")

router = APIRouter()


@router.get(
    "/v1/connectors/{name}/deliveries",
    summary="What a platform delivered, the newest first",
    responses=problem_responses(UNKNOWN_CONNECTION, INVALID_CURSOR),
)
async def get_deliveries(
    principal: Reads,
    conn: Conn,
    name: Slug,
    place: Annotated[DeliveryPlace | None, after(DeliveryPlace)],
    outcome: Annotated[State | None, Query(description="Only those that have it")] = None,
    platform_id: Annotated[
        str | None, Query(max_length=PLATFORM_ID_MAX_CHARS, description="Only what the platform calls so")
    ] = None,
    limit: Limit = 100,
) -> Page[models.DeliveryShown]:
    """Each with what became of it. They are known as long as the community keeps rejected events."""
    await find_connection(conn, community=principal.community, name=name)
    found = await store.page_of_deliveries(
        conn,
        community=principal.community,
        wanted=DeliveriesWanted(name, outcome, platform_id),
        after=place,
        limit_count=limit,
    )
    return Page[models.DeliveryShown].of(
        found, limit, item=models.DeliveryShown.of, place=lambda one: DeliveryPlace(one.delivery_id)
    )


@router.get(
    "/v1/connectors/{name}/counts",
    summary="How many deliveries have which outcome, by hour",
    responses=problem_responses(UNKNOWN_CONNECTION, INVALID_CURSOR),
)
async def get_counts(
    principal: Reads,
    conn: Conn,
    name: Slug,
    place: Annotated[HourPlace | None, after(HourPlace)],
    since: Annotated[Moment | None, Query(description="From this moment on; else the last 24 hours")] = None,
    until: Annotated[Moment | None, Query(description="Before this moment; else until now")] = None,
    limit: Limit = 100,
) -> Page[models.DeliveryHour]:
    """By the hour (UTC) in which they came, the newest first; what is mapped again moves in its hour."""
    await find_connection(conn, community=principal.community, name=name)
    to = until or datetime.now(UTC)
    counts = await store.page_of_hours(
        conn,
        community=principal.community,
        connection=name,
        since=since or to - timedelta(hours=24),
        until=to,
        after=place,
        limit_count=limit,
    )
    return Page[models.DeliveryHour].of(
        counts, limit, item=models.DeliveryHour.of, place=lambda one: HourPlace(one.hour, one.outcome)
    )


@router.get(
    "/v1/connectors/{name}/deliveries/{delivery_id}",
    summary="What became of a delivery",
    responses=problem_responses(UNKNOWN_CONNECTION, UNKNOWN_DELIVERY),
)
async def get_delivery(principal: Reads, conn: Conn, name: Slug, delivery_id: UUID) -> models.DeliveryShown:
    """Under its `receipt_id` stands what became of each of its events."""
    found = await handlers.find_delivery(
        conn, community=principal.community, name=name, delivery_id=str(delivery_id)
    )
    return models.DeliveryShown.of(found)


@router.get(
    "/v1/receipts/of-delivery",
    summary="Receipts by delivery, the newest first",
    responses=problem_responses(UNKNOWN_CONNECTION, INVALID_CURSOR),
)
async def get_delivery_receipts(
    principal: Reads,
    conn: Conn,
    connection: Annotated[Slug, Query(description="What the community calls the platform", examples=["forum"])],
    platform_id: Annotated[
        str, Query(max_length=PLATFORM_ID_MAX_CHARS, description="What the platform calls the delivery")
    ],
    place: Annotated[DeliveryPlace | None, after(DeliveryPlace)],
    limit: Limit = 100,
) -> Page[models.DeliveryReceipt]:
    """Whoever knows a delivery by the platform's own list finds what became of it, and of each event."""
    await find_connection(conn, community=principal.community, name=connection)
    found = await store.page_of_deliveries(
        conn,
        community=principal.community,
        wanted=DeliveriesWanted(connection, platform_id=platform_id),
        after=place,
        limit_count=limit,
    )
    counts = {
        one.receipt_id: await count_outcomes(conn, community=principal.community, receipt_id=one.receipt_id)
        for one in found
        if one.receipt_id is not None
    }
    return Page[models.DeliveryReceipt].of(
        found,
        limit,
        item=lambda one: models.DeliveryReceipt.of(one, counts.get(one.receipt_id or "", {})),
        place=lambda one: DeliveryPlace(one.delivery_id),
    )


@router.post(
    "/v1/connectors/{name}/deliveries/{delivery_id}/replay",
    summary="Map a delivery again",
    responses=problem_responses(UNKNOWN_CONNECTION, UNKNOWN_DELIVERY, NOT_REPLAYABLE, QUOTA_EXCEEDED),
)
async def post_replay(
    principal: Connects, _: WithinShare, tx: Tx, name: Slug, delivery_id: UUID
) -> models.DeliveryShown:
    """One that no mapping was for, or whose mapping failed: by what the connection says now."""
    after = await handlers.replay(tx, community=principal.community, name=name, delivery_id=str(delivery_id))
    return models.DeliveryShown.of(after)


@router.post(
    "/v1/connectors/{name}/replay",
    status_code=202,
    summary="Map all deliveries again that became nothing",
    responses=problem_responses(UNKNOWN_CONNECTION),
)
async def post_replay_all(principal: Connects, tx: Tx, name: Slug) -> models.Queued:
    """Those that are unmapped or invalid, some each second; the connection's `replaying` are those left."""
    return models.Queued(queued=await handlers.queue(tx, community=principal.community, name=name))


@router.post(
    "/v1/connectors/{name}/try",
    summary="Ask what would become of a delivery",
    responses=problem_responses(UNKNOWN_CONNECTION, QUOTA_EXCEEDED),
)
async def post_try(
    principal: Reads, _: WithinShare, conn: Conn, settings: OwnSettings, name: Slug, body: models.Trial
) -> models.Tried:
    """By what the connection says now. Nothing is kept or sent, and no signature is checked."""
    connection = await find_connection(conn, community=principal.community, name=name)
    now = datetime.now(UTC)
    declared = await types_of(conn, communities=[principal.community], now=now)
    connector = await connector_of(connection)
    headers = {one.name.lower(): one.value for one in body.headers}
    arrived = Arrived(headers, body.body.encode("utf-8", "surrogatepass"))
    read = await handlers.read(connection, connector, arrived, received=now)
    terms = handlers.terms_of(settings, declared[principal.community])
    mapped, _seconds = await handlers.map_delivery(
        connection, connector, arrived, read, received=now, now=now, terms=terms
    )
    return models.Tried.of(mapped)
