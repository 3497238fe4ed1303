"""From the bytes of a request to events: CloudEvents in structured, binary and batch form.

The HTTP protocol binding is https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import unquote

import orjson
from pydantic import TypeAdapter, ValidationError
from pydantic_core import SchemaValidator, core_schema, from_json

from services.ingest.event_types.domain import NOTHING_DECLARED, DeclaredTypes
from services.ingest.events.domain.extensions import (
    as_taken,
    extension_faults,
    own_traceparent,
    there_is_no,
    without_unset,
)
from services.ingest.events.domain.judgement import event_uid
from shared.contracts.activities import (
    ACTIVITY_ADAPTER,
    REQUIRED,
    TYPES,
    Fault,
)
from shared.contracts.backfill import BACKFILL
from shared.contracts.channels import compared_plain_id
from shared.contracts.placeholders import NOBODYS, PLACEHOLDER_IDS, is_placeholder
from shared.near_names import fields_at, suggestion
from shared.topics import record_key

BATCH_TYPE = "application/cloudevents-batch+json"
STRUCTURED_TYPE = "application/cloudevents+json"
JSON_TYPE = "application/json"
BINARY_PREFIX = "ce-"
#: Says how old the events of a request may be, in place of the setting: whoever imports history knows.
EARLIEST_YEAR_HEADER = "Plaudit-Earliest-Year"
REFUSALS_PER_EVENT_MAX_COUNT = 5
#: What sources of Plaudit's own events begin with, and what their hosts end with.
OWN_SOURCES, OWN_HOSTS = "urn:plaudit:", ".plaudit"
RESERVED = "is of events that Plaudit makes itself: those cannot be sent"
_VALIDATE = ACTIVITY_ADAPTER.validator.validate_json
# From what was just worked out for one: an adapter of its own would do all of it again, for 30 ms of each start.
_VALIDATE_BATCH = SchemaValidator(core_schema.list_schema(ACTIVITY_ADAPTER.core_schema)).validate_json


Encoded = tuple[int, dict[str, Any], bytes]  # place in the request, event, the event as compact JSON


@dataclass(frozen=True)
class Refusal:
    """What is wrong with one event: its place in the request, the field as a JSON Pointer, and why."""

    index: int
    field: str
    detail: str
    is_too_large: bool = False


class RefusedWholeError(Exception):
    """Nothing of a request is taken, for what it holds; `receipt_id` says what it is kept under, if it is."""

    receipt_id: str | None = None


class MalformedError(RefusedWholeError):
    """The request cannot be read at all; the message says where and why."""


class UnsupportedTypeError(RefusedWholeError):
    """The content type is none that events come in."""


class TooManyEventsError(Exception):
    """The batch holds more events than one request may."""


class TooDearError(Exception):
    """What the events of a request count as, together, is more than one request's may."""

    def __init__(self, event_count: int, cost: float, max_cost: float) -> None:
        #: So many of them, about, would be taken.
        self.fitting_count = max(1, int(event_count * max_cost / cost))
        super().__init__(
            f"{event_count} events that count as {math.ceil(cost)}, because rules are many; those of one request "
            f"may count as {max_cost:g}. Send about {self.fitting_count} at once"
        )


class EmptyBatchError(Exception):
    """The request holds no event at all."""


class NothingAdmittedError(RefusedWholeError):
    """No event of the request is valid; the `refusals` of its admission say why."""

    def __init__(self, admission: "Admission") -> None:
        self.admission = admission
        super().__init__("no event is valid")

    @property
    def refusals(self) -> Sequence["Refusal"]:
        """What is wrong."""
        return self.admission.refusals


class EarliestYearError(ValueError):
    """What the request says of how old its events may be is no year; the message says what to give."""


class Limits(NamedTuple):
    """What one request may hold."""

    events_max_count: int
    event_max_bytes: int
    future_tolerance_seconds: int
    earliest_year: int


