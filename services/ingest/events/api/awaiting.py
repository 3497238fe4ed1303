"""What became of the events of a request, told in its own answer to whoever would rather wait than ask."""

import asyncio
import time
from typing import Any, cast

from prometheus_client import Gauge

from services.ingest.events.api.waiting import TooManyWaitingError, WaitingRequests
from services.ingest.events.domain.receipts import Judgement
from services.ingest.events.store import receipts as store
from services.ingest.settings import Settings
from shared.http import Connected, FieldError, Problem
from shared.http.problem_types import INVALID_REQUEST
from shared.postgres import TRANSIENT

#: The first look comes so soon, and each further one after half as long again, up to the last.
FIRST_LOOK_SECONDS = 0.02
LOOKS_MAX_SECONDS = 0.25


def wait_seconds(said: str, max_seconds: int) -> int:
    """For how many seconds a request wants to wait. Raises Problem 422 for what is no number of them."""
    if not (said.isascii() and said.isdigit()) or len(said) > 3 or not 1 <= int(said) <= max_seconds:
        detail = f"Give whole seconds, from 1 to {max_seconds}"
        raise Problem(INVALID_REQUEST, "Nothing was taken", [FieldError(field="wait", detail=detail)])
    return int(said)


class Awaited:
    """Answers that wait until their events are judged: bounded in time and in number."""

    def __init__(self, gauge: Gauge) -> None:
        self._waiting = WaitingRequests(gauge)

    async def outcomes(
        self, service: Connected, *, community: str, receipt_id: str, event_count: int, seconds: int
    ) -> dict[str, Any]:
        """The status of a receipt, and the outcomes of its events that are known within so many seconds.

        The events are taken already: where too many wait, or the database is away, it says `pending` at once.
        """
        settings = cast("Settings", service.settings)
        ends_at = time.monotonic() + seconds
        judgements: list[Judgement] = []
        try:
            with self._waiting.one_more(max_count=settings.awaited_max_count):
                pause = FIRST_LOOK_SECONDS
                while (left := ends_at - time.monotonic()) > 0:
                    await asyncio.sleep(min(pause, left))
                    pause = min(pause * 1.5, LOOKS_MAX_SECONDS)
                    counts = await store.count_outcomes(service.pool, community=community, receipt_id=receipt_id)
                    if sum(counts.values()) >= event_count:
                        break
                judgements = await store.page_of_judgements(
                    service.pool, community=community, receipt_id=receipt_id, after=None, limit_count=event_count
                )
        except (TooManyWaitingError, *TRANSIENT):
            judgements = []
        return {
            "status": "complete" if len(judgements) >= event_count else "pending",
            "items": [
                {
                    "index": one.index,
                    "event_uid": one.event_uid,
                    "outcome": one.outcome,
                    "reason": one.reason,
                    "refused_id": None,
                }
                for one in judgements
            ],
        }
