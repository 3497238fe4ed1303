"""Deliveries are taken, kept, mapped again once a mapping exists, and deleted when their time is over."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import uuid_utils

from connectors.compiled import Connector
from connectors.document import AnyOf, Ed25519, Hmac, Rsa, Signature, StandardWebhooks, Token
from connectors.engine import State
from services.ingest.communities.domain.communities import Retention
from services.ingest.communities.store import delete_beyond_retention
from services.ingest.connectors.domain.connections import Connection, UnknownConnectorError
from services.ingest.connectors.domain.deliveries import (
    KEPT,
    Arrived,
    DeliveryPlace,
    Kept,
    NotReplayableError,
    UnknownDeliveryError,
    names_any,
    packed,
    unpacked,
)
from services.ingest.connectors.domain.mapping import Mapped, Read, Terms, map_read, read_arrived
from services.ingest.connectors.handlers.again import Again, about_of
from services.ingest.connectors.handlers.connections import find_connection, reseal_secrets
from services.ingest.connectors.handlers.reading import THREADS, connector_of
from services.ingest.connectors.store import connections as connections_store
from services.ingest.connectors.store import deliveries as store
from services.ingest.event_types.domain import DeclaredTypes
from services.ingest.event_types.handlers import types_of
from services.ingest.events.domain.admission import Limits, Request, raw_fact, raw_key
from services.ingest.events.domain.judgement import event_uid
from services.ingest.events.domain.receipts import receipt_id
from services.ingest.measuring.domain.texts import Sealed
from services.ingest.measuring.handlers.sealing import sealer_of
from services.ingest.metrics import CONNECTIONS_SILENT, DELIVERIES, DELIVERIES_REPLAYED
from services.ingest.settings import Settings
from shared.audit import Did
from shared.postgres import Connection as Database
from shared.telemetry import new_traceparent
from shared.topics import RAW
from shared.transaction import Transaction

REPLAY_EVERY_SECONDS = 1.0
KEEP_EVERY_SECONDS = 60.0
DELETED_MAX_COUNT = 5_000
RESEALED_MAX_COUNT = 50
#: So many deliveries at once are looked through for somebody who is erased.
LOOKED_THROUGH_MAX_COUNT = 100
#: What is mapped again in one transaction takes about so much of the processor at most.
PORTION_MAX_SECONDS = 1.0
#: A connection that was not silent had deliveries in so many days.
HEARD_DAYS = 14
SOMEBODY_ERASED = "its bytes are not kept any more: somebody whom it named was erased"
BYTES_GONE = "its bytes are not kept any more: the community keeps as many as it may"


def terms_of(settings: Settings, declared: DeclaredTypes) -> Terms:
    """By what the events of a delivery are admitted."""
    limits = Limits(
        settings.events_max_count,
        settings.event_max_bytes,
        settings.future_tolerance_seconds,
        settings.earliest_year,
    )
    return Terms(limits, declared, settings.delivery_events_max_bytes)


async def read(connection: Connection, connector: Connector, arrived: Arrived, *, received: datetime) -> Read:
    """Read what came in, beside the event loop."""
    work = partial(read_arrived, connector, arrived, connection.settings, received)
    found, _ = await THREADS.run(connection.community, work)
    return found


async def map_delivery(
    connection: Connection,
    connector: Connector,
    arrived: Arrived,
    read: Read,
    *,
    received: datetime,
    now: datetime,
    terms: Terms,
) -> tuple[Mapped, float]:
    """What becomes of a delivery, and how many seconds of the processor that took."""
    work = partial(
        map_read, connector, arrived, read, settings=connection.settings, received=received, now=now, terms=terms
    )
    return await THREADS.run(connection.community, work)


async def take(
    tx: Transaction[Settings],
    *,
    connection: Connection,
    connector: Connector,
    arrived: Arrived,
    read: Read,
    mapped: Mapped,
    again: Again,
) -> Kept | None:
    """Keep a delivery, and send its events once this has committed; None when the same was taken meanwhile."""
    delivery = Kept(
        connection.community,
        connection.name,
        str(uuid_utils.uuid7()),
        again.fingerprint,
        read.platform_id,
        event=mapped.event,
        received_at=tx.now,
        outcome=mapped.state,
        reason=mapped.reason,
        event_uids=_uids(connection.community, mapped),
        receipt_id=_receipt(connection.community, mapped, tx.now),
        settled_at=tx.now,
        copies_count=0,
        bytes_count=len(arrived.raw),
        about=about_of(connection.community, connector, mapped),
        content=again.content,
        told_at=again.told_at,
    )
    if mapped.state in KEPT:
        sealed = _sealed(tx.settings, delivery, packed(arrived, without=shown_by(connector.document.signature)))
        delivery = replace(delivery, sealed=sealed, is_kept=sealed is not None)
    if not await store.add_delivery(tx.conn, delivery=delivery):
        return None
    await _count(tx, delivery, changes=[(mapped.state, 1)])
    _send(tx, delivery, mapped=mapped)
    DELIVERIES.labels(label_of(connection), mapped.state).inc()
    return delivery


async def replay(tx: Transaction[Settings], *, community: str, name: str, delivery_id: str) -> Kept:
    """Map a delivery again.

    Raises UnknownConnectionError, UnknownDeliveryError and NotReplayableError.
    """
    connection = await find_connection(tx.conn, community=community, name=name)
    delivery = await store.find_delivery(
        tx.conn, community=community, connection=name, delivery_id=delivery_id, lock=True
    )
    if delivery is None:
        raise UnknownDeliveryError
    _check_replayable(delivery)
    after, _ = await _map_again(tx, delivery, connection=connection)
    await _count_changed(tx, [(delivery, after)])
    tx.did(
        Did(
            "connector.replay",
            "connector",
            name,
            before={"outcome": delivery.outcome},
            after={"delivery_id": delivery_id, "outcome": after.outcome, "receipt_id": after.receipt_id},
        )
    )
    return after


async def map_again(tx: Transaction[Settings], delivery: Kept, *, connection: Connection) -> Kept:
    """Map a delivery again that came again, unless somebody else has just done so."""
    locked = await store.find_delivery(
        tx.conn,
        community=delivery.community,
        connection=delivery.connection,
        delivery_id=delivery.delivery_id,
        lock=True,
    )
    if locked is None or locked.outcome not in KEPT or not locked.is_kept:
        return locked or delivery
    after, _ = await _map_again(tx, locked, connection=connection)
    await _count_changed(tx, [(locked, after)])
    return after


async def queue(tx: Transaction[Settings], *, community: str, name: str) -> int:
    """Have all deliveries of a connection mapped again that became nothing yet; return how many begin to wait.

    Raises UnknownConnectionError.
    """
    await find_connection(tx.conn, community=community, name=name)
    count = await store.queue_deliveries(tx.conn, community=community, connection=name, outcomes=KEPT, at=tx.now)
    tx.did(Did("connector.replay_all", "connector", name, after={"deliveries_count": count}))
    return count


async def replay_portion(tx: Transaction[Settings]) -> None:
    """Timer: map some of the deliveries again that wait for it, as many as take a second of the processor."""
    changed, spent = [], 0.0
    for delivery in await store.lock_queued(tx.conn, limit_count=tx.settings.replayed_max_count):
        connection = await connections_store.find_connection(
            tx.conn, community=delivery.community, name=delivery.connection
        )
        if connection is None:
            continue
        after, seconds = await _map_again(tx, delivery, connection=connection)
        changed.append((delivery, after))
        spent += seconds
        if spent > PORTION_MAX_SECONDS:
            break
    # Last: until the commit, whoever delivers in these hours waits.
    await _count_changed(tx, changed)


async def keep_in_order(tx: Transaction[Settings]) -> None:
    """Timer: delete deliveries whose retention is over, and seal with the first key what another one seals."""
    days = Retention().rejected_days
    await delete_beyond_retention(
        tx.conn, of=store.RETAINED, now=tx.now, otherwise_days=days, limit_count=DELETED_MAX_COUNT
    )
    kept_from = tx.now - timedelta(days=tx.settings.outcome_hours_days)
    await store.delete_old_hours(tx.conn, before=kept_from, limit_count=DELETED_MAX_COUNT)
    await store.drop_bytes_beyond(tx.conn, bytes_max=tx.settings.deliveries_kept_max_bytes, why=BYTES_GONE)
    await reseal_secrets(tx)
    await _reseal(tx)
    silent = await connections_store.count_silent(
        tx.conn,
        since=tx.now - timedelta(days=HEARD_DAYS),
        before=tx.now - timedelta(hours=tx.settings.connection_silent_hours),
    )
    CONNECTIONS_SILENT.set(silent)


async def forget(tx: Transaction[Settings], *, community: str, ids: Sequence[str], names: Sequence[str]) -> int:
    """Drop the bytes of deliveries that name somebody who is erased; return of how many.

    What names them by what is not known here goes when its time is over.
    """
    pattern = names_any(ids, names)
    place, dropped_count = None, 0
    while pattern is not None:
        page = await store.page_of_sealed(
            tx.conn, community=community, after=place, limit_count=LOOKED_THROUGH_MAX_COUNT
        )
        found, _ = await THREADS.run(community, partial(_naming, tx.settings, page, pattern))
        await store.drop_bytes(tx.conn, deliveries=found, why=SOMEBODY_ERASED)
        dropped_count += len(found)
        if len(page) < LOOKED_THROUGH_MAX_COUNT:
            break
        place = DeliveryPlace(page[-1].delivery_id)
    return dropped_count


def _naming(settings: Settings, deliveries: Sequence[Kept], pattern: re.Pattern[bytes]) -> list[Kept]:
    return [
        one
        for one in deliveries
        if one.sealed is not None and pattern.search(_opened(settings, one, one.sealed) or b"")
    ]


async def _map_again(tx: Transaction[Settings], delivery: Kept, *, connection: Connection) -> tuple[Kept, float]:
    """A delivery, mapped by what its connection says now, and how many seconds of the processor that took."""
    after, seconds, mapped = replace(delivery, queued_at=None), 0.0, None
    content = None if delivery.sealed is None else _opened(tx.settings, delivery, delivery.sealed)
    if content is None:
        after = replace(after, reason=BYTES_GONE, is_kept=False)
    else:
        arrived, received = unpacked(content), delivery.told_at or delivery.received_at
        declared = await types_of(tx.conn, communities=[delivery.community], now=tx.now)
        terms = terms_of(tx.settings, declared[delivery.community])
        try:
            connector = await connector_of(connection)
        except UnknownConnectorError as error:
            after = replace(after, outcome=State.INVALID, reason=str(error))
        else:
            found = await read(connection, connector, arrived, received=received)
            mapped, seconds = await map_delivery(
                connection, connector, arrived, found, received=received, now=tx.now, terms=terms
            )
            after = replace(
                after,
                event=mapped.event,
                outcome=mapped.state,
                reason=mapped.reason,
                event_uids=_uids(delivery.community, mapped),
                receipt_id=_receipt(delivery.community, mapped, tx.now),
                settled_at=tx.now,
                is_kept=mapped.state in KEPT,
                about=about_of(delivery.community, connector, mapped),
            )
    await store.set_outcome(tx.conn, delivery=after)
    if mapped is not None:
        _send(tx, after, mapped=mapped)
        DELIVERIES_REPLAYED.labels(after.outcome).inc()
    return after, seconds


def _check_replayable(delivery: Kept) -> None:
    if delivery.outcome is State.MAPPED:
        raise NotReplayableError(f"it is mapped already, under the receipt {delivery.receipt_id}")
    if delivery.outcome not in KEPT:
        raise NotReplayableError("what counts nothing is not kept. Let the platform deliver it again")
    if not delivery.is_kept:
        raise NotReplayableError(f"{delivery.reason}. Let the platform deliver it again")


def _send(tx: Transaction[Settings], delivery: Kept, *, mapped: Mapped) -> None:
    if delivery.receipt_id is None:
        return
    traceparent = tx.traceparent or new_traceparent()
    request = Request(delivery.community, delivery.receipt_id, received_at=tx.now, traceparent=traceparent)
    for index, event, _ in mapped.events:
        tx.publish(RAW, raw_key(delivery.community, event), raw_fact(request, index, event))


async def _count(tx: Transaction[Settings], delivery: Kept, *, changes: Sequence[tuple[str, int]]) -> None:
    await store.count_hours(
        tx.conn,
        community=delivery.community,
        connection=delivery.connection,
        hour=delivery.received_at.replace(minute=0, second=0, microsecond=0),
        changes=changes,
    )


async def _count_changed(tx: Transaction[Settings], changed: Sequence[tuple[Kept, Kept]]) -> None:
    """Move deliveries from the outcomes that they had to those that they have, in the order of the rows."""
    for before, after in sorted(
        changed, key=lambda pair: (pair[0].community, pair[0].connection, pair[0].received_at)
    ):
        if before.outcome is not after.outcome:
            await _count(tx, before, changes=[(before.outcome, -1), (after.outcome, 1)])


def label_of(connection: Connection) -> str:
    """What metrics call a connection's connector: those of communities' own are one."""
    return connection.connector if connection.document is None else "own"


def shown_by(signature: Signature) -> set[str]:
    """The headers in which a delivery shows that it is its platform's: what is kept is without them."""
    match signature:
        case Hmac(header=header) | Token(header=header) | Ed25519(header=header) | Rsa(header=header):
            return {header.lower()}
        case StandardWebhooks():
            return {"webhook-signature"}
        case AnyOf(of=ways):
            return set[str]().union(*map(shown_by, ways))
    return set()


