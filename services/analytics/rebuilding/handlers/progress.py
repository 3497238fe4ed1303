"""How far a rebuild is, as the running analytics sees it in the database that is built beside its own."""

from typing import Final

from services.analytics.metrics import REBUILD_BESIDE_LEFT, REBUILD_BESIDE_READS
from services.analytics.rebuilding import store
from services.analytics.rebuilding.domain import Progress
from services.analytics.settings import Settings
from shared.postgres import Connection
from shared.service.spec import Begin

WATCH_EVERY_SECONDS: Final = 15.0


async def find_progress(conn: Connection, settings: Settings) -> Progress | None:
    """How far the rebuild is; None where there is none."""
    if not await store.is_there(conn):
        return None
    return await store.find_progress(conn, settings)


async def watch_rebuild(begin: Begin, _until: float) -> None:
    """Errand: show how far a rebuild is; its own process shows that only where Prometheus is told of it."""
    async with begin() as tx:
        is_there, settings = await store.is_there(tx.conn), tx.settings
        found = await store.find_progress(tx.conn, settings) if is_there else None
    REBUILD_BESIDE_LEFT.set(0 if found is None else found.records_left)
    REBUILD_BESIDE_READS.set(0 if found is None else int(found.is_read))
