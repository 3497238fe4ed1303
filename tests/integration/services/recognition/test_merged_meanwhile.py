"""Members are merged while timers decide about them: neither of the two ends for the other."""

import asyncio
from typing import Any

import pytest

from services.recognition.badges.handlers.deciding import keep_badges
from services.recognition.badges.store import standing as badges_store
from services.recognition.counts.handlers import on_events
from services.recognition.merges.handlers import on_members
from services.recognition.quests import store as quests_store
from services.recognition.quests.handlers.deciding import keep_quests
from services.recognition.thresholds.handlers import on_programmes
from tests.integration.services.merging import Merging
from tests.integration.services.recognition.test_badges_by_criteria import RULES, seen
from tests.integration.services.recognition.test_counted_badges import event
from tests.integration.services.recognition.test_quests import kept

pytestmark = pytest.mark.stack

STEP = {"id": "one", "title": "One", "rule": "message", "times": 2}
TWICE = {
    "rules": RULES,
    "recognition": {
        "badges": [{"id": "five", "title": "Five points", "when": "points >= 5"}],
        "quests": [
            {
                "id": "twice",
                "title": "Twice",
                "steps": [{"id": "one", "title": "One", "rule": "message", "times": 2}],
            }
        ],
    },
}


async def held_up(world: Any, pid: int) -> None:
    """Until somebody waits for a lock of that connection."""
    while not await world.pool.fetchval(
        "select exists (select from pg_stat_activity where $1 = any(pg_blocking_pids(pid)))", pid
    ):
        await asyncio.sleep(0.01)


@pytest.mark.parametrize(("timer", "store"), [(keep_badges, badges_store), (keep_quests, quests_store)])
async def test_a_merge_waits_for_who_is_looked_at(
    world: Any, monkeypatch: pytest.MonkeyPatch, timer: Any, store: Any
) -> None:
    merging = Merging(world, on_members)
    await world.handle(on_programmes, world.programme_fact(1, TWICE))
    await kept(world)
    await world.awarded(world.award("a", 3), world.award("b", 3))
    await world.handle(on_events, event(world, 1, "a"), event(world, 2, "b"))
    taken: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    waits = asyncio.Event()
    take_due = store.take_due

    async def paused(conn: Any, **wanted: Any) -> Any:
        found = await take_due(conn, **wanted)
        if not taken.done() and world.community == wanted["community"]:
            taken.set_result(await conn.fetchval("select pg_backend_pid()"))
            await waits.wait()
        return found

    monkeypatch.setattr(store, "take_due", paused)

    async def decided() -> None:
        while not taken.done():
            async with world.begin() as tx:
                await timer(tx)

    async def merged() -> None:
        pid = await taken
        merge = asyncio.create_task(merging.merge("b", "a"))
        await held_up(world, pid)
        waits.set()
        await merge

    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        tasks.create_task(decided())
        tasks.create_task(merged())
    await kept(world)
    assert [one for one in seen(await world.published()) if not one[1]] == [("five", False), ("twice", False)]
