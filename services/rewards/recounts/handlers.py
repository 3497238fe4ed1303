"""The timer that counts awards again."""

from services.rewards.recounts.store import TOLD
from shared.recounts import recount
from shared.transaction import Transaction


async def recount_awards(tx: Transaction) -> None:
    """Timer: count some awards again, and show what all come to."""
    await recount(tx, query=TOLD, of=("spendable",))
