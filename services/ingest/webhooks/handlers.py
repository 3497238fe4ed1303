"""Communities say where their facts are delivered; what every service is told of that is sealed and signed."""

import base64
import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import NamedTuple

import orjson
import uuid_utils

from services.ingest.metrics import WEBHOOKS_DISABLED
from services.ingest.settings import Settings
from services.ingest.webhooks import domain, store
from services.ingest.webhooks.domain import Endpoint
from shared.access_keys import Principal
from shared.audit import Did
from shared.consumer import Subscription
from shared.contracts.facts import (
    WEBHOOK_ENDPOINT_CHANGED,
    WEBHOOK_ENDPOINT_FAILED,
    WebhookEndpointChanged,
    WebhookEndpointData,
    WebhookEndpointFailed,
)
from shared.own_facts import ReadBack
from shared.postgres import Connection
from shared.topics import WEBHOOK_ENDPOINTS, WEBHOOK_TROUBLE
from shared.transaction import Transaction
from shared.webhooks import on_endpoints
from shared.webhooks.addresses import check_url
from shared.webhooks.deliverer import bounds_of
from shared.webhooks.domain import NewDelivery, Sealed, Secret, Target, delivery_id, message_id
from shared.webhooks.offered import TEST_TYPE
from shared.webhooks.sealing import new_secret, sealer_of
from shared.webhooks.store import add_deliveries

TELL_ANEW_EVERY_SECONDS = 5.0
TOLD_ANEW_MAX_COUNT = 100

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AddEndpoint:
    """What is to be added."""

    name: str
    url: str
    types: Sequence[str]


@dataclass(frozen=True, slots=True)
class ChangeEndpoint:
    """What is to change of an endpoint; None stays."""

    url: str | None
    types: Sequence[str] | None
    is_enabled: bool | None


class Made(NamedTuple):
    """An endpoint with where it is; `secret` is the one in force, where it was made just now."""

    endpoint: Endpoint
    target: Target
    secret: str | None = None


async def add_endpoint(
    tx: Transaction[Settings], *, caller: Principal, community: str, wanted: AddEndpoint
) -> Made:
    """Have facts delivered from now on.

    Raises RefusedAddressError, UnknownTypeError, NotTheirTypesError, NotSetUpError, EndpointExistsError and
    TooManyEndpointsError.
    """
    if sealer_of(tx.settings.webhook_keys).key_id is None:
        raise domain.NotSetUpError
    check_url(wanted.url, bounds_of(tx.settings))
    domain.check_types(wanted.types)
    domain.check_may_read(wanted.types, caller.scopes)
    most = tx.settings.webhook_endpoints_max_count
    if await store.count_endpoints(tx.conn, community=community) >= most:
        raise domain.TooManyEndpointsError(f"A community has {most} at most")
    if await store.find_endpoint(tx.conn, community=community, name=wanted.name) is not None:
        raise domain.EndpointExistsError
    endpoint_id, secret = str(uuid_utils.uuid4()), new_secret()
    target = Target(wanted.url, (Secret(secret, None),))
    endpoint = Endpoint(
        community=community,
        endpoint_id=endpoint_id,
        name=wanted.name,
        revision=1,
        types=_in_order(wanted.types),
        enabled=True,
        removed=False,
        sealed=_sealed(tx.settings, target, community=community, endpoint_id=endpoint_id),
        made_at=tx.now,
        changed_at=tx.now,
    )
    await _put_and_tell(tx, endpoint)
    tx.did(Did("webhook.add", "webhook", wanted.name, after=_noted(endpoint)))
    return Made(endpoint, target, secret)


async def named(conn: Connection, *, community: str, name: str) -> Endpoint:
    """An endpoint by its name. Raises UnknownEndpointError."""
    found = await store.find_endpoint(conn, community=community, name=name)
    if found is None:
        raise domain.UnknownEndpointError
    return found


