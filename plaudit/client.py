"""The Python client for platforms: sends activities to a Plaudit community and follows their receipts.

    async with PlauditClient("http://127.0.0.1:8080", key) as client:
        sent = await client.send(events)
        outcomes = await client.wait(sent.receipt_ids)

Sending again is always safe: an event is known by its CloudEvents `source` and `id`, so whatever was
already taken comes back as a duplicate. That is why the client may retry after a lost connection.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
import orjson

BATCH_MAX_COUNT = 1_000
#: Under the service's limit of 5 MiB a request, with room for the brackets.
BATCH_MAX_BYTES = 5 * 1024 * 1024 - 1024
REQUESTS_IN_FLIGHT_COUNT = 4
#: About two minutes of trying: longer than a service or a broker takes to come back.
RETRIES_MAX_COUNT = 30
#: Before the first answer a wrong address is likelier than a restart: about three seconds of trying.
RETRIES_UNREACHED_COUNT = 5
BACKOFF_FIRST_SECONDS = 0.2
BACKOFF_MAX_SECONDS = 10.0
#: How long one request goes on asking a service that says that the share is used up; others of the same
#: community may be sending too.
THROTTLED_MAX_SECONDS = 1_800.0
#: Added to the wait that a service asks for, at most: so that those who wait don't return together.
THROTTLED_JITTER_SECONDS = 0.2
REQUEST_TIMEOUT_SECONDS = 60.0
CONNECT_TIMEOUT_SECONDS = 10.0
POLL_FIRST_SECONDS = 0.05
POLL_MAX_SECONDS = 2.0
RECEIPT_WAIT_SECONDS = 120.0
RECEIPT_PAGE_COUNT = 500

#: Answers that say "not now": a limit, a part that is away for a moment, a request cut off in the middle.
RETRIED_STATUSES = frozenset({408, 429, 500, 502, 503, 504})

Event = Mapping[str, Any]
T = TypeVar("T")


class PlauditError(Exception):
    """The service refused a request; `status` is HTTP's, `problem` the problem+json document (RFC 9457)."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.problem = dict(problem)
        title = str(self.problem.get("title") or f"HTTP {status}")
        detail = self.problem.get("detail")
        super().__init__(f"{title}: {detail}" if detail else title)


class UnreachableError(Exception):
    """The service could not be reached, or said "not now", as often as the client was willing to ask."""


@dataclass(frozen=True)
class Refused:
    """One event that the service refused at the door: its place in what was sent, and the first reason."""

    index: int
    field: str
    detail: str


@dataclass(frozen=True)
class Receipt:
    """What became of one request: `accepted` events are durably taken, `rejected` never will be.

    `receipt_id` is empty when nothing was accepted: there is nothing to follow.
    """

    receipt_id: str
    accepted: int
    rejected: tuple[Refused, ...] = ()


@dataclass
class Sent:
    """What became of everything given to `send`; `rejected` has indexes into all that was sent."""

    accepted: int = 0
    rejected: list[Refused] = field(default_factory=list)
    receipt_ids: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class ReceiptItem:
    """The outcome of one event of a receipt; `index` is its place in the request."""

    index: int
    outcome: str
    reason: str
    event_uid: str | None = None


@dataclass
class Outcomes:
    """How many events ended how. `pending` ones are taken, but not yet decided."""

    accepted: int = 0
    duplicate: int = 0
    conflict: int = 0
    rejected: int = 0
    pending: int = 0

    def add(self, counts: Mapping[str, int]) -> None:
        """Add the `counts` of a receipt; names that this version does not know are ignored."""
        self.accepted += counts.get("accepted", 0)
        self.duplicate += counts.get("duplicate", 0)
        self.conflict += counts.get("conflict", 0)
        self.rejected += counts.get("rejected", 0)
        self.pending += counts.get("pending", 0)


def backoff_seconds(attempt: int, rng: random.Random) -> float:
    """Full jitter: anything up to an exponentially growing bound, so that clients don't return together.

    `attempt` counts from 0. https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """
    return rng.uniform(0, min(BACKOFF_MAX_SECONDS, BACKOFF_FIRST_SECONDS * 2**attempt))


