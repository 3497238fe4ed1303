"""The door for platforms: POST /v1/connectors/{address} takes deliveries as they come, without an access key."""

import logging
import time
from collections import OrderedDict
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, cast

import orjson
from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from connectors.compiled import Connector
from connectors.engine import State
from connectors.signatures import ForgedError, Signed, verify
from services.ingest.brake.handlers import BRAKE
from services.ingest.connectors.domain.connections import (
    Connection,
    ForgedDeliveryError,
    in_force,
    read_address,
)
from services.ingest.connectors.domain.deliveries import KEPT, Arrived, Kept
from services.ingest.connectors.domain.mapping import Read
from services.ingest.connectors.handlers import deliveries as handlers
from services.ingest.connectors.handlers.again import find_again
from services.ingest.connectors.handlers.connections import open_secrets
from services.ingest.connectors.handlers.reading import THREADS, connector_of
from services.ingest.connectors.store import connections as connections_store
from services.ingest.connectors.store import deliveries as store
from services.ingest.events.api.posting import COSTS, LINE, TOO_MANY_REQUESTS, TYPES
from services.ingest.events.api.waiting import WaitingRequests
from services.ingest.kudos.domain.commands import KudosCommand, answered, read_command
from services.ingest.kudos.handlers.chat import obey
from services.ingest.metrics import (
    DELIVERIES_AGAIN,
    DELIVERIES_AT_WORK,
    DELIVERIES_REFUSED,
    EVENTS_ADMITTED,
    EVENTS_COST,
)
from services.ingest.settings import Settings
from services.ingest.shares.api import DOOR, QUOTA_EXCEEDED
from shared.access_keys import PersonKind
from shared.audit import Actor, Commanded
from shared.http import Connected, Principal, ProblemType, problem_responses
from shared.http.connected import ConnectedService
from shared.http.problem_types import FENCED, INCOMPLETE_REQUEST, NOT_AVAILABLE, SLOW_REQUEST
from shared.telemetry import new_traceparent

REFUSED_DELIVERY = ProblemType("refused-delivery", 401, "The delivery was refused")

#: A larger body is checked beside the event loop: its hash takes longer than a turn of that may.
INLINE_MAX_BYTES = 64 * 1024
#: That deliveries are refused is written down so often for each connection, not each time.
NOTED_EVERY_SECONDS = 10.0
NOTED_MAX_COUNT = 1_000

JSON = "application/json"

log = logging.getLogger(__name__)

router = APIRouter()
WORK = WaitingRequests(DELIVERIES_AT_WORK)


def _now() -> datetime:
    return datetime.now(UTC)


class RefusedNotes:
    """How often deliveries were refused since that was written down, by connection."""

    def __init__(self) -> None:
        self._since: OrderedDict[tuple[str, str], tuple[float, int]] = OrderedDict()

    def due(self, community: str, name: str) -> int:
        """How many are to be written down now, this one among them; 0: later."""
        now = time.monotonic()
        at, count = self._since.pop((community, name), (-NOTED_EVERY_SECONDS, 0))
        is_due = now - at >= NOTED_EVERY_SECONDS
        self._since[community, name] = (now, 0) if is_due else (at, count + 1)
        while len(self._since) > NOTED_MAX_COUNT:
            self._since.popitem(last=False)
        return count + 1 if is_due else 0


_refused = RefusedNotes()


