"""How old an event is when its award, and then its ledger entry, is committed; and memory over time.

The load is open-loop: request n is due at start + n / rate, whatever became of those before it, and the age of
its events counts from when it was due. So a pause of the platform shows in every event that it delayed. When a
row was committed is what PostgreSQL itself says (track_commit_timestamp, switched on for this measurement).
"""

import asyncio
import time

import asyncpg
import psutil

from bench.context import ONE_POINT, Context
from bench.end_to_end import job
from bench.loader import Loader
from bench.results import Breakdown, Target
from plaudit.stack import StackState
from shared.services import SERVICES

PER_SECOND = 1_000
SECONDS = 20
QUICK_SECONDS = 10
BATCHES = {10: "ten in a request", 1: "each in its own request"}
CONNECTION_COUNT = 64
P50_MAX_MS = 50
P99_MAX_MS = 250
WARM_UP_COUNT = 2_000
SOAK_SAMPLE_SECONDS = 5.0
RESIDENT_MAX_MB = 150
#: Of a soak, the first part fills caches and pools; the slope is that of the rest.
SETTLED_SHARE = 0.3

AWARD_TIMES = """
    select event_uid, extract(epoch from pg_xact_commit_timestamp(xmin))::float8 as at
    from awards where community = $1
"""
LEDGER_TIMES = """
    select cause_id, extract(epoch from pg_xact_commit_timestamp(xmin))::float8 as at
    from transfers where community = $1
"""


async def latency(context: Context) -> None:
    """Measure the age of events at 1,000 a second: ten in a request, then each in a request of its own."""
    await _track_commits(context, "on")
    state = await context.up()
    count = PER_SECOND * (QUICK_SECONDS if context.quick else SECONDS)
    for batch_count, title in BATCHES.items():
        await _offer(context, state, WARM_UP_COUNT, batch_count)
        award, ledger, http = [], [], []
        for _ in range(context.round_count if not context.quick else 1):
            ages = await _offer(context, state, count, batch_count)
            award.append(ages[0])
            ledger.append(ages[1])
            http.append(ages[2])
        _report(context, title, award, ledger, http)
    await _track_commits(context, "off")


def _report(
    context: Context, title: str, award: list[list[float]], ledger: list[list[float]], http: list[list[float]]
) -> None:
    for name, runs in (("award", award), ("ledger", ledger)):
        for percentile, wanted in ((50, P50_MAX_MS), (99, P99_MAX_MS)):
            context.results.add(
                Target(
                    name=f"Receipt to {name} at {PER_SECOND:,} events/s, {title}, p{percentile}",
                    unit="ms",
                    values=[_percentile(ages, percentile) * 1e3 for ages in runs],
                    wanted=wanted,
                    scales="time",
                )
            )
    rows = {
        f"{name}, p{percentile}": [_percentile(ages, percentile) * 1e3 for ages in runs]
        for name, runs in (("answered by the API", http), ("award committed", award), ("ledger committed", ledger))
        for percentile in (50, 90, 99, 99.9)
    }
    context.results.add(Breakdown(title=f"Age at {PER_SECOND:,} events/s, {title}", unit="ms", rows=rows))


async def _track_commits(context: Context, value: str) -> None:
    state = await context.infrastructure()
    admin = await asyncpg.connect(state.postgres_admin_url)
    try:
        await admin.execute(f"alter system set track_commit_timestamp = {value}")
    finally:
        await admin.close()
    await context.down()


async def _offer(
    context: Context, state: StackState, count: int, batch_count: int
) -> tuple[list[float], list[float], list[float]]:
    """Offer events; return the seconds from due to award, to ledger and to the API's answer."""
    community, key = await context.new_community(state, ONE_POINT)
    options = {
        "batch_count": batch_count,
        "event_count": count,
        "per_second": PER_SECOND / batch_count,
        "connection_count": CONNECTION_COUNT,
    }
    loader = await Loader.start(job(state, key, **options))
    try:
        load = await loader.run()
    finally:
        loader.stop()
    await context.settled(state)
    accepted = await context.query(
        state, "analytics", "select event_uid, event_id from events where community = $1", community
    )
    due = {row["event_uid"]: load.due[int(row["event_id"].partition("-")[2]) // batch_count] for row in accepted}
    awards = await context.query(
        state, "analytics", "select award_id, event_uid from awards where community = $1", community
    )
    event_of = {row["award_id"]: row["event_uid"] for row in awards}
    to_award = await context.query(state, "scoring", AWARD_TIMES, community)
    to_ledger = await context.query(state, "rewards", LEDGER_TIMES, community)
    if not len(due) == len(to_award) == len(to_ledger) == count:
        raise RuntimeError(f"{count} events became {len(due)}, {len(to_award)} awards, {len(to_ledger)} transfers")
    return (
        [row["at"] - due[row["event_uid"]] for row in to_award],
        [row["at"] - due[event_of[row["cause_id"]]] for row in to_ledger],
        load.latencies,
    )


def _percentile(ages: list[float], percentile: float) -> float:
    ordered = sorted(ages)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percentile / 100))]


async def soak(context: Context) -> None:
    """Keep 1,000 events a second coming and see whether memory grows."""
    state = await context.up()
    _, key = await context.new_community(state, ONE_POINT)
    seconds = context.soak_minutes * 60
    options = {"event_count": int(PER_SECOND * seconds), "per_second": PER_SECOND / 10, "batch_count": 10}
    loader = await Loader.start(job(state, key, **options))
    running = asyncio.create_task(loader.run())
    processes = {name: psutil.Process(state.pids[name]) for name in SERVICES}
    samples: dict[str, list[tuple[float, float]]] = {name: [] for name in SERVICES}
    started = time.monotonic()
    try:
        while not running.done():
            at = time.monotonic() - started
            for name, process in processes.items():
                samples[name].append((at, process.memory_info().rss / 1e6))
            await asyncio.wait([running], timeout=SOAK_SAMPLE_SECONDS)
        await running
    finally:
        loader.stop()
    await context.settled(state)
    rows = {name: [megabytes for _, megabytes in found] for name, found in samples.items()}
    context.results.add(
        Breakdown(title=f"Resident memory during a soak of {context.soak_minutes:g} minutes", unit="MB", rows=rows)
    )
    for name, found in samples.items():
        settled = found[int(len(found) * SETTLED_SHARE) :]
        context.results.add(
            Target(
                name=f"Soak: memory of {name} at the end",
                unit="MB",
                values=[found[-1][1]],
                wanted=RESIDENT_MAX_MB,
                note=f"slope {_slope(settled) * 60:+.3f} MB a minute after the first {SETTLED_SHARE:.0%}",
            )
        )


def _slope(samples: list[tuple[float, float]]) -> float:
    """Least squares: units per second."""
    count = len(samples)
    mean_x = sum(x for x, _ in samples) / count
    mean_y = sum(y for _, y in samples) / count
    spread = sum((x - mean_x) ** 2 for x, _ in samples)
    return sum((x - mean_x) * (y - mean_y) for x, y in samples) / spread if spread else 0.0
