"""How far a single service is in its topics, whatever the others do."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from plaudit.stack import StackState
from plaudit.stack.idle import READERS
from shared.postgres import database_url, role_name
from shared.topics import TOPICS

POLL_SECONDS = 0.05
TIMEOUT_SECONDS = 600.0


class Progress:
    """A service's place in the topics that it reads."""

    def __init__(self, service: str, consumer: AIOKafkaConsumer, database: asyncpg.Connection) -> None:
        self._consumer = consumer
        self._database = database
        self._partitions = [
            TopicPartition(topic.name, number)
            for topic in TOPICS
            if service in READERS[topic.name]
            for number in range(topic.partitions)
        ]

    async def done(self) -> int:
        """Records consumed so far, since the beginning of the topics."""
        return int(await self._database.fetchval("select coalesce(sum(next_offset), 0) from consumer_offsets"))

    async def all(self) -> int:
        """Records that there are."""
        return int(sum((await self._consumer.end_offsets(self._partitions)).values()))

    async def finished(self) -> None:
        """Return when the service has read everything and published what follows."""
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while await self.done() < await self.all() or await self._database.fetchval(
            "select exists (select from outbox)"
        ):
            if time.monotonic() > deadline:
                raise TimeoutError(f"not finished after {TIMEOUT_SECONDS:.0f} s")
            await asyncio.sleep(POLL_SECONDS)


@asynccontextmanager
async def progress(state: StackState, service: str) -> AsyncIterator[Progress]:
    """Watch a service of a stack."""
    consumer = AIOKafkaConsumer(**state.broker.options)
    await consumer.start()
    try:
        database = await asyncpg.connect(database_url(state.postgres_admin_url, role_name(service)))
        try:
            yield Progress(service, consumer, database)
        finally:
            await database.close()
    finally:
        await consumer.stop()
