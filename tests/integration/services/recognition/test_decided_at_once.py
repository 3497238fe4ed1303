"""Two processes decide at once, as while another becomes leader: none undoes what the other found meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import httpx
import pytest

from services.recognition.badges.handlers import deciding as badges
from services.recognition.badges.store import standing as badges_store
from services.recognition.counts.handlers import on_events
from services.recognition.quests import store as quests_store
from services.recognition.quests.handlers import deciding as quests
from services.recognition.thresholds.domain import Due
from services.recognition.thresholds.handlers import on_programmes
from tests.integration.services.recognition.test_badges_by_criteria import RULES
from tests.integration.services.recognition.test_counted_badges import event
from tests.integration.services.recognition.test_quests import begin, granted, join, kept, know, shown

pytestmark = pytest.mark.stack

STEPS = [{"id": "write", "title": "Write twice", "rule": "message", "times": 2}]
TEAM = {"id": "team", "title": "Together", "steps": STEPS, "team": {"max_members": 2}}
FIVE = {"rules": RULES, "recognition": {"badges": [{"id": "five", "title": "Five points", "when": "points >= 5"}]}}


@pytest.fixture
def scopes() -> Sequence[str]:
    return ["recognition:read", "recognition:write"]


class TwoAtOnce:
    """The first process decides, and waits between what members did and what stands; the second is a timer."""

    def __init__(self, world: Any, monkeypatch: pytest.MonkeyPatch, store: Any) -> None:
        self._world = world
        self._has_read: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._goes_on = asyncio.Event()
        self._load = store.load_members
        self._first: asyncio.Task[None] | None = None
        monkeypatch.setattr(store, "load_members", self._paused)

    async def _paused(self, conn: Any, **asked: Any) -> Any:
        if asyncio.current_task() is self._first and not self._has_read.done():
            self._has_read.set_result(await conn.fetchval("select pg_backend_pid()"))
            await self._goes_on.wait()
        return await self._load(conn, **asked)

    async def run(
        self,
        *,
        decided: Callable[[Any], Awaitable[object]],
        meanwhile: Callable[[], Awaitable[None]],
        timer: Callable[[Any], Awaitable[bool]],
    ) -> None:
        async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
            self._first = tasks.create_task(self._decide(decided))
            pid = await self._has_read
            await meanwhile()
            second = tasks.create_task(self._keep(timer))
            # The second is through, or waits for the first.
            while not second.done() and not await self._is_waited_for(pid):
                await asyncio.sleep(0.01)
            self._goes_on.set()

    async def _decide(self, decided: Callable[[Any], Awaitable[object]]) -> None:
        async with self._world.begin() as tx:
            await decided(tx)

    async def _keep(self, timer: Callable[[Any], Awaitable[bool]]) -> None:
        is_due = True
        while is_due:
            async with self._world.begin() as tx:
                await timer(tx)
            is_due = await self._world.pool.fetchval(
                """
                select exists (select from quest_due where community = $1)
                    or exists (select from badge_due where community = $1)
                """,
                self._world.community,
            )

    async def _is_waited_for(self, pid: int) -> bool:
        found: bool = await self._world.pool.fetchval(
            "select exists (select from pg_stat_activity where $1 = any(pg_blocking_pids(pid)))", pid
        )
        return found


async def test_what_a_team_completes_meanwhile_stands(
    world: Any, api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await know(world, "a", "b")
    await begin(world, TEAM)
    for name, is_new in (("a", True), ("b", False)):
        answer = await join(api, world, name, "team", team="Owls", is_new=is_new)
        assert answer.status_code == 200
    since = await world.pool.fetchval("select clock_timestamp()")
    await world.handle(on_events, event(world, 1, "a", time=since))
    await kept(world)
    await TwoAtOnce(world, monkeypatch, quests_store).run(
        # Who did something long ago is looked at, as each of a team is for themselves.
        decided=lambda tx: quests.decide(tx, community=world.community, due={world.uuid("a"): Due(tx.now)}),
        meanwhile=lambda: world.handle(on_events, event(world, 2, "b", time=since)),
        timer=quests.keep_quests,
    )
    await kept(world)
    told = await granted(world)
    assert sorted(one["member_id"] for one in told) == sorted([world.uuid("a"), world.uuid("b")])
    assert not any("reverses" in one for one in told)
    assert [(await shown(api, world, name))["team"]["state"] for name in "ab"] == ["completed", "completed"]


async def test_a_badge_that_is_earned_meanwhile_stands(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.handle(on_programmes, world.programme_fact(1, FIVE))
    await world.awarded(world.award("a", 4))
    await kept(world)

    async def swept(tx: Any) -> None:
        criteria = await badges.criteria_in_force(tx.conn, community=world.community)
        due = {world.uuid("a"): Due(tx.now, is_backfill=True)}
        await badges.decide(tx, community=world.community, due=due, criteria=criteria)

    await TwoAtOnce(world, monkeypatch, badges_store).run(
        decided=swept, meanwhile=lambda: world.awarded(world.award("a", 1)), timer=badges.keep_badges
    )
    await kept(world)
    assert [(one["id"], "reverses" in one) for one in await granted(world)] == [("five", False)]
