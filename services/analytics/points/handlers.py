"""Awards into the points per rule; one that is known changes nothing."""

from services.analytics.metrics import AWARDS
from services.analytics.points import store
from shared.contracts.facts import PointsAwarded
from shared.transaction import Transaction


async def on_awards(tx: Transaction, awards: list[PointsAwarded]) -> None:
    """Store awards and what amends them, and add them to the points per rule."""
    AWARDS.inc(await store.add_awards(tx.conn, awards=awards))
    by_hand = [award for award in awards if "by_hand" in award["data"]]
    if by_hand:
        await store.add_hands(tx.conn, awards=by_hand)
