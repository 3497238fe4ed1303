"""Who owns a partition, and in which order things are published: two workers, two relays, and no broker."""

import asyncio
import os
import signal
from collections import Counter
from contextlib import AsyncExitStack
from typing import Any

import orjson
import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import OutOfOrderSequenceNumber

from shared.kafka import create_producer, create_topics, send_records
from shared.outbox import RELAY_LOCK, OutboxRelay
from shared.postgres import create_pool
from shared.topics import Topic
from shared.transaction import MESSAGE_MAX_BYTES, InvalidMessageError, Transaction
from tests.integration.shared.line import SERVICE, Line, message
from tests.waiting import until

pytestmark = pytest.mark.stack

#: Longer than a service that stops waits for its tasks by itself.
SLOW_SECONDS = 0.5


def numbers_by_key(records: list[Any]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for record in records:
        fact = orjson.loads(record.value)
        found.setdefault(fact["key"], []).append(fact["n"])
    return found


async def test_workers_that_come_and_go_leave_every_fact_once_and_in_order(line: Line) -> None:
    keys, count = "abcdefgh", 40

    async def stream() -> None:
        for number in range(count):
            await line.send([message(number, key) for key in keys], partition=None)

    async with line.worker(batch_max_count=7):
        sending = asyncio.create_task(stream())
        await line.until_stored(60)
        async with line.worker(batch_max_count=5) as second:
            await asyncio.wait_for(second.loop.assigned.wait(), 60)
            await line.until_stored(200)
        async with line.worker(batch_max_count=3):
            await line.until_stored(280)
        await sending
        await line.until_stored(count * len(keys))
        records = await line.read(line.sink, count * len(keys))
    assert numbers_by_key(records) == {key: list(range(count)) for key in keys}
    assert Counter(one["key"] for one in await line.facts()) == dict.fromkeys(keys, count)
    assert sum((await line.offsets()).values()) == count * len(keys)


async def test_a_worker_that_stops_waits_for_what_is_on_its_way(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was cut off between sent and deleted, and whoever came next published it again."""
    is_sent = asyncio.Event()

    async def slow(*arguments: Any, **more: Any) -> Any:
        sent = await send_records(*arguments, **more)
        is_sent.set()
        await asyncio.sleep(SLOW_SECONDS)
        return sent

    monkeypatch.setattr("shared.outbox.send_records", slow)
    await line.send([message(0)])
    async with line.worker():
        await asyncio.wait_for(is_sent.wait(), 60)
    monkeypatch.undo()
    async with line.worker():
        await line.send([message(1)])
        assert numbers_by_key(await line.read(line.sink, 2)) == {"a": [0, 1]}


async def test_a_worker_that_stands_nowhere_for_a_moment_tells_no_position(line: Line) -> None:
    pause, pauses = 0.01, 0
    await line.send([message(0)])
    async with line.worker(position_seconds=pause) as worker:
        await line.until_stored(1)
        sleep = worker.loop._monitors.sleep

        async def counted(seconds: float) -> None:
            nonlocal pauses
            pauses += seconds == pause
            await sleep(seconds)

        async def has_reported(times: int) -> bool:
            return pauses >= times or worker.loop.crashed

        worker.loop._monitors.sleep = counted
        await until(lambda: has_reported(3))
        await worker.loop.on_revoked()
        pauses = 0
        await until(lambda: has_reported(3))
        assert not worker.loop.crashed


async def test_more_workers_than_partitions_are_ready_with_nothing_to_do(line: Line) -> None:
    await line.send([message(0)])
    async with AsyncExitStack() as workers:
        for _ in range(4):
            worker = await workers.enter_async_context(line.worker())
            await asyncio.wait_for(worker.loop.assigned.wait(), 60)
        assert await line.until_stored(1) == ["a0"]


async def test_a_topic_that_the_broker_did_not_know_of_yet_is_not_overlooked(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker joins its group with nothing to do, and must not stay like that."""
    monkeypatch.setattr("shared.consumer.client.METADATA_MAX_AGE_MS", 300)
    line.source = Topic(f"{line.name}.later.v1", "in", "key", (), (), (), partitions=3)
    async with line.worker() as worker:
        await asyncio.wait_for(worker.loop.assigned.wait(), 60)
        await create_topics(line.settings.broker, [line.source])
        await line.send([message(0)])
        assert await line.until_stored(1) == ["a0"]


async def test_two_workers_stop_at_the_same_time(line: Line) -> None:
    """The rebalance that one causes by leaving must not keep the other from leaving."""
    async with line.worker() as first, line.worker() as second:
        await asyncio.gather(first.loop.assigned.wait(), second.loop.assigned.wait())
        async with asyncio.timeout(60):
            await asyncio.gather(first.loop.stop(), second.loop.stop())
    assert first.loop.crash_reason is second.loop.crash_reason is None


async def test_a_new_owner_waits_until_what_the_last_one_stored_is_published(line: Line) -> None:
    await line.send([message(number) for number in range(3)])
    async with line.admin.acquire() as relaying:
        # Somebody else's relay is at work, and slow.
        await relaying.execute("select pg_advisory_lock($1)", RELAY_LOCK)
        async with line.worker():
            await line.until_stored(3)
        assert await line.pending() == 3
        async with line.worker() as second:
            await line.send([message(3)])
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(second.loop.assigned.wait(), 0.5)
            assert await line.ids() == ["a0", "a1", "a2"]
            await relaying.execute("select pg_advisory_unlock($1)", RELAY_LOCK)
            await line.until_stored(4)
            records = await line.read(line.sink, 4)
    assert numbers_by_key(records) == {"a": [0, 1, 2, 3]}


async def test_consuming_waits_while_too_much_is_unpublished(line: Line) -> None:
    await line.send([message(number) for number in range(100)])
    async with line.admin.acquire() as relaying:
        await relaying.execute("select pg_advisory_lock($1)", RELAY_LOCK)
        async with line.worker(outbox_max_count=10, batch_max_count=5) as worker:

            async def full() -> bool:
                return not worker.relay._room.is_set()

            await until(full)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(worker.relay.wait_for_room(), 0.3)
            assert 10 <= len(await line.ids()) <= 15
            await relaying.execute("select pg_advisory_unlock($1)", RELAY_LOCK)
            await line.until_stored(100)
            records = await line.read(line.sink, 100)
    assert numbers_by_key(records) == {"a": list(range(100))}


async def test_two_relays_at_once_keep_the_order_of_each_key(line: Line) -> None:
    settings = line.settings.model_copy(update={"outbox_batch_max_count": 7})
    pool = await create_pool(SERVICE, settings)
    producers = [create_producer(settings.broker, request_seconds=20) for _ in range(2)]
    relays = [OutboxRelay(pool, producer, settings) for producer in producers]
    try:
        for producer, relay in zip(producers, relays, strict=True):
            await producer.start()
            await relay.start()
        for number in range(100):
            async with line.begin(pool, relays[number % 2].wake) as tx:
                for key in "abc":
                    tx.publish(line.sink, key.encode(), message(number, key))
        records = await line.read(line.sink, 300)
    finally:
        for producer, relay in zip(producers, relays, strict=True):
            await relay.stop()
            await producer.stop()
        pool.terminate()
    assert numbers_by_key(records) == {key: list(range(100)) for key in "abc"}
    assert all(relay.crash_reason is None for relay in relays)


async def test_what_no_broker_takes_never_reaches_the_outbox(line: Line) -> None:
    async def handler(tx: Transaction, messages: list[Any]) -> None:
        for one in messages:
            size = MESSAGE_MAX_BYTES if one["n"] == 1 else MESSAGE_MAX_BYTES - 100
            tx.publish(line.sink, b"a", one | {"filling": "x" * size})
        await line.store(tx, messages)

    await line.send([message(number) for number in range(3)])
    async with line.worker(handler):
        assert await line.until_stored(2) == ["a0", "a2"]
        (letter,) = await line.dead_letters(1)
        records = await line.read(line.sink, 4)
    assert "1000000 bytes" in letter["reason"]
    assert max(len(record.value) for record in records) > MESSAGE_MAX_BYTES - 100
    assert await line.pending() == 0


async def test_a_message_that_is_too_large_is_refused_by_name(line: Line) -> None:
    with pytest.raises(InvalidMessageError, match="1000000 bytes"):
        async with line.begin(line.admin, lambda _: None) as tx:
            tx.publish(line.sink, b"a", {"filling": "x" * MESSAGE_MAX_BYTES})


async def test_a_topic_made_anew_stops_the_line(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    await line.send([message(number) for number in range(5)])
    async with line.worker():
        await line.until_stored(5)
    admin = AIOKafkaAdminClient(**line.settings.broker.options)
    await admin.start()
    try:
        await admin.delete_topics([line.source.name])

        async def gone() -> bool:
            return line.source.name not in await admin.list_topics()

        await until(gone)
    finally:
        await admin.close()
    monkeypatch.setattr(
        "shared.consumer.client.METADATA_MAX_AGE_MS", 300
    )  # the broker may need a moment to notice
    await create_topics(line.settings.broker, [line.source])
    async with line.worker() as worker:
        reason = await worker.crash_reason()
    assert "stored offsets lie outside the topic" in str(reason)
    assert await line.offsets() == {0: 5}


async def test_a_broker_that_freezes_for_longer_than_a_publish_may_take(line: Line, stack: Any) -> None:
    broker = stack.state.pids["kafka"]
    async with line.worker(publish_seconds=0.5) as worker:
        await line.send([message(number) for number in range(5)])
        await line.until_stored(5)
        os.kill(broker, signal.SIGSTOP)
        try:
            async with line.begin(worker.loop._pool, worker.relay.wake) as tx:
                tx.publish(line.sink, b"late", message(0, "late"))
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(worker.relay.wait_until_published(), 2)
        finally:
            os.kill(broker, signal.SIGCONT)
        await asyncio.wait_for(worker.relay.wait_until_published(), 60)
        await line.send([message(number) for number in range(5, 10)])
        await line.until_stored(10)
        records = await line.read(line.sink, 11)
        assert worker.loop.crash_reason is worker.relay.crash_reason is None
    found = numbers_by_key(records)
    # A publish that timed out is done again: a duplicate comes after the first, never instead.
    assert list(dict.fromkeys(found["a"])) == list(range(10))
    assert set(found["late"]) == {0}


async def test_a_broker_that_dies_and_comes_back(line: Line, stack: Any) -> None:
    """kill -9: what was acknowledged is still there, and what was not is sent by whoever has it."""
    async with line.worker(publish_seconds=2.0) as worker:
        await line.send([message(number) for number in range(5)])
        await line.until_stored(5)
        os.kill(stack.state.pids["kafka"], signal.SIGKILL)
        await line.send([message(number) for number in range(5, 10)])
        await line.until_stored(10)
        records = await line.read(line.sink, 10)
        assert worker.loop.crash_reason is worker.relay.crash_reason is None
    found = numbers_by_key(records)["a"]
    assert sorted(set(found)) == list(range(10))
    assert list(dict.fromkeys(found)) == list(range(10))  # a duplicate comes after the first, never instead


async def test_a_producer_out_of_step_with_the_broker_ends_the_process(line: Line) -> None:
    """Nothing gets through it any more, however often it is tried; a new process begins a new sequence."""
    async with line.worker() as worker:
        await line.send([message(0)])
        await line.read(line.sink, 1)
        sequences = worker.relay._producer._txn_manager
        for partition in range(line.sink.partitions):
            sequences.increment_sequence_number(TopicPartition(line.sink.name, partition), 7)
        await line.send([message(1)])
        async with asyncio.timeout(60):
            await worker.relay._crashed.wait()
        assert isinstance(worker.relay.crash_reason, OutOfOrderSequenceNumber)
    async with line.worker():
        records = await line.read(line.sink, 2)
    assert numbers_by_key(records) == {"a": [0, 1]}
