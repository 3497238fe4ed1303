"""Events recorded without waiting: sent in the background, and kept on disk while the platform is away."""

import atexit
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from plaudit_client.encoding import as_json, is_json
from plaudit_client.errors import PlauditError, QueueFullError, UnreachableError
from plaudit_client.events import BATCH_MAX_BYTES, BATCH_MAX_COUNT, Event, Refused
from plaudit_client.spool import Spool
from plaudit_client.synchronous import Plaudit

QUEUE_MAX_COUNT = 10_000
SPOOL_MAX_BYTES = 256 * 1024 * 1024
#: For how long the first event of a batch waits for others.
GATHER_SECONDS = 1.0
#: With a spool it need not be tried for long: the batch waits on disk.
RETRIES_COUNT = 3
#: How long a batch that was not taken waits before it is tried again.
PAUSE_SECONDS = 5.0
#: How long the end of the process waits for what is still to be sent.
EXIT_SECONDS = 10.0
#: Refusals of the sender rather than of what is sent: the events are good, and wait.
_OF_THE_SENDER = frozenset({401, 403, 404, 405, 415, 429})

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recorded:
    """What became of the events given to a recorder: every one is in one of these numbers, once."""

    accepted: int = 0
    refused: int = 0
    queued: int = 0
    """In memory, or being sent."""
    spooled: int = 0
    """Put on disk by this recorder, and not sent yet."""
    lost: int = 0
    """Given up at the end of the process, for there was no room on disk."""


def _unheard(event: bytes, refused: Refused) -> None:
    _log.warning("an event was refused: %s %s", refused.field, refused.detail)