@router.post(
    "/v1/connectors/{name}",
    summary="Deliver what happened at a platform",
    response_class=Response,
    responses={
        200: {
            "description": "Kept for good, and what became of it; or what a platform wants to hear that tries it",
            "content": {
                "application/json": {
                    "schema": {"type": "object"},
                    "example": {
                        "delivery_id": "019c1425-a8f0-7a5e-8c1f-92d4b6a80e31",
                        "outcome": "mapped",
                        "reason": None,
                        "receipt_id": "r019c0f0e5a001f2e3d4c5b6a7988ba8ba6989fcfcf54-1",
                        "events": 1,
                        "again": False,
                    },
                }
            },
        },
        204: {"description": "Kept for good, for a platform that takes no other answer for that (Discord)"},
        **problem_responses(
            REFUSED_DELIVERY,
            QUOTA_EXCEEDED,
            TOO_MANY_REQUESTS,
            FENCED,
            NOT_AVAILABLE,
            SLOW_REQUEST,
            INCOMPLETE_REQUEST,
            common=(),
        ),
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "As the platform sends it: its signature is checked over these bytes",
            "content": {"application/json": {"schema": {"type": "string"}, "example": '{"ping": "OK"}'}},
        }
    },
)
async def post_delivery(
    service: ConnectedService,
    request: Request,
    name: Annotated[str, Path(description="The address: what connecting the platform answered behind this path")],
) -> Response:
    """For platforms, which show by a signature who they are; an access key is not looked at.

    What became of a delivery is no error: it is kept, and mapped once a mapping exists. The same again answers the
    same. What is forged, stale, or for nobody is refused without a reason, which its owner sees.
    """
    settings = cast("Settings", service.settings)
    await service.check_fence()
    connection, path_secret = await _connection(service, name)
    raw = await request.body()
    with WORK.one_more(max_count=settings.deliveries_at_once_max_count):
        connector = await connector_of(connection)
        now = _now()
        signed = Signed(
            [(key.decode("latin-1"), value.decode("latin-1")) for key, value in request.headers.raw],
            raw,
            path_secret,
            request.client.host if request.client else None,
            connection.settings,
        )
        await _check(service, connection, connector, signed, now)
        command = None if connection.document is not None else read_command(connection.connector, raw)
        if command is not None:
            return await _obey(service, settings, connection, command, size=len(raw))
        return await _Arrival(service, settings, connection, connector, signed, now).answer()


@router.head("/v1/connectors/{name}", include_in_schema=False)
async def try_address(name: str) -> Response:
    """For platforms that try an address before they take it; that something is there is not said by it."""
    return Response()


async def _obey(
    service: Connected, settings: Settings, connection: Connection, command: KudosCommand, *, size: int
) -> Response:
    """Do what somebody typed at a chat, and answer what it shows them."""
    is_late = LINE.age_seconds() > settings.line_age_max_seconds
    DOOR.visit(_platform(connection), settings, size, pace=BRAKE.part, is_late=is_late).take(1, size)
    community = connection.community
    actor = Actor(community, None, _platform(connection).credential)
    async with service.begin() as tx:
        tx.obey(Commanded("POST /v1/connectors/{name}", actor, new_traceparent()))
        said = await obey(tx, community=community, connection=connection.name, command=command)
    return _as_json(answered(command.way, said))


async def _connection(service: Connected, name: str) -> tuple[Connection, str | None]:
    """The connection at an address, and the secret in it. Raises ForgedDeliveryError."""
    try:
        address = read_address(name)
        async with service.pool.acquire() as conn:
            found = await connections_store.find_connection(conn, community=address.community, name=address.name)
        if found is None:
            raise ForgedDeliveryError("there is no such connection")
    except ForgedDeliveryError:
        DELIVERIES_REFUSED.labels("unknown").inc()
        raise
    if not found.is_enabled:
        await _note_refused(service, found, "the connection is not enabled")
        raise ForgedDeliveryError("the connection is not enabled")
    return found, address.secret


async def _check(
    service: Connected, connection: Connection, connector: Connector, signed: Signed, now: datetime
) -> None:
    """Raise ForgedDeliveryError unless a delivery is its platform's, and note why."""
    settings = cast("Settings", service.settings)
    secrets = in_force(open_secrets(settings, connection), now)
    work = partial(verify, connector.document.signature, signed, secrets, now)
    try:
        if len(signed.raw) <= INLINE_MAX_BYTES:
            work()
        else:
            await THREADS.run(connection.community, work)
    except (ForgedError, ValueError) as error:
        await _note_refused(service, connection, str(error))
        raise ForgedDeliveryError(str(error)) from None


async def _note_refused(service: Connected, connection: Connection, why: str) -> None:
    DELIVERIES_REFUSED.labels(handlers.label_of(connection)).inc()
    count = _refused.due(connection.community, connection.name)
    if not count:
        return
    log.warning("deliveries to %s.%s are refused: %s", connection.community, connection.name, why)
    async with service.pool.acquire() as conn:
        await connections_store.note_refused(
            conn, community=connection.community, name=connection.name, why=why, at=datetime.now(UTC), count=count
        )


