"""HTTP routes of ingest: events, receipts, members and access keys."""

import asyncio
import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson
from aiokafka.errors import KafkaError
from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.routing import Route

from services.ingest import handlers, store
from services.ingest.api_documents import EVENTS_OPERATION
from services.ingest.domain import admission
from services.ingest.domain.events import event_uid
from services.ingest.domain.members import DifferentMembersError
from services.ingest.metrics import EVENTS_REFUSED, EVENTS_TAKEN, REQUESTS_WAITING
from services.ingest.settings import Settings
from shared.access_keys import SCOPES, hash_secret
from shared.contracts.fields import Channel, Id, Name, Slug
from shared.http import (
    PROBLEMS,
    After,
    Answer,
    DirectRoute,
    FieldError,
    Limit,
    Page,
    Principal,
    Problem,
    Read,
    decode_cursor,
    encode_cursor,
    requires,
)
from shared.http.auth import authorise
from shared.kafka import passes, send_records
from shared.telemetry import new_traceparent
from shared.topics import RAW, record_key

RECEIPT_PATTERN = re.compile(r"^r[0-9a-f]{28}-([0-9]{1,6})$")
IDENTITIES_MAX_COUNT = 20
RETRY_LATER = {"Retry-After": "1"}

router = APIRouter()


async def post_events(state: Any, headers: Mapping[str, str], read: Read) -> Answer:
    """Take events: answer 202 only after the broker has acknowledged them.

    A direct route, not a FastAPI one: this is the path that every event takes.
    """
    principal = await authorise(state.keys, headers.get("authorization"), "events:write")
    taken = _taken(await read(), headers, principal.community, state.settings)
    await _send(state, taken.records)
    EVENTS_TAKEN.inc(len(taken.records))
    if taken.refusals:
        EVENTS_REFUSED.inc(len({one.index for one in taken.refusals}))
    body = {
        "receipt_id": taken.receipt_id,
        "accepted": len(taken.records),
        "rejected": [{"index": one.index, "field": one.field, "detail": one.detail} for one in taken.refusals],
    }
    return Answer(202, orjson.dumps(body), {"Location": f"/v1/receipts/{taken.receipt_id}"})


router.routes.append(Route("/v1/events", DirectRoute(post_events), methods=["POST"], name="post_events"))
OPERATIONS = {"/v1/events": {"post": EVENTS_OPERATION}}


class Taken(NamedTuple):
    """What is left of a request while it waits for the broker; its events take ten times the memory."""

    receipt_id: str
    records: list[tuple[bytes, bytes]]
    refusals: list[admission.Refusal]


def _taken(body: bytes, headers: Mapping[str, str], community: str, settings: Settings) -> Taken:
    now = datetime.now(UTC)
    admitted = _admitted(body, headers, now, settings)
    encoded = admission.encode(admitted, settings.event_max_bytes)
    if not encoded:
        raise _nothing_to_take(admitted)
    receipt_id = f"r{int(now.timestamp() * 1000):012x}{secrets.token_hex(8)}-{len(encoded)}"
    return Taken(receipt_id, _raw_records(encoded, community, receipt_id, now), admitted.refusals)


def _admitted(body: bytes, headers: Mapping[str, str], now: datetime, settings: Settings) -> admission.Admission:
    try:
        return admission.admit(body, headers, now, settings.limits)
    except admission.UnsupportedTypeError as error:
        expected = f"{admission.BATCH_TYPE}, {admission.STRUCTURED_TYPE} or {admission.JSON_TYPE}"
        raise Problem(
            415, "The content type is not supported", f"Got {error}; send {expected}, in UTF-8"
        ) from error
    except admission.MalformedError as error:
        raise Problem(400, "The request is not JSON", str(error)) from error
    except admission.TooManyEventsError as error:
        raise Problem(413, "Too many events", f"Got {error}; send smaller batches") from error


def _raw_records(
    encoded: Sequence[admission.Encoded], community: str, receipt_id: str, now: datetime
) -> list[tuple[bytes, bytes]]:
    """Kafka records (key, value) of the admitted events."""
    records = []
    traceparent = new_traceparent()
    for index, event, document in encoded:
        uid = event_uid(community, event["source"], event["id"])
        fact = admission.raw_fact(community, uid, receipt_id, index, now, traceparent, event)
        fact["data"] = orjson.Fragment(document)
        data = event["data"]
        records.append((record_key(community, f"{data['channel']}|{data['actor']['id']}"), orjson.dumps(fact)))
    return records


