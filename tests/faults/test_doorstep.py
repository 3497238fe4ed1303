"""Clients that mean no good, at the front door, while others send events."""

import asyncio
import gzip
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from plaudit.stack.ports import HOST
from tests.faults.arena import FULL, Arena, Run

pytestmark = [pytest.mark.stack, pytest.mark.faults, pytest.mark.timeout(240)]

#: PLAUDIT_HEAD_SECONDS, and time for a busy machine.
PATIENCE_SECONDS = 10.0 + 10.0
SLOW_COUNT = 200
IDLE_COUNT = 10_000 if FULL else 2_500
MEGABYTE = 1024 * 1024

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def connections(arena: Arena, count: int) -> AsyncIterator[list[Connection]]:
    """Open connections to ingest."""
    opened: list[Connection] = []
    try:
        while len(opened) < count:
            opened += await asyncio.gather(
                *(asyncio.open_connection(HOST, arena.state.ports["ingest"]) for _ in range(min(100, count)))
            )
        yield opened
    finally:
        for _, writer in opened:
            writer.transport.abort()


async def all_closed(opened: list[Connection], seconds: float) -> None:
    """Return once the server has closed them all."""

    async def closed(reader: asyncio.StreamReader) -> None:
        try:
            while await reader.read(1000):
                pass
        except ConnectionError:
            pass

    async with asyncio.timeout(seconds):
        await asyncio.gather(*(closed(reader) for reader, _ in opened))


async def refused(run: Run, body: bytes, **headers: str) -> int:
    """The answer to a body that is none."""
    url = run.arena.state.service_urls["ingest"]
    headers = {"Authorization": f"Bearer {run.key}", "Content-Type": "application/json"} | headers
    async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
        answer = await http.post(f"{url}/v1/events", content=body, headers=headers)
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code


async def test_too_much_and_too_dense(platform_under_faults: Arena) -> None:
    """Ten megabytes and a gzip bomb are refused before they are read or unpacked."""
    async with platform_under_faults.run("33 10 MB body, gzip bomb") as run:
        await run.moment()
        bomb = gzip.compress(bytes(100 * MEGABYTE))
        answers = await asyncio.gather(
            *(refused(run, b"[" + b" " * 10 * MEGABYTE + b"]") for _ in range(4)),
            *(refused(run, bomb, **{"Content-Encoding": "gzip"}) for _ in range(4)),
            refused(run, b"[" * 1_000_000),
        )
        assert answers == [413] * 4 + [415] * 4 + [400]
        run.recovers()


async def test_slow_loris(platform_under_faults: Arena) -> None:
    """Heads that come byte by byte are cut off; meanwhile the events of others get through."""
    arena = platform_under_faults
    async with arena.run("33 slow-loris") as run, connections(arena, SLOW_COUNT) as opened:
        dripping = asyncio.create_task(_drip(opened))
        await run.moment()
        run.recovers()
        await all_closed(opened, PATIENCE_SECONDS)
        dripping.cancel()


async def _drip(opened: list[Connection]) -> None:
    for _, writer in opened:
        writer.write(b"POST /v1/events HTTP/1.1\r\n")
    while True:
        for _, writer in opened:
            if not writer.is_closing():
                writer.write(b"X-Slow: 1\r\n")
        await asyncio.sleep(0.5)


async def test_idle_connections(platform_under_faults: Arena) -> None:
    """More connections than the service takes: it says 503 for a while, and is itself again soon."""
    arena = platform_under_faults
    async with arena.run(f"33 {IDLE_COUNT} idle connections") as run:
        await run.moment()
        async with connections(arena, IDLE_COUNT) as opened:
            started = time.monotonic()
            run.recovers()
            await all_closed(opened, 3 * PATIENCE_SECONDS)
            await run.recovery_done()
            assert time.monotonic() - started < 4 * PATIENCE_SECONDS


async def test_slow_body(platform_under_faults: Arena) -> None:
    """A body that never ends is answered 408, and nothing of it is taken."""
    arena = platform_under_faults
    async with arena.run("33 slow body") as run, connections(arena, 1) as opened:
        await run.moment()
        ((reader, writer),) = opened
        head = (
            f"POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {run.key}\r\n"
            "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n["
        )
        writer.write(head.encode())
        async with asyncio.timeout(180):
            assert (await reader.readline()).startswith(b"HTTP/1.1 408")
        run.recovers()
