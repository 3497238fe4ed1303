"""Backtests on a real broker: their process is killed and goes on, gives way, and can be told to stop."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from services.scoring.backtests.domain.backtests import ATTEMPTS_MAX_COUNT
from services.scoring.backtests.handlers.processes import MODULE, PROCESSES, environment_of
from services.scoring.backtests.handlers.running import Runner
from services.scoring.backtests.store.backtests import Offsets, Ranges, next_in_turn
from services.scoring.main import SPEC
from services.scoring.settings import Settings
from shared.contracts.facts import AcceptedEvent
from tests.integration.services.process import running
from tests.integration.services.scoring.conftest import RULES
from tests.integration.services.scoring.test_scoring_process import send_events, until_consumed
from tests.waiting import until

pytestmark = pytest.mark.stack

RICHER = RULES.replace("points: 1}", "points: 2}")


@asynccontextmanager
async def process(stack: Any, **settings: Any) -> AsyncIterator[Process]:
    """The process of backtests, with these settings, for as long as it is looked at."""
    # As others at the processor: here nobody is to wait for it.
    chosen = Settings(**{**stack.settings("scoring"), "backtest_niceness": 0, **settings})
    started = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "shared.starting", MODULE), env={**os.environ, **environment_of(chosen)}
    )
    try:
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.wait()


async def scored(stack: Any, pool: asyncpg.Pool, world: Any, count: int) -> None:
    """Have events in the log, and scored live."""
    await world.publish()
    members = [f"m{number}" for number in range(20)]
    events = [world.event(str(n), members[n % 20], members[(n * 7 + 1) % 20]) for n in range(count)]
    async with running(SPEC, Settings(**stack.settings("scoring"))):
        await send_events(stack, [*events, world.retraction("3")])
        await until_consumed(pool, world, count)


async def ask(api: httpx.AsyncClient, *texts: str, **more: Any) -> Any:
    since = (datetime.now(UTC) - timedelta(days=900)).isoformat()
    body = {"since": since, "drafts": [{"text": text} for text in texts], **more}
    answer = await api.post("/v1/backtests", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def ended(api: httpx.AsyncClient, backtest_id: str) -> Any:
    found: Any = None

    async def is_over() -> bool:
        nonlocal found
        found = (await api.get(f"/v1/backtests/{backtest_id}")).json()
        return found["ended_at"] is not None

    await until(is_over)
    return found


async def test_one_that_is_killed_goes_on_and_finds_what_live_scoring_gave(
    stack: Any, pool: asyncpg.Pool, world: Any, api: httpx.AsyncClient
) -> None:
    await scored(stack, pool, world, 400)
    asked = await ask(api, RICHER)
    key = world.community, asked["backtest_id"]

    async def has_pieces() -> bool:
        query = "select count(*) from backtest_pieces where community = $1 and backtest_id = $2"
        return int(await pool.fetchval(query, *key)) >= 2

    async with process(stack, backtest_piece_max_count=20) as killed:
        await until(has_pieces)
        killed.send_signal(signal.SIGKILL)
        await killed.wait()
    assert (await api.get(f"/v1/backtests/{asked['backtest_id']}")).json()["state"] == "running"
    async with process(stack, backtest_piece_max_count=20):
        done = await ended(api, asked["backtest_id"])
    assert (done["state"], done["percent"], done["events_count"]) == ("done", 100, 400)
    assert (
        await pool.fetchval("select attempts from backtests where community = $1 and backtest_id = $2", *key) <= 2
    )
    live, draft = done["result"]["sides"]
    given: dict[str, int] = {}
    for (_, rule), points in (await world.totals()).items():
        given[rule] = given.get(rule, 0) + points
    assert {one["rule"]: one["points"] for one in live["rules"]} == given
    assert {one["rule"]: one["points"] for one in draft["rules"]} == given | {"write": 2 * given["write"]}
    assert draft["compared"]["points"] == given["write"]
    assert draft["compared"]["winners_count"] == 20
    assert set(given) <= set(draft["titles"]["rules"])
    assert len({one["member_id"] for one in draft["compared"]["movers"]}) == 10

    # The same input, in one go: the same digest.
    again = await ask(api, RICHER, since=asked["since"], until=asked["until"])
    async with process(stack):
        second = await ended(api, again["backtest_id"])
    assert second["result"]["digest"] == done["result"]["digest"]
    assert not await pool.fetchval("select count(*) from backtest_pieces where community = $1", world.community)


async def test_it_waits_for_the_live_line_and_can_be_cancelled(
    stack: Any, pool: asyncpg.Pool, world: Any, api: httpx.AsyncClient
) -> None:
    await scored(stack, pool, world, 20)
    # Nobody consumes now: what comes waits for the live line.
    await send_events(stack, [world.event(f"late {n}") for n in range(5)])
    asked = await ask(api, RICHER)

    async def waits() -> bool:
        found = (await api.get(f"/v1/backtests/{asked['backtest_id']}")).json()
        return bool(found["waits_for_live"])

    async with process(stack, backtest_gives_way_count=0):
        await until(waits)
        cancelled = await api.post(f"/v1/backtests/{asked['backtest_id']}/cancel")
        assert cancelled.json()["state"] == "cancelled"
        # The process leaves it at once, while the live line still lags: the next one has its turn, and waits too.
        asked = await ask(api, RICHER)
        cancelled_id = cancelled.json()["backtest_id"]
        await until(waits)
    again = await api.post(f"/v1/backtests/{cancelled_id}/cancel")
    assert again.json() == cancelled.json()
    found = (await api.get("/v1/backtests")).json()["items"]
    assert [one["state"] for one in found] == ["running", "cancelled"]


async def test_scoring_itself_starts_the_process_and_starts_it_again_when_it_is_killed(
    stack: Any, pool: asyncpg.Pool, world: Any, api: httpx.AsyncClient
) -> None:
    await world.publish()
    settings = Settings(**{**stack.settings("scoring"), "backtest_niceness": 0})
    timer = next(one for one in SPEC.timers if one.name == "run-backtests")
    async with running(SPEC, settings) as parts:

        async def done(text: str) -> Any:
            asked = await ask(api, text)

            async def is_over() -> Any:
                # As the leader of the service does, which is not elected here.
                await parts.run_timer(timer)
                found = (await api.get(f"/v1/backtests/{asked['backtest_id']}")).json()
                return found if found["ended_at"] is not None else None

            return await until(is_over)

        await send_events(stack, [world.event(str(n), "ada", "bob") for n in range(30)])
        await until_consumed(pool, world, 30)
        first = await done(RICHER)
        killed = PROCESSES.process
        assert killed is not None
        assert killed.returncode is None
        killed.send_signal(signal.SIGKILL)
        await killed.wait()
        second = await done(RICHER)
        assert PROCESSES.process is not killed
    assert [(one["state"], one["events_count"]) for one in (first, second)] == [("done", 30)] * 2
    # It ends with the service.
    assert PROCESSES.process is not None
    assert PROCESSES.process.returncode is not None


@dataclass
class Quiet:
    """A log of ten records that are nobody's; the first look at it does something else."""

    first: Callable[[], Awaitable[None]]
    looks: int = 0

    async def ranges(self, since: datetime) -> Ranges:
        return Ranges({0: 0}, {0: 10})

    async def read(
        self, community: str, offsets: Offsets, ends: Offsets, max_count: int
    ) -> tuple[Sequence[AcceptedEvent], Offsets]:
        self.looks += 1
        if self.looks == 1:
            await self.first()
        return [], {0: offsets[0] + 1}

    async def live_lag(self) -> int:
        return 0


