"""One community a transaction: whoever had its turn the longest ago is worked at, and undone alone where it fails.

So locks are those of one community, in the order that its work takes them in.
"""

import logging
from collections.abc import Awaitable, Callable, Collection

from services.recognition.metrics import TURNS_GIVEN_UP
from services.recognition.turns import store
from services.recognition.turns.store import TOOK_TOO_LONG, Work
from shared.transaction import Transaction

for _kind in Work:
    TURNS_GIVEN_UP.labels(_kind)

log = logging.getLogger(__name__)


async def take_turn(
    tx: Transaction, waiting: Collection[tuple[Work, str]], *, work: Callable[[Work, str], Awaitable[bool]]
) -> bool:
    """Work at the next of the communities that wait; whether there may be more to do.

    `work` says whether it found something. What a statement's time, or a wait for a lock, ends is undone with all
    that it told, and tried again later: the others have their turns meanwhile.
    """
    found = await store.find_next(tx.conn, waiting=waiting) if waiting else None
    if found is None:
        return False
    kind, community = found
    try:
        async with tx.part():
            has_worked = await work(kind, community)
    except TOOK_TOO_LONG:
        log.exception("%s of %s took too long", kind, community)
        TURNS_GIVEN_UP.labels(kind).inc()
        await store.set_failed(tx.conn, work=kind, community=community)
        return True
    await store.set_had(tx.conn, work=kind, community=community)
    # Of several who wait there are more, whatever this one found.
    return has_worked or len(waiting) > 1
