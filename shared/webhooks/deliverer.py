"""Delivers what a service has noted: a lane for each endpoint, so that none that hangs delays others.

A delivery is claimed for a time and made outside any transaction. A process that dies leaves what it claimed to
the next once that time is over: it may be made twice, under the same webhook-id, and is never lost.
"""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

import asyncpg
import mode

from shared.contracts.facts import WEBHOOK_ENDPOINT_FAILED, WebhookTrouble, WebhookTroubleData
from shared.failures import is_transient
from shared.postgres import begin
from shared.settings import ServiceSettings
from shared.topics import WEBHOOK_TROUBLE
from shared.transaction import Transaction
from shared.webhooks import store
from shared.webhooks.addresses import Bounds
from shared.webhooks.domain import (
    Claimed,
    DeliveryState,
    Endpoint,
    NotOpenedError,
    next_try,
    rest_seconds,
)
from shared.webhooks.metrics import DELIVERIES, EXHAUSTED, FAILING, GIVEN_UP, OLDEST, WAITING
from shared.webhooks.sealing import sealer_of, signed
from shared.webhooks.sending import Outcome, Sender
from shared.webhooks.store import SetOutcome

IDLE_SECONDS: Final = 1.0
COUNT_EVERY_SECONDS: Final = 5.0
KEEP_EVERY_SECONDS: Final = 60.0
DELETED_AT_ONCE_COUNT: Final = 2_000
#: Deliveries that a lane claims at once, and makes at once; of an endpoint that fails, one.
CLAIMED_MAX_COUNT: Final = 32
LANE_MAX_COUNT: Final = 8
#: Longer than it takes to make all that was claimed: beyond that it is another's.
LEASE_MORE_SECONDS: Final = 5.0

log = logging.getLogger(__name__)


