"""The timer that looks whether lineage leads somewhere."""

import logging

from services.analytics.lineage.domain.watching import ARRIVES_WITHIN, LOTS_HAVE_AWARDS
from services.analytics.lineage.store import watching as store
from services.analytics.settings import Settings
from shared.invariants import DIFFERENCES_MAX_COUNT, show_differences
from shared.transaction import Transaction

WATCH_LINEAGE_EVERY_SECONDS = 60.0

log = logging.getLogger(__name__)


async def watch_lineage(tx: Transaction[Settings]) -> None:
    """Timer: look at so many lots as a turn may, and show how many lead to no award that should have arrived."""
    state = await store.lock_watch(tx.conn)
    # 1. Of what was found, whatever has arrived since.
    await store.delete_arrived(tx.conn)
    # 2. The next lots. What is not there yet may be on its way.
    end = await store.find_end(tx.conn, state, rows_max_count=tx.settings.lineage_watch_max_count)
    room = DIFFERENCES_MAX_COUNT - await store.count_orphans(tx.conn, found_before=tx.now)
    await store.add_orphans(tx.conn, state, until=end, at=tx.now, limit_count=max(room, 0))
    await store.set_watch(tx.conn, state.reached(end))
    # 3. What should have arrived.
    count = await store.count_orphans(tx.conn, found_before=tx.now - ARRIVES_WITHIN)
    if count:
        log.error("%d lots of payouts and redemptions lead to no award: see lineage_orphans", count)
    show_differences({LOTS_HAVE_AWARDS: count})
