"""The consumer loop on a real broker and a real database: what it stores, refuses, and leaves as it was."""

import asyncio
from typing import Any

import asyncpg
import pytest

from shared.consumer.dead_letters import TooManyDeadLettersError
from shared.telemetry import OFFSET_CONFLICTS
from shared.transaction import InvalidMessageError, Transaction
from tests.integration.shared.line import Line, Worker, message

pytestmark = pytest.mark.stack


async def test_a_batch_of_several_partitions_moves_every_offset_and_keeps_the_order(line: Line) -> None:
    for partition, key in enumerate("abc"):
        await line.send([message(number, key) for number in range(20)], partition)
    async with line.worker():
        ids = await line.until_stored(60)
        records = await line.read(line.sink, 60)
    for key in "abc":
        assert [one for one in ids if one[0] == key] == [f"{key}{number}" for number in range(20)]
    assert await line.offsets() == {0: 20, 1: 20, 2: 20}
    assert len(records) == 60
    assert await line.pending() == 0


async def test_what_was_consumed_before_has_no_effect(line: Line) -> None:
    await line.send([message(number) for number in range(10)])
    async with line.worker():
        await line.until_stored(10)
    # The offset goes back, as if the database had been restored to an earlier one with newer facts.
    await line.set_offset(2)
    await line.send([message(9), message(10)])
    async with line.worker():
        await line.until_offset(12)
        records = await line.read(line.sink, 11)
    assert await line.ids() == [f"a{number}" for number in range(11)]
    assert len(records) == 11


POISON = {
    "no JSON": b'{"id":',
    "bad UTF-8": b'{"id":"\xff","key":"a","n":1}',
    "a lone surrogate": b'{"id":"\\ud800","key":"a","n":1}',
    "NaN": b'{"id":"x","key":"a","n":1,"more":NaN}',
    "infinity": b'{"id":"x","key":"a","n":1,"more":-Infinity}',
    "deeper than a stack": b'{"id":"x","key":"a","n":1,"more":' + b"[" * 100_000,
    "deep and well formed": b'{"id":"x","key":"a","n":1,"more":' + b"[" * 1_000 + b"]" * 1_000 + b"}",
    "another type": b'{"id":"x","key":"a","n":"one"}',
    "a scalar": b"7",
    "nothing": b"",
    "large": b"?" * 700_000,
}


async def test_what_cannot_be_decoded_goes_to_the_dead_letters_with_its_origin(line: Line) -> None:
    await line.send([message(0), *POISON.values(), message(1), {"id": "Infinity", "key": "NaN", "n": 2}])
    async with line.worker():
        ids = await line.until_stored(3)
        letters = await line.dead_letters(len(POISON))
    assert ids == ["a0", "a1", "Infinity"]
    assert [one["offset"] for one in letters] == list(range(1, len(POISON) + 1))
    assert all(one["topic"] == line.source.name and one["service"] == line.name for one in letters)
    assert all(one["reason"] for one in letters)
    assert [one["value_truncated"] for one in letters] == [len(raw) > 512 * 1024 for raw in POISON.values()]
    assert await line.offsets() == {0: len(POISON) + 3}


async def test_a_tombstone_says_nothing(line: Line) -> None:
    await line.producer.send_and_wait(line.source.name, key=b"a", value=None, partition=0)
    await line.send([message(0)])
    async with line.worker():
        assert await line.until_stored(1) == ["a0"]
        await line.until_offset(2)


async def test_a_record_that_the_handler_names_is_refused_alone(line: Line) -> None:
    async def handler(tx: Transaction, messages: list[Any]) -> None:
        for index, one in enumerate(messages):
            if one["n"] % 7 == 3:
                raise InvalidMessageError(f"{one['n']} is refused", index)
        await line.store(tx, messages)

    await line.send([b"undecodable", *(message(number) for number in range(20))])
    async with line.worker(handler):
        ids = await line.until_stored(17)
        letters = await line.dead_letters(4)
    assert ids == [f"a{number}" for number in range(20) if number % 7 != 3]
    assert {one["offset"]: one["reason"] for one in letters[1:]} == {
        4: "3 is refused",
        11: "10 is refused",
        18: "17 is refused",
    }
    assert await line.offsets() == {0: 21}


