"""Who got nudges is kept, and looked at once their days are over."""

from datetime import timedelta

from services.analytics.lift import store
from services.analytics.metrics import SETTLED_NUDGES
from services.analytics.settings import Settings
from shared.contracts.facts import NudgeDecided
from shared.transaction import Transaction

SETTLE_EVERY_SECONDS = 5.0
#: Whose days are over are looked at so many in a transaction.
PIECE_COUNT = 200


async def on_nudges(tx: Transaction[Settings], facts: list[NudgeDecided]) -> None:
    """Keep who got a nudge and who was held out."""
    settles_after = timedelta(hours=tx.settings.lift_settle_hours)
    await store.add_assignments(tx.conn, facts=facts, settles_after=settles_after)


async def settle(tx: Transaction[Settings]) -> bool:
    """Note who did what was wished, of those whose days are over; a timer calls this while it returns True."""
    settled = await store.settle(tx.conn, now=tx.now, limit_count=PIECE_COUNT)
    SETTLED_NUDGES.inc(settled)
    return settled == PIECE_COUNT