class Deliverer(mode.Service):
    """Makes the deliveries of one process. `begin` begins a transaction of the service."""

    def __init__(
        self,
        service: str,
        pool: asyncpg.Pool,
        settings: ServiceSettings,
        begin_told: Callable[[], AbstractAsyncContextManager[Transaction[Any]]],
    ) -> None:
        super().__init__()
        self._service = service
        self._pool = pool
        self._settings = settings
        self._begin = begin_told
        self._sender: Sender | None = None
        self._work = asyncio.Event()
        self._lanes: dict[str, asyncio.Task[None]] = {}
        self._failures: dict[str, int] = {}
        self._resting: dict[str, float] = {}
        self._at_once = asyncio.Semaphore(settings.webhooks_at_once_max_count)
        self._count_at = self._keep_at = 0.0

    def wake(self) -> None:
        """Say that there is something to deliver."""
        self._work.set()

    async def on_start(self) -> None:
        """Begin, where there are keys by which endpoints open."""
        if self._settings.webhook_keys:
            self.add_future(self._deliver())

    async def on_stop(self) -> None:
        """Let what is under way end, for a moment; what does not is made again by the next process."""
        lanes = list(self._lanes.values())
        if lanes:
            await asyncio.wait(lanes, timeout=self._settings.stop_seconds)
        for lane in lanes:
            lane.cancel()
        if self._sender is not None:
            await self._sender.close()

    async def _deliver(self) -> None:
        while not self.should_stop:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._work.wait(), IDLE_SECONDS)
            self._work.clear()
            try:
                await self._start_lanes()
                await self._look_after()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("deliveries wait: %r", error)
                await self.sleep(IDLE_SECONDS)

    async def _start_lanes(self) -> None:
        now = time.monotonic()
        self._resting = {one: until for one, until in self._resting.items() if until > now}
        async with begin(self._pool) as conn:
            due = await store.load_due(conn, now=datetime.now(UTC), but=[*self._lanes, *self._resting])
        for endpoint in due:
            lane = asyncio.create_task(self._lane(endpoint), name=f"webhook {endpoint.endpoint_id}")
            self._lanes[endpoint.endpoint_id] = lane
            lane.add_done_callback(partial(self._ended, endpoint.endpoint_id))

    def _ended(self, endpoint_id: str, lane: asyncio.Task[None]) -> None:
        self._lanes.pop(endpoint_id, None)
        if lane.cancelled():
            return
        error = lane.exception()
        if error is None:
            self._work.set()
        elif isinstance(error, Exception) and is_transient(error):
            log.warning("deliveries to %s wait: %r", endpoint_id, error)
        else:
            self.add_future(self.crash(error))

    async def _lane(self, endpoint: Endpoint) -> None:
        """Deliver to an endpoint until nothing is due, or it fails: then it rests."""
        while not self.should_stop:
            is_failing = endpoint.endpoint_id in self._failures
            count = 1 if is_failing else CLAIMED_MAX_COUNT
            turns = -(-count // LANE_MAX_COUNT)
            lease = timedelta(seconds=turns * self._settings.webhook_seconds + LEASE_MORE_SECONDS)
            async with begin(self._pool) as conn:
                claimed = await store.claim(
                    conn,
                    endpoint_id=endpoint.endpoint_id,
                    now=datetime.now(UTC),
                    lease=lease,
                    limit_count=count,
                )
            if not claimed:
                return
            outcomes = await self._send_all(endpoint, claimed)
            await self._store(endpoint, claimed, outcomes)
            if endpoint.endpoint_id in self._failures:
                failures = self._failures[endpoint.endpoint_id]
                rest = rest_seconds(failures, random.random())  # noqa: S311 -- nobody gains by guessing it
                self._resting[endpoint.endpoint_id] = time.monotonic() + rest
                return

    async def _send_all(self, endpoint: Endpoint, claimed: Sequence[Claimed]) -> list[Outcome | None]:
        """Make deliveries, some at once; None for those that were not tried, since one before failed."""
        if self._sender is None:  # to know the world's certificates takes 10 ms, which most never need
            self._sender = Sender(
                bounds_of(self._settings),
                seconds=self._settings.webhook_seconds,
                connections_max_count=self._settings.webhooks_at_once_max_count,
            )
        sender = self._sender
        try:
            target = sealer_of(self._settings.webhook_keys).open(
                endpoint.sealed, community=endpoint.community, endpoint_id=endpoint.endpoint_id
            )
        except NotOpenedError as error:
            return [Outcome("not_opened", why=str(error)), *([None] * (len(claimed) - 1))]
        in_lane = asyncio.Semaphore(LANE_MAX_COUNT)
        has_failed = False

        async def make(one: Claimed) -> Outcome | None:
            nonlocal has_failed
            async with in_lane, self._at_once:
                if has_failed or self.should_stop:
                    return None
                now = datetime.now(UTC)
                headers = signed(one.message_id, one.body, by=target.signing(now), at=now)
                outcome = await sender.send(target.url, one.body, headers)
                has_failed = has_failed or not outcome.is_delivered
                return outcome

        return list(await asyncio.gather(*map(make, claimed)))

    async def _store(
        self, endpoint: Endpoint, claimed: Sequence[Claimed], outcomes: Sequence[Outcome | None]
    ) -> None:
        """Store what became of tries, and give the endpoint up where that is due."""
        made = [outcome for outcome in outcomes if outcome is not None]
        failed = [outcome for outcome in made if not outcome.is_delivered]
        async with self._begin() as tx:
            results = [_result(one, outcome, now=tx.now) for one, outcome in zip(claimed, outcomes, strict=True)]
            await store.set_outcomes(tx.conn, outcomes=results)
            if len(failed) < len(made) and await store.note_delivered(
                tx.conn, endpoint_id=endpoint.endpoint_id, at=tx.now
            ):
                await store.make_due(tx.conn, endpoint_id=endpoint.endpoint_id)
            elif failed and len(failed) == len(made):
                await self._note_failing(tx, endpoint, is_gone=any(one.word == "gone" for one in failed))
        for outcome in made:
            DELIVERIES.labels(outcome.word).inc()
        EXHAUSTED.inc(sum(one.state is DeliveryState.FAILED for one in results))
        if failed:
            self._failures[endpoint.endpoint_id] = self._failures.get(endpoint.endpoint_id, 0) + 1
        elif made:
            self._failures.pop(endpoint.endpoint_id, None)

    async def _note_failing(self, tx: Transaction[Any], endpoint: Endpoint, *, is_gone: bool) -> None:
        since = await store.note_failing(tx.conn, endpoint_id=endpoint.endpoint_id, at=tx.now)
        if is_gone:
            await self._give_up(tx, endpoint.community, endpoint.endpoint_id, endpoint.revision, "gone", since)
        elif tx.now - since >= timedelta(hours=self._settings.webhook_patience_hours):
            await self._give_up(tx, endpoint.community, endpoint.endpoint_id, endpoint.revision, "failing", since)

    async def _give_up(
        self,
        tx: Transaction[Any],
        community: str,
        endpoint_id: str,
        revision: int,
        trouble: WebhookTrouble,
        since: datetime,
    ) -> None:
        """Deliver nothing to an endpoint any more, and tell of it: ingest disables it for all."""
        waiting = await store.give_up(tx.conn, endpoint_id=endpoint_id, revision=revision)
        if waiting is None:
            return
        data: WebhookTroubleData = {
            "endpoint_id": endpoint_id,
            "revision": revision,
            "trouble": trouble,
            "since": since,
            "waiting": waiting,
        }
        tx.tell(
            WEBHOOK_TROUBLE,
            WEBHOOK_ENDPOINT_FAILED,
            fact_id=f"webhook/{endpoint_id}/{revision}/{self._service}/{trouble}",
            community=community,
            subject=endpoint_id,
            data=data,
        )
        GIVEN_UP.labels(trouble).inc()
        log.warning("nothing is delivered to endpoint %s any more: %s since %s", endpoint_id, trouble, since)

    async def _look_after(self) -> None:
        """Count what waits, give up whoever has too much of it, and delete what was kept long enough."""
        now = time.monotonic()
        if now >= self._count_at:
            self._count_at = now + COUNT_EVERY_SECONDS
            async with self._begin() as tx:
                standing = await store.load_standing(tx.conn)
                most = self._settings.webhook_waiting_max_count
                for community, endpoint_id, revision, since in (
                    await store.load_overfull(tx.conn, waiting_max=most) if standing.waiting > most else ()
                ):
                    await self._give_up(tx, community, endpoint_id, revision, "too_many_waiting", since)
            WAITING.set(standing.waiting)
            FAILING.set(standing.failing)
            oldest = standing.oldest_at
            OLDEST.set(0 if oldest is None else (datetime.now(UTC) - oldest).total_seconds())
        if now >= self._keep_at:
            before = datetime.now(UTC) - timedelta(days=self._settings.webhooks_kept_days)
            async with begin(self._pool) as conn:
                deleted = await store.delete_deliveries(conn, before=before, limit_count=DELETED_AT_ONCE_COUNT)
            self._keep_at = now + (0 if deleted == DELETED_AT_ONCE_COUNT else KEEP_EVERY_SECONDS)


def bounds_of(settings: ServiceSettings) -> Bounds:
    """Where endpoints may be, by the settings."""
    return Bounds(settings.webhook_port_numbers, settings.webhook_loopback)


def _result(one: Claimed, outcome: Outcome | None, *, now: datetime) -> SetOutcome:
    if outcome is None:  # not tried
        return SetOutcome(one.delivery_id, DeliveryState.WAITING, now, one.tries - 1, None, None)
    if outcome.is_delivered:
        return SetOutcome(one.delivery_id, DeliveryState.DELIVERED, now, one.tries, outcome.status, None)
    due_at = next_try(
        now,
        tries=one.tries,
        chance=random.random(),  # noqa: S311 -- jitter
        retry_after_seconds=outcome.retry_after_seconds,
    )
    state = DeliveryState.FAILED if due_at is None else DeliveryState.WAITING
    return SetOutcome(one.delivery_id, state, due_at or now, one.tries, outcome.status, outcome.why)
