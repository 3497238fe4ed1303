"""The pool of PostgreSQL connections: nobody waits for one for ever."""

import asyncio
import time

import pytest

from shared.postgres import begin, create_pool
from shared.settings import ServiceSettings
from tests.integration.shared.line import SERVICE

pytestmark = pytest.mark.stack

ACQUIRE_SECONDS = 0.2


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
