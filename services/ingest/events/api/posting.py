"""POST /v1/events: what every event comes through."""

import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple, cast

import orjson
from aiokafka.errors import KafkaError
from fastapi import APIRouter
from starlette.routing import Route

from services.ingest.events.api.line import Line
from services.ingest.events.api.waiting import TooManyWaitingError, WaitingRequests
from services.ingest.events.domain import admission
from services.ingest.events.domain.receipts import receipt_id
from services.ingest.metrics import EVENTS_ADMITTED, EVENTS_REFUSED, LINE_AGE, REQUESTS_WAITING
from services.ingest.settings import Settings
from services.ingest.shares.api import DOOR, Visit
from shared.http import Answer, Connected, DirectRoute, FieldError, Problem, ProblemType, Read, Scope
from shared.http.auth import authorise
from shared.http.problem_types import INVALID_REQUEST, MALFORMED_JSON, NOT_AVAILABLE, UNSUPPORTED_CONTENT_TYPE
from shared.telemetry import new_traceparent
from shared.topics import RAW, record_key

TOO_MANY_EVENTS = ProblemType("too-many-events", 413, "Too many events")
EMPTY_BATCH = ProblemType("empty-batch", 422, "The batch is empty")
NO_VALID_EVENT = ProblemType("no-valid-event", 422, "No event is valid")
TOO_MANY_REQUESTS = ProblemType("too-many-requests", 503, "Too many requests at once")

RETRY_LATER = {"Retry-After": "1"}
WAITING = WaitingRequests(REQUESTS_WAITING)
LINE = Line(LINE_AGE)

Record = tuple[str, bytes, bytes]  # topic, key, value

router = APIRouter()


async def post_events(service: Connected, headers: Mapping[str, str], read: Read) -> Answer:
    """Admit events: answer 202 only after the broker has acknowledged them.

    A direct route, not a FastAPI one: this is the path that every event takes.
    """
    principal = await authorise(service.keys, headers.get("authorization"), Scope.EVENTS_WRITE)
    # A key that was revoked must not be believed again because the database came from a backup.
    service.check_fence()
    settings = cast("Settings", service.settings)
    # 1. Before the body is read: to refuse must cost next to nothing. The length was checked to be a number.
    is_late = LINE.age_seconds() > settings.line_age_max_seconds
    visit = DOOR.visit(principal, settings, int(headers.get("content-length", 0)), is_late)
    body = await read()
    # 2. Again, because others came meanwhile. What cannot be read counts as one event.
    visit.check(len(body))
    visit.take(1, len(body))
    admitted = _admitted(body, headers, principal.community, settings, visit)
    await _send(service, admitted.records, settings.requests_max_count)
    LINE.follow(service, principal.community, admitted.receipt_id)
    EVENTS_ADMITTED.inc(len(admitted.records))
    if admitted.refusals:
        EVENTS_REFUSED.inc(len({refusal.index for refusal in admitted.refusals}))
    answer = {
        "receipt_id": admitted.receipt_id,
        "accepted": len(admitted.records),
        "rejected": [
            {"index": refusal.index, "field": refusal.field, "detail": refusal.detail}
            for refusal in admitted.refusals
        ],
    }
    more = visit.headers()
    more["Location"] = f"/v1/receipts/{admitted.receipt_id}"
    return Answer(202, orjson.dumps(answer), more)


router.routes.append(Route("/v1/events", DirectRoute(post_events), methods=["POST"], name="post_events"))


class Admitted(NamedTuple):
    """What is left of a request while it waits for the broker; its events take ten times the memory."""

    receipt_id: str
    records: list[Record]
    refusals: list[admission.Refusal]


def _admitted(
    body: bytes, headers: Mapping[str, str], community: str, settings: Settings, visit: Visit
) -> Admitted:
    now = datetime.now(UTC)
    read = _read(body, headers, now, settings)
    if (count := read.count) > 1:
        visit.take(count - 1, 0)
    encoded = admission.encode(read, settings.event_max_bytes)
    if not encoded:
        raise _nothing_admitted(read)
    receipt = receipt_id(community, now, secrets.token_hex(8), len(encoded))
    request = admission.Request(community, receipt, received_at=now, traceparent=new_traceparent())
    return Admitted(receipt, _raw_records(encoded, request), read.refusals)


def _read(body: bytes, headers: Mapping[str, str], now: datetime, settings: Settings) -> admission.Admission:
    limits = admission.Limits(
        settings.events_max_count,
        settings.event_max_bytes,
        settings.future_tolerance_seconds,
        _earliest_year(headers, settings.earliest_year),
    )
    # The service's table of errors is not asked about a direct route.
    try:
        return admission.admit(body, headers, now, limits)
    except admission.UnsupportedTypeError as error:
        expected = f"{admission.BATCH_TYPE}, {admission.STRUCTURED_TYPE} or {admission.JSON_TYPE}"
        raise Problem(UNSUPPORTED_CONTENT_TYPE, f"Got {error}; send {expected}, in UTF-8") from error
    except admission.MalformedError as error:
        raise Problem(MALFORMED_JSON, str(error)) from error
    except admission.TooManyEventsError as error:
        raise Problem(TOO_MANY_EVENTS, f"Got {error}; send smaller batches") from error


def _earliest_year(headers: Mapping[str, str], otherwise: int) -> int:
    """What the request says of how old its events may be; a Problem when that is no year."""
    said = headers.get(admission.EARLIEST_YEAR_HEADER.lower())
    if said is None:
        return otherwise
    if not re.fullmatch("[0-9]{1,4}", said) or not int(said):
        detail = "Give a year, from 1 to 9999"
        raise Problem(INVALID_REQUEST, detail, [FieldError(field=admission.EARLIEST_YEAR_HEADER, detail=detail)])
    return int(said)


def _raw_records(encoded: Sequence[admission.Encoded], request: admission.Request) -> list[Record]:
    """The admitted events as messages for the broker."""
    records = []
    for index, event, document in encoded:
        fact = admission.raw_fact(request, index, event)
        fact["data"] = orjson.Fragment(document)
        key = record_key(request.community, admission.doer(event["data"]))
        records.append((RAW.name, key, orjson.dumps(fact)))
    return records


def _nothing_admitted(read: admission.Admission) -> Problem:
    if not read.refusals:
        return Problem(EMPTY_BATCH, "Send at least one event")
    errors = [
        FieldError(index=refusal.index, field=refusal.field, detail=refusal.detail) for refusal in read.refusals
    ]
    return Problem(NO_VALID_EVENT, "Nothing was taken; see errors", errors)


async def _send(service: Connected, records: Sequence[Record], requests_max_count: int) -> None:
    try:
        with WAITING.one_more(max_count=requests_max_count):
            await service.send(records)
    except TooManyWaitingError as error:
        raise Problem(TOO_MANY_REQUESTS, "Nothing was taken; try again", headers=RETRY_LATER) from error
    except (KafkaError, TimeoutError) as error:
        detail = "The broker does not acknowledge. Send the same events again: those that were taken count once"
        raise Problem(NOT_AVAILABLE, detail, headers=RETRY_LATER) from error