def batches(events: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Cut serialised events into batches within the service's limits of count and bytes, in order."""
    batch: list[bytes] = []
    size_bytes = 0
    for event in events:
        if batch and (len(batch) >= BATCH_MAX_COUNT or size_bytes + len(event) > BATCH_MAX_BYTES):
            yield batch
            batch, size_bytes = [], 0
        batch.append(event)
        size_bytes += len(event) + 1
    if batch:
        yield batch


def _refused(listed: Sequence[Mapping[str, Any]]) -> tuple[Refused, ...]:
    first: dict[int, Refused] = {}
    for one in listed:
        first.setdefault(one["index"], Refused(one["index"], one.get("field") or "", one["detail"]))
    return tuple(first[index] for index in sorted(first))


def _problem(response: httpx.Response) -> PlauditError:
    try:
        document = response.json()
    except ValueError:
        document = None
    if not isinstance(document, dict):
        document = {"title": f"HTTP {response.status_code} {response.reason_phrase}".rstrip()}
    return PlauditError(response.status_code, document)


def _retry_after_seconds(response: httpx.Response) -> float:
    """How long the answer asks to wait; 0 where it says nothing of it, or a date."""
    asked = response.headers.get("Retry-After", "")
    return float(asked) if asked.isascii() and asked.isdigit() else 0.0


async def _together(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Results in order; the first failure cancels the rest and is raised as itself, not as a group."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one) for one in work]
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]


class PlauditClient:
    """A connection to one community: the access `key` decides which.

    `url` is the ingest service's base address. `requests_in_flight` bounds concurrent requests,
    `retries` how often one request is tried again. `earliest_year` says that events may be older than the
    service finds plausible. With `backfill` events are sent as ones of the past: they count the same, wait
    for what comes live, and notify nobody. `on_throttled` is told how many seconds a request waits because the
    share of its key or community is used up: that is no failure, and is waited for half an hour. Pass `transport`
    to test without a network.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        requests_in_flight: int = REQUESTS_IN_FLIGHT_COUNT,
        retries: int = RETRIES_MAX_COUNT,
        earliest_year: int | None = None,
        backfill: bool = False,
        transport: httpx.AsyncBaseTransport | None = None,
        on_throttled: Callable[[float], None] = lambda seconds: None,
    ) -> None:
        headers = {"Authorization": f"Bearer {key}"}
        if earliest_year is not None:
            headers["Plaudit-Earliest-Year"] = str(earliest_year)
        self._http = httpx.AsyncClient(
            base_url=url.rstrip("/"),
            headers=headers,
            timeout=httpx.Timeout(REQUEST_TIMEOUT_SECONDS, connect=CONNECT_TIMEOUT_SECONDS),
            transport=transport,
        )
        self._url = url
        self._said = {"backfill": "true"} if backfill else {}
        self._slots = asyncio.Semaphore(requests_in_flight)
        self._requests_in_flight = requests_in_flight
        self._retries = retries
        self._reached = False
        self._rng = random.Random()
        self._on_throttled = on_throttled
        #: Seconds that requests have waited because the share was used up, all together.
        self.throttled_seconds = 0.0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def _request(self, method: str, path: str, **options: Any) -> Any:
        """One request, tried again while the answer is "not now"; the decoded JSON of a 2xx answer."""
        failure = ""
        attempt = 0
        throttled_seconds = 0.0
        while True:
            wait_seconds = backoff_seconds(attempt, self._rng)
            try:
                async with self._slots:
                    response = await self._http.request(method, path, **options)
            except httpx.TransportError as error:
                failure = str(error) or type(error).__name__
            else:
                self._reached = True
                if response.is_success:
                    return response.json() if response.content else None
                if response.status_code not in RETRIED_STATUSES:
                    raise _problem(response)
                failure = str(_problem(response))
                asked = _retry_after_seconds(response)
                is_throttled = response.status_code == httpx.codes.TOO_MANY_REQUESTS and asked > 0
                if is_throttled and throttled_seconds < THROTTLED_MAX_SECONDS:
                    # The service works, and says when to come again: that is no failed attempt.
                    wait_seconds = asked + self._rng.uniform(0, THROTTLED_JITTER_SECONDS)
                    throttled_seconds += wait_seconds
                    self.throttled_seconds += wait_seconds
                    self._on_throttled(wait_seconds)
                    await asyncio.sleep(wait_seconds)
                    continue
                wait_seconds = max(wait_seconds, min(asked, BACKOFF_MAX_SECONDS))
            attempt += 1
            if attempt > (self._retries if self._reached else min(self._retries, RETRIES_UNREACHED_COUNT)):
                raise UnreachableError(
                    f"{self._url} did not take the request after {attempt} attempts ({failure}). "
                    "Check that the address is right and the service runs; running the same again is safe."
                )
            await asyncio.sleep(wait_seconds)

    async def send_batch(self, events: Sequence[bytes]) -> list[Receipt]:
        """Send serialised events as one request; halves when the service finds it too large (413).

        Returns one receipt, or several in order when the batch was split; `rejected` has indexes into
        its own receipt's events. Raises PlauditError when the request as a whole is refused.
        """
        try:
            answer = await self._request(
                "POST",
                "/v1/events",
                params=self._said,
                content=b"[" + b",".join(events) + b"]",
                headers={"Content-Type": "application/cloudevents-batch+json"},
            )
        except PlauditError as error:
            if error.status == httpx.codes.REQUEST_ENTITY_TOO_LARGE and len(events) > 1:
                middle = len(events) // 2
                return [*await self.send_batch(events[:middle]), *await self.send_batch(events[middle:])]
            listed = error.problem.get("errors") or []
            if error.status != httpx.codes.UNPROCESSABLE_ENTITY or len({one.get("index") for one in listed}) < len(
                events
            ):
                raise
            # Every event is refused, each for its reason: that is an outcome, not a failure.
            return [Receipt("", 0, _refused(listed))]
        return [Receipt(answer["receipt_id"], answer["accepted"], _refused(answer["rejected"]))]

    async def send(self, events: Iterable[Event]) -> Sent:
        """Send events in batches, several at a time, and say what the door made of them.

        `events` are CloudEvents as mappings; times may be aware datetimes. Reads ahead no further than
        the requests in flight. Raises PlauditError or UnreachableError, in which case the rest is not sent.
        """
        sent = Sent()
        source = batches(orjson.dumps(event) for event in events)
        first_index = 0
        # Windows rather than one task per batch: `events` may be far larger than memory.
        while window := list(islice(source, self._requests_in_flight)):
            for receipts in await _together(self.send_batch(batch) for batch in window):
                for receipt in receipts:
                    sent.accepted += receipt.accepted
                    if receipt.accepted:
                        sent.receipt_ids.append(receipt.receipt_id)
                    for one in receipt.rejected:
                        sent.rejected.append(Refused(first_index + one.index, one.field, one.detail))
                    first_index += receipt.accepted + len(receipt.rejected)
        return sent

    async def receipt_counts(
        self, receipt_id: str, *, timeout_seconds: float = RECEIPT_WAIT_SECONDS
    ) -> dict[str, int]:
        """Wait until nothing of a receipt is pending, or the time is over; its counts by outcome."""
        deadline = asyncio.get_running_loop().time() + timeout_seconds
        pause_seconds = POLL_FIRST_SECONDS
        while True:
            answer = await self._request("GET", f"/v1/receipts/{receipt_id}", params={"limit": 1})
            if answer["status"] == "complete" or asyncio.get_running_loop().time() >= deadline:
                return dict(answer["counts"])
            await asyncio.sleep(pause_seconds)
            pause_seconds = min(POLL_MAX_SECONDS, pause_seconds * 1.5)

    async def receipt_items(self, receipt_id: str) -> AsyncIterator[ReceiptItem]:
        """Every decided event of a receipt, in the order it was sent."""
        after: str | None = None
        while True:
            params = {"limit": str(RECEIPT_PAGE_COUNT)} | ({"after": after} if after else {})
            page = await self._request("GET", f"/v1/receipts/{receipt_id}", params=params)
            for item in page["items"]:
                yield ReceiptItem(item["index"], item["outcome"], item.get("reason") or "", item.get("event_uid"))
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

    async def declare_identities(self, identities: Sequence[Mapping[str, str]], *, name: str | None = None) -> Any:
        """Say that identities, each `{"channel": …, "id": …}`, are one person. Scope members:write."""
        body: dict[str, Any] = {"identities": [dict(one) for one in identities]}
        if name is not None:
            body["name"] = name
        return await self._request("PUT", "/v1/members/identities", json=body)


def send_and_wait(
    url: str,
    key: str,
    events: Iterable[Event],
    *,
    timeout_seconds: float = RECEIPT_WAIT_SECONDS,
    backfill: bool = False,
) -> Outcomes:
    """Send events and wait for their outcomes, for code without an event loop.

    Events refused at the door count as rejected. Raises as `PlauditClient.send` does.
    """

    async def whole() -> Outcomes:
        async with PlauditClient(url, key, backfill=backfill) as client:
            sent = await client.send(events)
            outcomes = await client.wait(sent.receipt_ids, timeout_seconds=timeout_seconds)
            outcomes.rejected += len(sent.rejected)
            return outcomes

    return asyncio.run(whole())
