"""What a service told, read from its own topics at the broker."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.kafka import partition_of
from shared.own_facts import copying
from shared.settings import ServiceSettings
from shared.told import ToldReader
from shared.topics import Topic

#: By how much the clocks of the hosts that wrote a fact and published it may differ.
CLOCKS_DIFFER = timedelta(hours=1)
FETCH_WAIT_MS = 200


class TopicsTold:
    """Reads the topics at the broker; `look` is the relay's."""

    def __init__(self, settings: ServiceSettings, look: Callable[[], Awaitable[str | None]]) -> None:
        self._settings = settings
        self._look = look

    async def look(self) -> str | None:
        """See Told."""
        return await self._look()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[ToldReader]:
        """See Told."""
        reader = _TopicReader(self._settings)
        try:
            yield reader
        finally:
            await reader.stop()


class _TopicReader:
    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        self._consumer: AIOKafkaConsumer | None = None

    async def stop(self) -> None:
        if self._consumer is not None:
            await self._consumer.stop()

    async def _connected(self) -> AIOKafkaConsumer:
        """Only when something is asked: the client cannot be stopped before it has begun."""
        if self._consumer is None:
            consumer = copying.reader(self._settings)
            await consumer.start()
            self._consumer = consumer
        return self._consumer

    async def values(self, topic: Topic, key: bytes, *, since: datetime) -> AsyncGenerator[bytes]:
        consumer = await self._connected()
        places = await copying.partitions_of(consumer, [topic.name])
        if consumer.assignment() != set(places):
            consumer.assign(places)
            consumer.pause(*places)  # each is read when it is asked for
        partitions = [place.partition for place in places]
        # Where the producer puts it; and wherever it put it before the topic had so many partitions.
        first = partition_of(key, partitions)
        for number in [first, *(one for one in partitions if one != first)]:
            async for value in _of_partition(consumer, TopicPartition(topic.name, number), key, since):
                yield value


async def _of_partition(
    consumer: AIOKafkaConsumer, place: TopicPartition, key: bytes, since: datetime
) -> AsyncGenerator[bytes]:
    end = (await consumer.end_offsets([place]))[place]
    moment = int((since - CLOCKS_DIFFER).timestamp() * 1000)
    found = (await consumer.offsets_for_times({place: moment}))[place]
    if found is None:
        return
    consumer.seek(place, found.offset)
    consumer.resume(place)
    try:
        while await consumer.position(place) < end:
            for records in (await consumer.getmany(place, timeout_ms=FETCH_WAIT_MS)).values():
                for record in records:
                    if record.key == key and record.value is not None:
                        yield record.value
    finally:
        consumer.pause(place)
