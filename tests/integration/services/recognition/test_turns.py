"""Each community has its turn: one that takes too long is undone and left for later, and others have theirs."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from services.recognition.badges.handlers.deciding import keep_badges
from services.recognition.badges.store import standing as badges_store
from services.recognition.counts.handlers import keep_counting, on_events
from services.recognition.levels import store as levels_store
from services.recognition.levels.handlers.deciding import keep_levels
from services.recognition.main import SPEC
from services.recognition.merges.handlers import on_members
from services.recognition.quests import store as quests_store
from services.recognition.quests.handlers.deciding import keep_quests
from services.recognition.thresholds import store as thresholds_store
from services.recognition.thresholds.domain import Grant, ThresholdKey
from services.recognition.thresholds.handlers import on_programmes, tell_grants
from services.recognition.turns import store as turns
from services.recognition.turns.handlers import take_turn
from services.recognition.turns.store import Work
from tests.integration.services.merging import Merging
from tests.integration.services.recognition.conftest import RecognitionWorld
from tests.integration.services.recognition.test_badges_by_criteria import RULES
from tests.integration.services.recognition.test_counted_badges import event
from tests.integration.services.recognition.test_merged_meanwhile import held_up
from tests.integration.services.world import NOON

pytestmark = pytest.mark.stack

Timer = Callable[[Any], Awaitable[bool]]
ONE = {
    "rules": RULES,
    "recognition": {
        "badges": [{"id": "one", "title": "One", "when": 'events("message") >= 1'}],
        "levels": [{"id": "begun", "title": "Begun", "requires": [{"rule": "message", "at_least": 1}]}],
        "quests": [{"id": "once", "title": "Once", "steps": [{"id": "s", "title": "S", "rule": "message"}]}],
    },
}
DUE = {
    "badges": "select exists (select from badge_due where community = $1)",
    "levels": "select exists (select from level_due where community = $1 and due_at <= now())",
    "quests": "select exists (select from quest_due where community = $1)",
}


async def at_rest(*worlds: RecognitionWorld) -> None:
    """Until what is known of these communities is looked at by their programmes."""
    for _ in range(400):
        for timer in (keep_counting, keep_quests, keep_badges, keep_levels):
            async with worlds[0].begin() as tx:
                await timer(tx)
        if not await worlds[0].pool.fetchval(
            """
            select exists (
                select from programmes_in_force f left join counting c using (community)
                left join quest_sweeps q using (community) left join badge_sweeps b using (community)
                left join level_sweeps l using (community)
                where community = any($1::text[]) and (c.version is distinct from f.version or not c.evaluated
                    or (q.is_done and b.is_done and l.is_done) is not true))
            """,
            [world.community for world in worlds],
        ):
            return
    raise AssertionError("communities do not come to rest")


@pytest.mark.parametrize(
    ("kind", "timer", "store", "granted"),
    [
        (Work.BADGES, keep_badges, badges_store, "one"),
        (Work.LEVELS, keep_levels, levels_store, "begun"),
        (Work.QUESTS, keep_quests, quests_store, "once"),
    ],
)
async def test_a_community_whose_statement_takes_too_long_costs_no_other_its_turn(
    pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch, kind: Work, timer: Timer, store: Any, granted: str
) -> None:
    slow, other = RecognitionWorld(pool, SPEC), RecognitionWorld(pool, SPEC)
    for world in (slow, other):
        await world.handle(on_programmes, world.programme_fact(1, ONE))
    await at_rest(slow, other)
    for world in (slow, other):
        await world.handle(on_events, event(world, 1, "a"))
    load_members = store.load_members

    async def too_slow(conn: Any, *, keys: Any) -> Any:
        if any(community == slow.community for community, _ in keys):
            await conn.execute("select pg_sleep(60)", timeout=0.05)
        return await load_members(conn, keys=keys)

    async def turn_of(world: RecognitionWorld) -> Any:
        return await pool.fetchrow("select * from turns where work = $1 and community = $2", kind, world.community)

    async def is_due(world: RecognitionWorld) -> bool:
        found: bool = await pool.fetchval(DUE[kind], world.community)
        return found

    async def take(until: Callable[[], Awaitable[bool]]) -> None:
        while not await until():  # the suite stops a test that takes too long
            async with slow.begin() as tx:
                await timer(tx)

    monkeypatch.setattr(store, "load_members", too_slow)

    async def both_had_theirs() -> bool:
        row = await turn_of(slow)
        return row is not None and row["failures"] > 0 and not await is_due(other)

    await take(both_had_theirs)
    told = [one["id"] for one in await other.published() if one["kind"] == kind.removesuffix("s")]
    assert told == [granted]
    # Nothing of it was lost, or half done: it has its turn again, later the more often it failed.
    assert await is_due(slow)
    assert await slow.published() == []
    first = await turn_of(slow)
    assert first["again_at"] - first["had_at"] == turns.WAITS_FIRST

    async def failed_again() -> bool:
        row = await turn_of(slow)
        return bool(row["failures"] == 2)

    await pool.execute("update turns set again_at = now() where community = $1", slow.community)
    await take(failed_again)
    again = await turn_of(slow)
    assert again["again_at"] - again["had_at"] == 2 * turns.WAITS_FIRST

    monkeypatch.setattr(store, "load_members", load_members)
    await pool.execute("update turns set again_at = now() where community = $1", slow.community)

    async def through() -> bool:
        return not await is_due(slow)

    await take(through)
    told = [one["id"] for one in await slow.published() if one["kind"] == kind.removesuffix("s")]
    assert told == [granted]
    row = await turn_of(slow)
    assert (row["failures"], row["again_at"]) == (0, None)


async def test_what_a_turn_told_goes_with_it_and_waits_grow_to_an_end(world: Any) -> None:
    """Another community's failure leaves none of its facts behind."""

    told = Grant(
        world.community, world.uuid("grant"), world.uuid("a"), ThresholdKey("quest", "q"), "Q", None, NOON, 1
    )

    async def work(_: Work, community: str) -> bool:
        tell_grants(tx, grants=[told])
        await tx.conn.execute("insert into board_versions (community, version) values ($1, 1)", community)
        raise TimeoutError

    waiting = [(Work.QUESTS, world.community)]
    for failures in range(1, 13):
        async with world.begin() as tx:
            assert await take_turn(tx, waiting, work=work)
        row = await world.pool.fetchrow("select * from turns where community = $1", world.community)
        assert row["failures"] == failures
        wait = row["again_at"] - row["had_at"]
        assert wait == min(turns.WAITS_AT_MOST, turns.WAITS_FIRST * 2 ** (failures - 1))
        async with world.begin() as tx:
            assert not await take_turn(tx, waiting, work=work)
        await world.pool.execute("update turns set again_at = now() where community = $1", world.community)
    assert await world.outbox() == []
    assert not await world.pool.fetchval(
        "select count(*) from board_versions where community = $1", world.community
    )


