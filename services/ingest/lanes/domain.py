"""From a record of a lane to events and refusals, as the front door would see them."""

import hashlib
from datetime import UTC, datetime
from typing import NamedTuple

from services.ingest.costs.domain import Costs
from services.ingest.event_types.domain import NOTHING_DECLARED, DeclaredTypes
from services.ingest.events.domain.admission import (
    JSON_TYPE,
    Admission,
    Encoded,
    Limits,
    MalformedError,
    Refusal,
    TooDearError,
    TooManyEventsError,
    admit,
    check_cost,
    encode,
)
from services.ingest.events.domain.receipts import receipt_id

_HEADERS = {"content-type": JSON_TYPE}
#: The last millisecond that has a date: 9999-12-31.
_LAST_MS = 253_402_300_799_999


class LaneRecord(NamedTuple):
    """A record as it stood in a lane."""

    topic: str
    partition: int
    offset: int
    value: bytes


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
    """Admit the events of a community's record that was written `at` some time, as if they had come by HTTP."""
    place = f"{record.topic}|{record.partition}|{record.offset}"
    randomness = hashlib.blake2b(place.encode(), digest_size=8).hexdigest()
    cost, is_too_dear = 1.0, False
    admission: Admission | None = None
    try:
        admission = admit(record.value, _HEADERS, received_at, terms.limits, terms.declared)
        cost = max(1.0, terms.costs.of(admission.types))
        check_cost(cost, len(admission.events), terms.max_cost)
        events = encode(admission, terms.limits.event_max_bytes)
        refusals = admission.refusals
    except (MalformedError, TooManyEventsError, TooDearError) as error:
        is_too_dear = isinstance(error, TooDearError)
        events, refusals, cost, admission = [], [Refusal(0, "", str(error))], 1.0, None
    receipt = receipt_id(community, at, randomness, len(events))
    return Reading(events, refusals, receipt, cost, is_too_dear, admission)
