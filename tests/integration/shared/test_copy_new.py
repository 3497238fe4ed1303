"""Rows that are new are copied in; when one is not, or they are few, the caller inserts them."""

from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from shared.postgres import copy_new
from shared.postgres.copy import COPY_MIN_COUNT

pytestmark = pytest.mark.stack

COLUMNS = ("line", "id", "key", "n")


@pytest.fixture
async def conn(line_admin: asyncpg.Pool) -> AsyncIterator[asyncpg.Connection]:
    """A connection in a transaction that is not kept."""
    async with line_admin.acquire() as lent:
        transaction = lent.transaction()
        await transaction.start()
        yield lent
        await transaction.rollback()


def rows(name: str, count: int) -> list[tuple[str, str, str, int]]:
    return [(name, f"a{number}", "a", number) for number in range(count)]


async def stored(conn: asyncpg.Connection, name: str) -> int:
    return int(await conn.fetchval("select count(*) from facts where line = $1", name))


@pytest.mark.parametrize(("count", "copied"), [(COPY_MIN_COUNT, True), (COPY_MIN_COUNT - 1, False), (0, False)])
async def test_few_rows_are_left_to_the_caller(conn: asyncpg.Connection, count: int, copied: bool) -> None:
    name = uuid4().hex
    assert await copy_new(conn, "facts", columns=COLUMNS, records=rows(name, count)) is copied
    assert await stored(conn, name) == (count if copied else 0)


async def test_one_that_is_there_leaves_all_to_the_caller(conn: asyncpg.Connection) -> None:
    name = uuid4().hex
    assert await copy_new(conn, "facts", columns=COLUMNS, records=rows(name, COPY_MIN_COUNT))
    assert not await copy_new(conn, "facts", columns=COLUMNS, records=rows(name, COPY_MIN_COUNT + 1))
    assert await stored(conn, name) == COPY_MIN_COUNT
