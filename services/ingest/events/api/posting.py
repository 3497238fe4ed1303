"""POST /v1/events: what every event comes through."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple, cast

import orjson
from aiokafka.errors import KafkaError
from fastapi import APIRouter
from starlette.routing import Route

from services.ingest.brake.handlers import BRAKE
from services.ingest.costs.domain import Costs
from services.ingest.costs.handlers import costs_of
from services.ingest.event_types.domain import DeclaredTypes
from services.ingest.event_types.handlers import types_of
from services.ingest.events.api.awaiting import Awaited, wait_seconds
from services.ingest.events.api.keeping import Keeper
from services.ingest.events.api.line import Line
from services.ingest.events.api.waiting import WaitingRequests
from services.ingest.events.domain import admission
from services.ingest.events.domain.receipts import receipt_id
from services.ingest.metrics import (
    EVENTS_ADMITTED,
    EVENTS_BACKFILLED,
    EVENTS_COST,
    EVENTS_REFUSED,
    LINE_AGE,
    RECEIPTS_AWAITED,
    REQUESTS_WAITING,
)
from services.ingest.refused.domain import Request as RefusedRequest
from services.ingest.settings import Settings
from services.ingest.shares.api import DOOR, Visit
from services.ingest.shares.handlers import Believed, KnownOfCommunities
from shared.http import Answer, Connected, DirectRoute, FieldError, Problem, ProblemType, Read, Scope
from shared.http.auth import authorise
from shared.http.problem_types import INVALID_REQUEST
from shared.spans import goes_on, span_within
from shared.topics import BACKFILL, RAW
from shared.traces import SpanKind

TOO_MANY_EVENTS = ProblemType("too-many-events", 413, "Too many events")
TOO_DEAR = ProblemType("events-too-dear", 413, "The events count as too many for one request")
EMPTY_BATCH = ProblemType("empty-batch", 422, "The batch is empty")
NO_VALID_EVENT = ProblemType("no-valid-event", 422, "No event is valid")
TOO_MANY_REQUESTS = ProblemType("too-many-requests", 503, "Too many requests at once")


class NotAcknowledgedError(Exception):
    """The broker did not say that it has the events; nobody knows whether it has."""


WAITING = WaitingRequests(REQUESTS_WAITING)
LINE = Line(LINE_AGE)
COSTS = KnownOfCommunities(
    lambda settings: Believed(partial(costs_of, rule_cost=settings.rule_cost), settings.costs_cache_seconds)
)
TYPES = KnownOfCommunities(lambda settings: Believed(types_of, settings.event_types_cache_seconds))
AWAITED = Awaited(RECEIPTS_AWAITED)
KEEPER = Keeper()

#: For how long the answer may wait for outcomes, and whether the events are of the past.
WAIT, BACKFILL_SAID = "wait", "backfill"
NOTHING_SAID: Mapping[str, str] = {}

Record = tuple[str, bytes, bytes]  # topic, key, value

router = APIRouter()


async def post_events(
    service: Connected, headers: Mapping[str, str], read: Read, said: Mapping[str, str] = NOTHING_SAID
) -> Answer:
    """Admit events: answer 202 only after the broker has acknowledged them.

    With `wait` in what is `said` the answer has their outcomes, as far as they are there in so many seconds; with
    `backfill` they go by the lane of what is past.
    A direct route, not a FastAPI one: this is the path that every event takes.
    """
    principal = await authorise(service.keys, headers.get("authorization"), Scope.EVENTS_WRITE)
    settings = cast("Settings", service.settings)
    seconds = wait_seconds(said[WAIT], settings.wait_max_seconds) if WAIT in said else None
    is_backfill = _is_backfill(said)
    # A key that was revoked must not be believed again because the database came from a backup.
    await service.check_fence()
    costs = await COSTS.of(service.pool.acquire, community=principal.community, settings=settings)
    declared = await TYPES.of(service.pool.acquire, community=principal.community, settings=settings)
    # 1. Before the body is read: to refuse must cost next to nothing. The length was checked to be a number.
    is_late = LINE.age_seconds() > settings.line_age_max_seconds
    visit = DOOR.visit(
        principal, settings, int(headers.get("content-length", 0)), pace=BRAKE.part, is_late=is_late
    )
    body = await read()
    # 2. Again, because others came meanwhile. What cannot be read counts as one event.
    visit.check(len(body))
    visit.take(1, len(body))
    now = datetime.now(UTC)
    try:
        admitted = _admitted(
            body, headers, principal.community, settings, visit, costs, declared, now, is_backfill
        )
    except admission.RefusedWholeError as error:
        error.receipt_id = await _keep_whole(
            service, principal.community, now, body, error, is_backfill=is_backfill
        )
        raise
    with span_within("ingest", f"send {admitted.records[0][0]}", SpanKind.PRODUCER, admitted.traceparent):
        await _send(service, admitted.records, settings.requests_max_count)
    BRAKE.watch(settings)
    if is_backfill:
        EVENTS_BACKFILLED.inc(len(admitted.records))
    else:
        # What is past may wait: that it does says nothing of what comes live.
        LINE.follow(service, principal.community, admitted.receipt_id)
    EVENTS_ADMITTED.inc(len(admitted.records))
    EVENTS_COST.inc(admitted.cost)
    if admitted.refused is not None:
        EVENTS_REFUSED.inc(len(admitted.refused.refused))
        kept_under = RefusedRequest(principal.community, admitted.receipt_id, now)
        await KEEPER.keep_events(service, kept_under, admitted.refused)
    answer = {
        "receipt_id": admitted.receipt_id,
        "accepted": len(admitted.records),
        "rejected": [
            {"index": refusal.index, "field": refusal.field, "detail": refusal.detail}
            for refusal in (() if admitted.refused is None else admitted.refused.refusals)
        ],
    }
    if seconds is not None:
        answer |= await AWAITED.outcomes(
            service,
            community=principal.community,
            receipt_id=admitted.receipt_id,
            event_count=len(admitted.records),
            seconds=seconds,
        )
    more = visit.headers()
    more["Location"] = f"/v1/receipts/{admitted.receipt_id}"
    return Answer(202, orjson.dumps(answer), more)


router.routes.append(
    Route(
        "/v1/events",
        DirectRoute(post_events, parameters=(WAIT, BACKFILL_SAID)),
        methods=["POST"],
        name="post_events",
    )
)


def _is_backfill(said: Mapping[str, str]) -> bool:
    """Whether the events are of the past. Raises Problem 422 for what is neither yes nor no."""
    answer = said.get(BACKFILL_SAID, "false")
    if answer not in ("true", "false"):
        error = FieldError(field=BACKFILL_SAID, detail="Say true or false")
        raise Problem(INVALID_REQUEST, "Nothing was taken", [error])
    return answer == "true"


class Admitted(NamedTuple):
    """What is left of a request while it waits for the broker; its events take ten times the memory."""

    receipt_id: str
    records: list[Record]
    #: What was refused beside them; None where nothing was.
    refused: admission.Admission | None
    cost: float
    traceparent: str


def _admitted(
    body: bytes,
    headers: Mapping[str, str],
    community: str,
    settings: Settings,
    visit: Visit,
    costs: Costs,
    declared: DeclaredTypes,
    now: datetime,
    is_backfill: bool,
) -> Admitted:
    limits = admission.Limits(
        settings.events_max_count,
        settings.event_max_bytes,
        settings.future_tolerance_seconds,
        admission.earliest_year(headers, settings.earliest_year),
    )
    read = admission.admit(body, headers, now, limits, declared)
    cost = costs.of(read.types)
    admission.check_cost(cost, len(read.events), settings.request_cost_max)
    # What was refused counts too, or nonsense would be free; one event was taken before.
    more = cost + read.count - len(read.events) - 1
    if more > 0:
        visit.take_more(more)
    encoded = admission.encode(read, settings.event_max_bytes)
    if not encoded:
        raise admission.NothingAdmittedError(read) if read.refusals else admission.EmptyBatchError
    receipt = receipt_id(community, now, secrets.token_hex(8), len(encoded), is_backfill=is_backfill)
    trace = goes_on(headers.get("traceparent"))
    request = admission.Request(community, receipt, received_at=now, traceparent=trace, is_backfill=is_backfill)
    records = _raw_records(encoded, request)
    read.events.clear()
    return Admitted(receipt, records, read if read.refusals else None, cost, trace)


def _raw_records(encoded: Sequence[admission.Encoded], request: admission.Request) -> list[Record]:
    """The admitted events as messages for the broker."""
    records = []
    topic = BACKFILL.name if request.is_backfill else RAW.name
    for index, event, document in encoded:
        fact = admission.raw_fact(request, index, event)
        fact["data"] = orjson.Fragment(document)
        records.append((topic, admission.raw_key(request.community, event), orjson.dumps(fact)))
    return records


async def _keep_whole(
    service: Connected,
    community: str,
    now: datetime,
    body: bytes,
    error: admission.RefusedWholeError,
    *,
    is_backfill: bool,
) -> str | None:
    """Keep a request of which nothing is taken; the receipt that says so, None where it could not be kept."""
    receipt = receipt_id(community, now, secrets.token_hex(8), 0, is_backfill=is_backfill)
    request = RefusedRequest(community, receipt, now)
    if isinstance(error, admission.NothingAdmittedError):
        is_kept = await KEEPER.keep_events(service, request, error.admission)
    else:
        is_kept = await KEEPER.keep_body(service, request, body, str(error))
    return receipt if is_kept else None


async def _send(service: Connected, records: Sequence[Record], requests_max_count: int) -> None:
    with WAITING.one_more(max_count=requests_max_count):
        try:
            await service.send(records)
        except (KafkaError, TimeoutError) as error:
            raise NotAcknowledgedError from error
