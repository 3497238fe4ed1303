"""What the timer does for counts of members."""

from services.ingest.directory import store
from services.ingest.settings import Settings
from shared.transaction import Transaction

FOLD_EVERY_SECONDS = 30.0
#: Rows that are made one at a time: as many as some minutes of a busy import leave.
FOLDED_MAX_COUNT = 20_000


async def fold_counts(tx: Transaction[Settings]) -> None:
    """Make one row of what changed in each community's counts."""
    await store.fold_counts(tx.conn, limit_count=FOLDED_MAX_COUNT)