async def test_a_batch_is_split_until_what_fails_is_found(line: Line) -> None:
    """Two topics, and a handler that does not know which record it dislikes."""

    async def handler(tx: Transaction, messages: list[Any]) -> None:
        if any(one["n"] in (5, 6, 29) for one in messages):
            raise InvalidMessageError("something is wrong")
        await line.store(tx, messages)

    await line.send([message(number) for number in range(30)])
    await line.send([message(number, "o") for number in range(10)], topic=line.other)
    async with line.worker(handler, handler):
        ids = await line.until_stored(35)
        letters = await line.dead_letters(5)
    wanted = [f"a{number}" for number in range(29) if number not in (5, 6)]
    assert [one for one in ids if one[0] == "a"] == wanted
    assert [one for one in ids if one[0] == "o"] == [f"o{number}" for number in range(10) if number not in (5, 6)]
    assert sorted((one["topic"], one["offset"]) for one in letters) == sorted(
        [(line.source.name, offset) for offset in (5, 6, 29)] + [(line.other.name, offset) for offset in (5, 6)]
    )
    assert await line.offsets() == {0: 30}
    assert await line.offsets(line.other) == {0: 10}


async def test_an_index_counts_within_the_topic_of_the_handler_that_named_it(line: Line) -> None:
    async def refuse_second(tx: Transaction, messages: list[Any]) -> None:
        for index, one in enumerate(messages):
            if one["n"] == 1:
                raise InvalidMessageError("the second", index)
        await line.store(tx, messages)

    await line.send([message(number) for number in range(3)])
    await line.send([message(number, "o") for number in range(3)], topic=line.other)
    async with line.worker(line.store, refuse_second):
        ids = await line.until_stored(5)
        (letter,) = await line.dead_letters(1)
    assert sorted(ids) == ["a0", "a1", "a2", "o0", "o2"]
    assert (letter["topic"], letter["offset"]) == (line.other.name, 1)


async def test_more_invalid_records_than_the_limit_stop_the_line_and_skip_nothing(line: Line) -> None:
    await line.send([message(0), *([b"?"] * 6), message(1)])
    async with line.worker(dead_letters_max_per_minute=5) as worker:
        reason = await worker.crash_reason()
    assert isinstance(reason, TooManyDeadLettersError)
    assert "more than 5 invalid records" in str(reason)
    assert await line.ids() == []
    assert await line.offsets() == {}
    async with line.worker(dead_letters_max_per_minute=6):
        assert await line.until_stored(2) == ["a0", "a1"]
        assert len(await line.dead_letters(6)) == 6


async def test_the_limit_on_invalid_records_holds_for_the_next_process_too(line: Line) -> None:
    await line.send([b"?"] * 3)
    async with line.worker(dead_letters_max_per_minute=5):
        assert len(await line.dead_letters(3)) == 3
    await line.send([b"?"] * 3)
    async with line.worker(dead_letters_max_per_minute=5) as worker:
        assert isinstance(await worker.crash_reason(), TooManyDeadLettersError)


async def test_invalid_records_of_a_batch_that_is_tried_again_are_counted_once(line: Line) -> None:
    tries = 0

    async def handler(tx: Transaction, messages: list[Any]) -> None:
        nonlocal tries
        tries += 1
        await line.store(tx, messages)
        # The failure comes at the commit, after the dead letters were written.
        if tries < 5:
            await tx.conn.execute("select set_config('idle_in_transaction_session_timeout', '1', true)")
            await asyncio.sleep(0.05)

    await line.send([b"?", b"?", message(0)])
    async with line.worker(handler, dead_letters_max_per_minute=2):
        assert await line.until_stored(1) == ["a0"]
        assert len(await line.dead_letters(2)) == 2
    assert tries == 5


async def test_a_bug_stops_the_line_and_leaves_everything_as_it_was(line: Line) -> None:
    async def handler(tx: Transaction, messages: list[Any]) -> None:
        await line.store(tx, messages)
        raise KeyError("a bug")

    await line.send([message(0)])
    async with line.worker(handler) as worker:
        reason = await worker.crash_reason()
    assert isinstance(reason, KeyError)
    assert await line.ids() == []
    assert await line.offsets() == {}
    async with line.worker():
        assert await line.until_stored(1) == ["a0"]


@pytest.mark.parametrize(
    ("query", "arguments"),
    [
        ("select $1::int + $2::int", [1]),
        ("select $1::int", ["one"]),
        ("select no_such_column", []),
        ("select 1/0", []),
    ],
)
async def test_a_mistake_in_sql_is_a_bug_and_not_tried_for_ever(line: Line, query: str, arguments: Any) -> None:
    async def handler(tx: Transaction, messages: list[Any]) -> None:
        await tx.conn.fetch(query, *arguments)

    await line.send([message(0)])
    async with line.worker(handler) as worker:
        await worker.crash_reason()
    assert await line.offsets() == {}