class Request(NamedTuple):
    """What the events of one request have in common once they are admitted."""

    community: str
    receipt_id: str
    received_at: datetime
    traceparent: str
    is_backfill: bool = False


@dataclass
class Admission:
    """The valid events of a request, each with its place in it, and what is wrong with the rest."""

    events: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    #: What was refused, as far as it was read, by its place.
    refused: dict[int, Any] = field(default_factory=dict)

    @property
    def types(self) -> list[str]:
        """The types of the valid events."""
        return [event["type"] for _, event in self.events]

    @property
    def count(self) -> int:
        """How many events the request held."""
        if not self.refusals:
            return len(self.events)
        return len(self.events) + len({refusal.index for refusal in self.refusals})

    def judge(self, index: int, event: dict[str, Any], found: Sequence[Fault], document: Any) -> None:
        """Take an event, or refuse the document that it was for the first few things found wrong with it."""
        if not found:
            self.events.append((index, as_taken(event)))
        else:
            self.refused[index] = document
        for fault in found[:REFUSALS_PER_EVENT_MAX_COUNT]:
            self.refusals.append(Refusal(index, _pointer(fault.place), fault.detail))


def admit(
    body: bytes,
    headers: Mapping[str, str],
    now: datetime,
    limits: Limits,
    declared: DeclaredTypes = NOTHING_DECLARED,
) -> Admission:
    """Read a request's events; `declared` are the community's own types.

    Raises UnsupportedTypeError, MalformedError or TooManyEventsError when the request as a whole is refused.
    """
    content_type, _, parameters = headers.get("content-type", "").partition(";")
    content_type = content_type.strip().lower()
    if "charset" in parameters and "utf-8" not in parameters.lower():
        raise UnsupportedTypeError(f"{content_type};{parameters}")
    if f"{BINARY_PREFIX}specversion" in headers and content_type in (JSON_TYPE, ""):
        return _admit_each([_from_binary(body, headers)], now, limits, declared)
    if content_type not in (BATCH_TYPE, STRUCTURED_TYPE, JSON_TYPE):
        raise UnsupportedTypeError(content_type or "none")
    is_batch = body.lstrip()[:1] == b"["
    if content_type == BATCH_TYPE and not is_batch:
        raise MalformedError(f"{BATCH_TYPE} holds a JSON array of events")
    if content_type == STRUCTURED_TYPE and is_batch:
        raise MalformedError(f"{STRUCTURED_TYPE} holds one event; send a batch as {BATCH_TYPE}")
    try:
        # The way of nearly every request: everything is valid, parsed and checked in one step.
        own = declared.read_all(body) if is_batch else None
        events = own or (_VALIDATE_BATCH(body) if is_batch else [_VALIDATE(body)])
    except ValidationError:
        document = _parse(body)
        return _admit_each(document if isinstance(document, list) else [document], now, limits, declared)
    _check_count(len(events), limits)
    if all_are_plain_and_timely(events, now, limits):
        return Admission(list(enumerate(events)))
    admission = Admission()
    for index, event in enumerate(events):
        admission.judge(index, event, _faults(event, now, limits), event)
    if admission.refused:
        # What is kept is what came, not what was put right of it.
        document = _parse(body)
        documents = document if is_batch else [document]
        admission.refused = {index: documents[index] for index in admission.refused}
    return admission


def _admit_each(documents: list[Any], now: datetime, limits: Limits, declared: DeclaredTypes) -> Admission:
    _check_count(len(documents), limits)
    admission = Admission()
    for index, document in enumerate(documents):
        unnamed = _unnamed(document, declared)
        if unnamed is not None:
            beside = extension_faults(document) if isinstance(document, dict) else ()
            admission.judge(index, {}, [unnamed, *beside], document)
            continue
        said = without_unset(document)
        event, wrong = declared.read(said)
        if wrong:
            found = [_with_what_was_meant(fault, said["type"], declared) for fault in wrong]
            admission.judge(index, {}, [*found, *extension_faults(said)], document)
        else:
            admission.judge(index, event, _faults(event, now, limits), document)
    return admission


