"""Programme versions into their table. A fact that is known already changes nothing."""

from services.analytics.programmes import store
from shared.contracts.facts import ProgrammePublished
from shared.transaction import Transaction


async def on_programmes(tx: Transaction, programmes: list[ProgrammePublished]) -> None:
    """Store programme versions: what rules were called, and which version applied when."""
    await store.add_programmes(tx.conn, programmes)
