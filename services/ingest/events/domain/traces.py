"""By which trace events came: that of their request, or one that an event names itself."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from services.ingest.events.domain.extensions import own_traceparent
from services.ingest.events.domain.judgement import Outcome, Received
from shared.contracts.fields import Count
from shared.traces import trace_id_of

#: The place of a whole request, before that of its first event.
WHOLE_REQUEST = -1


class Trace(NamedTuple):
    """A trace's id, as 32 hexadecimal digits, and what came by it: a request but for events that name another."""

    community: str
    receipt_id: str
    #: The event's place in the request, or WHOLE_REQUEST.
    receipt_index: int
    trace_id: str
    received_at: datetime


class Traced(NamedTuple):
    """An event that came by a trace: when, in which request, and what became of it."""

    event_uid: str
    receipt_id: str
    receipt_index: int
    received_at: datetime
    outcome: Outcome
    reason: str | None


class TracedPlace(NamedTuple):
    """Where a page of what came by a trace ended."""

    receipt_id: str
    event_index: Count


def traces_of(events: Iterable[Received]) -> list[Trace]:
    """The traces of received events, each once."""
    found: dict[tuple[str, str, int], Trace] = {}
    for event in events:
        trace_id = trace_id_of(event.traceparent)
        if trace_id is None:
            continue
        index = WHOLE_REQUEST if own_traceparent(event.event) is None else event.receipt_index
        place = (event.community, event.receipt_id, index)
        if place not in found:
            found[place] = Trace(*place, trace_id, event.received_at)
    return [found[place] for place in sorted(found)]
