"""Workers keep boards at once, as members leave them, suspensions end and versions come: none waits in a ring."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.recognition.boards.handlers import keeping
from services.recognition.boards.store import kept, scores
from services.recognition.merges.handlers import on_guidelines, on_members
from tests.integration.services.merging import Merging
from tests.integration.services.recognition.test_boards_kept import (
    NAMES,
    declare,
    keep,
    listed,
    suspended,
    told_of,
)
from tests.integration.services.recognition.test_merged_meanwhile import held_up
from tests.integration.services.world import NOON

pytestmark = pytest.mark.stack

EVER = {"id": "ever", "title": "Ever"}


@asynccontextmanager
async def halted(
    monkeypatch: pytest.MonkeyPatch, world: Any, place: Any, name: str
) -> AsyncIterator[Callable[[Awaitable[None]], Awaitable[None]]]:
    """A worker keeps boards, and stops before it calls a function for the community.

    Gives what runs something beside it until that waits for the worker, who then goes on: both come through.
    """
    reached: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    goes_on = asyncio.Event()
    function = getattr(place, name)
    board_nos = [
        row["board_no"]
        for row in await world.pool.fetch("select board_no from boards where community = $1", world.community)
    ]

    async def paused(conn: Any, *args: Any, **more: Any) -> Any:
        is_ours = more.get("community") == world.community or more.get("board_no") in board_nos
        if is_ours and not reached.done():
            reached.set_result(await conn.fetchval("select pg_backend_pid()"))
            await goes_on.wait()
        return await function(conn, *args, **more)

    async def work() -> None:
        while not reached.done():
            async with world.begin() as tx:
                tx.now = NOON
                await keeping.keep_boards(tx)

    async def beside(what: Awaitable[None]) -> None:
        pid = await reached
        task = tasks.create_task(_run(what))
        await held_up(world, pid)
        goes_on.set()
        await task

    monkeypatch.setattr(place, name, paused)
    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        tasks.create_task(work())
        yield beside


async def _run(what: Awaitable[None]) -> None:
    await what


async def test_who_leaves_boards_as_one_is_filled_is_not_on_it(
    world: Any, api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.awarded(world.award("a", 50), world.award("b", 30))
    await declare(world, 1, [EVER])
    async with halted(monkeypatch, world, kept, "set_filled") as beside:
        await beside(world.handle(on_members, told_of(world, "a", 1, off_boards=True)))
    assert [name for _, name, _ in await listed(world, api, "ever")] == ["b"]


async def test_a_suspension_is_lifted_as_boards_follow_it(
    world: Any, api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who lifts it has its row and then changes boards; who follows it has the boards and then its row."""
    await declare(world, 1, [EVER])
    await world.awarded(world.award("a", 50), world.award("b", 30))
    await world.handle(on_guidelines, suspended(world, "a", 1, stands=True, starts_at=NOON - timedelta(days=1)))
    # As if its time had just come.
    await world.pool.execute("update suspensions set is_applied = false where community = $1", world.community)
    async with halted(monkeypatch, world, scores, "apply_suspensions") as beside:
        await beside(world.handle(on_guidelines, suspended(world, "a", 2, stands=False)))
    await keep(world)
    assert [name for _, name, _ in await listed(world, api, "ever")] == ["a", "b"]


async def test_whoever_works_at_boards_at_once_comes_through(
    world: Any, api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two workers of each timer, versions, opt-outs, suspensions, merges and awards: no deadlock, one truth."""
    monkeypatch.setattr(keeping, "FILLED_PIECE_COUNT", 2)
    monkeypatch.setattr(keeping, "PURGED_PIECE_COUNT", 3)
    monkeypatch.setattr(keeping, "FOLDED_PIECE_COUNT", 5)
    chance = random.Random(19)
    merging = Merging(world, on_members)
    boards = [[EVER], [EVER, {"id": "week", "title": "This week", "period": "week"}], [{**EVER, "score": "help"}]]
    points: dict[str, int] = dict.fromkeys(NAMES, 0)
    is_over = asyncio.Event()

    async def timer(run: Any) -> None:
        while not is_over.is_set():
            async with world.begin() as tx:
                tx.now = NOON
                await run(tx)

    async def versions() -> None:
        for version in range(1, 13):
            await declare(world, version, boards[version % 3])

    async def leaves() -> None:
        for revision in range(1, 31):
            off: dict[str, Any] = {"off_boards": True} if revision % 2 else {}
            await world.handle(on_members, *(told_of(world, one, revision, **off) for one in "ab"))

    async def suspends() -> None:
        for revision in range(1, 21):
            facts = [suspended(world, one, revision, stands=bool(revision % 2)) for one in "bc"]
            await world.handle(on_guidelines, *facts)

    async def merges() -> None:
        for _ in range(4):
            await merging.merge("d", "e")
            await merging.unmerge("d")

    async def earns() -> None:
        for _ in range(40):
            those = chance.sample(NAMES, 3)
            await world.awarded(*(world.award(one, 7) for one in those))
            for one in those:
                points[one] += 7

    async with asyncio.timeout(240), asyncio.TaskGroup() as tasks:
        for run in (keeping.keep_boards, keeping.keep_boards, keeping.fold_boards, keeping.fold_boards):
            tasks.create_task(timer(run))
        await asyncio.gather(versions(), leaves(), suspends(), merges(), earns())
        is_over.set()
    await declare(world, 13, boards[1])
    await keep(world)
    # Awards of one day: the board of all time was filled with them, or got them itself.
    due = sorted((-points[one], one) for one in NAMES if points[one])
    assert sorted((-has, name) for _, name, has in await listed(world, api, "ever")) == due
    left = "select count(*) from boards where community = $1 and is_over"
    assert await world.pool.fetchval(left, world.community) == 0
