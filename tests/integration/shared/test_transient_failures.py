"""Failures that pass by themselves: the same batch once, neither lost nor doubled, and seen in the metrics."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from shared.telemetry import CONSUMER_RETRIES, OUTBOX_RETRIES
from shared.transaction import Transaction
from tests.integration.shared.line import Line, message
from tests.integration.shared.proxy import Cut, proxy_to
from tests.waiting import until

pytestmark = pytest.mark.stack


async def terminate(line: Line, tx: Transaction) -> None:
    await line.admin.execute("select pg_terminate_backend($1)", tx.conn.get_server_pid())


async def lose_the_connection_in_a_statement(line: Line, tx: Transaction) -> None:
    task = asyncio.create_task(tx.conn.execute("select pg_sleep(30)"))
    await terminate(line, tx)
    await task


async def lose_the_connection_between_statements(line: Line, tx: Transaction) -> None:
    await terminate(line, tx)

    async def gone() -> bool:
        try:
            return bool(tx.conn.is_closed())
        except asyncpg.InterfaceError:
            return True

    await until(gone)
    await tx.conn.execute("select 1")


async def lose_the_connection_before_the_commit(line: Line, tx: Transaction) -> None:
    await terminate(line, tx)


async def run_into_a_deadlock(line: Line, tx: Transaction) -> None:
    """The other side waits for this transaction's offset row, and this one for its advisory lock."""
    other = await line.admin.acquire()
    try:
        await other.execute("set deadlock_timeout = '1min'")  # this transaction is to be the victim
        transaction = other.transaction()
        await transaction.start()
        await other.execute("select pg_advisory_xact_lock(7)")
        pid = other.get_server_pid()
        waiting = asyncio.create_task(
            other.execute(
                "update consumer_offsets set next_offset = next_offset where topic = $1", line.source.name
            )
        )

        async def waits() -> Any:
            return await line.admin.fetchval(
                "select exists (select from pg_stat_activity where pid = $1 and wait_event_type = 'Lock')", pid
            )

        await until(waits)
        try:
            await tx.conn.execute("select pg_advisory_xact_lock(7)")
        finally:
            rolled_back = asyncio.create_task(tx.conn.execute("rollback"))
            await waiting
            await transaction.rollback()
            await rolled_back
    finally:
        await line.admin.release(other)


async def fail_to_serialise(line: Line, tx: Transaction) -> None:
    await tx.conn.execute("do $$ begin raise exception 'could not serialize' using errcode = '40001'; end $$")


async def find_the_disk_full(line: Line, tx: Transaction) -> None:
    await tx.conn.execute("do $$ begin raise exception 'no space left' using errcode = '53100'; end $$")


async def wait_for_a_lock_too_long(line: Line, tx: Transaction) -> None:
    await tx.conn.execute("do $$ begin raise exception 'lock timeout' using errcode = '55P03'; end $$")


@pytest.mark.parametrize(
    "fail",
    [
        lose_the_connection_in_a_statement,
        lose_the_connection_between_statements,
        lose_the_connection_before_the_commit,
        run_into_a_deadlock,
        fail_to_serialise,
        find_the_disk_full,
        wait_for_a_lock_too_long,
    ],
)
async def test_the_same_batch_is_stored_once(line: Line, fail: Any) -> None:
    batches: list[list[int]] = []

    async def handler(tx: Transaction, messages: list[Any]) -> None:
        batches.append([one["n"] for one in messages])
        await line.store(tx, messages)
        if len(batches) < 3:
            await fail(line, tx)

    retries = CONSUMER_RETRIES._value.get()
    await line.send([message(number) for number in range(5)])
    async with line.worker(handler):
        ids = await line.until_stored(5)
        records = await line.read(line.sink, 5)
    assert ids == [f"a{number}" for number in range(5)]
    assert len(records) == 5
    assert batches[:3] == [batches[0]] * 3
    assert CONSUMER_RETRIES._value.get() == retries + 2
    assert await line.offsets() == {0: 5}


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_commit_whose_answer_is_lost_is_neither_lost_nor_doubled(line: Line, when: Cut) -> None:
    async with proxy_to(line.settings.postgres_url).listening() as proxy:

        async def handler(tx: Transaction, messages: list[Any]) -> None:
            await line.store(tx, messages)
            if proxy.cuts == 0:
                proxy.cut_at(b"COMMIT;", when)

        await line.send([message(number) for number in range(5)])
        async with line.worker(handler, postgres_url=proxy.url):
            ids = await line.until_stored(5)
            await line.send([message(number) for number in range(5, 8)])
            ids = await line.until_stored(8)
            records = await line.read(line.sink, 8)
        assert proxy.cuts == 1
    assert ids == [f"a{number}" for number in range(8)]
    assert len(records) == 8
    assert await line.offsets() == {0: 8}


@asynccontextmanager
async def connection_lost_at_commit(line: Line) -> AsyncIterator[None]:
    """The first transaction that deletes an outbox row of the line loses its connection while it commits."""
    await line.admin.execute(
        f"""
        create sequence lost_commits;
        grant usage on sequence lost_commits to public;
        create function lose_the_connection() returns trigger language plpgsql security definer as $$
        begin
            if nextval('lost_commits') = 1 then perform pg_terminate_backend(pg_backend_pid()); end if;
            return null;
        end $$;
        create constraint trigger lose_the_connection after delete on outbox deferrable initially deferred
            for each row when (old.topic like '{line.name}.%') execute function lose_the_connection();
        """
    )
    try:
        yield
    finally:
        await line.admin.execute("drop function lose_the_connection cascade; drop sequence lost_commits")


async def test_a_relay_that_dies_between_publishing_and_deleting_publishes_twice(line: Line) -> None:
    """At least once: a duplicate is harmless, since every fact has an id; a loss would not be."""
    retries = OUTBOX_RETRIES._value.get()
    async with connection_lost_at_commit(line), line.worker():
        await line.send([message(number) for number in range(5)])
        await line.until_stored(5)
        records = await line.read(line.sink, 10)
    numbers = [int(record.value[record.value.index(b'"n":') + 4 : -1]) for record in records]
    assert numbers == [0, 1, 2, 3, 4] * 2
    assert OUTBOX_RETRIES._value.get() == retries + 1


async def test_stopping_does_not_wait_for_a_database_that_is_away(line: Line) -> None:
    """The batch at work is not stored, and the next worker begins with it."""
    async with proxy_to(line.settings.postgres_url).listening() as proxy:
        lost = asyncio.Event()

        async def handler(tx: Transaction, messages: list[Any]) -> None:
            await line.store(tx, messages)
            lost.set()
            await tx.conn.execute("do $$ begin raise exception 'shutting down' using errcode = '57P01'; end $$")

        await line.send([message(0)])
        async with line.worker(handler, postgres_url=proxy.url):
            await asyncio.wait_for(lost.wait(), 60)
            started = asyncio.get_running_loop().time()
        stopped = asyncio.get_running_loop().time()
    assert stopped - started < 5
    assert await line.ids() == []
    async with line.worker():
        assert await line.until_stored(1) == ["a0"]
