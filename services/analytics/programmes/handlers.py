"""Programme versions into their table; one that is known changes nothing."""

from services.analytics.programmes import store
from shared.contracts.facts import ProgrammePublished
from shared.transaction import Transaction


async def on_programmes(tx: Transaction, programmes: list[ProgrammePublished]) -> None:
    """Store programme versions: what rules were called, and which version applied when."""
    await store.add_versions(tx.conn, programmes=programmes)
