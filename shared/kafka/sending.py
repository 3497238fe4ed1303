"""The producer, and records sent in batches that are built here."""

import asyncio
import zlib
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import NamedTuple
from weakref import WeakKeyDictionary

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import MessageSizeTooLargeError
from aiokafka.producer.message_accumulator import BatchBuilder

from shared.broker import Broker

PRODUCER_LINGER_MS = 2
PRODUCER_BATCH_BYTES = 256 * 1024
REQUEST_MAX_BYTES = 2 * 1024 * 1024

#: The headers of a record; the client takes nothing but a list.
Headers = list[tuple[str, bytes]]
NO_HEADERS: Headers = []


def partition_of(key: bytes, partitions: Sequence[int]) -> int:
    """The partition of a key: CRC-32 modulo their number, as librdkafka's `consistent` partitioner does it.

    The client's own murmur2 is written in Python and takes several times as long as the rest of a send.
    """
    return partitions[zlib.crc32(key) % len(partitions)]


def create_producer(broker: Broker, *, request_seconds: float) -> AIOKafkaProducer:
    """An idempotent producer that counts a record as sent when all in-sync replicas have it."""
    return AIOKafkaProducer(
        **broker.options,
        acks="all",
        enable_idempotence=True,
        linger_ms=PRODUCER_LINGER_MS,
        max_batch_size=PRODUCER_BATCH_BYTES,
        max_request_size=REQUEST_MAX_BYTES,
        request_timeout_ms=int(request_seconds * 1000),
    )


class Acknowledged(NamedTuple):
    """Where the broker put records in a partition: from offset `first` up to before `next`.

    `is_whole` is False where something else may lie between them.
    """

    first: int
    next: int
    is_whole: bool = True

    def followed_by(self, other: "Acknowledged") -> "Acknowledged":
        """Both together, in the order in which they were sent."""
        is_whole = self.is_whole and other.is_whole and self.next == other.first
        return Acknowledged(min(self.first, other.first), max(self.next, other.next), is_whole)


class _Batch:
    """Records on their way to one partition, and how many callers wait for them."""

    def __init__(self, builder: BatchBuilder) -> None:
        self.builder = builder
        #: The offset after the batch's last record; 0 when the broker no longer knew it.
        self.acknowledged: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.callers = 0


class _Lane:
    """The records for one partition: while a batch is on its way, the next one fills.

    Requests that come together so share a batch: the broker is asked less often, and nobody has to win a race
    for the partition (the client's own queue lets one waiter in at a time, in no order).
    """

    def __init__(self) -> None:
        self._waiting: deque[_Batch] = deque()
        self._sending: asyncio.Task[None] | None = None

    def append(self, producer: AIOKafkaProducer, key: bytes, value: bytes, headers: Headers) -> _Batch:
        """Add a record to the newest batch and return that."""
        if self._waiting:
            batch = self._waiting[-1]
            if batch.builder.append(key=key, value=value, timestamp=None, headers=headers) is not None:
                return batch
        batch = _Batch(producer.create_batch())
        if batch.builder.append(key=key, value=value, timestamp=None, headers=headers) is None:
            raise MessageSizeTooLargeError(f"a record of {len(value)} bytes")
        self._waiting.append(batch)
        return batch

    def withdraw(self, batch: _Batch) -> None:
        """Forget a batch that nobody waits for any more, unless it is on its way.

        Whoever gave up sends its records again: kept, they would pile up for as long as the broker is away.
        """
        batch.callers -= 1
        if not batch.callers and batch in self._waiting:
            self._waiting.remove(batch)

    def send(self, producer: AIOKafkaProducer, topic: str, partition: int) -> None:
        """Begin to send what waits, unless that is being done."""
        if self._sending is None:
            self._sending = asyncio.create_task(self._send(producer, topic, partition))

    async def _send(self, producer: AIOKafkaProducer, topic: str, partition: int) -> None:
        while self._waiting:
            batch = self._waiting.popleft()
            try:
                sent = await (await producer.send_batch(batch.builder, topic, partition=partition))
                next_offset = sent.offset + batch.builder.record_count() if sent.offset >= 0 else 0
            except asyncio.CancelledError:
                for never in (batch, *self._waiting):
                    never.acknowledged.cancel()
                raise
            except Exception as error:  # noqa: BLE001 -- it belongs to those who wait, whatever it is
                batch.acknowledged.set_exception(error)
                batch.acknowledged.exception()  # they may have gone
            else:
                batch.acknowledged.set_result(next_offset)
        self._sending = None


#: What waits in this process, by producer.
_LANES: WeakKeyDictionary[AIOKafkaProducer, dict[tuple[str, int], _Lane]] = WeakKeyDictionary()


async def send_records(
    producer: AIOKafkaProducer,
    records: Iterable[tuple[str, bytes, bytes]],
    *,
    headers: Iterable[Headers] = repeat(NO_HEADERS),
) -> dict[TopicPartition, Acknowledged]:
    """Send (topic, key, value) records and return when every in-sync replica has all of them.

    Returns where they stand in each partition, as far as the broker knew it. Records of one key
    keep their order; `headers` has those of each, in the same order. Batches are built here: a future for every
    record, as `send` makes them, costs more than the record. Raises KafkaError; some of the records may then have
    been written.
    """
    lanes = _LANES.setdefault(producer, {})
    partitions: dict[str, list[int]] = {}
    batches: dict[_Batch, _Lane] = {}
    places: dict[_Batch, TopicPartition] = {}
    touched: dict[tuple[str, int], _Lane] = {}
    try:
        # The records first: zip takes one of the first before it sees that there is none of the second.
        for (topic, key, value), own_headers in zip(records, headers, strict=False):
            if topic not in partitions:
                partitions[topic] = sorted(await producer.partitions_for(topic))
            partition = partition_of(key, partitions[topic])
            lane = lanes.get((topic, partition))
            if lane is None:
                lane = lanes[topic, partition] = _Lane()
            batch = lane.append(producer, key, value, own_headers)
            if batch not in batches:
                batch.callers += 1
                batches[batch] = lane
                places[batch] = TopicPartition(topic, partition)
            touched[topic, partition] = lane
        for (topic, partition), lane in touched.items():
            lane.send(producer, topic, partition)
        if batches:
            # Not gather: whoever gives up must not take the others' batch along.
            await asyncio.wait([batch.acknowledged for batch in batches])
    finally:
        for batch, lane in batches.items():
            lane.withdraw(batch)
    found: dict[TopicPartition, Acknowledged] = {}
    unknown: set[TopicPartition] = set()
    for batch, place in places.items():
        end = batch.acknowledged.result()
        if not end:
            unknown.add(place)
            continue
        span = Acknowledged(end - batch.builder.record_count(), end)
        found[place] = found[place].followed_by(span) if place in found else span
    return {place: span._replace(is_whole=span.is_whole and place not in unknown) for place, span in found.items()}