class _Arrival:
    """One delivery that was shown to be its platform's."""

    def __init__(
        self,
        service: Connected,
        settings: Settings,
        connection: Connection,
        connector: Connector,
        signed: Signed,
        now: datetime,
    ) -> None:
        self._service, self._settings = service, settings
        self._connection, self._connector = connection, connector
        self._now = now
        headers = {name.lower(): value for name, value in reversed(signed.headers)}
        self._arrived = Arrived(headers, signed.raw)

    async def answer(self) -> Response:
        """Take it, once, and say what became of it, or what its platform wants to hear."""
        connection, service, settings = self._connection, self._service, self._settings
        community = connection.community
        costs = await COSTS.of(service.pool.acquire, community=community, settings=settings)
        declared = await TYPES.of(service.pool.acquire, community=community, settings=settings)
        size = len(self._arrived.raw)
        is_late = LINE.age_seconds() > settings.line_age_max_seconds
        visit = DOOR.visit(_platform(connection), settings, size, pace=BRAKE.part, is_late=is_late)
        visit.take(1, size)
        read = await handlers.read(connection, self._connector, self._arrived, received=self._now)
        async with service.pool.acquire() as conn:
            again = await find_again(
                conn,
                connection=connection,
                connector=self._connector,
                read=read,
                arrived=self._arrived,
                now=self._now,
            )
        same = again.same
        if same is not None:
            same = await self._again(same)
            return self._response(read, same, again=True)
        mapped, seconds = await handlers.map_delivery(
            connection,
            self._connector,
            self._arrived,
            read,
            received=again.told_at,
            now=self._now,
            terms=handlers.terms_of(settings, declared),
        )
        cost = costs.of(mapped.types)
        more = cost + seconds / settings.delivery_event_seconds - 1
        if more > 0:
            visit.take_more(more)
        async with service.begin() as tx:
            kept = await handlers.take(
                tx,
                connection=connection,
                connector=self._connector,
                arrived=self._arrived,
                read=read,
                mapped=mapped,
                again=again,
            )
        BRAKE.watch(settings)
        if kept is None:
            async with service.pool.acquire() as conn:
                same = await store.find_same(
                    conn, community=community, connection=connection.name, fingerprint=again.fingerprint
                )
            same = None if same is None else await self._again(same)
        else:
            EVENTS_ADMITTED.inc(len(mapped.events))
            EVENTS_COST.inc(cost)
        return self._response(read, kept or same, again=kept is None)

    def _response(self, read: Read, delivery: Kept | None, *, again: bool) -> Response:
        if read.challenge is not None:
            return _as_json(read.challenge)
        if self._connector.document.acknowledged_with == "nothing":
            # With a type all the same: Discord asks for one.
            return Response(status_code=HTTPStatus.NO_CONTENT, media_type=JSON)
        return _as_json(None if delivery is None else _told(delivery, again=again))

    async def _again(self, same: Kept) -> Kept:
        """What came before, come again; what had become nothing is mapped again, as its platform asks."""
        DELIVERIES_AGAIN.inc()
        async with self._service.begin() as tx:
            if same.outcome in KEPT and same.is_kept:
                same = await handlers.map_again(tx, same, connection=self._connection)
            await store.note_copy(tx.conn, delivery=same)
        return same


def _as_json(value: Any) -> Response:
    return Response(orjson.dumps(value), media_type=JSON)


def _platform(connection: Connection) -> Principal:
    """Who delivers, as shares count them."""
    return Principal(
        community=connection.community,
        person_id="",
        person_name=connection.name,
        kind=PersonKind.SERVICE,
        roles=frozenset(),
        scopes=frozenset(),
        credential=f"connector:{connection.name}",
    )


def _told(delivery: Kept, *, again: bool) -> dict[str, Any]:
    return {
        "delivery_id": delivery.delivery_id,
        "outcome": delivery.outcome,
        "reason": delivery.reason,
        "receipt_id": delivery.receipt_id,
        "events": len(delivery.event_uids) if delivery.outcome is State.MAPPED else 0,
        "again": again,
    }
