"""What a delivery becomes: events that are admitted as those of POST /v1/events are, or the reason why none are.

Pure, and bounded whatever the connector's author and the platform wrote: the engine counts the steps, and what
comes of a delivery is weighed before it is written out.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from connectors.bodies import BodyError, read_body
from connectors.compiled import Connector
from connectors.engine import (
    ACTIVITIES_MAX_COUNT,
    Delivery,
    State,
    challenge_answer,
    delivery_id,
    event_of,
    map_delivery,
    settings_of,
)
from connectors.failures import MappingError
from services.ingest.connectors.domain.deliveries import (
    EVENT_MAX_CHARS,
    PLATFORM_ID_MAX_CHARS,
    REASON_MAX_CHARS,
    Arrived,
    within,
)
from services.ingest.event_types.domain import DeclaredTypes
from services.ingest.events.domain import admission

_AS_BATCH = {"content-type": admission.BATCH_TYPE}
TRIED = "the platform tried the address"
#: What asking a connector may raise for a body that nobody thought of.
_FAILURES = (
    MappingError,
    TypeError,
    ValueError,
    KeyError,
    IndexError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)


class Terms(NamedTuple):
    """By what events are admitted, and how many bytes those of one delivery may have together."""

    limits: admission.Limits
    declared: DeclaredTypes
    events_max_bytes: int


class Read(NamedTuple):
    """A delivery as far as it is read before it is mapped: its body, and what its platform calls it.

    `challenge` is what the platform wants to hear that only tries the address; None for what is no challenge. With
    a `fault` the bytes are no body. `event` is what the platform calls what happened, where its id for a delivery
    is another each time.
    """

    body: Mapping[str, Any] | None
    platform_id: str | None
    event: str | None = None
    challenge: Any = None
    fault: str | None = None


class Mapped(NamedTuple):
    """What a delivery becomes: admitted events, or why there are none."""

    state: State
    event: str | None
    reason: str | None
    events: Sequence[admission.Encoded] = ()

    @property
    def types(self) -> list[str]:
        """The types of its events."""
        return [event["type"] for _, event, _ in self.events]


class TooMuchError(Exception):
    """The activities of a delivery would have more bytes than one may."""


def read_arrived(connector: Connector, arrived: Arrived, settings: Mapping[str, str], received: datetime) -> Read:
    """Read what came in. Raises nothing for any bytes."""
    try:
        body = read_body(arrived.raw, arrived.headers.get("content-type", ""))
    except BodyError as error:
        return Read(None, None, fault=str(error))
    delivery = Delivery(arrived.headers, body, received)
    try:
        named = delivery_id(connector, delivery)
    except _FAILURES:
        named = None
    try:
        challenge = challenge_answer(connector, delivery, settings_of(connector, settings))
    except _FAILURES:
        challenge = None
    platform_id = within(named, PLATFORM_ID_MAX_CHARS)
    event = None
    if connector.document.retries.id == "changes":
        event = within(event_of(connector, delivery, settings_of(connector, settings)), EVENT_MAX_CHARS)
    return Read(body, platform_id, event, challenge)


def map_read(
    connector: Connector,
    arrived: Arrived,
    read: Read,
    *,
    settings: Mapping[str, str],
    received: datetime,
    now: datetime,
    terms: Terms,
) -> Mapped:
    """What becomes of a delivery that was read; `received` is when it came first. Raises nothing for any body."""
    if read.body is None:
        return Mapped(State.INVALID, None, read.fault)
    delivery = Delivery(arrived.headers, read.body, received)
    outcome = map_delivery(connector, delivery, settings_of(connector, settings))
    event, reason = within(outcome.event, EVENT_MAX_CHARS), within(outcome.reason, REASON_MAX_CHARS)
    if read.challenge is not None:
        return Mapped(State.NO_ENGAGEMENT, event, reason if outcome.state is State.NO_ENGAGEMENT else TRIED)
    if outcome.state is not State.MAPPED:
        return Mapped(outcome.state, event, reason)
    try:
        return _admitted(outcome.activities, event, now, terms)
    except (TooMuchError, admission.MalformedError, *_FAILURES) as error:
        said = str(error) if isinstance(error, TooMuchError) else "what comes of it cannot be written as JSON"
        return Mapped(State.INVALID, event, said)


def _admitted(activities: Sequence[Mapping[str, Any]], event: str | None, now: datetime, terms: Terms) -> Mapped:
    left = terms.events_max_bytes
    written = []
    for activity in activities:
        left -= _weight(activity, left)
        written.append(orjson.dumps(activity))
    batch = b"[" + b",".join(written) + b"]"
    limits = terms.limits._replace(events_max_count=ACTIVITIES_MAX_COUNT)
    found = admission.admit(batch, _AS_BATCH, now, limits, terms.declared)
    encoded = admission.encode(found, limits.event_max_bytes)
    if found.refusals:
        first = found.refusals[0]
        reason = f"activity {first.index + 1} ({activities[first.index]['type']}): {first.field} {first.detail}"
        return Mapped(State.INVALID, event, within(reason, REASON_MAX_CHARS))
    return Mapped(State.MAPPED, event, None, encoded)


def _weight(value: Any, most: int) -> int:
    """About how many bytes a value has as JSON. Raises TooMuchError as soon as that is more than `most`.

    A value that stands in many places of another is one in memory, and would be written out in each of them.
    """
    total, left = 0, [value]
    while left:
        found = left.pop()
        if isinstance(found, str):
            total += 2 + len(found)
        elif isinstance(found, dict):
            total += 2 + sum(map(len, found)) + len(found)
            left.extend(found.values())
        elif isinstance(found, list):
            total += 2 + len(found)
            if total <= most:
                left.extend(found)
        else:
            total += 8
        if total > most:
            raise TooMuchError("its activities have more bytes together than those of one delivery may")
    return total
