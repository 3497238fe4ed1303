"""A fair share: how long another's event takes to its award while one community sends 20,000 as fast as it may.

The flood obeys what it is told (429, Retry-After), as a client should. Quiet and flooded are measured in the same
run, so that the bound is a ratio and needs no reference machine.
"""

import asyncio
import statistics
import time
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg
from plaudit_client import AsyncPlaudit

from bench import messages
from bench.context import MESSAGES, Context
from bench.results import Target
from plaudit.stack import StackState
from shared.postgres import database_url, role_name

FLOOD_COUNT = 20_000
QUICK_FLOOD_COUNT = 5_000
QUIET_COUNT = 30
POLL_SECONDS = 0.005
TIMES_MAX = 3.0


@dataclass
class Neighbour:
    """A community that sends one event after the other."""

    name: str
    client: AsyncPlaudit
    scoring: asyncpg.Connection
    count: int = 0

    async def award_ms(self) -> float:
        """Send an event; the milliseconds until its award is there."""
        self.count += 1
        event = messages.events(1, f"n{self.count}-")[0] | {"time": datetime.now(UTC)}
        started = time.perf_counter()
        await self.client.send([event])
        sql = "select count(distinct event_uid) from awards where community = $1"
        while await self.scoring.fetchval(sql, self.name) < self.count:  # noqa: ASYNC110 -- the database tells nobody
            await asyncio.sleep(POLL_SECONDS)
        return (time.perf_counter() - started) * 1e3


async def fair_share(context: Context) -> None:
    """Measure another's events in quiet, and beside a flood, with the shares that are the defaults."""
    state = await context.up(shares=True)
    flooder, flooder_key = await context.new_community(state, MESSAGES)
    name, key = await context.new_community(state, MESSAGES)
    scoring = await asyncpg.connect(database_url(state.postgres_admin_url, role_name("scoring")))
    url = state.service_urls["ingest"]
    try:
        async with AsyncPlaudit(url, key) as client:
            one = Neighbour(name, client, scoring)
            quiet = [await one.award_ms() for _ in range(QUIET_COUNT)][QUIET_COUNT // 3 :]
            count = QUICK_FLOOD_COUNT if context.quick else FLOOD_COUNT
            flood = asyncio.create_task(_flood(url, flooder_key, count))
            flooded = []
            while not flood.done():
                flooded.append(await one.award_ms())
            seconds, waited_seconds = await flood
    finally:
        await scoring.close()
    await context.settled(state)
    await _assert_all_there(context, state, flooder, count)
    _report(
        context, quiet, flooded, f"{count:,} events in {seconds:.1f} s, its requests waited {waited_seconds:.1f} s"
    )
    await context.down()


async def _flood(url: str, key: str, count: int) -> tuple[float, float]:
    """Send everything; the seconds that it took, and those that its requests waited together."""
    started = time.perf_counter()
    async with AsyncPlaudit(url, key) as client:
        await client.send(messages.events(count, "flood-"))
        return time.perf_counter() - started, client.throttled_seconds


async def _assert_all_there(context: Context, state: StackState, community: str, count: int) -> None:
    sql = "select count(*), count(distinct event_uid) from events where community = $1"
    (found,) = await context.query(state, "analytics", sql, community)
    if tuple(found) != (count, count):
        raise RuntimeError(f"{count} events of the flood became {tuple(found)}")


def _report(context: Context, quiet: list[float], flooded: list[float], note: str) -> None:
    for what, of in (("median", statistics.median), ("slowest", max)):
        context.results.add(
            Target(
                name=f"Event to award beside a flood ÷ in quiet ({of(quiet):.0f} ms), {what} of {len(flooded)}",
                unit="×",
                values=[of(flooded) / of(quiet)],
                wanted=TIMES_MAX,
                note=note,
            )
        )
