"""What is the same again: by the platform's id and the bytes, or by what was told since."""

from datetime import datetime
from typing import NamedTuple

from connectors.compiled import Connector
from services.ingest.connectors.domain.connections import Connection
from services.ingest.connectors.domain.deliveries import (
    ABOUT_MAX_COUNT,
    Arrived,
    Kept,
    fingerprint_after,
    fingerprint_of,
)
from services.ingest.connectors.domain.mapping import Mapped, Read
from services.ingest.connectors.store import deliveries as store
from services.ingest.events.domain.judgement import event_uid
from shared.postgres import Connection as Database

#: So often the same bytes tell of another time; then they are the same again.
TOLD_ANEW_MAX_COUNT = 50


class Again(NamedTuple):
    """What a delivery is known by, and `same`, what it is again, if it came before.

    `content` is what is alike of deliveries that have another id each time; `told_at` when the first of them came,
    which may be this one.
    """

    fingerprint: bytes
    same: Kept | None
    told_at: datetime
    content: bytes | None = None


async def find_again(
    conn: Database, *, connection: Connection, connector: Connector, read: Read, arrived: Arrived, now: datetime
) -> Again:
    """Whether a delivery came before that came now.

    Where no id says it, the same bytes may tell of another time: a solution is accepted, no longer, and again.
    They do once another delivery was about the same events.
    """
    place = {"community": connection.community, "connection": connection.name}
    fingerprint = fingerprint_of(read.platform_id, arrived.raw)
    same = await store.find_same(conn, **place, fingerprint=fingerprint)
    if connector.document.retries.id == "changes":
        content = fingerprint_of(read.event, arrived.raw)
        alike = None if same is not None else await store.find_alike(conn, **place, content=content)
        if alike is None or await store.find_later_about(conn, delivery=alike) is not None:
            return Again(fingerprint, same, now, content)
        return Again(fingerprint, None, alike.told_at or alike.received_at, content)
    for _ in range(TOLD_ANEW_MAX_COUNT):
        if same is None or read.platform_id is not None or not same.about:
            break
        later = await store.find_later_about(conn, delivery=same)
        if later is None:
            break
        fingerprint = fingerprint_after(fingerprint, later)
        same = await store.find_same(conn, **place, fingerprint=fingerprint)
    return Again(fingerprint, same, now)


def about_of(community: str, connector: Connector, mapped: Mapped) -> list[str]:
    """The events that a delivery tells, takes back or restores, where the platform's id does not say enough."""
    if connector.document.retries.id == "same":
        return []
    told = (event["data"].get("target", event) for _, event, _ in mapped.events)
    found = dict.fromkeys(event_uid(community, one["source"], one["id"]) for one in told)
    return list(found)[:ABOUT_MAX_COUNT]
