"""How long a person waits: the stack from nothing running to ready, and the demo, with warm caches."""

import asyncio
import sys
import time

from bench.context import ROOT, Context
from bench.results import Target

UP_MAX_SECONDS = 10
DEMO_MAX_SECONDS = 45
DEMO_STACK = "bench-demo"
DEMO_TIMEOUT_SECONDS = 300


async def up(context: Context) -> None:
    """Time `plaudit up` of a stack that was up before."""
    await context.up()
    values = []
    for _ in range(context.round_count):
        await context.down()
        started = time.monotonic()
        await context.up()
        values.append(time.monotonic() - started)
    context.results.add(
        Target(
            name="The stack up, warm",
            unit="s",
            values=values,
            wanted=UP_MAX_SECONDS,
            scales="time",
            note="all seven parts ready",
        )
    )


async def demo(context: Context) -> None:
    """Time `plaudit demo`, which is what `make demo` runs, from nothing running to its last line."""
    await context.down()
    values = []
    for number in range(1 + (1 if context.quick else 3)):
        started = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "plaudit", "demo", "--stack", DEMO_STACK),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await asyncio.wait_for(process.communicate(), DEMO_TIMEOUT_SECONDS)
        if process.returncode != 0:
            raise RuntimeError(f"the demo failed: {output.decode()[-2000:]}")
        if number:  # the first one warms the caches up
            values.append(time.monotonic() - started)
    context.results.add(
        Target(
            name="make demo, warm",
            unit="s",
            values=values,
            wanted=DEMO_MAX_SECONDS,
            scales="time",
            note="stack, input, payouts, stop",
        )
    )
