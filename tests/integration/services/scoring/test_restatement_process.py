"""Restatements on a real broker: process and service are killed at any point, and nothing is posted twice."""

import asyncio
import signal
from datetime import UTC, datetime
from typing import Any

import asyncpg
import httpx
import pytest

from services.scoring.backtests.handlers.processes import PROCESSES
from services.scoring.main import SPEC
from services.scoring.settings import Settings
from tests.integration.services.process import running
from tests.integration.services.scoring.test_backtest_process import RICHER, process, scored
from tests.integration.services.scoring.test_scoring_process import send_events, until_consumed
from tests.integration.services.world import add_person
from tests.waiting import until

pytestmark = pytest.mark.stack

TIMERS = [one for one in SPEC.timers if one.name in ("watch-restatements", "post-restatements")]


async def test_killed_while_it_is_worked_out_and_while_it_is_posted(
    stack: Any, pool: asyncpg.Pool, world: Any, clients: Any
) -> None:
    await scored(stack, pool, world, 300)
    before = await world.totals()
    await world.publish(RICHER)
    ada = await clients("programmes:write", "programmes:read", person_id=await add_person(pool, world.community))
    bob: httpx.AsyncClient = await clients("programmes:approve")
    body = {"since": datetime(2026, 1, 1, tzinfo=UTC).isoformat(), "version": 2, "reason": "It gave too little"}
    asked = (await ada.post("/v1/restatements", json=body)).json()
    path = f"/v1/restatements/{asked['restatement_id']}"

    async def state() -> str:
        return str((await ada.get(path)).json()["state"])

    async def has_pieces() -> bool:
        query = "select count(*) from restatement_pieces where community = $1"
        return int(await pool.fetchval(query, world.community)) >= 2

    async with process(stack, backtest_piece_max_count=20) as killed:
        await until(has_pieces)
        killed.send_signal(signal.SIGKILL)
        await killed.wait()
    assert await state() == "computing"

    async def is_ready() -> bool:
        return await state() == "ready"

    async with process(stack):
        await until(is_ready)
    found = (await ada.get(path)).json()
    write = sum(points for (_, rule), points in before.items() if rule == "write")
    assert found["result"]["points"] == write
    await ada.post(f"{path}/submit")
    answer = await bob.post(f"{path}/approve", json={"digest": found["digest"]})
    assert answer.json()["state"] == "approved", answer.text

    settings = Settings(**{**stack.settings("scoring"), "backtest_niceness": 0, "restatement_part_max_count": 60})
    ends = ("posted", "failed")
    for number in range(10, 50):
        # As the leader of the service does, which is not elected here; it and its process end in between.
        async with running(SPEC, settings) as parts:
            async with asyncio.timeout(60):
                while await state() not in (*ends, "posting"):
                    await parts.run_timer(TIMERS[0])
                    await asyncio.sleep(0.05)
            await asyncio.gather(*(parts.run_timer(timer) for timer in TIMERS))
            if PROCESSES.process is not None and PROCESSES.process.returncode is None:
                PROCESSES.process.kill()
            await send_events(stack, [world.retraction(str(number))])
        if await state() in ends:
            break
    async with running(SPEC, settings) as parts:

        async def is_posted() -> bool:
            for timer in TIMERS:
                await parts.run_timer(timer)
            return await state() in ends

        await until(is_posted)
        await until_consumed(pool, world, 300)
    assert await state() == "posted"
    rows = await world.awards()
    told = [row["amends"] or row["award_id"] for row in rows if row["restatement_id"] is not None]
    assert len(told) == len(set(told))
    # Of each that was written and not taken back two points stand, of others none.
    stands = await pool.fetch(
        """
        select a.event_uid, sum(a.points) as points, bool_or(e.retracted) as retracted from awards a
        join activities e using (community, event_uid)
        where a.community = $1 and a.rule_id = 'write' group by 1
        """,
        world.community,
    )
    assert len(stands) >= 299
    assert {(row["retracted"], row["points"]) for row in stands} <= {(False, 2), (True, 0)}
