"""Carries the records of a source to the ingest service and finds out what became of each event.

Memory stays bounded however long the source is: a few batches in flight, a bounded number of receipts not
yet complete, and only counts and first examples of what went wrong.
"""

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import httpx
import orjson
from plaudit_client import NOT_GIVEN, AsyncPlaudit, PlauditError, Receipt
from plaudit_client.events import BATCH_MAX_BYTES, BATCH_MAX_COUNT
from plaudit_client.types.ingest import IdentityDeclared

from plaudit.importers.records import Bad, Mapped, Record, SamePerson, SourceError, Unsupported
from shared.contracts.fields import EARLIEST_YEAR

BATCHES_IN_FLIGHT_COUNT = 3
RECEIPTS_OPEN_MAX_COUNT = 200
EXAMPLES_MAX_COUNT = 3
REASONS_MAX_COUNT = 50
#: As many as the service takes in one declaration.
IDENTITIES_MAX_COUNT = 20
OTHER_REASONS = "other reasons"
#: Clocks differ, and zones are forgotten; units that are mistaken lie further off.
AHEAD_MAX = timedelta(days=1)


@dataclass
class Reason:
    """How often something happened, and where first."""

    count: int = 0
    examples: list[str] = field(default_factory=list)


@dataclass
class Summary:
    """What an import came to. `invalid` rows never left; `rejected` events the service refused.

    `unsupported` may be activities, of a kind that is not known. Of the people whom the source says to be the
    same, `joined` are one member now, and `apart` could not be joined. Of what was imported earlier `gone` is no
    longer in its source, and `taken_back` was taken back for that.

    `throttled_seconds` is how long its requests waited, all together, because the share was used up.
    """

    sent: int = 0
    accepted: int = 0
    duplicate: int = 0
    conflict: int = 0
    rejected: int = 0
    pending: int = 0
    invalid: int = 0
    skipped: int = 0
    unsupported: int = 0
    joined: int = 0
    apart: int = 0
    gone: int = 0
    taken_back: int = 0
    seconds: float = 0.0
    throttled_seconds: float = 0.0
    reasons: dict[str, dict[str, Reason]] = field(default_factory=dict)

    def note(self, outcome: str, reason: str, place: str) -> None:
        """Count a reason, keeping the first places it was met at and no more than a few reasons."""
        known = self.reasons.setdefault(outcome, {})
        if reason not in known and len(known) >= REASONS_MAX_COUNT:
            reason = OTHER_REASONS
        one = known.setdefault(reason, Reason())
        one.count += 1
        if len(one.examples) < EXAMPLES_MAX_COUNT:
            one.examples.append(place)

    @property
    def flawless(self) -> bool:
        """Whether everything that was read counts now, or counted before."""
        return not (
            self.invalid or self.rejected or self.conflict or self.pending or self.unsupported or self.apart
        )

    def as_document(self) -> dict[str, Any]:
        """The summary for scripts: counts, and reasons by outcome."""
        counts = {name: value for name, value in vars(self).items() if name != "reasons"}
        reasons = {
            outcome: [{"reason": text} | vars(reason) for text, reason in known.items()]
            for outcome, known in self.reasons.items()
        }
        times = {"seconds": round(self.seconds, 3), "throttled_seconds": round(self.throttled_seconds, 3)}
        return counts | times | {"reasons": reasons}


@dataclass
class _Batch:
    bodies: list[bytes] = field(default_factory=list)
    places: list[str] = field(default_factory=list)


def mapped_only(
    records: Iterator[Record], summary: Summary, earliest_year: int = EARLIEST_YEAR
) -> Iterator[Mapped]:
    """The events of a source; what is no event, or none of a plausible time, is counted in the summary."""
    latest = datetime.now(UTC) + AHEAD_MAX
    for one in records:
        record = _plausible(one, earliest_year, latest) if isinstance(one, Mapped) else one
        if isinstance(record, Mapped):
            yield record
        elif isinstance(record, Bad):
            summary.invalid += 1
            summary.note("invalid", record.reason, record.place)
        elif isinstance(record, Unsupported):
            summary.unsupported += 1
            summary.note("unsupported", record.reason, record.place)
        else:
            summary.skipped += 1
            summary.note("skipped", record.reason, record.place)


def _plausible(mapped: Mapped, earliest_year: int, latest: datetime) -> Mapped | Bad:
    """The event, unless its time was surely read wrongly; one that was not read here is the service's affair."""
    time = mapped.event.get("time")
    if isinstance(time, datetime) and time.year < earliest_year:
        hint = "is its unit right (--time-format)? --earliest-year takes older ones"
        return Bad(mapped.place, f"the time is before {earliest_year}, which is implausible: {hint}")
    if isinstance(time, datetime) and time > latest:
        return Bad(mapped.place, "the time is in the future: is its unit right (--time-format)?")
    return mapped


def _batches(events: Iterator[Mapped]) -> Iterator[_Batch]:
    """Batches within the service's limits. When reading fails, what was read before it comes out first."""
    batch = _Batch()
    size_bytes = 0
    failure: SourceError | None = None
    try:
        for event in events:
            body = orjson.dumps(event.event)
            full = len(batch.bodies) >= BATCH_MAX_COUNT or size_bytes + len(body) > BATCH_MAX_BYTES
            if batch.bodies and full:
                yield batch
                batch, size_bytes = _Batch(), 0
            batch.bodies.append(body)
            batch.places.append(event.place)
            size_bytes += len(body) + 1
    except SourceError as error:
        failure = error
    if batch.bodies:
        yield batch
    if failure:
        raise failure


