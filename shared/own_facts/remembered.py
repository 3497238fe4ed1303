"""A question that only reading back makes true, asked of the database now and then instead of in every batch."""

import time
from collections.abc import Awaitable, Callable

from shared.own_facts import store
from shared.postgres import Connection

#: So long another process may have read back before this one hears of it; see TAKEN_IN_AFTER_SECONDS.
REMEMBERED_SECONDS = 1.0
#: What is found while processes run is taken in only so long afterwards, so that all have heard of it.
TAKEN_IN_AFTER_SECONDS = 1.5

#: Counts how often this process has taken in facts, or begun its work: what was remembered before does not count.
_turns = [0]


def something_was_taken_in() -> None:
    """Say that facts of the service's own were taken in: whoever remembers asks again."""
    _turns[0] += 1


class Remembered:
    """Whether something is left of what was read back: a no is remembered for a moment, a yes never.

    `ask` asks the database. While facts are still to be taken in, whichever process does so, it is a yes as well.
    A database that is restored ends the process, and reading back begins a new count.
    """

    def __init__(self, ask: Callable[[Connection], Awaitable[bool]]) -> None:
        self._ask = ask
        self._no = (-1, 0.0)

    async def is_any(self, conn: Connection) -> bool:
        """The answer as of at most REMEMBERED_SECONDS ago."""
        turn, until = self._no
        now = time.monotonic()
        if turn == _turns[0] and now < until:
            return False
        turn = _turns[0]
        if await self._ask(conn) or await store.is_anything_forgotten(conn):
            return True
        self._no = (turn, now + REMEMBERED_SECONDS)
        return False