async def test_who_had_a_turn_the_longest_ago_is_next(pool: asyncpg.Pool) -> None:
    worlds = [RecognitionWorld(pool, SPEC) for _ in range(3)]
    waiting = [(Work.BADGES, world.community) for world in worlds]
    had: list[str] = []

    async def work(_: Work, community: str) -> bool:
        had.append(community)
        return False

    for _ in range(7):
        async with worlds[0].begin() as tx:
            await take_turn(tx, waiting, work=work)
    assert set(had[:3]) == {community for _, community in waiting}
    assert had == (had[:3] * 3)[:7]


@pytest.mark.parametrize(
    ("timer", "due", "sweeps"),
    [(keep_badges, "badge_due", "badge_sweeps"), (keep_quests, "quest_due", "quest_sweeps")],
)
async def test_two_who_decide_and_a_merge_between_them_all_come_through(
    world: Any, monkeypatch: pytest.MonkeyPatch, timer: Timer, due: str, sweeps: str
) -> None:
    """One looks at all by a new version, another at who is due, a merge waits for both: none wait in a ring."""
    await world.handle(on_programmes, world.programme_fact(1, ONE))
    await at_rest(world)
    await world.handle(on_events, event(world, 1, "a"), event(world, 2, "b"))
    await at_rest(world)
    await world.pool.execute(f"update {sweeps} set is_done = false where community = $1", world.community)
    decides: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    goes_on = asyncio.Event()
    may_decide = thresholds_store.may_decide

    async def paused(conn: Any, *, kind: str, community: str) -> bool:
        found = await may_decide(conn, kind=kind, community=community)
        if community == world.community and found and not decides.done():
            decides.set_result(await conn.fetchval("select pg_backend_pid()"))
            await goes_on.wait()
        return found

    monkeypatch.setattr(thresholds_store, "may_decide", paused)

    async def sweep() -> None:
        while not decides.done():
            async with world.begin() as tx:
                await timer(tx)

    async def look_at_due() -> None:
        while await world.pool.fetchval(f"select count(*) from {due} where community = $1", world.community):
            async with world.begin() as tx:
                await timer(tx)

    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        tasks.create_task(sweep())
        pid = await decides
        await world.handle(on_events, event(world, 3, "a"), event(world, 4, "b"))
        tasks.create_task(look_at_due())
        await held_up(world, pid)
        merge = tasks.create_task(Merging(world, on_members).merge("b", "a"))
        while not await _waits(world, merge):
            await asyncio.sleep(0.01)
        goes_on.set()
    assert merge.exception() is None


async def _waits(world: Any, merge: asyncio.Task[Any]) -> bool:
    """Whether the merge is through, or waits beside who looks at those who are due."""
    if merge.done():
        return True
    found: bool = await world.pool.fetchval(
        "select count(*) >= 2 from pg_locks where locktype = 'advisory' and mode = 'ExclusiveLock' and not granted"
    )
    return found
