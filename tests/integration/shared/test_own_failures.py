"""A batch that fails again and again by its own doing: the culprit is put aside, the others stored in order."""

import asyncio
from typing import Any

import asyncpg
import pytest

from shared.consumer.own_failures import PUT_ASIDE_IN_A_ROW_MAX_COUNT
from shared.telemetry import CONSUMER_RETRIES
from shared.transaction import Transaction
from tests.integration.shared.line import Line, message
from tests.integration.shared.proxy import proxy_to
from tests.waiting import until

pytestmark = pytest.mark.stack

#: Soon enough for a test, and long enough for what is no culprit.
BATCH_SECONDS = 1.0
#: Whoever breaks off a statement of a silent database waits for it once more, for so long: 30 s by default.
STATEMENT_SECONDS = 3.0


async def own_timeout(line: Line, tx: Transaction) -> None:
    raise TimeoutError("it took too long")


async def statement_timeout(line: Line, tx: Transaction) -> None:
    await tx.conn.execute("select pg_sleep(60)", timeout=0.1)


async def statement_cancelled(line: Line, tx: Transaction) -> None:
    await tx.conn.execute("set local statement_timeout = '50ms'")
    await tx.conn.execute("select pg_sleep(60)")


async def never_ends(line: Line, tx: Transaction) -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize("fail", [own_timeout, statement_timeout, statement_cancelled, never_ends])
async def test_the_culprit_is_put_aside_and_the_others_are_stored(line: Line, fail: Any) -> None:
    async def handler(tx: Transaction, messages: list[Any]) -> None:
        if any(one["n"] == 13 for one in messages):
            await fail(line, tx)
        await line.store(tx, messages)

    await line.send([message(number) for number in range(20)])
    async with line.worker(handler, batch_seconds=BATCH_SECONDS, own_failures_max_count=2):
        ids = await line.until_stored(19)
        (letter,) = await line.dead_letters(1)
    assert ids == [f"a{number}" for number in range(20) if number != 13]
    assert (letter["topic"], letter["offset"]) == (line.source.name, 13)
    assert letter["reason"].startswith("it fails again and again: ")
    assert ("Timeout" in letter["reason"]) or ("QueryCanceled" in letter["reason"])
    assert await line.offsets() == {0: 20}


async def test_a_record_that_is_alone_is_put_aside_too(line: Line) -> None:
    async def handler(tx: Transaction, messages: list[Any]) -> None:
        if messages[0]["n"] == 0:
            raise TimeoutError
        await line.store(tx, messages)

    await line.send([message(0)])
    async with line.worker(handler, own_failures_max_count=2):
        assert len(await line.dead_letters(1)) == 1
        await line.send([message(1)])
        assert await line.until_stored(1) == ["a1"]


async def test_a_failure_now_and_then_splits_nothing(line: Line) -> None:
    batches: list[int] = []

    async def handler(tx: Transaction, messages: list[Any]) -> None:
        batches.append(len(messages))
        if len(batches) < 3:
            raise TimeoutError
        await line.store(tx, messages)

    await line.send([message(number) for number in range(5)])
    async with line.worker(handler, own_failures_max_count=3):
        await line.until_stored(5)
    assert batches == [5, 5, 5]


async def test_when_nothing_goes_through_it_is_not_the_records(line: Line) -> None:
    """A table that somebody has locked: a few are put aside, then everything waits and is said to hang."""
    is_locked = True

    async def handler(tx: Transaction, messages: list[Any]) -> None:
        if is_locked:
            raise TimeoutError
        await line.store(tx, messages)

    await line.send([message(number) for number in range(10)])
    async with line.worker(handler, own_failures_max_count=1) as worker:
        await line.dead_letters(PUT_ASIDE_IN_A_ROW_MAX_COUNT)

        async def stalls() -> bool:
            return worker.loop.stalled_seconds() > 1

        await until(stalls)
        is_locked = False
        ids = await line.until_stored(10 - PUT_ASIDE_IN_A_ROW_MAX_COUNT)
        assert len(await line.dead_letters(PUT_ASIDE_IN_A_ROW_MAX_COUNT)) == PUT_ASIDE_IN_A_ROW_MAX_COUNT
    assert ids == [f"a{number}" for number in range(PUT_ASIDE_IN_A_ROW_MAX_COUNT, 10)]


async def test_a_database_that_does_not_answer_is_nobodys_own_doing(line: Line) -> None:
    """Its silence is a timeout of the handler's statement too; it is waited for, and nothing is put aside."""
    retries = CONSUMER_RETRIES._value.get()
    was_silent = False
    async with proxy_to(line.settings.postgres_url).listening() as proxy:

        async def handler(tx: Transaction, messages: list[Any]) -> None:
            nonlocal was_silent
            await line.store(tx, messages)
            if not was_silent:
                was_silent = True
                proxy.passes.clear()
                await tx.conn.execute("select 1", timeout=0.2)

        async def is_tried_again() -> bool:
            return CONSUMER_RETRIES._value.get() > retries

        await line.send([message(number) for number in range(3)])
        changes = {"postgres_url": proxy.url, "statement_seconds": STATEMENT_SECONDS}
        async with line.worker(handler, own_failures_max_count=1, **changes):
            await until(is_tried_again)
            proxy.passes.set()
            assert await line.until_stored(3) == ["a0", "a1", "a2"]
            assert await line.dead_letters(0) == []  # the relay was silent too, and publishes again


async def test_locks_of_others_are_nobodys_own_doing(line: Line) -> None:
    tries = 0

    async def handler(tx: Transaction, messages: list[Any]) -> None:
        nonlocal tries
        tries += 1
        if tries < 4:
            raise asyncpg.LockNotAvailableError("held by somebody else")
        await line.store(tx, messages)

    await line.send([message(number) for number in range(3)])
    async with line.worker(handler, own_failures_max_count=1):
        assert await line.until_stored(3) == ["a0", "a1", "a2"]
    assert tries == 4


async def test_it_hangs_when_records_wait_and_no_batch_is_finished(line: Line) -> None:
    go_on = asyncio.Event()

    async def handler(tx: Transaction, messages: list[Any]) -> None:
        await go_on.wait()
        await line.store(tx, messages)

    async with line.worker(handler) as worker:
        await worker.loop.assigned.wait()
        assert worker.loop.stalled_seconds() == 0
        await line.send([message(0)])

        async def stalls() -> bool:
            return worker.loop.stalled_seconds() > 0.5

        await until(stalls)
        go_on.set()
        await line.until_stored(1)

        async def goes_on() -> bool:
            return worker.loop.stalled_seconds() == 0

        await until(goes_on)
