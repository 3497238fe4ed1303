"""What the door refuses is kept before the answer says so, beside what is taken: good events never wait for it."""

import asyncio
from collections.abc import Sequence
from typing import cast

from services.ingest.events.domain import admission
from services.ingest.events.domain.refusing import counts_of, refused_body, refused_events
from services.ingest.events.store import receipts as store
from services.ingest.metrics import REFUSED_KEPT
from services.ingest.refused.domain import Found, Request
from services.ingest.refused.handlers.keeping import keep
from services.ingest.settings import Settings
from shared.http import Connected
from shared.postgres import TRANSIENT

#: So many refusals are kept at once by a process, so that a flood of them leaves connections for the rest.
AT_ONCE_MAX_COUNT = 2


class Keeper:
    """Keeps what is refused: bounded in time and in number."""

    def __init__(self) -> None:
        self._few = asyncio.Semaphore(AT_ONCE_MAX_COUNT)

    async def keep_events(self, service: Connected, request: Request, read: admission.Admission) -> bool:
        """Keep the events of a request that were refused; False where that is not done in time."""
        found = refused_events(request.community, read)
        return await self._keep(service, request, found, read)

    async def keep_body(self, service: Connected, request: Request, body: bytes, why: str) -> bool:
        """Keep a body that cannot be read; False where that is not done in time."""
        return await self._keep(service, request, [refused_body(body, why)], None)

    async def _keep(
        self, service: Connected, request: Request, found: Sequence[Found], read: admission.Admission | None
    ) -> bool:
        settings = cast("Settings", service.settings)
        try:
            async with asyncio.timeout(settings.refused_keep_seconds), self._few, service.begin() as tx:
                await store.add_hours(tx.conn, counts=counts_of(request.community, request.received_at, read))
                return await keep(tx, request=request, found=found)
        except (TimeoutError, *TRANSIENT):
            # What the sender is told is told all the same.
            REFUSED_KEPT.labels("unanswered").inc(len(found))
            return False
