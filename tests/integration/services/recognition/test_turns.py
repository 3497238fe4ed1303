"""Each community has its turn: one that takes too long is undone and left for later, and others have theirs."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import orjson
import pytest

from services.recognition.badges.handlers.deciding import keep_badges
from services.recognition.badges.store import standing as badges_store
from services.recognition.boards.handlers.keeping import keep_boards
from services.recognition.boards.handlers.keeping import on_programmes as on_published
from services.recognition.boards.store import kept as boards_store
from services.recognition.boards.store import parked as parked_store
from services.recognition.boards.store import scores as scores_store
from services.recognition.celebrations.store import numbers as numbers_store
from services.recognition.counts import store as counts_store
from services.recognition.counts.handlers import keep_counting, on_events
from services.recognition.levels import store as levels_store
from services.recognition.levels.handlers.deciding import keep_levels
from services.recognition.main import SPEC
from services.recognition.merges.handlers import on_members
from services.recognition.milestones.handlers import keep_anniversaries
from services.recognition.nudges import store as nudges_store
from services.recognition.nudges.handlers.deciding import keep_nudges
from services.recognition.quests import store as quests_store
from services.recognition.quests.handlers.deciding import keep_quests
from services.recognition.thresholds import store as thresholds_store
from services.recognition.thresholds.domain import Grant, ThresholdKey
from services.recognition.thresholds.handlers import on_programmes, tell_grants
from services.recognition.totals.handlers import reevaluate
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
EVER = {"id": "ever", "title": "Ever"}
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


@pytest.mark.parametrize(
    ("kind", "timer", "place", "name", "slowed", "waits"),
    [
        (Work.TOTALS, reevaluate, thresholds_store, "lock_reevaluation", "programmes_in_force", "not evaluated"),
        (Work.COUNTING, keep_counting, counts_store, "lock_behind", "programmes_in_force", "{behind}"),
        (Work.BOARDS, keep_boards, boards_store, "find_stale", "programmes_in_force", "{stale}"),
        (Work.SHOWN, keep_boards, scores_store, "apply_suspensions", "suspensions", "not is_applied"),
        (Work.PARKED, keep_boards, parked_store, "lock_due", "board_parked", "true"),
        (Work.ENDED, keep_boards, boards_store, "purge", "boards", "is_over"),
        (Work.NUDGES, keep_nudges, nudges_store, "lock_due", "nudge_prompts", "due_at <= now()"),
        (Work.ANNIVERSARIES, keep_anniversaries, numbers_store, "take_due", "anniversaries", "due_at <= now()"),
    ],
)
async def test_what_takes_too_long_for_one_is_done_for_another(
    pool: asyncpg.Pool,
    monkeypatch: pytest.MonkeyPatch,
    kind: Work,
    timer: Timer,
    place: Any,
    name: str,
    slowed: str,
    waits: str,
) -> None:
    """Programmes that are due, numbers that are behind, boards, suspensions and nudges: each community in turn."""
    slow, other = RecognitionWorld(pool, SPEC), RecognitionWorld(pool, SPEC)
    for world in (slow, other):
        await _have_waiting(world, kind)
    taken = getattr(place, name)

    async def too_slow(conn: Any, *args: Any, **more: Any) -> Any:
        if more.get("community") == slow.community:
            await conn.execute("select pg_sleep(60)", timeout=0.05)
        return await taken(conn, *args, **more)

    monkeypatch.setattr(place, name, too_slow)
    is_left = f"select exists (select from {slowed} f where community = $1 and {waits.format(**_BEHIND)})"
    given_up = "select exists (select from turns where work = $1 and community = $2 and failures > 0)"
    while await pool.fetchval(is_left, other.community) or not await pool.fetchval(
        given_up, kind, slow.community
    ):  # the suite stops a test that takes too long
        async with slow.begin() as tx:
            await timer(tx)
    assert await pool.fetchval(is_left, slow.community)
    # Nothing of it was lost: it has its turn again.
    monkeypatch.setattr(place, name, taken)
    await pool.execute("update turns set again_at = now() where community = $1", slow.community)
    while await pool.fetchval(is_left, slow.community):
        async with slow.begin() as tx:
            await timer(tx)


_BEHIND = {
    "behind": "not exists (select from counting c where c.community = f.community and c.version = f.version)",
    "stale": "not exists (select from board_versions b where b.community = f.community and b.version = f.version)",
}


async def _have_waiting(world: RecognitionWorld, kind: Work) -> None:
    """Have a community wait for its turn at one kind of work."""
    await world.handle(on_programmes, world.programme_fact(1, ONE))
    if kind is Work.TOTALS:
        await world.pool.execute(
            "update programmes_in_force set evaluated = false where community = $1", world.community
        )
    if kind is Work.SHOWN:
        await world.pool.execute(
            """
            insert into suspensions (community, member_id, suspension_id, revision, starts_at, stands, is_applied)
            values ($1, $2, $3, 1, now() - interval '1 day', true, false)
            """,
            world.community,
            world.uuid("a"),
            world.uuid("suspension"),
        )
    if kind is Work.PARKED:
        told = event(world, 1, "a")
        await world.handle(on_events, told)
        fact = world.award_fact(world.uuid("award"), "a", 7, told["uid"])
        async with world.begin() as tx:
            award = world.community, world.uuid("award"), told["uid"], orjson.dumps(fact).decode()
            await parked_store.add(tx.conn, awards=[award], parked_at=tx.now)
    if kind is Work.ENDED:
        await world.handle(on_published, world.programme_fact(2, {"recognition": {"boards": [EVER]}}))
        await world.awarded(world.award("a", 5))
        await world.handle(on_published, world.programme_fact(3, {"recognition": {}}))
    if kind is Work.ANNIVERSARIES:
        await world.pool.execute(
            "insert into anniversaries (community, member_id, due_at) values ($1, $2, now())",
            world.community,
            world.uuid("a"),
        )
    if kind is Work.NUDGES:
        await world.pool.execute(
            "insert into nudge_prompts (community, nudge, cause_id, member_id, due_at)"
            " values ($1, 'gone', $2, $3, now() - interval '1 hour')",
            world.community,
            world.uuid("cause"),
            world.uuid("a"),
        )


async def test_a_programme_that_takes_too_long_is_put_in_force_by_the_timers(
    pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, other = RecognitionWorld(pool, SPEC), RecognitionWorld(pool, SPEC)
    lock_programme = thresholds_store.lock_programme

    async def too_slow(conn: Any, community: str) -> None:
        if community == slow.community:
            await conn.execute("select pg_sleep(60)", timeout=0.05)
        await lock_programme(conn, community)

    in_force = "select exists (select from programmes_in_force where community = $1)"
    with monkeypatch.context() as patched:
        patched.setattr(thresholds_store, "lock_programme", too_slow)
        await slow.handle(on_published, *(world.programme_fact(1, ONE) for world in (slow, other)))
    assert await pool.fetchval(in_force, other.community)
    assert not await pool.fetchval(in_force, slow.community)
    while not await pool.fetchval(in_force, slow.community):
        async with slow.begin() as tx:
            await keep_boards(tx)


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
