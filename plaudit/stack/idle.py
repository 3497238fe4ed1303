"""When has a stack done all its work? When every topic is consumed to its end, no outbox holds a message, and what
a new version of a programme asks for of those who were there before is done."""

import asyncio
import time

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from plaudit.stack.errors import StackError
from plaudit.stack.state import StackState
from shared.kafka import client_fixes  # noqa: F401 -- the ends of all topics are looked up at once
from shared.postgres import database_url, role_name
from shared.services import SERVICES
from shared.topics import TOPICS

POLL_SECONDS = 0.1
#: What timers go on with by themselves, piece by piece, begins within so long.
STEADY_SECONDS = 2.0

#: Which services read each topic, as the registry says.
READERS = {topic.name: [one for one in topic.consumers if one in SERVICES] for topic in TOPICS}

#: What timers bring in line, by service: a row for each community in which they have not done so yet.
BROUGHT_IN_LINE = {
    "recognition": """
        select from programmes p left join programmes_in_force f using (community)
            left join counting c using (community)
        where p.effective_from <= now()
            and (p.version > coalesce(f.version, 0) or not f.evaluated
                 or c.version is distinct from f.version or not c.evaluated)
        limit 1
    """
}


async def wait_until_idle(
    state: StackState, timeout_seconds: float = 120.0, *, steady_seconds: float = STEADY_SECONDS
) -> None:
    """Return once nothing has been under way in the stack for `steady_seconds`.

    Raises StackError when there still is after `timeout_seconds`; the message says what.
    """
    deadline = time.monotonic() + timeout_seconds
    since: tuple[dict[TopicPartition, int], float] | None = None
    consumer = AIOKafkaConsumer(**state.broker.options)
    await consumer.start()
    databases = {
        service: await asyncpg.connect(database_url(state.postgres_admin_url, role_name(service)))
        for service in SERVICES
    }
    try:
        while True:
            # A message between two services is in an outbox, or behind an end: looked at in this order,
            # with ends that did not move meanwhile, none can slip through.
            before = await _ends(consumer)
            left = await _unfinished(databases, before)
            if not left and before == await _ends(consumer):
                if since is None or since[0] != before:
                    since = (before, time.monotonic())
                if time.monotonic() - since[1] >= steady_seconds:
                    return
            else:
                since = None
            if time.monotonic() > deadline:
                raise StackError(f"after {timeout_seconds:.0f} s there is still work: {'; '.join(left)}")
            await asyncio.sleep(POLL_SECONDS)
    finally:
        await consumer.stop()
        for database in databases.values():
            await database.close()


async def _ends(consumer: AIOKafkaConsumer) -> dict[TopicPartition, int]:
    partitions = [TopicPartition(topic.name, number) for topic in TOPICS for number in range(topic.partitions)]
    ends: dict[TopicPartition, int] = await consumer.end_offsets(partitions)
    return ends


async def _unfinished(databases: dict[str, asyncpg.Connection], ends: dict[TopicPartition, int]) -> list[str]:
    left = []
    for service, database in databases.items():
        # Asked by the key: counting would read what was deleted and not yet vacuumed, ten times a second.
        if await database.fetchval("select id from outbox order by id limit 1") is not None:
            left.append(f"{service} has messages to publish")
        if service in BROUGHT_IN_LINE and await database.fetchrow(BROUGHT_IN_LINE[service]) is not None:
            left.append(f"{service} brings members in line with a version")
        rows = await database.fetch("select topic, partition, next_offset from consumer_offsets")
        offsets = {TopicPartition(row["topic"], row["partition"]): row["next_offset"] for row in rows}
        lag = sum(max(0, end - offsets.get(one, 0)) for one, end in ends.items() if service in READERS[one.topic])
        if lag:
            left.append(f"{service} has {lag} records to read")
    return left
