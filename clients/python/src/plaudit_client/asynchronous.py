"""The client for code with an event loop."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping, Sequence
from itertools import islice
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from plaudit_client.addresses import Addresses
from plaudit_client.apis.asynchronous import AsyncApis
from plaudit_client.calls import Call, compressed, content_of
from plaudit_client.encoding import as_json
from plaudit_client.errors import PlauditError
from plaudit_client.events import Event, Outcomes, Receipt, ReceiptItem, Sent, batches
from plaudit_client.receipts import (
    POLL_FIRST_SECONDS,
    RECEIPT_WAIT_SECONDS,
    Sending,
    is_complete,
    items_call,
    items_of,
    next_pause_seconds,
)
from plaudit_client.retrying import RETRIES_MAX_COUNT

REQUESTS_IN_FLIGHT_COUNT = 4

T = TypeVar("T")


async def _together(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Results in order; the first failure cancels the rest and is raised as itself, not as a group."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one) for one in work]
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]


class AsyncPlaudit(AsyncApis):
    """A connection to one community, for code with an event loop: the access `key` decides which.

    `url` is the gateway's address, or the one service's that is asked; `services` has addresses of single ones.
    `requests_in_flight` bounds concurrent requests, `retries` how often one is tried again. `earliest_year` says
    that events may be older than the service finds plausible. With `backfill` events are sent as ones of the past:
    they count the same, wait for what comes live, and notify nobody. `on_throttled` is told how many seconds a
    request waits because the share of its key or community is used up: that is no failure, and is waited for half
    an hour. Pass `transport` to test without a network.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        services: Mapping[str, str] | None = None,
        requests_in_flight: int = REQUESTS_IN_FLIGHT_COUNT,
        retries: int = RETRIES_MAX_COUNT,
        earliest_year: int | None = None,
        backfill: bool = False,
        transport: httpx.AsyncBaseTransport | None = None,
        on_throttled: Callable[[float], None] = lambda seconds: None,
    ) -> None:
        self._addresses = Addresses(url, key, services or {}, retries, on_throttled)
        self._sending = Sending(earliest_year, backfill)
        self._http = httpx.AsyncClient(
            headers=self._addresses.headers, timeout=self._addresses.timeout, transport=transport
        )
        self._slots = asyncio.Semaphore(requests_in_flight)
        self._requests_in_flight = requests_in_flight
        super().__init__(self.call)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    @property
    def throttled_seconds(self) -> float:
        """Seconds that requests have waited because the share was used up, all together."""
        return self._addresses.throttled_seconds

    async def call(self, asked: Call) -> Any:
        """What a service answers, tried again while it says "not now"; raises PlauditError, UnreachableError."""
        attempts = self._addresses.attempts(asked)
        sent = compressed(asked) if self._addresses.compresses else asked
        while True:
            try:
                async with self._slots:
                    response = await self._http.request(
                        sent.method,
                        f"{self._addresses.base_of(sent.service)}{sent.path}",
                        params=dict(sent.params),
                        headers=dict(sent.headers),
                        content=sent.body,
                    )
            except httpx.TransportError as error:
                wait_seconds = attempts.after_error(error)
            else:
                self._addresses.is_reached = True
                if self._addresses.is_of_before(sent, response):
                    sent = asked
                    continue
                asked_to_wait = attempts.after_answer(response)
                if asked_to_wait is None:
                    return content_of(response)
                wait_seconds = asked_to_wait
            await asyncio.sleep(wait_seconds)

    async def send_batch(self, events: Sequence[bytes]) -> list[Receipt]:
        """Send serialised events as one request; halves when the service finds it too large (413).

        Returns one receipt, or several in order when the batch was split; `rejected` has indexes into its own
        receipt's events. Raises PlauditError when the request as a whole is refused.
        """
        try:
            answer = await self.call(self._sending.call(events))
        except PlauditError as error:
            if error.status == httpx.codes.REQUEST_ENTITY_TOO_LARGE and len(events) > 1:
                middle = len(events) // 2
                return [*await self.send_batch(events[:middle]), *await self.send_batch(events[middle:])]
            return [self._sending.all_refused(error, events)]
        return [self._sending.receipt(answer)]

    async def send(self, events: Iterable[Event]) -> Sent:
        """Send events in batches, several at a time, and say what the door made of them.

        `events` are CloudEvents as mappings; times may be aware datetimes. Reads ahead no further than the
        requests in flight. An event is known by its `source` and `id`: sending again is always safe. Raises
        PlauditError or UnreachableError, in which case the rest is not sent.
        """
        sent = Sent()
        source = batches(as_json(event) for event in events)
        # Windows rather than one task per batch: `events` may be far larger than memory.
        while window := list(islice(source, self._requests_in_flight)):
            for receipts in await _together(self.send_batch(batch) for batch in window):
                sent.add(receipts)
        return sent

    async def receipt_counts(
        self, receipt_id: str, *, timeout_seconds: float = RECEIPT_WAIT_SECONDS
    ) -> dict[str, int]:
        """Wait until nothing of a receipt is pending, or the time is over; its counts by outcome."""
        deadline = asyncio.get_running_loop().time() + timeout_seconds
        pause_seconds = POLL_FIRST_SECONDS
        while True:
            answer = await self.call(items_call(receipt_id, limit=1))
            if is_complete(answer) or asyncio.get_running_loop().time() >= deadline:
                return dict(answer["counts"])
            await asyncio.sleep(pause_seconds)
            pause_seconds = next_pause_seconds(pause_seconds)

    async def receipt_items(self, receipt_id: str) -> AsyncIterator[ReceiptItem]:
        """Every decided event of a receipt, in the order it was sent."""
        after: str | None = None
        while True:
            page = await self.call(items_call(receipt_id, after=after))
            for item in items_of(page):
                yield item
            after = page.get("next")
            if not after:
                return

    async def wait(self, receipt_ids: Iterable[str], *, timeout_seconds: float = RECEIPT_WAIT_SECONDS) -> Outcomes:
        """Wait for receipts together, `timeout_seconds` in all; the totals by outcome."""
        outcomes = Outcomes()
        deadline = asyncio.get_running_loop().time() + timeout_seconds
        remaining = iter(receipt_ids)
        while window := list(islice(remaining, self._requests_in_flight)):
            left_seconds = max(0.0, deadline - asyncio.get_running_loop().time())
            for counts in await _together(
                self.receipt_counts(one, timeout_seconds=left_seconds) for one in window
            ):
                outcomes.add(counts)
        return outcomes
