"""What is the same again: by the platform's id and the bytes, or by what was told since."""

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


async def find_same(
    conn: Database, *, connection: Connection, connector: Connector, read: Read, arrived: Arrived
) -> tuple[bytes, Kept | None]:
    """What a delivery is known by, and the same if it came before.

    Where no id says it, the same bytes may tell of another time: a solution is accepted, no longer, and again.
    They do once another delivery was about the same events.
    """
    fingerprint, same = fingerprint_of(read.known_by, arrived.raw), None
    says_enough = connector.document.retries.id != "changes" and read.platform_id is not None
    for _ in range(TOLD_ANEW_MAX_COUNT):
        same = await store.find_same(
            conn, community=connection.community, connection=connection.name, fingerprint=fingerprint
        )
        if same is None or says_enough or not same.about:
            break
        later = await store.find_later_about(conn, delivery=same)
        if later is None:
            break
        fingerprint = fingerprint_after(fingerprint, later)
    return fingerprint, same


def about_of(community: str, connector: Connector, mapped: Mapped) -> list[str]:
    """The events that a delivery tells, takes back or restores, where the platform's id does not say enough."""
    if connector.document.retries.id == "same":
        return []
    told = (event["data"].get("target", event) for _, event, _ in mapped.events)
    found = dict.fromkeys(event_uid(community, one["source"], one["id"]) for one in told)
    return list(found)[:ABOUT_MAX_COUNT]
