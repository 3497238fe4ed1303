"""How long a person waits: the stack from nothing running to ready, and the demo, with warm caches."""

import asyncio
import os
import sys
import time
from statistics import median

from bench.context import ROOT, Context
from bench.results import Target
from shared.services import SERVICES

UP_MAX_SECONDS = 10
DEMO_MAX_SECONDS = 20
#: What a service is made with, and the multiple of it that the dearest service's import may take of the processor.
LIBRARIES = "fastapi,aiokafka,asyncpg,faust,uvicorn,httpx"
IMPORT_MAX_RATIO = 5.5
_IMPORTING = """
import gc, importlib, sys, time
gc.set_threshold(0)
from shared.starting import build_when_used, leave_out
leave_out()
build_when_used()
began = time.process_time()
for name in sys.argv[1].split(","):
    importlib.import_module(name)
print(time.process_time() - began)
"""
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


async def importing(context: Context) -> None:
    """What the service that is dearest to import takes of the processor, as a multiple of its libraries alone."""
    ratios = []
    for number in range(1 + context.round_count):
        libraries = await _import_seconds(LIBRARIES)
        dearest = max([await _import_seconds(f"services.{one}.main") for one in SERVICES])
        if number:  # the first one compiles
            ratios.append(dearest / libraries)
    context.results.add(
        Target(
            name="The dearest service's import, of its libraries'",
            unit="×",
            values=[median(ratios)] if context.quick else ratios,
            wanted=IMPORT_MAX_RATIO,
            note="CPU time, modules compiled",
        )
    )


async def _import_seconds(modules: str) -> float:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _IMPORTING, modules), cwd=ROOT, env=environment, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"{modules} cannot be imported")
    return float(output)
