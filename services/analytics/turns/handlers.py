"""Communities take turns: each is worked at under a savepoint, so that one that takes too long stops no other."""

import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta

from services.analytics.metrics import GIVEN_UP
from services.analytics.settings import Settings
from services.analytics.turns import store
from services.analytics.turns.store import Turns
from shared.transaction import Transaction

log = logging.getLogger(__name__)


async def take_turns(
    tx: Transaction[Settings],
    work: Callable[[str], Awaitable[None]],
    *,
    turns: Turns,
    every: timedelta,
    limit_count: int,
) -> bool:
    """Work at so many communities at most whose turn has come; whether there may be more.

    What a statement's time ends is undone with what it told, and tried again at the community's next turn.
    """
    communities = await store.lock_due(tx.conn, turns, before=tx.now - every, limit_count=limit_count)
    for community in communities:
        try:
            async with tx.part():
                await work(community)
        except TimeoutError:
            log.exception("%s of %s took too long", turns.name.lower(), community)
            GIVEN_UP.labels(turns.name.lower()).inc()
    await store.set_checked(tx.conn, turns, communities=communities, at=tx.now)
    return len(communities) == limit_count