def _unnamed(document: Any, declared: DeclaredTypes) -> Fault | None:
    """What is wrong with what does not say which of the known events it is; None for one that does."""
    if not isinstance(document, dict):
        return Fault(
            (), "is no event: an event is a JSON object with specversion, id, source, type, time and data"
        )
    wrong = declared.why_not(document.get("type"))
    return None if wrong is None else Fault(("type",), wrong)


def _with_what_was_meant(fault: Fault, event_type: str, declared: DeclaredTypes) -> Fault:
    """The fault; of a field that is not known, with the one that was meant."""
    if not fault.is_unknown:
        return fault
    name = str(fault.place[-1])
    known = fields_at(_schema(event_type, declared), fault.place[:-1])
    return fault._replace(detail=f"{there_is_no(name)}; {suggestion(name, known)}")


def _schema(event_type: str, declared: DeclaredTypes) -> dict[str, Any]:
    """JSON Schema of a type of event."""
    if event_type in declared.types:
        return declared.contract(event_type).json_schema()
    return _built_in_schema(event_type)


@cache
def _built_in_schema(event_type: str) -> dict[str, Any]:
    (envelope,) = (known.envelope for known in TYPES if known.name == event_type)
    return TypeAdapter(envelope).json_schema()


def _faults(event: dict[str, Any], now: datetime, limits: Limits) -> list[Fault]:
    """What its contract does not see of an event: its extensions, and whether its time can be."""
    problem = time_problem(event["time"], now, limits)
    said_by_nobody = [Fault(("data", "actor", "id"), NOBODYS)] if _is_nobodys(event["data"]) else []
    return [
        *extension_faults(event),
        *([] if problem is None else [Fault(("time",), problem)]),
        *said_by_nobody,
        *(Fault(place, RESERVED) for place in _reserved(event)),
    ]


