"""The relay notes what it has published for the endpoints that want it, in the transaction that deletes it.

So a fact is noted exactly when it is told, and reading a restored database's facts back notes none of them. Where
no endpoint exists it costs one look a second.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson

from shared.contracts.backfill import BACKFILL
from shared.postgres import Connection
from shared.webhooks import store
from shared.webhooks.domain import DeliveryState, NewDelivery, message_id
from shared.webhooks.metrics import NOTED
from shared.webhooks.offered import OFFERED_TOPICS, kind_of

#: How long it is believed which endpoints there are.
BELIEVED_SECONDS = 1.0

#: The endpoints that want facts: of each community, by type.
Wanted = Mapping[str, Mapping[str, list[str]]]
#: A message: topic, key, value.
Message = tuple[str, bytes, bytes]


class Noter:
    """Picks what endpoints want of what is published; `on_noted` is told when there is something to deliver."""

    def __init__(self, on_noted: Callable[[], None]) -> None:
        self._on_noted = on_noted
        self._wanted: Wanted = {}
        self._looked_at = -BELIEVED_SECONDS

    async def note(self, conn: Connection, messages: Iterable[Message]) -> int:
        """Note messages that were published; return how many deliveries that makes. It commits with the caller."""
        now = time.monotonic()
        if now - self._looked_at >= BELIEVED_SECONDS:
            self._wanted = await store.load_wanted(conn)
            self._looked_at = now
        if not self._wanted:
            return 0
        deliveries = deliveries_of(messages, self._wanted)
        if not deliveries:
            return 0
        count = await store.add_deliveries(conn, deliveries=deliveries)
        NOTED.inc(count)
        return count

    def committed(self, count: int) -> None:
        """Say that what was noted is committed."""
        if count:
            self._on_noted()


async def note_late(conn: Connection, messages: Iterable[Message]) -> None:
    """Note messages that are published, and of which their relay died before it could."""
    found = list(messages)
    if found and (wanted := await store.load_wanted(conn)):
        await store.add_deliveries(conn, deliveries=deliveries_of(found, wanted))


async def hold(conn: Connection, messages: Iterable[Message]) -> None:
    """Of a restored database hold what waits, and what it has forgotten: whoever knows better has it sent."""
    await store.hold_waiting(conn)
    if wanted := await store.load_wanted(conn):
        deliveries = deliveries_of(messages, wanted)
        await store.add_deliveries(conn, deliveries=deliveries, state=DeliveryState.HELD)


def deliveries_of(messages: Iterable[Message], wanted: Wanted) -> list[NewDelivery]:
    """What is to be delivered of messages. What is of the past is told to nobody."""
    found = []
    for topic, key, value in messages:
        if topic not in OFFERED_TOPICS:
            continue
        of_community = wanted.get(key.partition(b"|")[0].decode())
        if of_community is None:
            continue
        try:
            fact: dict[str, Any] = orjson.loads(value)
            community, source, kind, fact_id = fact["community"], fact["source"], fact["type"], fact["id"]
        except (ValueError, KeyError, TypeError):
            continue  # a stranger's: no service tells what is no fact
        told_as = kind_of(topic, kind)
        endpoints = of_community.get(told_as)
        if endpoints is None or fact.get(BACKFILL):
            continue
        message = message_id(community=community, source=source, kind=kind, fact_id=fact_id)
        found += [NewDelivery(community, one, message, told_as, value) for one in endpoints]
    return found
