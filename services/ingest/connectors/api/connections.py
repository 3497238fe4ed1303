"""HTTP routes of connections: platforms are connected, changed, shown and removed."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter

from connectors import shipped
from services.ingest.connectors.api import models
from services.ingest.connectors.domain import connections as domain
from services.ingest.connectors.domain.connections import Connection, ConnectionPlace
from services.ingest.connectors.handlers import connections as handlers
from services.ingest.connectors.handlers.reading import read_shipped
from services.ingest.connectors.store import connections as store
from services.ingest.settings import Settings
from services.ingest.shares.api import QUOTA_EXCEEDED, WithinShare
from shared.contracts.fields import Slug
from shared.http import (
    Conn,
    Limit,
    Page,
    Principal,
    ProblemType,
    Scope,
    Tx,
    after,
    configured,
    problem_responses,
    requires,
)
from shared.http.problem_types import INVALID_CURSOR
from shared.postgres import Connection as Database

CONNECTION_EXISTS = ProblemType("connection-exists", 409, "There is a connection of that name")
UNKNOWN_CONNECTION = ProblemType("unknown-connection", 404, "No such connection")
TOO_MANY_CONNECTIONS = ProblemType("too-many-platforms", 409, "Too many platforms are connected")
UNKNOWN_CONNECTOR = ProblemType("unknown-connector", 422, "No such connector")
NOT_A_CONNECTOR = ProblemType("not-a-connector", 422, "The document is no connector")
UNUSABLE_SECRET = ProblemType("unusable-secret", 422, "The secret is none for this connector")
CONNECTING_NOT_SET_UP = ProblemType("connecting-not-set-up", 409, "No platform can be connected here")

router = APIRouter()
Connects = Annotated[Principal, requires(Scope.CONNECTORS_WRITE)]
Reads = Annotated[Principal, requires(Scope.RECEIPTS_READ)]
OwnSettings = Annotated[Settings, configured(Settings)]


@router.get("/v1/connector-types", summary="Connectors that come with Plaudit", responses=problem_responses())
async def get_connector_types(principal: Reads) -> models.ConnectorTypes:
    """What each checks, which settings it has, and what to do at the platform; none of those that only export."""
    found = [await read_shipped(principal.community, name) for name in shipped.files()]
    return models.ConnectorTypes(items=[models.ConnectorType.of(one) for one in found if domain.delivers(one)])


@router.post(
    "/v1/connectors",
    status_code=201,
    summary="Connect a platform",
    responses=problem_responses(
        CONNECTION_EXISTS,
        TOO_MANY_CONNECTIONS,
        UNKNOWN_CONNECTOR,
        NOT_A_CONNECTOR,
        UNUSABLE_SECRET,
        CONNECTING_NOT_SET_UP,
        QUOTA_EXCEEDED,
    ),
)
async def post_connection(
    principal: Connects, _: WithinShare, tx: Tx, body: models.ConnectionWanted
) -> models.ConnectionMade:
    """By a connector that comes with Plaudit, or by a document of one's own.

    The answer says where the platform is to deliver to, and has the secret, this once. A platform that makes its
    own secret may be told the address first: until its secret is given by `…/rotate`, nothing is taken.
    """
    wanted = handlers.AddConnection(
        body.name, body.connector, body.document, models.said(body.settings), body.secret
    )
    made = await handlers.add_connection(tx, community=principal.community, wanted=wanted)
    return models.ConnectionMade.of(made, waits_for_secret=made.secret is None and body.secret is None)


@router.get("/v1/connectors", summary="Connected platforms", responses=problem_responses(INVALID_CURSOR))
async def get_connections(
    principal: Reads,
    conn: Conn,
    settings: OwnSettings,
    place: Annotated[ConnectionPlace | None, after(ConnectionPlace)],
    limit: Limit = 100,
) -> Page[models.ConnectionShown]:
    """By name, each with how many of its deliveries had which outcome."""
    found = await store.page_of_connections(conn, community=principal.community, after=place, limit_count=limit)
    standings = await store.load_standings(
        conn, community=principal.community, names=[connection.name for connection in found]
    )
    return Page[models.ConnectionShown].of(
        found,
        limit,
        item=lambda connection: models.ConnectionShown.of(
            connection, standings[connection.name], secrets_count=_in_force(settings, connection)
        ),
        place=lambda connection: ConnectionPlace(connection.name),
    )


@router.get(
    "/v1/connectors/{name}", summary="A connected platform", responses=problem_responses(UNKNOWN_CONNECTION)
)
async def get_connection(
    principal: Reads, conn: Conn, settings: OwnSettings, name: Slug
) -> models.ConnectionOpened:
    """With its document, and how many secrets let in; the secrets are shown nowhere."""
    found = await handlers.find_connection(conn, community=principal.community, name=name)
    return await _opened(conn, settings=settings, connection=found)


@router.patch(
    "/v1/connectors/{name}",
    summary="Change a connected platform",
    responses=problem_responses(
        UNKNOWN_CONNECTION, NOT_A_CONNECTOR, UNKNOWN_CONNECTOR, UNUSABLE_SECRET, QUOTA_EXCEEDED
    ),
)
async def patch_connection(
    principal: Connects, _: WithinShare, tx: Tx, name: Slug, body: models.ConnectionChange
) -> models.ConnectionOpened:
    """Its document, its settings, or whether deliveries are taken.

    What could not be mapped before is mapped by the new document once somebody asks for it: `…/replay`.
    """
    wanted = handlers.ChangeConnection(
        body.document, None if body.settings is None else models.said(body.settings), body.enabled
    )
    changed = await handlers.change_connection(tx, community=principal.community, name=name, wanted=wanted)
    return await _opened(tx.conn, settings=tx.settings, connection=changed)


@router.post(
    "/v1/connectors/{name}/rotate",
    summary="Put a new secret in force",
    responses=problem_responses(UNKNOWN_CONNECTION, UNUSABLE_SECRET),
)
async def post_rotate(
    principal: Connects, tx: Tx, settings: OwnSettings, name: Slug, body: models.Rotation
) -> models.ConnectionMade:
    """The answer has it, this once, unless it was given. Those before let in until the overlap is over."""
    hours = settings.connection_overlap_hours if body.overlap_hours is None else body.overlap_hours
    made = await handlers.rotate_secret(
        tx, community=principal.community, name=name, secret=body.secret, overlap=timedelta(hours=hours)
    )
    return models.ConnectionMade.of(made, waits_for_secret=False)


@router.delete(
    "/v1/connectors/{name}",
    status_code=204,
    summary="Remove a connected platform",
    responses=problem_responses(UNKNOWN_CONNECTION),
)
async def delete_connection(principal: Connects, tx: Tx, name: Slug) -> None:
    """With all that is known of its deliveries; the events that came of them stay."""
    await handlers.remove_connection(tx, community=principal.community, name=name)


async def _opened(conn: Database, *, settings: Settings, connection: Connection) -> models.ConnectionOpened:
    standings = await store.load_standings(conn, community=connection.community, names=[connection.name])
    return models.ConnectionOpened.opened(
        connection, standings[connection.name], secrets_count=_in_force(settings, connection)
    )


def _in_force(settings: Settings, connection: domain.Connection) -> int:
    """How many secrets of a connection let in; none where the key that seals them is gone."""
    try:
        return len(domain.in_force(handlers.open_secrets(settings, connection), datetime.now(UTC)))
    except domain.NotSetUpError:
        return 0