def _nothing_to_take(admitted: admission.Admission) -> Problem:
    if not admitted.refusals:
        return Problem(422, "The batch is empty", "Send at least one event")
    errors = [FieldError(index=one.index, field=one.field, detail=one.detail) for one in admitted.refusals]
    return Problem(422, "No event is valid", "Nothing was taken; see errors", errors)


async def _send(state: Any, records: list[tuple[bytes, bytes]]) -> None:
    settings: Settings = state.settings
    if REQUESTS_WAITING._value.get() >= settings.requests_max_count:
        raise Problem(503, "Too many requests at once", "Nothing was taken; try again", headers=RETRY_LATER)
    REQUESTS_WAITING.inc()
    try:
        async with asyncio.timeout(settings.publish_seconds):
            await send_records(state.producer, ((RAW.name, key, value) for key, value in records))
    except (KafkaError, TimeoutError) as error:
        if isinstance(error, KafkaError) and not passes(error):
            await state.crash(error)  # nothing gets through this producer any more
        detail = "The broker does not acknowledge. Send the same events again: those that were taken count once"
        raise Problem(503, "Not available for the moment", detail, headers=RETRY_LATER) from error
    finally:
        REQUESTS_WAITING.dec()


class ReceiptItem(BaseModel):
    """What became of one event."""

    index: int = Field(description="The event's place in the request, from 0")
    event_uid: str
    outcome: str = Field(
        description="accepted, duplicate (same content before) or conflict (other content before)"
    )
    reason: str | None = None


class Receipt(BaseModel):
    """What became of the events of one request."""

    receipt_id: str
    status: str = Field(
        description="pending until every event has an outcome, then complete", examples=["complete"]
    )
    counts: dict[str, int] = Field(examples=[{"accepted": 499, "duplicate": 1, "conflict": 0, "pending": 0}])
    items: list[ReceiptItem]
    next: str | None = None


@router.get("/v1/receipts/{receipt_id}", summary="What became of the events of a request", responses=PROBLEMS)
async def get_receipt(
    request: Request,
    receipt_id: str,
    limit: Limit = 100,
    after: After = None,
    principal: Principal = requires("receipts:read"),
) -> Receipt:
    """Outcomes by event, and their counts. Events not yet judged are counted as pending."""
    matched = RECEIPT_PATTERN.match(receipt_id)
    if matched is None:
        raise Problem(404, "No such receipt", "A receipt id is what POST /v1/events answered")
    position = decode_cursor(after, int)
    async with request.app.state.pool.acquire() as conn:
        counts = await store.receipt_counts(conn, principal.community, receipt_id)
        rows = await store.page_of_receipt(
            conn, principal.community, receipt_id, position[0] if position else -1, limit
        )
    pending = max(0, int(matched[1]) - sum(counts.values()))
    return Receipt(
        receipt_id=receipt_id,
        status="pending" if pending else "complete",
        counts={outcome: counts.get(outcome, 0) for outcome in ("accepted", "duplicate", "conflict")}
        | {"pending": pending},
        items=[
            ReceiptItem(
                index=row["receipt_index"],
                event_uid=str(row["event_uid"]),
                outcome=row["outcome"],
                reason=row["reason"],
            )
            for row in rows
        ],
        next=encode_cursor(rows[-1]["receipt_index"]) if len(rows) == limit else None,
    )


class IdentityModel(BaseModel):
    """Somebody as one channel knows them."""

    channel: Channel
    id: Id


class IdentitiesDeclared(BaseModel):
    """Identities that are one person."""

    identities: list[IdentityModel] = Field(
        min_length=1,
        max_length=IDENTITIES_MAX_COUNT,
        examples=[[{"channel": "code", "id": "github:1"}, {"channel": "chat", "id": "U1"}]],
    )
    name: Name | None = None


class Member(BaseModel):
    """A member of the community, on every channel."""

    member_id: str
    name: str | None
    identities: list[IdentityModel]
    first_seen_at: datetime


