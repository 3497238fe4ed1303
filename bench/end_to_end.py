"""All five services, from the public API to the last read model: events per second, and where the CPU goes.

The rate counts from the first byte of the first request until every topic is consumed and every outbox is
empty. The limit is what the cores could do if nothing but the stages' own work had to be done: the cores
divided by the CPU seconds per event of each stage, measured with that stage running alone on a backlog.
"""

import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench import messages
from bench.context import INFRASTRUCTURE, MESSAGES, ONE_POINT, Context
from bench.loader import Load, Loader
from bench.machine import core_count
from bench.processes import PARTS, cpu_seconds, resident_mb
from bench.progress import progress
from bench.results import Breakdown, Stage, Target
from plaudit.stack import StackState

CONNECTION_COUNT = 4
TARGET_PER_SECOND = 5_000
RESIDENT_MAX_MB = 150
PROGRAMMES = {"one rule (one point a message)": ONE_POINT, "messages.yaml (two rules, a cap)": MESSAGES}


def job(state: StackState, key: str, **options: Any) -> dict[str, Any]:
    """A job for the load generator against ingest's public API."""
    url = urlsplit(state.service_urls["ingest"])
    return {
        "host": url.hostname,
        "port": url.port,
        "key": key,
        "connection_count": CONNECTION_COUNT,
        "batch_count": messages.BATCH_COUNT,
        "event_count": messages.MESSAGE_COUNT,
    } | options


async def run(context: Context) -> None:
    """Measure each programme's rate, its limit, the CPU per event, and the memory while it runs."""
    for title, programme in PROGRAMMES.items():
        await _programme(context, title, programme)


async def _programme(context: Context, title: str, programme: Path) -> None:
    rates: list[float] = []
    shares: list[float] = []
    cpu: dict[str, list[float]] = {name: [] for name in PARTS}
    resident: dict[str, list[float]] = {}
    state = await context.up()
    await _once(context, state, programme)  # warms up the broker's compiler and the databases' caches
    for number in range(context.round_count):
        rate, load, used, peak = await _once(context, state, programme)
        context.say_number(f"{title}: {rate:,.0f} events/s ({number + 1} of {context.round_count})")
        rates.append(rate)
        shares.append(load.cpu_seconds * rate / load.event_count)
        for name, seconds in used.items():
            cpu[name].append(seconds / load.event_count * 1e6)
        for name, megabytes in peak.items():
            resident.setdefault(name, []).append(megabytes)
    context.results.add(Breakdown(title=f"CPU per event under load, {title}", unit="µs", rows=cpu, with_sum=True))
    context.results.add(Breakdown(title=f"Resident memory during the run, {title}", unit="MB", rows=resident))
    alone = await alone_cpu(context, programme)
    context.results.add(
        Breakdown(
            title=f"CPU per event of each stage alone, {title}",
            unit="µs",
            rows={k: [v * 1e6] for k, v in alone.items()},
            with_sum=True,
        )
    )
    context.results.add(
        Stage(
            name=f"All five services, {title}",
            unit="events",
            limit_name=f"{core_count()} cores ÷ Σ CPU seconds per event of the stages, each alone",
            reach=0.70,
            rates=rates,
            limits=[core_count() / sum(alone.values())] * len(rates),
            note=f"load generator: {sorted(shares)[len(shares) // 2]:.1%} of one core, on the same cores",
        )
    )
    context.results.add(
        Target(
            name=f"Events/s end to end, {title}",
            unit="events/s",
            values=rates,
            wanted=TARGET_PER_SECOND,
            scales="rate",
            at_least=True,
        )
    )
    for name, peaks in resident.items():
        if name != "kafka":
            context.results.add(
                Target(
                    name=f"Memory of {name} during the run, {title}",
                    unit="MB",
                    values=peaks,
                    wanted=RESIDENT_MAX_MB,
                )
            )


async def _once(
    context: Context, state: StackState, programme: Path
) -> tuple[float, Load, dict[str, float], dict[str, float]]:
    """Feed everything once: rate, the load, CPU seconds and resident MB of each part."""
    _, key = await context.new_community(state, programme)
    loader = await Loader.start(job(state, key))
    try:
        before = cpu_seconds(state)
        load = await loader.run()
    finally:
        loader.stop()
    peak = resident_mb(state)
    await context.settled(state)
    rate = load.event_count / (time.time() - load.started)
    used = cpu_seconds(state).since(before)
    peak = {name: max(megabytes, peak.get(name, 0.0)) for name, megabytes in resident_mb(state).items()}
    return rate, load, used, peak


async def alone_cpu(context: Context, programme: Path) -> dict[str, float]:
    """CPU seconds per event of each stage: the services work off the same events one after the other."""
    state = await context.up()
    _, key = await context.new_community(state, programme)
    await context.up([*INFRASTRUCTURE, "ingest"])
    loader = await Loader.start(job(state, key))
    before = cpu_seconds(state)
    load = await loader.run()
    async with progress(state, "ingest") as ingest:
        await ingest.finished()
    used = {"ingest": sum(cpu_seconds(state).since(before).values()) / load.event_count}
    for service in ("scoring", "recognition", "rewards", "analytics"):
        used[service] = await _drain(context, state, service) / load.event_count
    for service, seconds in used.items():
        context.say_number(f"{service} alone: {seconds * 1e6:.0f} µs of CPU per event")
    await context.up()
    await context.settled(state)
    return used


async def _drain(context: Context, state: StackState, service: str) -> float:
    """CPU seconds that a service and what serves it take for the service's backlog."""
    async with progress(state, service) as its:
        start, end = await its.done(), await its.all()
        await context.up([*INFRASTRUCTURE, service])
        before, done = cpu_seconds(state), await its.done()
        await its.finished()
        # What it had done before the first reading is in neither the time nor the count.
        return sum(cpu_seconds(state).since(before).values()) * (end - start) / (end - done)
