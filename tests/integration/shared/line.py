"""A consumer loop of its own for each test, with its topics and its group."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import asyncpg
import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from pydantic import TypeAdapter
from typing_extensions import TypedDict

from shared.consumer import ConsumerLoop, Handler, Subscription
from shared.contracts.facts import RECORD_DEAD_LETTERED
from shared.kafka import create_producer, create_topics
from shared.outbox import OutboxRelay
from shared.postgres import create_pool
from shared.settings import ServiceSettings
from shared.topics import Topic, dead_letter_topic
from shared.transaction import Transaction, transaction
from tests.waiting import until

DEADLINE_SECONDS = 120.0
SERVICE = "looptest"


class Message(TypedDict):
    id: str
    key: str
    n: int


MESSAGE = TypeAdapter(Message)


def message(number: int, key: str = "a") -> Message:
    return {"id": f"{key}{number}", "key": key, "n": number}


@dataclass
class Worker:
    loop: ConsumerLoop
    relay: OutboxRelay

    async def crash_reason(self) -> BaseException:
        """Why the loop crashed, once it has."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            await self.loop._crashed.wait()
        assert self.loop.crash_reason is not None
        return self.loop.crash_reason


class Line:
    """One test's topics and rows."""

    def __init__(self, settings: ServiceSettings, admin: asyncpg.Pool, producer: AIOKafkaProducer) -> None:
        self.name = f"t{uuid4().hex[:12]}"
        self.settings = settings
        self.admin = admin
        self.producer = producer
        self.source = Topic(f"{self.name}.in.v1", "in", "key", (), (), (), partitions=3)
        self.other = Topic(f"{self.name}.other.v1", "other", "key", (), (), (), partitions=1)
        self.sink = Topic(f"{self.name}.out.v1", "out", "key", (), (), (), partitions=2)

    def begin(
        self, pool: asyncpg.Pool, on_commit: Callable[[int], None]
    ) -> AbstractAsyncContextManager[Transaction]:
        """A transaction as a command of the service has it."""
        return transaction(pool, service=SERVICE, settings=self.settings, on_commit=on_commit)

    async def create(self) -> None:
        topics = [self.source, self.other, self.sink, dead_letter_topic(self.name)]
        await create_topics(self.settings.broker, topics)

    async def store(self, tx: Transaction, messages: list[Message]) -> None:
        """The handler of a well-behaved service."""
        rows = await tx.conn.fetch(
            """
            insert into facts (line, id, key, n)
            select $1, id, key, n from unnest($2::text[], $3::text[], $4::int[]) with ordinality
                as m(id, key, n, place) order by place
            on conflict do nothing returning id
            """,
            self.name,
            [one["id"] for one in messages],
            [one["key"] for one in messages],
            [one["n"] for one in messages],
        )
        new = {row["id"] for row in rows}
        for one in messages:
            if one["id"] in new:
                new.discard(one["id"])
                tx.publish(self.sink, one["key"].encode(), one)

    @asynccontextmanager
    async def worker(
        self, handler: Handler | None = None, other: Handler | None = None, **changes: Any
    ) -> AsyncIterator[Worker]:
        """A loop and its relay, connected as a process of its own would be."""
        settings = self.settings.model_copy(update=changes)
        pool = await create_pool(SERVICE, settings)
        producer = create_producer(settings.broker, request_seconds=settings.publish_seconds)
        await producer.start()
        relay = OutboxRelay(pool, producer, settings)
        subscriptions = [Subscription(self.source, MESSAGE, handler or self.store)]
        if other is not None:
            subscriptions.append(Subscription(self.other, MESSAGE, other))
        loop = ConsumerLoop(self.name, subscriptions, pool, relay, settings)
        await relay.start()
        await loop.start()
        try:
            yield Worker(loop, relay)
        finally:
            await loop.stop()
            await relay.stop()
            await producer.stop()
            pool.terminate()

    async def send(self, values: Iterable[Any], partition: int | None = 0, topic: Topic | None = None) -> None:
        """Write records, of one partition or by key; what is no message is sent as the bytes it is."""
        sent = []
        for value in values:
            raw = value if isinstance(value, bytes) else orjson.dumps(value)
            key = b"?" if isinstance(value, bytes) else value["key"].encode()
            name = (topic or self.source).name
            sent.append(await self.producer.send(name, value=raw, key=key, partition=partition))
        await asyncio.gather(*sent)

    async def facts(self) -> list[Any]:
        """Stored facts in the order they were stored."""
        rows = await self.admin.fetch("select id, key, n from facts where line = $1 order by seq", self.name)
        return [dict(row) for row in rows]

    async def ids(self) -> list[str]:
        return [one["id"] for one in await self.facts()]

    async def until_stored(self, count: int) -> list[str]:
        """The ids of all facts, once there are `count`."""

        async def enough() -> bool:
            query = "select count(*) from facts where line = $1"
            return bool(await self.admin.fetchval(query, self.name) >= count)

        await until(enough)
        return await self.ids()

    async def offsets(self, topic: Topic | None = None) -> dict[int, int]:
        """The stored offset of each partition that is not at its beginning."""
        rows = await self.admin.fetch(
            "select partition, next_offset from consumer_offsets where topic = $1 and next_offset > 0",
            (topic or self.source).name,
        )
        return {row["partition"]: row["next_offset"] for row in rows}

    async def set_offset(self, offset: int) -> None:
        """Change the stored offset of the first partition, as another worker would."""
        await self.admin.execute(
            "insert into consumer_offsets (topic, partition, next_offset) values ($1, 0, $2)"
            " on conflict (topic, partition) do update set next_offset = excluded.next_offset",
            self.source.name,
            offset,
        )

    async def until_offset(self, offset: int, partition: int = 0, topic: Topic | None = None) -> None:
        async def reached() -> bool:
            return (await self.offsets(topic)).get(partition) == offset

        await until(reached)

    async def read(self, topic: Topic, count: int) -> list[Any]:
        """Every record of a topic, once there are `count` of them and nothing waits to be published."""
        consumer = AIOKafkaConsumer(**self.settings.broker.options, auto_offset_reset="earliest")
        await consumer.start()
        partitions = [TopicPartition(topic.name, number) for number in range(topic.partitions)]
        found: list[Any] = []
        try:
            consumer.assign(partitions)
            await consumer.seek_to_beginning()
            async with asyncio.timeout(DEADLINE_SECONDS):
                while len(found) < count or await self.pending():
                    for batch in (await consumer.getmany(timeout_ms=50)).values():
                        found += batch
                ends = await consumer.end_offsets(partitions)
                while sum(ends.values()) > len(found):
                    for batch in (await consumer.getmany(timeout_ms=50)).values():
                        found += batch
        finally:
            await consumer.stop()
        return found

    async def pending(self) -> int:
        """How many messages of this line wait in the outbox."""
        return int(await self.admin.fetchval("select count(*) from outbox where topic like $1", f"{self.name}.%"))

    async def dead_letters(self, count: int) -> list[Any]:
        records = await self.read(dead_letter_topic(self.name), count)
        return [RECORD_DEAD_LETTERED.adapter.validate_json(record.value)["data"] for record in records]
