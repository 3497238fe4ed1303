"""The pool of PostgreSQL connections: nobody waits for one for ever."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from shared.postgres import begin, create_pool, known_types
from shared.settings import ServiceSettings
from tests.integration.shared.line import SERVICE

pytestmark = pytest.mark.stack

ACQUIRE_SECONDS = 0.2
#: The driver has to ask for it: it knows the arrays of text by itself.
ARRAY_OF_MOMENTS = 1185


async def test_waiting_for_a_connection_ends(line_settings: ServiceSettings) -> None:
    settings = line_settings.model_copy(update={"pool_max_count": 2, "pool_acquire_seconds": ACQUIRE_SECONDS})
    async with await create_pool(SERVICE, settings) as pool:
        async with begin(pool), pool.acquire():
            started = time.monotonic()
            with pytest.raises(TimeoutError):
                await pool.fetchval("select 1")
            with pytest.raises(TimeoutError):
                async with begin(pool):
                    pass
            waited = time.monotonic() - started
        assert 2 * ACQUIRE_SECONDS <= waited < 20 * ACQUIRE_SECONDS
        assert await asyncio.gather(*(pool.fetchval("select 1") for _ in range(20))) == [1] * 20


async def test_what_one_connection_learned_of_types_the_others_know(
    line_settings: ServiceSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[set[int]] = []
    introspect = asyncpg.Connection._introspect_types

    async def counted(connection: asyncpg.Connection, oids: Any, timeout: float | None) -> Any:
        asked.append(set(oids))
        return await introspect(connection, oids, timeout)

    monkeypatch.setattr(known_types, "_KNOWN", {})
    monkeypatch.setattr(asyncpg.Connection, "_introspect_types", counted)
    moment = datetime(2026, 3, 1, 12, 0, 0, 1, tzinfo=UTC)
    async with await create_pool(SERVICE, line_settings) as pool:
        for _ in range(3):
            async with pool.acquire() as first, pool.acquire() as second:
                for conn in (first, second):
                    assert await conn.fetchval("select $1::text[]", ["a", "b"]) == ["a", "b"]
                    row = await conn.fetchrow("select $1::timestamptz[], $2::text[]", [moment], ["c"])
                    assert tuple(row) == ([moment], ["c"])
            await pool.expire_connections()
    assert asked == [{ARRAY_OF_MOMENTS}]