async def change_endpoint(
    tx: Transaction[Settings], *, caller: Principal, community: str, name: str, wanted: ChangeEndpoint
) -> Made:
    """Change where an endpoint is, what it gets, or whether it gets anything.

    Who has it lead elsewhere, or enables it, must be allowed to read what it gets, as who adds a type must.
    Raises UnknownEndpointError, RefusedAddressError, UnknownTypeError and NotTheirTypesError.
    """
    before = await _locked(tx, community=community, name=name)
    target = opened(tx.settings, before)
    types = before.types if wanted.types is None else _in_order(wanted.types)
    domain.check_types(types)
    is_new_use = wanted.url is not None or bool(wanted.is_enabled)
    domain.check_may_read(types if is_new_use else set(types) - set(before.types), caller.scopes)
    if wanted.url is not None:
        check_url(wanted.url, bounds_of(tx.settings))
        target = target._replace(url=wanted.url)
    enabled = before.enabled if wanted.is_enabled is None else wanted.is_enabled
    has_trouble = wanted.is_enabled is None and not before.enabled
    after = replace(
        before,
        types=types,
        enabled=enabled,
        disabled_why=before.disabled_why if has_trouble else None,
        disabled_by=before.disabled_by if has_trouble else None,
        sealed=_sealed(tx.settings, target, community=community, endpoint_id=before.endpoint_id),
        revision=before.revision + 1,
        changed_at=tx.now,
    )
    await _put_and_tell(tx, after)
    before_noted, after_noted = _noted(before), _noted(after) | {"is_elsewhere": wanted.url is not None}
    tx.did(Did("webhook.change", "webhook", name, before=before_noted, after=after_noted))
    return Made(after, target)


async def rotate_secret(tx: Transaction[Settings], *, community: str, name: str, overlap: timedelta) -> Made:
    """Put a new secret in force; the one before signs beside it until the overlap is over.

    Raises UnknownEndpointError.
    """
    before = await _locked(tx, community=community, name=name)
    secret = new_secret()
    target = domain.rotated(opened(tx.settings, before), secret, now=tx.now, overlap=overlap)
    after = replace(
        before,
        sealed=_sealed(tx.settings, target, community=community, endpoint_id=before.endpoint_id),
        revision=before.revision + 1,
        changed_at=tx.now,
    )
    await _put_and_tell(tx, after)
    told = {"until": max((one.until for one in target.secrets if one.until), default=None)}
    tx.did(Did("webhook.rotate", "webhook", name, after=told))
    return Made(after, target, secret)


async def test_endpoint(tx: Transaction[Settings], *, community: str, name: str) -> str:
    """Deliver a fact that says nothing; return the id of its delivery. Raises UnknownEndpointError."""
    endpoint = await _locked(tx, community=community, name=name)
    fact_id, source = str(uuid_utils.uuid7()), "/plaudit/ingest"
    fact = {
        "specversion": "1.0",
        "id": fact_id,
        "source": source,
        "type": TEST_TYPE,
        "time": tx.now,
        "community": community,
        "data": {"endpoint_id": endpoint.endpoint_id, "name": name},
    }
    message = message_id(community=community, source=source, kind=TEST_TYPE, fact_id=fact_id)
    delivery = NewDelivery(community, endpoint.endpoint_id, message, TEST_TYPE, orjson.dumps(fact))
    await add_deliveries(tx.conn, deliveries=[delivery], even_if_disabled=True)
    made = delivery_id(endpoint.endpoint_id, message)
    tx.did(Did("webhook.test", "webhook", name, after={"delivery_id": made}))
    return made


async def remove_endpoint(tx: Transaction[Settings], *, community: str, name: str) -> None:
    """Deliver nothing more; what waits, and the log, go. Raises UnknownEndpointError."""
    before = await _locked(tx, community=community, name=name)
    target = Target("", ())  # nothing of it is kept, here or on the topic
    sealed = _sealed(tx.settings, target, community=community, endpoint_id=before.endpoint_id)
    await _put_and_tell(
        tx,
        replace(
            before,
            enabled=False,
            removed=True,
            types=(),
            sealed=sealed,
            revision=before.revision + 1,
            changed_at=tx.now,
        ),
    )
    tx.did(Did("webhook.remove", "webhook", name, before=_noted(before), after={"removed": True}))