def _uids(community: str, mapped: Mapped) -> list[str]:
    return [event_uid(community, event["source"], event["id"]) for _, event, _ in mapped.events]


def _receipt(community: str, mapped: Mapped, at: datetime) -> str | None:
    if mapped.state is not State.MAPPED:
        return None
    return receipt_id(community, at, secrets.token_hex(8), len(mapped.events))


def _sealed(settings: Settings, delivery: Kept, content: bytes) -> Sealed | None:
    """The bytes of a delivery, sealed for its row alone; None where there is no key."""
    sealer = sealer_of(settings.text_keys)
    return None if sealer.key_id is None else sealer.seal_bytes(content, place=_place(delivery))


def _opened(settings: Settings, delivery: Kept, sealed: Sealed) -> bytes | None:
    return sealer_of(settings.text_keys).open_bytes(sealed, place=_place(delivery))


def _place(delivery: Kept) -> bytes:
    return f"delivery|{delivery.community}|{delivery.delivery_id}".encode()


async def _reseal(tx: Transaction[Settings]) -> None:
    sealer = sealer_of(tx.settings.text_keys)
    if sealer.key_id is None:
        return
    for delivery in await store.lock_sealed_otherwise(
        tx.conn, key_id=sealer.key_id, known_ids=sealer.key_ids, limit_count=RESEALED_MAX_COUNT
    ):
        content = None if delivery.sealed is None else _opened(tx.settings, delivery, delivery.sealed)
        sealed = None if content is None else _sealed(tx.settings, delivery, content)
        await store.set_sealed(tx.conn, delivery=delivery, sealed=sealed)


async def find_delivery(conn: Database, *, community: str, name: str, delivery_id: str) -> Kept:
    """A delivery of a connection. Raises UnknownConnectionError and UnknownDeliveryError."""
    await find_connection(conn, community=community, name=name)
    found = await store.find_delivery(conn, community=community, connection=name, delivery_id=delivery_id)
    if found is None:
        raise UnknownDeliveryError
    return found