async def first_in_turn(pool: asyncpg.Pool, asked: Any) -> None:
    """Have one be the oldest of all that wait, whatever others left."""
    await pool.execute(
        "update backtests set asked_at = asked_at - interval '1 year' where backtest_id = $1", asked["backtest_id"]
    )


@pytest.mark.parametrize(
    ("error", "failure"), [(RuntimeError("broken"), "broke"), (MemoryError(), "too_much_memory")]
)
async def test_one_that_fails_says_memory_only_where_it_was_memory(
    pool: asyncpg.Pool, world: Any, api: httpx.AsyncClient, error: Exception, failure: str
) -> None:
    await world.publish()
    asked = await ask(api, RICHER)
    await first_in_turn(pool, asked)

    async def breaks() -> None:
        raise error

    turns_count = 0
    while (found := (await api.get(f"/v1/backtests/{asked['backtest_id']}")).json())["ended_at"] is None:
        turns_count += 1
        # What nobody expected ends the process, which is started again.
        with suppress(RuntimeError):
            await Runner(pool, Quiet(breaks), world.settings).turn()
    assert (found["state"], found["failure"]) == ("failed", failure)
    assert turns_count == (1 if failure == "too_much_memory" else ATTEMPTS_MAX_COUNT + 1)


async def test_whoever_asks_while_another_ones_runs_has_a_turn_before_that_is_done(
    pool: asyncpg.Pool, world: Any, api: httpx.AsyncClient
) -> None:
    await world.publish()
    asked = await ask(api, RICHER)
    await first_in_turn(pool, asked)
    other = f"other-{uuid4().hex[:12]}"

    async def others_ask() -> None:
        await pool.execute(
            """
            insert into backtests
                (community, backtest_id, state, since, until, drafts, asked_at, asked_by, moved_at)
            select $2, gen_random_uuid(), state, since, until, drafts, asked_at, asked_by, moved_at
            from backtests where community = $1
            """,
            world.community,
            other,
        )

    settings = world.settings.model_copy(update={"backtest_turn_seconds": 1e-9})
    runner = Runner(pool, Quiet(others_ask), settings)
    assert await runner.turn()
    found = (await api.get(f"/v1/backtests/{asked['backtest_id']}")).json()
    assert (found["state"], found["percent"]) == ("running", 10)

    # What a community had of the process counts when its next one is asked for, though the first has ended.
    await pool.execute(
        "update backtests set state = 'cancelled', ended_at = now(), asked_at = now(), used_seconds = 60"
        " where community = $1",
        world.community,
    )
    await first_in_turn(pool, await ask(api, RICHER))
    async with pool.acquire() as conn:
        turns = await next_in_turn(conn, lately=datetime.now(UTC) - timedelta(days=1), limit=1_000)
    communities = [one.community for one in turns]
    assert communities.index(other) < communities.index(world.community)
    await pool.execute("delete from backtests where community = $1", other)


async def test_what_is_asked_for_is_bounded(world: Any, api: httpx.AsyncClient) -> None:
    for _ in range(world.settings.backtests_open_max_count):
        await ask(api, RULES)
    since = datetime.now(UTC) - timedelta(days=1)
    body = {"since": since.isoformat(), "drafts": [{"text": RULES}]}
    refused = await api.post("/v1/backtests", json=body)
    assert refused.status_code == 409
    assert refused.json()["type"] == "urn:plaudit:problem:too-many-backtests"
    unknown = await api.post("/v1/backtests", json=body | {"audience": "nobody"})
    assert unknown.json()["type"] == "urn:plaudit:problem:unknown-audience"
    wrong = await api.post("/v1/backtests", json=body | {"drafts": [{"text": "programme: nothing"}]})
    assert wrong.json()["type"] == "urn:plaudit:problem:invalid-programme"
    early = await api.post("/v1/backtests", json=body | {"until": (since - timedelta(days=1)).isoformat()})
    assert early.json()["type"] == "urn:plaudit:problem:backtest-window"
