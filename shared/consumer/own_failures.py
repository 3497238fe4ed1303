"""Batches that fail again and again by their own doing: which record is it, and may it be put aside?

A database or broker that is away fails every batch, and the same one is tried again for as long as that takes. A
batch that runs into the time it may take, on a database that answers, would be tried for ever, and all behind it
would wait.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from shared.postgres import TRANSIENT
from shared.settings import ServiceSettings

#: What a handler runs into that asks for too much. Locks, deadlocks and lost connections are others' doing.
OWN = (TimeoutError, asyncpg.QueryCanceledError)
#: The database is asked whether it answers, within this time.
ANSWER_SECONDS = 5.0
#: Culprits put aside one after the other, with nothing between that went through: then it is not the records.
PUT_ASIDE_IN_A_ROW_MAX_COUNT = 3

log = logging.getLogger(__name__)


class OwnFailureError(Exception):
    """A batch failed by its own doing as often as it may, while the database answered; `reason` says of what."""

    def __init__(self, error: BaseException) -> None:
        self.reason = f"it fails again and again: {type(error).__name__} {error}".rstrip()
        super().__init__(self.reason)


class OwnFailures:
    """Tells a batch's own failures from the database's, and counts what was put aside for them."""

    def __init__(self, pool: asyncpg.Pool, settings: ServiceSettings) -> None:
        self._pool = pool
        self._settings = settings
        self._latest: BaseException | None = None
        self._put_aside_in_a_row = 0

    @asynccontextmanager
    async def noticed(self) -> AsyncIterator[None]:
        """Around what a batch itself does, which may take `batch_seconds`: a failure of its own is remembered."""
        try:
            async with asyncio.timeout(self._settings.batch_seconds):
                yield
        except OWN as error:
            self._latest = error
            raise

    async def is_own(self, error: BaseException) -> bool:
        """Whether a failure is the batch's own: it came from within, and the database answers others."""
        if error is not self._latest:
            return False
        with contextlib.suppress(*TRANSIENT):
            async with asyncio.timeout(ANSWER_SECONDS):
                return bool(await self._pool.fetchval("select true"))
        return False

    def went_through(self) -> None:
        """Records were processed: whatever fails, not everything does."""
        self._put_aside_in_a_row = 0

    def may_put_aside(self) -> bool:
        """Whether one more record may be put aside; counts it if so."""
        if self._put_aside_in_a_row >= PUT_ASIDE_IN_A_ROW_MAX_COUNT:
            log.error("nothing goes through: it is not the records, and no more of them are put aside")
            return False
        self._put_aside_in_a_row += 1
        return True
