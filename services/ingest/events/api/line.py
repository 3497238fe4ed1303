"""How far the line behind the front door is behind: the age of the oldest request that it has not judged yet."""

import asyncio
import time
from collections import deque
from typing import NamedTuple

from prometheus_client import Gauge

from services.ingest.events.store import receipts as store
from shared.http import Connected
from shared.postgres import TRANSIENT

#: So often a request is followed to its judgement, and the database asked about those that are followed.
EVERY_SECONDS = 0.05
#: For so long, and so many: as many as come in that time.
FOLLOWED_MAX_SECONDS = 60.0
FOLLOWED_MAX_COUNT = int(FOLLOWED_MAX_SECONDS / EVERY_SECONDS)


class Followed(NamedTuple):
    """A request that was taken, and when, in seconds of the monotonic clock."""

    community: str
    receipt_id: str
    taken_at: float


class Line:
    """Follows one request in a while from the broker's acknowledgement until its first event was judged."""

    def __init__(self, gauge: Gauge) -> None:
        self._followed: deque[Followed] = deque(maxlen=FOLLOWED_MAX_COUNT)
        self._next_at = 0.0
        self._watching: asyncio.Task[None] | None = None
        gauge.set_function(self.age_seconds)

    def age_seconds(self) -> float:
        """How long the oldest request waits that is not judged, as far as it was looked at; 0 when none waits."""
        return time.monotonic() - self._followed[0].taken_at if self._followed else 0.0

    def follow(self, service: Connected, community: str, receipt_id: str) -> None:
        """Say that a request was taken. Of those that come within a moment only the first is followed."""
        now = time.monotonic()
        if now < self._next_at:
            return
        self._next_at = now + EVERY_SECONDS
        self._followed.append(Followed(community, receipt_id, now))
        if self._watching is None or self._watching.done():
            self._watching = asyncio.create_task(self._watch(service))

    async def _watch(self, service: Connected) -> None:
        """Ask until nothing is followed any more. When the database cannot say, nothing is known of any."""
        try:
            while self._followed:
                oldest = self._followed[0]
                if time.monotonic() - oldest.taken_at > FOLLOWED_MAX_SECONDS:
                    self._followed.popleft()  # what is put aside as a dead letter is never judged
                    continue
                if await store.is_judged(service.pool, community=oldest.community, receipt_id=oldest.receipt_id):
                    self._followed.popleft()
                else:
                    await asyncio.sleep(EVERY_SECONDS)
        except TRANSIENT:
            self._followed.clear()
