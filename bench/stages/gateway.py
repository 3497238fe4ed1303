"""What the gateway costs: ingest's front door through it, beside the same front door asked directly."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import psutil

from bench import messages
from bench.context import Context
from bench.measure import compare
from bench.stages.front import front_door, load

BATCHED_EVENT_COUNT = 100_000
SINGLE_EVENT_COUNT = 5_000
READY_SECONDS = 30.0
POLL_SECONDS = 0.05


async def through_gateway(context: Context) -> None:
    """Events in batches and one by one, through the gateway and directly, without the broker behind either."""
    async with front_door() as port, gateway(port) as (gateway_port, process):
        for what, size, count, reach in (
            (f"batches of {messages.BATCH_COUNT}", messages.BATCH_COUNT, BATCHED_EVENT_COUNT, 0.90),
            ("single events", 1, SINGLE_EVENT_COUNT, 0.30),
        ):
            await compare(
                context,
                name=f"through the gateway, {what}, without the broker",
                unit="events",
                rate=lambda size=size, count=count: load(gateway_port, size, count),  # type: ignore[misc]
                limit_name="the same front door asked directly",
                limit=lambda size=size, count=count: load(port, size, count),  # type: ignore[misc]
                reach=reach,
            )
            before = _busy_seconds(process)
            await load(gateway_port, size, count)
            each = (_busy_seconds(process) - before) / (count / size)
            context.say(f"the gateway, {what}: {each * 1e6:.0f} µs of a core for a request")


def _busy_seconds(process: psutil.Process) -> float:
    """What a process has had of the processor: however busy the machine is otherwise, that is what it costs."""
    times = process.cpu_times()
    return float(times.user + times.system)


@asynccontextmanager
async def gateway(ingest_port: int) -> AsyncIterator[tuple[int, psutil.Process]]:
    """The gateway as a process of its own before an ingest; yields its port and the process."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        port = int(holder.getsockname()[1])
    variables = {"PLAUDIT_HTTP_PORT": str(port), "PLAUDIT_INGEST_URL": f"http://127.0.0.1:{ingest_port}"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "console.gateway.main", env={**os.environ, **variables}
    )
    try:
        async with asyncio.timeout(READY_SECONDS):
            await _ready(port)
        yield port, psutil.Process(process.pid)
    finally:
        process.terminate()
        await process.wait()


async def _ready(port: int) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        while True:
            try:
                if (await client.get(f"http://127.0.0.1:{port}/readyz")).is_success:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(POLL_SECONDS)
