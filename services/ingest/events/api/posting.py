"""POST /v1/events: what every event comes through."""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson
from aiokafka.errors import KafkaError
from fastapi import APIRouter
from starlette.routing import Route

from services.ingest.events.api.documents import EVENTS_OPERATION
from services.ingest.events.api.waiting import TooManyWaitingError, WaitingRequests
from services.ingest.events.domain import admission
from services.ingest.events.domain.judgement import event_uid
from services.ingest.events.domain.receipts import receipt_id
from services.ingest.metrics import EVENTS_REFUSED, EVENTS_TAKEN, REQUESTS_WAITING
from services.ingest.settings import Settings
from shared.http import Answer, DirectRoute, FieldError, Problem, Read
from shared.http.keys import authorise
from shared.kafka import passes, send_records
from shared.telemetry import new_traceparent
from shared.topics import RAW, record_key

RETRY_LATER = {"Retry-After": "1"}
WAITING = WaitingRequests(REQUESTS_WAITING)

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
    receipt = receipt_id(now, secrets.token_hex(8), len(encoded))
    return Taken(receipt, _raw_records(encoded, community, receipt, now), admitted.refusals)


def _admitted(body: bytes, headers: Mapping[str, str], now: datetime, settings: Settings) -> admission.Admission:
    try:
        return admission.admit(body, headers, now, _limits(settings))
    except admission.UnsupportedTypeError as error:
        expected = f"{admission.BATCH_TYPE}, {admission.STRUCTURED_TYPE} or {admission.JSON_TYPE}"
        raise Problem(
            415, "The content type is not supported", f"Got {error}; send {expected}, in UTF-8"
        ) from error
    except admission.MalformedError as error:
        raise Problem(400, "The request is not JSON", str(error)) from error
    except admission.TooManyEventsError as error:
        raise Problem(413, "Too many events", f"Got {error}; send smaller batches") from error


def _limits(settings: Settings) -> admission.Limits:
    return admission.Limits(settings.events_max_count, settings.event_max_bytes, settings.future_tolerance_seconds)


def _raw_records(
    encoded: Sequence[admission.Encoded], community: str, receipt: str, now: datetime
) -> list[tuple[bytes, bytes]]:
    """Kafka records (key, value) of the admitted events."""
    records = []
    traceparent = new_traceparent()
    for index, event, document in encoded:
        uid = event_uid(community, event["source"], event["id"])
        fact = admission.raw_fact(community, uid, receipt, index, now, traceparent, event)
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
    try:
        with WAITING.one_more(max_count=settings.requests_max_count):
            async with asyncio.timeout(settings.publish_seconds):
                await send_records(state.producer, ((RAW.name, key, value) for key, value in records))
    except TooManyWaitingError as error:
        raise Problem(
            503, "Too many requests at once", "Nothing was taken; try again", headers=RETRY_LATER
        ) from error
    except (KafkaError, TimeoutError) as error:
        if isinstance(error, KafkaError) and not passes(error):
            await state.crash(error)  # nothing gets through this producer any more
        detail = "The broker does not acknowledge. Send the same events again: those that were taken count once"
        raise Problem(503, "Not available for the moment", detail, headers=RETRY_LATER) from error
