"""Parsing, validation and HTTP: what one process can take in before the broker is asked."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import orjson

from bench import messages
from bench.context import Context
from bench.front_door import Call
from bench.loader import Loader
from bench.measure import compare
from services.ingest.events.domain import admission
from services.ingest.settings import Settings

BATCH_TYPE = admission.BATCH_TYPE.encode()
PARSE_SECONDS = 0.5
HTTP_EVENT_COUNT = 100_000
SINGLE_EVENT_COUNT = 10_000
CONNECTION_COUNT = 8


def per_second(work: Callable[[], int]) -> float:
    """Units per second of `work`, which returns how many units it did, repeated for half a second."""
    done, started = 0, time.perf_counter()
    while time.perf_counter() - started < PARSE_SECONDS:
        done += work()
    return done / (time.perf_counter() - started)


async def parse(context: Context) -> None:
    """Parse and validate a batch of 500, beside the fastest JSON parser there is."""
    body = messages.bodies(messages.events(messages.BATCH_COUNT))[0]
    settings = Settings()
    limits = admission.Limits(
        settings.events_max_count,
        settings.event_max_bytes,
        settings.future_tolerance_seconds,
        settings.earliest_year,
    )
    headers = {"content-type": admission.BATCH_TYPE}

    def validate() -> int:
        return len(admission.admit(body, headers, datetime.now(UTC), limits).events)

    async def rate() -> float:
        return per_second(validate)

    async def limit() -> float:
        return per_second(lambda: len(orjson.loads(body)))

    await compare(
        context,
        name="parse and validate, batches of 500",
        unit="events",
        rate=rate,
        limit_name="orjson.loads of the same bytes",
        limit=limit,
        reach=0.40,
    )


async def http_batches(context: Context) -> None:
    """Batches over HTTP with a producer that acknowledges at once, beside the same route called in process."""
    bodies = messages.bodies(messages.events(messages.BATCH_COUNT * 20))
    call = Call()

    async def limit() -> float:
        done, started = 0, time.perf_counter()
        while time.perf_counter() - started < PARSE_SECONDS:
            for body in bodies:
                await call(body, BATCH_TYPE)
                done += messages.BATCH_COUNT
        return done / (time.perf_counter() - started)

    async with front_door() as port:
        await compare(
            context,
            name="HTTP, batches of 500, without the broker",
            unit="events",
            rate=lambda: load(port, messages.BATCH_COUNT, HTTP_EVENT_COUNT),
            limit_name="the same route called in process: validation and the records for the broker",
            limit=limit,
            reach=0.90,
        )


async def http_single(context: Context) -> None:
    """Single events over HTTP, beside a route that does nothing on the same server."""
    async with front_door() as port, front_door("--no-op") as no_op_port:
        await compare(
            context,
            name="HTTP, single events, without the broker",
            unit="events",
            rate=lambda: load(port, 1, SINGLE_EVENT_COUNT),
            limit_name="a Starlette route that reads the body and answers 202, on the same server",
            limit=lambda: load(no_op_port, 1, SINGLE_EVENT_COUNT),
            reach=0.80,
        )


@asynccontextmanager
async def front_door(*arguments: str) -> AsyncIterator[int]:
    """The API with stand-ins behind it, in its own process; yields its port."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bench.front_door",
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield int(await process.stdout.readline())
    finally:
        process.stdin.close()
        await process.wait()


async def load(port: int, batch_count: int, event_count: int) -> float:
    """Events a second that the door at a port takes."""
    base = min(event_count, 10_000)
    loader = await Loader.start(
        {
            "host": "127.0.0.1",
            "port": port,
            "key": "plk",
            "connection_count": CONNECTION_COUNT,
            "batch_count": batch_count,
            "event_count": base,
            "repeat_count": event_count // base,
        }
    )
    try:
        return (await loader.run()).per_second
    finally:
        loader.stop()
