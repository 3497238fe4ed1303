"""The timer that looks whether lineage leads somewhere."""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from services.analytics.lineage.domain.watching import INVARIANTS, missed_since
from services.analytics.lineage.store import watching as store
from services.analytics.settings import Settings
from shared.invariants import DIFFERENCES_MAX_COUNT, show_differences
from shared.postgres import Connection
from shared.topics import EVENTS, PAYOUTS, POINTS, RECOGNITION, REDEMPTIONS
from shared.transaction import Transaction

WATCH_LINEAGE_EVERY_SECONDS = 60.0
#: Where what a row leads to comes from.
_TOPICS: Final = tuple(topic.name for topic in (EVENTS, POINTS, RECOGNITION, REDEMPTIONS, PAYOUTS))

log = logging.getLogger(__name__)


async def watch_lineage(tx: Transaction[Settings]) -> None:
    """Timer: look at so many rows as a turn may, and show how many lead nowhere though all should have arrived."""
    state = await store.lock_watch(tx.conn)
    state = state.seen(await store.find_oldest_seconds(tx.conn, topics=_TOPICS, now=tx.now), at=tx.now)
    # 1. Of what was found, whatever has arrived since.
    await store.delete_arrived(tx.conn)
    # 2. The next rows. What is not there yet may be on its way. A table has room of its own: what one lacks hides
    #    nothing of another.
    end = await store.find_end(tx.conn, state, rows_max_count=tx.settings.lineage_watch_max_count)
    known = await store.count_orphans(tx.conn, found_before=tx.now)
    room = max(DIFFERENCES_MAX_COUNT - known[state.link], 0)
    await store.add_orphans(tx.conn, state, until=end, at=tx.now, limit_count=room)
    await store.set_watch(tx.conn, state.reached(end))
    # 3. What should have arrived.
    until = state.missed_since(tx.now)
    if until is None:
        return
    lost = await store.count_orphans(tx.conn, found_before=until)
    if any(lost.values()):
        log.error("lineage leads nowhere from %s: see lineage_orphans", {link: n for link, n in lost.items() if n})
    show_differences({INVARIANTS[link]: count for link, count in lost.items()})


async def load_lost(conn: Connection, *, community: str, now: datetime) -> Mapping[str, int] | None:
    """How much of a community leads nowhere though all should have arrived, by table; None while nobody knows."""
    until = missed_since(await store.find_behind_at(conn), now)
    if until is None:
        return None
    lost = await store.count_orphans_of(conn, community=community, found_before=until)
    return {link.value: count for link, count in lost.items()}
