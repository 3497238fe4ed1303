"""From a record of a lane to events and refusals, as the front door would see them."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import quote

from services.ingest.costs.domain import Costs
from services.ingest.event_types.domain import NOTHING_DECLARED, DeclaredTypes
from services.ingest.events.domain.admission import (
    BATCH_TYPE,
    BINARY_PREFIX,
    JSON_TYPE,
    STRUCTURED_TYPE,
    Admission,
    Encoded,
    Limits,
    MalformedError,
    Refusal,
    TooDearError,
    TooManyEventsError,
    UnsupportedTypeError,
    admit,
    check_cost,
    encode,
)
from services.ingest.events.domain.receipts import receipt_id

#: What the content types begin with that hold whole events.
_STRUCTURED = "application/cloudevents"
#: The last millisecond that has a date: 9999-12-31.
_LAST_MS = 253_402_300_799_999


#: How CloudEvents' binding for Kafka writes an attribute in a header.
_ATTRIBUTE_PREFIX = "ce_"
_CONTENT_TYPE = "content-type"
_TRACEPARENT = "traceparent"
#: Headers of one record, and what they may have together: an event has 32 extensions at most beside what it needs.
HEADERS_MAX_COUNT = 64
HEADERS_MAX_BYTES = 64 * 1024


class LaneRecord(NamedTuple):
    """A record as it stood in a lane."""

    topic: str
    partition: int
    offset: int
    value: bytes
    headers: Sequence[tuple[str, bytes | None]] = ()

    @property
    def bytes(self) -> int:
        """What it counts as in its community's share."""
        return len(self.value) + sum(len(name) + len(value or b"") for name, value in self.headers)


class Reading(NamedTuple):
    """What a record holds: its events, what is wrong with it, and the receipt that both are told under."""

    events: list[Encoded]
    refusals: list[Refusal]
    receipt_id: str
    #: What its events count as; 1 for what cannot be read.
    cost: float = 1
    is_too_dear: bool = False
    #: What it was admitted as; None for what cannot be read.
    admission: Admission | None = None
    #: The trace that its headers name, for events that name none.
    traceparent: str | None = None


class Terms(NamedTuple):
    """What a record of a community's lane may hold, and what its events count as."""

    limits: Limits
    costs: Costs
    max_cost: float
    declared: DeclaredTypes = NOTHING_DECLARED


def written_at(timestamp_ms: int) -> datetime:
    """When a record was written, as it says in milliseconds since 1970; the nearest moment for what is no date.

    The broker dates lanes. In one that was made otherwise a client's time may be any number of 64 bits.
    """
    return datetime.fromtimestamp(min(max(timestamp_ms, 0), _LAST_MS) / 1000, UTC)


def read_record(
    record: LaneRecord, *, community: str, at: datetime, received_at: datetime, terms: Terms
) -> Reading:
    """Admit the events of a community's record that was written `at` some time, as if they had come by HTTP.

    It is in the form that its headers say (CloudEvents' binding for Kafka): structured, or binary with attributes
    in `ce_` headers. One without any is JSON: an event, or an array of them.
    """
    place = f"{record.topic}|{record.partition}|{record.offset}"
    randomness = hashlib.blake2b(place.encode(), digest_size=8).hexdigest()
    cost, is_too_dear = 1.0, False
    admission: Admission | None = None
    traceparent = None
    try:
        said = _headers(record)
        traceparent = said.get(_TRACEPARENT)
        admission = admit(record.value, said, received_at, terms.limits, terms.declared)
        cost = max(1.0, terms.costs.of(admission.types))
        check_cost(cost, len(admission.events), terms.max_cost)
        events = encode(admission, terms.limits.event_max_bytes)
        refusals = admission.refusals
    except UnsupportedTypeError as error:
        detail = f"the content type is {error}; write {STRUCTURED_TYPE}, {BATCH_TYPE} or {JSON_TYPE}, in UTF-8"
        events, refusals, cost, admission = [], [Refusal(0, "", detail)], 1.0, None
    except (MalformedError, TooManyEventsError, TooDearError) as error:
        is_too_dear = isinstance(error, TooDearError)
        events, refusals, cost, admission = [], [Refusal(0, "", str(error))], 1.0, None
    receipt = receipt_id(community, at, randomness, len(events))
    return Reading(events, refusals, receipt, cost, is_too_dear, admission, traceparent)


def _headers(record: LaneRecord) -> dict[str, str]:
    """A record's headers as a request would have them. Raises MalformedError for what can be none of an event's.

    Attributes are UTF-8 in Kafka's headers, and percent-encoded in HTTP's.
    """
    if len(record.headers) > HEADERS_MAX_COUNT or record.bytes - len(record.value) > HEADERS_MAX_BYTES:
        raise MalformedError(f"a record has {HEADERS_MAX_COUNT} headers of {HEADERS_MAX_BYTES} bytes at most")
    found: dict[str, str] = {}
    for name, value in record.headers:
        is_attribute = name.startswith(_ATTRIBUTE_PREFIX)
        if value is None or not (is_attribute or name in (_CONTENT_TYPE, _TRACEPARENT)):
            continue
        try:
            text = value.decode()
        except UnicodeDecodeError as error:
            raise MalformedError(f"header {name} is not UTF-8") from error
        if is_attribute:
            found[BINARY_PREFIX + name.removeprefix(_ATTRIBUTE_PREFIX)] = quote(text, safe="")
        else:
            found[name] = text
    is_binary = f"{BINARY_PREFIX}specversion" in found and not found.get(_CONTENT_TYPE, "").startswith(_STRUCTURED)
    return found if is_binary or _CONTENT_TYPE in found else {_CONTENT_TYPE: JSON_TYPE} | found