async def on_trouble(tx: Transaction[Settings], facts: list[WebhookEndpointFailed]) -> None:
    """Disable endpoints that a service gave up, for all services; one that was changed since is not."""
    for fact in sorted(facts, key=lambda one: one["data"]["endpoint_id"]):
        data = fact["data"]
        endpoint = await store.lock_endpoint(tx.conn, community=fact["community"], endpoint_id=data["endpoint_id"])
        service = fact["source"].rpartition("/")[2]
        after = endpoint and domain.failed(
            endpoint, revision=data["revision"], why=data["trouble"], service=service, at=tx.now
        )
        if after is not None:
            await _put_and_tell(tx, after)
            log.warning("webhook %s of %s is disabled: %s", after.name, after.community, after.disabled_why)


async def tell_anew(tx: Transaction[Settings]) -> None:
    """Tell endpoints again, some at a time, that other keys sealed or signed; count the disabled ones."""
    sealer = sealer_of(tx.settings.webhook_keys)
    WEBHOOKS_DISABLED.set(await store.count_disabled(tx.conn))
    if sealer.key_id is None:
        return
    for endpoint in await store.lock_outdated(
        tx.conn,
        key_id=sealer.key_id,
        known_ids=sealer.key_ids,
        signed_with=_signed_with(tx),
        limit_count=TOLD_ANEW_MAX_COUNT,
    ):
        target = opened(tx.settings, endpoint)
        sealed = _sealed(tx.settings, target, community=endpoint.community, endpoint_id=endpoint.endpoint_id)
        await _put_and_tell(tx, replace(endpoint, sealed=sealed, revision=endpoint.revision + 1))


async def on_endpoints_told(tx: Transaction[Settings], facts: list[WebhookEndpointChanged]) -> None:
    """Take in endpoints that were added or changed and that the database has forgotten."""
    await on_endpoints(tx, facts)
    await store.set_told_at(tx.conn, endpoint_ids=[fact["data"]["endpoint_id"] for fact in facts], at=tx.now)


READ_BACK = (ReadBack((WEBHOOK_ENDPOINTS,), WEBHOOK_ENDPOINT_CHANGED.adapter, on_endpoints_told),)
FOLLOWED_TROUBLE = Subscription(WEBHOOK_TROUBLE, WEBHOOK_ENDPOINT_FAILED.adapter, on_trouble)


def opened(settings: Settings, endpoint: Endpoint) -> Target:
    """Where an endpoint is, and what signs. Raises NotOpenedError where the key that seals that is gone."""
    return sealer_of(settings.webhook_keys).open(
        endpoint.sealed, community=endpoint.community, endpoint_id=endpoint.endpoint_id
    )


def _sealed(settings: Settings, target: Target, *, community: str, endpoint_id: str) -> Sealed:
    return sealer_of(settings.webhook_keys).seal(target, community=community, endpoint_id=endpoint_id)


def _in_order(types: Collection[str]) -> tuple[str, ...]:
    return tuple(sorted(set(types)))


def _signed_with(tx: Transaction[Settings]) -> str | None:
    signer = tx.settings.signer
    return signer.key_id if signer else None


def _noted(endpoint: Endpoint) -> dict[str, object]:
    """What the audit says of an endpoint: neither secrets nor its address, which may hold one."""
    return {"types": list(endpoint.types), "is_enabled": endpoint.enabled, "revision": endpoint.revision}


async def _locked(tx: Transaction[Settings], *, community: str, name: str) -> Endpoint:
    found = await store.find_endpoint(tx.conn, community=community, name=name, lock=True)
    if found is None:
        raise domain.UnknownEndpointError
    return found


async def _put_and_tell(tx: Transaction[Settings], endpoint: Endpoint) -> None:
    await store.put(tx.conn, endpoint=endpoint, signed_with=_signed_with(tx))
    data: WebhookEndpointData = {
        "endpoint_id": endpoint.endpoint_id,
        "name": endpoint.name,
        "revision": endpoint.revision,
        "types": list(endpoint.types),
        "enabled": endpoint.enabled,
        "removed": endpoint.removed,
        "sealed": {
            "key_id": endpoint.sealed.key_id,
            "content": base64.b64encode(endpoint.sealed.content).decode(),
        },
    }
    tx.tell(
        WEBHOOK_ENDPOINTS,
        WEBHOOK_ENDPOINT_CHANGED,
        fact_id=f"webhook/{endpoint.endpoint_id}/{endpoint.revision}",
        community=endpoint.community,
        subject=endpoint.endpoint_id,
        data=data,
    )
