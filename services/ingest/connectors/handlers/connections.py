"""Communities connect platforms: secrets are sealed, change with an overlap, and go with the connection."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

import orjson

from connectors.compiled import Connector
from connectors.document import InPath
from connectors.signatures import check_secret
from services.ingest.connectors.domain import connections as domain
from services.ingest.connectors.domain.connections import Connection, Secret
from services.ingest.connectors.handlers.reading import connector_of, read_document, read_shipped
from services.ingest.connectors.store import connections as store
from services.ingest.measuring.domain.texts import Sealed
from services.ingest.measuring.handlers.sealing import sealer_of
from services.ingest.settings import Settings
from shared.audit import Did
from shared.postgres import Connection as Database
from shared.transaction import Transaction

RESEALED_MAX_COUNT = 100


@dataclass(frozen=True)
class AddConnection:
    """What is to be connected: by the name of a connector that comes with Plaudit, or by a document."""

    name: str
    connector: str | None
    document: str | None
    settings: Mapping[str, str]
    secret: str | None


@dataclass(frozen=True)
class ChangeConnection:
    """What is to change of a connection; None stays."""

    document: str | None
    settings: Mapping[str, str] | None
    is_enabled: bool | None


class Made(NamedTuple):
    """A connection with its connector; `secret` is the one that is in force, where it was made here just now."""

    connection: Connection
    connector: Connector
    address: domain.Address
    secret: str | None


async def add_connection(tx: Transaction[Settings], *, community: str, wanted: AddConnection) -> Made:
    """Connect a platform.

    Raises ConnectorError, UnknownConnectorError, UndeclaredSettingError, UnusableSecretError, NotSetUpError,
    ConnectionExistsError and TooManyConnectionsError.
    """
    if sealer_of(tx.settings.text_keys).key_id is None:
        raise domain.NotSetUpError
    if wanted.document is not None:
        connector = await read_document(community, wanted.document)
    else:
        connector = await read_shipped(community, wanted.connector or "")
    domain.check_delivers(connector)
    domain.check_settings(connector, wanted.settings)
    secret = _secret_for(connector, wanted.secret, now=tx.now)
    most = tx.settings.platforms_max_count
    if await store.count_connections(tx.conn, community=community) >= most:
        raise domain.TooManyConnectionsError(f"A community has {most} at most")
    connection = Connection(
        community,
        wanted.name,
        connector.name,
        wanted.document,
        wanted.settings,
        is_enabled=True,
        secrets=_sealed(tx.settings, community, wanted.name, [] if secret is None else [Secret(secret, None)]),
        made_at=tx.now,
        changed_at=tx.now,
    )
    if not await store.add_connection(tx.conn, connection=connection):
        raise domain.ConnectionExistsError
    tx.did(Did("connector.add", "connector", wanted.name, after=_told(connection)))
    return _made(connection, connector, secret, is_new=wanted.secret is None)


async def find_connection(conn: Database, *, community: str, name: str) -> Connection:
    """A connection of a community. Raises UnknownConnectionError."""
    found = await store.find_connection(conn, community=community, name=name)
    if found is None:
        raise domain.UnknownConnectionError
    return found


async def change_connection(
    tx: Transaction[Settings], *, community: str, name: str, wanted: ChangeConnection
) -> Connection:
    """Change what a connection is.

    Raises UnknownConnectionError, ConnectorError, UnknownConnectorError, UndeclaredSettingError, and
    UnusableSecretError where the connector would check another kind of secret than there is.
    """
    before = await _locked(tx, community=community, name=name)
    connector = await (
        connector_of(before) if wanted.document is None else read_document(community, wanted.document)
    )
    domain.check_delivers(connector)
    settings = before.settings if wanted.settings is None else wanted.settings
    domain.check_settings(connector, settings)
    for secret in domain.in_force(open_secrets(tx.settings, before), tx.now):
        check_usable(connector, secret, now=tx.now)
    after = replace(
        before,
        connector=connector.name,
        document=before.document if wanted.document is None else wanted.document,
        settings=settings,
        is_enabled=before.is_enabled if wanted.is_enabled is None else wanted.is_enabled,
        changed_at=tx.now,
    )
    await store.set_connection(tx.conn, connection=after)
    tx.did(Did("connector.change", "connector", name, before=_told(before), after=_told(after)))
    return after


async def rotate_secret(
    tx: Transaction[Settings], *, community: str, name: str, secret: str | None, overlap: timedelta
) -> Made:
    """Put a new secret in force; those before let in until the overlap is over.

    Raises UnknownConnectionError and UnusableSecretError.
    """
    before = await _locked(tx, community=community, name=name)
    connector = await connector_of(before)
    new = _secret_for(connector, secret, now=tx.now)
    if new is None:
        raise domain.UnusableSecretError("the platform makes it: give the one that it shows")
    kept = domain.rotated(open_secrets(tx.settings, before), new, now=tx.now, overlap=overlap)
    after = replace(before, secrets=_sealed(tx.settings, community, name, kept), changed_at=tx.now)
    await store.set_connection(tx.conn, connection=after)
    told = {"until": max((one.until for one in kept if one.until), default=None), "in_force_count": len(kept)}
    tx.did(Did("connector.rotate", "connector", name, after=told))
    return _made(after, connector, new, is_new=secret is None)


async def remove_connection(tx: Transaction[Settings], *, community: str, name: str) -> None:
    """Remove a connection with all that is known of its deliveries. Raises UnknownConnectionError."""
    await _locked(tx, community=community, name=name)
    deliveries_count = await store.delete_connection(tx.conn, community=community, name=name)
    tx.did(Did("connector.remove", "connector", name, after={"deliveries_count": deliveries_count}))


async def reseal_secrets(tx: Transaction[Settings]) -> None:
    """Seal secrets with the first key that another one seals."""
    sealer = sealer_of(tx.settings.text_keys)
    if sealer.key_id is None:
        return
    for connection in await store.lock_sealed_otherwise(
        tx.conn, key_id=sealer.key_id, known_ids=sealer.key_ids, limit_count=RESEALED_MAX_COUNT
    ):
        opened = open_secrets(tx.settings, connection)
        sealed = _sealed(tx.settings, connection.community, connection.name, opened)
        await store.set_connection(tx.conn, connection=replace(connection, secrets=sealed))


def open_secrets(settings: Settings, connection: Connection) -> list[Secret]:
    """The secrets of a connection. Raises NotSetUpError where the key that seals them is gone."""
    place = _place(connection.community, connection.name)
    content = sealer_of(settings.text_keys).open_bytes(connection.secrets, place=place)
    if content is None:
        raise domain.NotSetUpError
    return [
        Secret(value, None if until is None else datetime.fromisoformat(until))
        for value, until in orjson.loads(content)
    ]


def check_usable(connector: Connector, secret: str, *, now: datetime) -> None:
    """Raise UnusableSecretError for what can be no secret of a connector."""
    signature = connector.document.signature
    if isinstance(signature, InPath):
        domain.check_path_secret(secret)
        return
    try:
        check_secret(signature, secret, now)
    except ValueError as error:
        raise domain.UnusableSecretError(str(error)) from error


def _secret_for(connector: Connector, given: str | None, *, now: datetime) -> str | None:
    """The secret that is to be in force; None where the platform makes it, and it is not known yet."""
    if given is not None:
        check_usable(connector, given, now=now)
        return given
    if domain.is_platforms(connector):
        return None
    return domain.written_secret(connector.document.signature, secrets.token_bytes(domain.SECRET_BYTES))


def _made(connection: Connection, connector: Connector, secret: str | None, *, is_new: bool) -> Made:
    address = domain.address_of(connection, connector, secret)
    return Made(connection, connector, address, secret if is_new else None)


def _sealed(settings: Settings, community: str, name: str, kept: Sequence[Secret]) -> Sealed:
    return sealer_of(settings.text_keys).seal_bytes(
        orjson.dumps([tuple(secret) for secret in kept]), place=_place(community, name)
    )


def _place(community: str, name: str) -> bytes:
    return f"connection|{community}|{name}".encode()


def _told(connection: Connection) -> dict[str, object]:
    """What the audit says of a connection: no secret, and of settings their names alone."""
    return {
        "connector": connection.connector,
        "is_own": connection.document is not None,
        "is_enabled": connection.is_enabled,
        "settings": sorted(connection.settings),
    }


async def _locked(tx: Transaction[Settings], *, community: str, name: str) -> Connection:
    found = await store.find_connection(tx.conn, community=community, name=name, lock=True)
    if found is None:
        raise domain.UnknownConnectionError
    return found
