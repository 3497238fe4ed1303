"""The client for code without an event loop."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import httpx

from plaudit_client.addresses import Addresses
from plaudit_client.apis.synchronous import Apis
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


class Plaudit(Apis):
    """A connection to one community, for code without an event loop: the access `key` decides which.

    The arguments are those of `AsyncPlaudit`, but that one request goes at a time. May be used by several threads.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        services: Mapping[str, str] | None = None,
        retries: int = RETRIES_MAX_COUNT,
        earliest_year: int | None = None,
        backfill: bool = False,
        transport: httpx.BaseTransport | None = None,
        on_throttled: Callable[[float], None] = lambda seconds: None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._addresses = Addresses(url, key, services or {}, retries, on_throttled)
        self._sending = Sending(earliest_year, backfill)
        self._http = httpx.Client(
            headers=self._addresses.headers, timeout=self._addresses.timeout, transport=transport
        )
        self._sleep = sleep
        super().__init__(self.call)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    @property
    def throttled_seconds(self) -> float:
        """Seconds that requests have waited because the share was used up, all together."""
        return self._addresses.throttled_seconds

    def call(self, asked: Call) -> Any:
        """What a service answers, tried again while it says "not now"; raises PlauditError, UnreachableError."""
        attempts = self._addresses.attempts(asked)
        sent = compressed(asked) if self._addresses.compresses else asked
        while True:
            try:
                response = self._http.request(
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
            self._sleep(wait_seconds)

    def send_batch(self, events: Sequence[bytes]) -> list[Receipt]:
        """Send serialised events as one request; as `AsyncPlaudit.send_batch`."""
        try:
            answer = self.call(self._sending.call(events))
        except PlauditError as error:
            if error.status == httpx.codes.REQUEST_ENTITY_TOO_LARGE and len(events) > 1:
                middle = len(events) // 2
                return [*self.send_batch(events[:middle]), *self.send_batch(events[middle:])]
            return [self._sending.all_refused(error, events)]
        return [self._sending.receipt(answer)]

    def send(self, events: Iterable[Event]) -> Sent:
        """Send events in batches, one after the other, and say what the door made of them.

        As `AsyncPlaudit.send`; raises PlauditError or UnreachableError, in which case the rest is not sent.
        """
        sent = Sent()
        for batch in batches(as_json(event) for event in events):
            sent.add(self.send_batch(batch))
        return sent

    def receipt_counts(self, receipt_id: str, *, timeout_seconds: float = RECEIPT_WAIT_SECONDS) -> dict[str, int]:
        """Wait until nothing of a receipt is pending, or the time is over; its counts by outcome."""
        deadline = time.monotonic() + timeout_seconds
        pause_seconds = POLL_FIRST_SECONDS
        while True:
            answer = self.call(items_call(receipt_id, limit=1))
            if is_complete(answer) or time.monotonic() >= deadline:
                return dict(answer["counts"])
            self._sleep(pause_seconds)
            pause_seconds = next_pause_seconds(pause_seconds)

    def receipt_items(self, receipt_id: str) -> Iterator[ReceiptItem]:
        """Every decided event of a receipt, in the order it was sent."""
        after: str | None = None
        while True:
            page = self.call(items_call(receipt_id, after=after))
            yield from items_of(page)
            after = page.get("next")
            if not after:
                return

    def wait(self, receipt_ids: Iterable[str], *, timeout_seconds: float = RECEIPT_WAIT_SECONDS) -> Outcomes:
        """Wait for receipts, `timeout_seconds` in all; the totals by outcome."""
        outcomes = Outcomes()
        deadline = time.monotonic() + timeout_seconds
        for receipt_id in receipt_ids:
            left_seconds = max(0.0, deadline - time.monotonic())
            outcomes.add(self.receipt_counts(receipt_id, timeout_seconds=left_seconds))
        return outcomes


def send_and_wait(
    url: str,
    key: str,
    events: Iterable[Event],
    *,
    timeout_seconds: float = RECEIPT_WAIT_SECONDS,
    backfill: bool = False,
) -> Outcomes:
    """Send events and wait for their outcomes. Events refused at the door count as rejected.

    Raises as `Plaudit.send` does.
    """
    with Plaudit(url, key, backfill=backfill) as client:
        sent = client.send(events)
        outcomes = client.wait(sent.receipt_ids, timeout_seconds=timeout_seconds)
        outcomes.rejected += len(sent.rejected)
        return outcomes