class Recorder:
    """Takes events at once and sends them from a thread of its own, in batches.

    `url` and `key` are as for `Plaudit`. At most `queue_max_count` events wait in memory. While the platform is
    away, or the key is not accepted, batches wait in `spool`, a directory that holds at most `spool_max_bytes`;
    they are sent once it is back, by this process or the next one with the same directory. Without a spool they
    wait in memory alone. `on_refused` is called in that thread with each event that the platform will never take.
    At the end of the process what is left is sent for `exit_seconds`, and then put into the spool.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        spool: str | Path | None = None,
        queue_max_count: int = QUEUE_MAX_COUNT,
        spool_max_bytes: int = SPOOL_MAX_BYTES,
        gather_seconds: float = GATHER_SECONDS,
        pause_seconds: float = PAUSE_SECONDS,
        exit_seconds: float = EXIT_SECONDS,
        on_refused: Callable[[bytes, Refused], None] = _unheard,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._connect = partial(Plaudit, url, key, retries=RETRIES_COUNT, transport=transport, sleep=self._sleep)
        self._spool = Spool(Path(spool), spool_max_bytes) if spool is not None else None
        self._queue_max_count = queue_max_count
        self._gather_seconds = gather_seconds
        self._pause_seconds = pause_seconds
        self._exit_seconds = exit_seconds
        self._on_refused = on_refused
        self._recorded = Recorded()
        self._begin()
        atexit.register(self.close)

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._client = self._connect()
        self._queue: deque[bytes] = deque()
        self._sending = 0
        self._changed = threading.Condition()
        self._closing = threading.Event()
        self._flushing = False
        self._thread: threading.Thread | None = None

    def record(self, event: Event) -> None:
        """Take an event; it is sent soon. Safe from any thread, and never waits for the network.

        Raises QueueFullError where as many wait as may, TypeError for what JSON has not, RuntimeError once closed.
        """
        content = as_json(event)
        if self._pid != os.getpid():
            # After a fork the thread is the parent's, and so are its connections and what it still holds.
            self._recorded = Recorded()
            self._begin()
        with self._changed:
            if self._closing.is_set():
                raise RuntimeError("the recorder is closed")
            if len(self._queue) + self._sending >= self._queue_max_count:
                raise QueueFullError(
                    f"{self._queue_max_count} events wait already: the platform does not take them"
                )
            self._queue.append(content)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="plaudit-recorder", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    @property
    def recorded(self) -> Recorded:
        """What has become of the events until now."""
        with self._changed:
            return replace(self._recorded, queued=len(self._queue) + self._sending)

    def flush(self, timeout_seconds: float = EXIT_SECONDS) -> bool:
        """Send what waits in memory now; whether nothing was left of it in time."""
        deadline = time.monotonic() + timeout_seconds
        with self._changed:
            self._flushing = True
            self._changed.notify_all()
            while self._queue or self._sending:
                left_seconds = deadline - time.monotonic()
                if left_seconds <= 0 or self._thread is None or not self._changed.wait(left_seconds):
                    break
            self._flushing = False
            return not self._queue and not self._sending

    def close(self) -> None:
        """Send what is left or put it into the spool, and end; a second time it does nothing."""
        atexit.unregister(self.close)
        with self._changed:
            if self._closing.is_set() or self._pid != os.getpid():
                return
            self._closing.set()
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self) -> None:
        deadline: float | None = None
        while True:
            batch = self._next_batch()
            if self._closing.is_set() and deadline is None:
                deadline = time.monotonic() + self._exit_seconds
            if not batch and self._closing.is_set():
                return
            if not batch or self._deliver(batch, deadline):
                self._send_spooled()

    def _next_batch(self) -> list[bytes]:
        """The next events, once enough or as long as they may wait; none after a pause without any."""
        with self._changed:
            if not self._queue and not self._closing.is_set():
                self._changed.wait(self._pause_seconds)
            until = time.monotonic() + self._gather_seconds
            while self._queue and len(self._queue) < BATCH_MAX_COUNT and not self._hurries():
                left_seconds = until - time.monotonic()
                if left_seconds <= 0:
                    break
                self._changed.wait(left_seconds)
            batch: list[bytes] = []
            size_bytes = 0
            while self._queue and len(batch) < BATCH_MAX_COUNT:
                size_bytes += len(self._queue[0]) + 1
                if batch and size_bytes > BATCH_MAX_BYTES:
                    break
                batch.append(self._queue.popleft())
            self._sending = len(batch)
            return batch

    def _hurries(self) -> bool:
        return self._flushing or self._closing.is_set()

    def _deliver(self, batch: list[bytes], deadline: float | None) -> bool:
        """Send a batch, or put it into the spool; without one it is tried until it is taken or the end comes.

        Whether the platform took it.
        """
        while True:
            # 1. A process that ends tries what is left once, and then looks at its time.
            is_last = self._closing.is_set()
            if (deadline is None or time.monotonic() < deadline) and self._is_taken(batch):
                self._done()
                return True
            if self._put(batch):
                self._done(spooled=len(batch))
                return False
            if is_last:
                break
            # 2. It ends at once when the recorder is closed.
            self._closing.wait(self._pause_seconds)
        _log.error("%d events are lost: the platform did not take them, and there is no room on disk", len(batch))
        self._done(lost=len(batch))
        return False

    def _is_taken(self, batch: Sequence[bytes]) -> bool:
        """Send a batch; False when it has to wait. What is refused for good is told and counted."""
        try:
            receipts = self._client.send_batch(batch)
        except UnreachableError as error:
            _log.warning("the platform is away, events wait: %s", error)
            return False
        except PlauditError as error:
            if error.status in _OF_THE_SENDER:
                _log.warning("the platform does not take events from here, they wait: %s", error)
                return False
            refused = [Refused(index, "", str(error)) for index in range(len(batch))]
            self._count(batch, 0, refused)
            return True
        first = 0
        for receipt in receipts:
            count = receipt.accepted + len(receipt.rejected)
            self._count(batch[first : first + count], receipt.accepted, receipt.rejected)
            first += count
        return True

    def _count(self, batch: Sequence[bytes], accepted: int, refused: Sequence[Refused]) -> None:
        with self._changed:
            self._recorded = replace(
                self._recorded,
                accepted=self._recorded.accepted + accepted,
                refused=self._recorded.refused + len(refused),
            )
        for one in refused:
            try:
                self._on_refused(batch[one.index], one)
            except Exception:  # noqa: BLE001 -- the caller's: what it raises must not end the thread that sends
                _log.exception("on_refused failed")

    def _put(self, batch: Sequence[bytes]) -> bool:
        try:
            return self._spool is not None and self._spool.put(batch)
        except OSError as error:
            _log.warning("the spool does not take events, they wait in memory: %s", error)
            return False

    def _done(self, *, spooled: int = 0, lost: int = 0) -> None:
        with self._changed:
            self._sending = 0
            self._recorded = replace(
                self._recorded,
                spooled=self._recorded.spooled + spooled,
                lost=self._recorded.lost + lost,
            )
            self._changed.notify_all()

    def _send_spooled(self) -> None:
        """Send what waits on disk, oldest first: a batch, and more until events come or the platform is away."""
        if self._spool is None:
            return
        while not self._closing.is_set() and (oldest := self._spool.oldest()) is not None:
            try:
                events = self._spool.read(oldest)
                whole = [event for event in events if is_json(event)]
                if whole and not self._is_taken(whole):
                    return
                self._spool.remove(oldest)
            except OSError as error:
                _log.warning("the spool cannot be read, what is in it waits: %s", error)
                return
            if torn := len(events) - len(whole):
                # A disk that lost a part of the file: the rest of it is sent all the same.
                _log.error("%d events in %s are torn and lost", torn, oldest.name)
            with self._changed:
                left = max(0, self._recorded.spooled - len(events))
                self._recorded = replace(self._recorded, spooled=left, lost=self._recorded.lost + torn)
            if self._queue:
                return

    def _sleep(self, seconds: float) -> None:
        self._closing.wait(seconds)