def _reserved(event: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Where an event says that it, or what it takes back, is Plaudit's own: those never come from outside.

    Thanks, suggestions, votes and answers are believed by their source and host; whose they are was asked before.
    """
    data = event["data"]
    if _is_own_source(event["source"]):
        yield ("source",)
    if _is_own_host(data.get("host", "")):
        yield ("data", "host")
    if _is_own_source(data.get("target", {}).get("source", "")):
        yield ("data", "target", "source")


def _is_own_source(source: str) -> bool:
    return source[: len(OWN_SOURCES)].lower() == OWN_SOURCES


def _is_own_host(host: str) -> bool:
    return f".{host.rstrip('.').lower()}".endswith(OWN_HOSTS)


def _is_nobodys(data: Mapping[str, Any]) -> bool:
    return "actor" in data and is_placeholder(data["actor"]["id"])


def time_problem(time: datetime, now: datetime, limits: Limits) -> str | None:
    """What is wrong with an event's time, in words, or None."""
    if time > now + timedelta(seconds=limits.future_tolerance_seconds):
        tolerance = limits.future_tolerance_seconds
        return f"is in the future: {time.isoformat()} is more than {tolerance} s after now"
    if time.year < limits.earliest_year:
        header = f"{EARLIEST_YEAR_HEADER}: {time.year}"
        return f"is before {limits.earliest_year}, which is implausible; if it is right, send the header {header}"
    return None


def all_are_plain_and_timely(events: Sequence[Mapping[str, Any]], now: datetime, limits: Limits) -> bool:
    """Whether no event has more than the required attributes, nor a time problem; quicker than asking for each."""
    required_count = len(REQUIRED)
    earliest = date(limits.earliest_year, 1, 1).toordinal()
    latest = now + timedelta(seconds=limits.future_tolerance_seconds)
    # What is older by a day is past in every time zone; comparing moments of two zones costs ten times as much.
    past = latest.toordinal() - 1
    for event in events:
        time = event["time"]
        day = time.toordinal()
        if len(event) != required_count or day < earliest or (day >= past and time > latest):
            return False
        data = event["data"]
        if "actor" in data and data["actor"]["id"].lower() in PLACEHOLDER_IDS:
            return False
        if event["source"][:4].lower() == "urn:" or "target" in data:
            return False
        if "host" in data and _is_own_host(data["host"]):
            return False
    return True


def encode(admission: Admission, event_max_bytes: int) -> list[Encoded]:
    """The admitted events as compact JSON; those that are larger than `event_max_bytes` are refused."""
    small = []
    for index, event in admission.events:
        document = orjson.dumps(event)
        if len(document) > event_max_bytes:
            detail = f"the event has {len(document)} bytes; one may have {event_max_bytes}"
            admission.refusals.append(Refusal(index, "", detail, is_too_large=True))
            admission.refused[index] = event
        else:
            small.append((index, event, document))
    return small


def _check_count(count: int, limits: Limits) -> None:
    if count > limits.events_max_count:
        raise TooManyEventsError(f"{count} events; one request may hold {limits.events_max_count}")


def _parse(body: bytes) -> Any:
    # With the parser of the contracts, so that an event is read alike whether or not its neighbours are valid.
    try:
        return from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise MalformedError(str(error)) from error


def _from_binary(body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
    """One event whose attributes are `ce-` headers and whose data is the body."""
    event: dict[str, Any] = {}
    for name, value in headers.items():
        if name.startswith(BINARY_PREFIX):
            try:
                event[name.removeprefix(BINARY_PREFIX)] = unquote(value, errors="strict")
            except UnicodeDecodeError as error:
                raise MalformedError(f"header {name}: what is percent-encoded is not UTF-8") from error
    event["data"] = _parse(body)
    return event


def raw_fact(request: Request, index: int, event: dict[str, Any]) -> dict[str, Any]:
    """The message for engagement.raw.v1 or engagement.backfill.v1: the event, with its place in the request."""
    fact = {
        "specversion": "1.0",
        "id": event_uid(request.community, event["source"], event["id"]),
        "source": "/plaudit/ingest",
        "type": "engagement.received.v1",
        "time": request.received_at,
        "community": request.community,
        "traceparent": own_traceparent(event) or request.traceparent,
        "receiptid": request.receipt_id,
        "receiptindex": index,
        "data": event,
    }
    if request.is_backfill:
        fact[BACKFILL] = True
    return fact


def raw_key(community: str, event: Mapping[str, Any]) -> bytes:
    """The key of its record on engagement.raw.v1, whichever door it came by: one person's keep their order.

    Where a channel does not tell who took something back or restored it, what it is of takes their place.
    """
    data = event["data"]
    channel = data["channel"]
    if "actor" in data:
        return record_key(community, f"{channel}|{compared_plain_id(channel, data['actor']['id'])}")
    return record_key(community, f"{channel}|{data['target']['source']}|{data['target']['id']}")


def earliest_year(headers: Mapping[str, str], otherwise: int) -> int:
    """What a request says of how old its events may be. Raises EarliestYearError when that is no year."""
    said = headers.get(EARLIEST_YEAR_HEADER.lower())
    if said is None:
        return otherwise
    if not re.fullmatch("[0-9]{1,4}", said) or not int(said):
        raise EarliestYearError("Give a year, from 1 to 9999")
    return int(said)


def check_cost(cost: float, event_count: int, max_cost: float) -> None:
    """Raise TooDearError when events cost more together than those of one request may; one alone always may."""
    if cost > max_cost and event_count > 1:
        raise TooDearError(event_count, cost, max_cost)


def _pointer(place: Iterable[str | int]) -> str:
    """A place in a document as a JSON Pointer (RFC 6901)."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in place)