@router.put("/v1/members/identities", summary="Declare identities to be one person", responses=PROBLEMS)
async def put_identities(
    request: Request, body: IdentitiesDeclared, principal: Principal = requires("members:write")
) -> Member:
    """Events of any of these identities then count for one member. Saying it again changes nothing."""
    identities = [(one.channel, one.id) for one in body.identities]
    for attempt in (1, 2):
        try:
            async with request.app.state.begin() as tx:
                member_id = await handlers.declare_identities(tx, principal.community, identities, body.name)
                row = (await store.member_records(tx.conn, [(principal.community, member_id)]))[0]
            break
        except DifferentMembersError as error:
            # The first time it may only be an event that came in between, with a member not yet seen.
            if attempt == 2:
                detail = f"They belong to {error}. Members that both have a history cannot be made one"
                raise Problem(409, "The identities are different members", detail) from error
    return _member(row)


@router.get("/v1/members", summary="Members of the community", responses=PROBLEMS)
async def get_members(
    request: Request, limit: Limit = 100, after: After = None, principal: Principal = requires("members:read")
) -> Page[Member]:
    """Members in the order of their ids, each with the identities on every channel."""
    position = decode_cursor(after, str)
    async with request.app.state.pool.acquire() as conn:
        ids = await store.page_of_members(conn, principal.community, position[0] if position else None, limit)
        rows = await store.member_records(conn, [(principal.community, one) for one in ids])
    return Page(items=[_member(row) for row in rows], next=encode_cursor(ids[-1]) if len(ids) == limit else None)


def _member(row: Any) -> Member:
    return Member(
        member_id=str(row["member_id"]),
        name=row["name"],
        identities=[
            IdentityModel(channel=channel, id=identity)
            for channel, identity in zip(row["channels"], row["ids"], strict=True)
        ],
        first_seen_at=row["first_seen_at"],
    )


class KeyWanted(BaseModel):
    """An access key to be issued."""

    community: Slug = Field(examples=["acme"])
    name: Name = Field(description="Who will use it", examples=["forum plugin"])
    scopes: list[str] = Field(min_length=1, max_length=len(SCOPES), examples=[["events:write", "receipts:read"]])


class KeyIssued(BaseModel):
    """A new access key. `key` is shown this once and stored nowhere."""

    key_id: str
    key: str
    community: str
    name: str
    scopes: list[str]


class KeyListed(BaseModel):
    """An access key without its secret."""

    key_id: str
    name: str
    scopes: list[str]
    revoked: bool


@router.post("/v1/keys", status_code=201, summary="Issue an access key", responses=PROBLEMS)
async def post_key(request: Request, body: KeyWanted, _admin: Principal = requires("keys:write")) -> KeyIssued:
    """For the administrator. Every service learns of the key within moments."""
    unknown = sorted(set(body.scopes) - set(SCOPES))
    if unknown:
        detail = f"unknown: {', '.join(unknown)}; there are {', '.join(SCOPES)}"
        raise Problem(422, "Unknown scope", detail, [FieldError(field="/scopes", detail=detail)])
    key_id = secrets.token_hex(6)
    secret = f"plk_{key_id}_{secrets.token_urlsafe(24)}"
    scopes = sorted(set(body.scopes))
    stored = {"key_id": key_id, "name": body.name, "secret_sha256": hash_secret(secret), "scopes": scopes}
    async with request.app.state.begin() as tx:
        await handlers.issue_access_key(tx, body.community, stored)
    return KeyIssued(key_id=key_id, key=secret, community=body.community, name=body.name, scopes=scopes)


@router.get("/v1/communities/{community}/keys", summary="Access keys of a community", responses=PROBLEMS)
async def get_keys(
    request: Request,
    community: Slug,
    limit: Limit = 100,
    after: After = None,
    _admin: Principal = requires("keys:write"),
) -> Page[KeyListed]:
    """For the administrator."""
    position = decode_cursor(after, str)
    async with request.app.state.pool.acquire() as conn:
        rows = await store.page_of_access_keys(conn, community, position[0] if position else None, limit)
    items = [KeyListed(**dict(row)) for row in rows]
    return Page(items=items, next=encode_cursor(rows[-1]["key_id"]) if len(rows) == limit else None)


@router.delete(
    "/v1/communities/{community}/keys/{key_id}", status_code=204, summary="Revoke a key", responses=PROBLEMS
)
async def delete_key(
    request: Request, community: Slug, key_id: Id, _admin: Principal = requires("keys:write")
) -> None:
    """For the administrator. The key stops working everywhere within moments, for good."""
    async with request.app.state.begin() as tx:
        if not await handlers.revoke_access_key(tx, community, key_id):
            raise Problem(404, "No such key", f"GET /v1/communities/{community}/keys lists them")