async def test_a_worker_that_cannot_take_its_partitions_does_not_stand_still(line: Line) -> None:
    """The Kafka client only logs what a rebalance listener raises; the loop has to end the process itself."""
    await line.set_offset(-5)
    async with line.worker() as worker:
        reason = await worker.crash_reason()
    assert isinstance(reason, ValueError)


async def test_a_client_that_fetches_no_more_does_not_stand_still(line: Line) -> None:
    """The Kafka client's task for it can end, by whatever mistake, and says so to nobody."""
    async with line.worker() as worker:
        await line.send([message(0)])
        await line.until_stored(1)
        worker.loop._consumer._fetcher.error_future.cancel()
        reason = await worker.crash_reason()
    assert "fetches no more" in str(reason)


async def test_an_offset_beyond_the_end_stops_the_line_and_says_so(line: Line) -> None:
    await line.send([message(0)])
    await line.set_offset(1000)
    async with line.worker() as worker:
        reason = await worker.crash_reason()
    assert "stored offsets lie outside the topic" in str(reason)
    assert "docs/runbooks/" in str(reason)
    assert await line.offsets() == {0: 1000}
    assert await line.ids() == []


async def test_an_offset_that_another_worker_moved_on_is_followed(line: Line) -> None:
    conflicts = OFFSET_CONFLICTS._value.get()
    await line.send([message(number) for number in range(10)])
    async with line.worker():
        await line.until_stored(10)
        # Another worker says that it did 10 and 11.
        await line.set_offset(12)
        await line.send([message(number) for number in range(10, 15)])
        ids = await line.until_stored(13)
        await line.until_offset(15)
    assert ids == [f"a{number}" for number in range(15) if number not in (10, 11)]
    assert OFFSET_CONFLICTS._value.get() == conflicts + 1


async def test_a_conflict_while_a_batch_is_split_skips_nothing(line: Line) -> None:
    """The second half must not jump the offset over what the first half could not store."""
    calls = 0

    async def handler(tx: Transaction, messages: list[Any]) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            await tx.conn.execute("rollback")  # as it is going to be; the other worker comes right after it
            await line.set_offset(3)
            raise InvalidMessageError("which one?")
        await line.store(tx, messages)

    await line.send([message(number) for number in range(10)])
    async with line.worker(handler):
        ids = await line.until_stored(7)
        await line.until_offset(10)
    assert ids == [f"a{number}" for number in range(3, 10)]


async def test_the_next_batch_is_decoded_while_one_is_at_work(line: Line) -> None:
    workers: list[Worker] = []

    async def handler(tx: Transaction, messages: list[Any]) -> None:
        if messages[0]["n"] == 0:
            batch = await workers[0].loop._ahead  # type: ignore[misc]
            assert [message["n"] for _, message in batch.decoded] == [5, 6, 7, 8, 9]
        await line.store(tx, messages)

    await line.send([message(number) for number in range(12)])
    async with line.worker(handler, batch_max_count=5) as worker:
        workers.append(worker)
        assert await line.until_stored(12) == [f"a{number}" for number in range(12)]


async def test_a_conflict_while_the_next_batch_is_ready_skips_nothing(line: Line) -> None:
    """What was fetched ahead lies beyond what the database waits for."""
    workers: list[Worker] = []
    conflicts = OFFSET_CONFLICTS._value.get()

    async def handler(tx: Transaction, messages: list[Any]) -> None:
        if messages[0]["n"] == 0:
            await asyncio.wait([workers[0].loop._ahead])  # type: ignore[type-var, list-item]
            await tx.conn.execute("rollback")  # as it is going to be; the other worker comes right after it
            await line.set_offset(3)
            raise asyncpg.DeadlockDetectedError("forced")
        await line.store(tx, messages)

    await line.send([message(number) for number in range(12)])
    async with line.worker(handler, batch_max_count=5) as worker:
        workers.append(worker)
        ids = await line.until_stored(9)
        await line.until_offset(12)
    assert ids == [f"a{number}" for number in range(3, 12)]
    assert OFFSET_CONFLICTS._value.get() == conflicts + 1


async def test_what_comes_while_a_batch_grows_is_in_the_next_one(line: Line) -> None:
    batches: list[list[int]] = []

    async def handler(tx: Transaction, messages: list[Any]) -> None:
        batches.append([one["n"] for one in messages])
        if len(batches) == 1:
            for number in range(1, 5):  # one by one: a client that fetches on its own would have the first only
                await line.send([message(number)])
        await line.store(tx, messages)

    async with line.worker(handler):
        await line.send([message(0)])
        await line.until_stored(5)
    assert batches == [[0], [1, 2, 3, 4]]