async def _read_next(batches: Iterator[_Batch]) -> _Batch | None:
    """The next batch, read in a thread; None at the end. Raises what reading raises.

    The thread is one that nobody waits for when the import is broken off: it may be reading from a pipe into which
    nothing comes.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[_Batch | None] = loop.create_future()

    def settle(batch: _Batch | None, failure: BaseException | None) -> None:
        if done.cancelled():
            return
        if failure:
            done.set_exception(failure)
        else:
            done.set_result(batch)

    def read() -> None:
        batch, failure = None, None
        try:
            batch = next(batches, None)
        except BaseException as error:  # noqa: BLE001 -- it is raised where the batch is awaited
            failure = error
        with contextlib.suppress(RuntimeError):  # the loop is gone: the import was broken off
            loop.call_soon_threadsafe(settle, batch, failure)

    threading.Thread(target=read, daemon=True).start()
    return await done


@dataclass
class _Open:
    """A receipt that is not complete yet, and where its events came from."""

    receipt: Receipt
    places: list[str]


class Delivery:
    """One import under way. `rate` limits events a second; `wait_seconds` is how long a receipt may take."""

    def __init__(
        self,
        client: AsyncPlaudit,
        summary: Summary,
        *,
        rate: float | None = None,
        wait_seconds: float = 120.0,
        earliest_year: int = EARLIEST_YEAR,
        on_progress: Callable[[], None] = lambda: None,
    ) -> None:
        self._client = client
        self._summary = summary
        self._rate = rate
        self._wait_seconds = wait_seconds
        self._earliest_year = earliest_year
        self._on_progress = on_progress
        self._open: deque[_Open] = deque()
        self._sending: deque[asyncio.Task[None]] = deque()
        self._following = True
        self._taken_count = 0

    async def join(self, people: Sequence[SamePerson]) -> None:
        """Say who is one person, before their events come. Who are several members already stay so, and are noted.

        Raises PlauditError or UnreachableError.
        """
        for number, person in enumerate(people):
            first, *others = person.ids
            # One declaration holds so many identities; each has the first.
            for start in range(0, max(1, len(others)), IDENTITIES_MAX_COUNT - 1):
                ids = (first, *others[start : start + IDENTITIES_MAX_COUNT - 1])
                try:
                    await self._client.ingest.put_identities(
                        identities=[IdentityDeclared(channel="code", id=one) for one in ids],
                        name=NOT_GIVEN if person.name is None else person.name,
                    )
                except PlauditError as error:
                    if error.status == httpx.codes.FORBIDDEN:
                        self._summary.apart += len(people) - number
                        self._summary.note("apart", "the key has no scope members:write", first)
                        return
                    if error.status != httpx.codes.CONFLICT:
                        raise
                    self._summary.apart += 1
                    self._summary.note("apart", "they are several members already", first)
                    break
            else:
                self._summary.joined += 1

    async def run(self, records: Iterator[Record], limit: int | None = None) -> None:
        """Send everything and follow every receipt.

        Raises SourceError, PlauditError or UnreachableError; the summary then holds what was done until then.
        """
        loop = asyncio.get_running_loop()
        started = loop.time()
        batches = _batches(islice(mapped_only(records, self._summary, self._earliest_year), limit))
        failure: SourceError | None = None
        try:
            while True:
                try:
                    # Reading and mapping happen in a thread: the loop goes on sending meanwhile.
                    batch = await _read_next(batches)
                except SourceError as error:
                    failure = error
                    break
                if batch is None:
                    break
                await self._pace(started)
                self._taken_count += len(batch.bodies)
                self._sending.append(asyncio.create_task(self._send(batch)))
                await self._drain(BATCHES_IN_FLIGHT_COUNT - 1, RECEIPTS_OPEN_MAX_COUNT)
            await self._drain(0, 0)
        finally:
            for task in self._sending:
                task.cancel()
            await asyncio.gather(*self._sending, return_exceptions=True)
            self._summary.seconds = loop.time() - started
            self._summary.throttled_seconds = self._client.throttled_seconds
        if failure:
            raise failure

    async def _drain(self, sending_count: int, open_count: int) -> None:
        """Wait until no more than so many batches are being sent and so many receipts are not complete."""
        while len(self._sending) > sending_count:
            await self._sending.popleft()
        while len(self._open) > open_count:
            await self._follow(self._open.popleft())

    async def _pace(self, started: float) -> None:
        if self._rate:
            due = started + self._taken_count / self._rate
            await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))

    async def _send(self, batch: _Batch) -> None:
        places = batch.places
        for receipt in await self._client.send_batch(batch.bodies):
            for refused in receipt.rejected:
                self._summary.rejected += 1
                reason = f"{refused.field}: {refused.detail}" if refused.field else refused.detail
                self._summary.note("rejected", reason, places[refused.index])
            count = receipt.accepted + len(receipt.rejected)
            self._summary.sent += count
            if receipt.accepted:
                self._open.append(_Open(receipt, places[:count]))
            places = places[count:]
        self._on_progress()

    async def _follow(self, one: _Open) -> None:
        """Add a receipt's outcomes, with the reasons of what will not count."""
        # Once one receipt took too long, the rest is only asked once each: the worker is behind or away.
        timeout_seconds = self._wait_seconds if self._following else 0.0
        counts = await self._client.receipt_counts(one.receipt.receipt_id, timeout_seconds=timeout_seconds)
        self._summary.accepted += counts.get("accepted", 0)
        self._summary.duplicate += counts.get("duplicate", 0)
        self._summary.pending += counts.get("pending", 0)
        self._following = not counts.get("pending", 0)
        self._summary.conflict += counts.get("conflict", 0)
        if counts.get("conflict", 0):
            async for item in self._client.receipt_items(one.receipt.receipt_id):
                if item.outcome == "conflict":
                    self._summary.note(item.outcome, item.reason, one.places[item.index])
        self._on_progress()
