"""Quests are completed by what was done, in any order, alone and in teams, and go with what is taken back."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import httpx
import orjson
import pytest
import yaml

from plaudit.programme.file_of_a_beginning import BEGINNING
from services.recognition.badges.handlers.deciding import keep_badges
from services.recognition.counts.handlers import keep_counting, on_events
from services.recognition.merges.handlers import on_guidelines, on_members
from services.recognition.quests.handlers import joining
from services.recognition.quests.handlers.deciding import keep_quests
from services.recognition.quests.handlers.restoring import on_joins_told, on_quests_told
from services.recognition.thresholds.handlers import on_programmes
from shared.contracts.facts import FIXED_BY_HAND, RECOGNITION_FACT
from shared.topics import BY_HAND, RECOGNITION
from tests.integration.services.merging import Merging
from tests.integration.services.recognition.test_boards_kept import suspended
from tests.integration.services.recognition.test_counted_badges import event
from tests.integration.services.world import NOON

pytestmark = pytest.mark.stack

RULES = [
    {"id": "message", "title": "Wrote", "on": ["chat.message.v1"], "points": 1},
    {"id": "post", "title": "Posted", "on": ["forum.post.v1"], "points": 1},
]
STEPS = [
    {"id": "post", "title": "Post", "rule": "post"},
    {"id": "write", "title": "Write twice", "rule": "message", "times": 2},
]
ALONE = {"id": "alone", "title": "Alone", "steps": STEPS, "gives": {"points": 50}}
ORDERED = {"id": "ordered", "title": "In order", "steps": STEPS, "in_order": True}
TIMED = {"id": "timed", "title": "In a day", "steps": STEPS, "within_days": 1}
TEAM = {"id": "team", "title": "Together", "steps": STEPS, "team": {"max_members": 2}, "gives": {"reward": "mug"}}
BADGE = {"id": "pathfinder", "title": "Pathfinder", "when": 'quest("alone") >= 1'}


@pytest.fixture
def scopes() -> Sequence[str]:
    return ["recognition:read", "recognition:write"]


def post(world: Any, name: object, member: str = "a", **more: Any) -> Any:
    return event(world, name, member, type="forum.post.v1", **more)


async def begin(world: Any, *quests: Any, version: int = 1, badges: Any = ()) -> None:
    document = {"rules": RULES, "recognition": {"quests": list(quests), "badges": list(badges)}}
    await world.handle(on_programmes, world.programme_fact(version, document))
    await kept(world)


async def know(world: Any, *names: str) -> None:
    for name in names:
        data = {
            "member_id": world.uuid(name),
            "name": name.upper(),
            "revision": 1,
            "identities": [],
            "first_seen_at": NOON,
        }
        await world.handle(on_members, world.fact("member.identified.v1", f"{name} 1", data))


async def kept(world: Any) -> None:
    for _ in range(400):
        for timer in (keep_counting, keep_quests, keep_badges):
            async with world.begin() as tx:
                await timer(tx)
        if not await world.pool.fetchval(
            """
            select exists (select from quest_due where community = $1)
                or exists (select from badge_due where community = $1) or exists (
                select from programmes_in_force f left join counting c using (community)
                left join quest_sweeps s using (community)
                where community = $1 and (c.version is distinct from f.version or not c.evaluated
                    or s.version is distinct from f.version or not s.is_done))
            """,
            world.community,
        ):
            return
    raise AssertionError("quests do not come to rest")


async def granted(world: Any) -> list[Any]:
    """The data of the grants in the outbox, which is emptied."""
    rows = await world.outbox()
    return [orjson.loads(row["value"])["data"] for row in rows if row["topic"] == "recognition.granted.v1"]


async def told(world: Any) -> list[tuple[str, str, bool]]:
    names = {world.uuid(name): name for name in "abcd"}
    return sorted((one["id"], names[one["member_id"]], "reverses" in one) for one in await granted(world))


async def join(api: httpx.AsyncClient, world: Any, member: str, quest: str, **said: Any) -> httpx.Response:
    return await api.post(f"/v1/members/{world.uuid(member)}/quests/{quest}/join", json=said)


async def shown(api: httpx.AsyncClient, world: Any, member: str) -> dict[str, Any]:
    answer = await api.get(f"/v1/members/{world.uuid(member)}/quests")
    assert answer.status_code == 200
    return {one["quest"]["id"]: one for one in answer.json()["items"]}


def turned(world: Any, kind: str, name: str, minutes: int) -> Any:
    return event(
        world,
        f"{kind} {name} {minutes}",
        "b",
        type=f"activity.{kind}.v1",
        time=NOON + timedelta(minutes=minutes),
        targetuid=world.uuid(f"event {name}"),
    )


async def test_whatever_order_events_come_in_what_was_done_decides(world: Any, api: httpx.AsyncClient) -> None:
    await know(world, "a")
    first = [event(world, "m1", time=NOON + timedelta(minutes=1))]
    # What was done before the quest was published counts for it.
    await world.handle(on_events, *first)
    await begin(world, ALONE, ORDERED, badges=[BADGE])
    assert (await shown(api, world, "a"))["alone"]["done"] == [0, 1]
    late = [post(world, "p0"), event(world, "m2", time=NOON + timedelta(minutes=2))]
    await world.handle(on_events, late[1])
    await kept(world)
    assert await told(world) == []
    # The post is of before both messages, and comes last.
    await world.handle(on_events, late[0])
    await kept(world)
    found = await granted(world)
    assert sorted(one["id"] for one in found) == ["alone", "ordered", "pathfinder"]
    alone = next(one for one in found if one["id"] == "alone")
    assert (alone["kind"], alone["gives"], alone["event_uid"]) == (
        "quest",
        {"points": 50},
        world.uuid("event m2"),
    )
    ids = {one["grant_id"] for one in found}
    # Taken back and restored, completion follows exactly, and what asked for it.
    for kind, minutes, is_back in (("retracted", 1, True), ("restored", 2, False)):
        await world.handle(on_events, turned(world, kind, "p0", minutes))
        await kept(world)
        changes = await granted(world)
        assert sorted((one["id"], "reverses" in one) for one in changes) == [
            ("alone", is_back),
            ("ordered", is_back),
            ("pathfinder", is_back),
        ]
        if is_back:
            assert {one["reverses"] for one in changes} == ids
            assert not any("gives" in one for one in changes)
    page = await shown(api, world, "a")
    assert (page["alone"]["state"], page["alone"]["done"], page["alone"]["percent"]) == ("completed", [1, 2], 100)


async def test_a_quest_with_a_time_counts_from_joining(world: Any, api: httpx.AsyncClient) -> None:
    await know(world, "a")
    await begin(world, TIMED, ALONE)
    now = datetime.now(UTC)
    await world.handle(on_events, post(world, "early", time=now - timedelta(hours=1)))
    assert (await shown(api, world, "a"))["timed"]["state"] == "to_join"
    assert (await join(api, world, "a", "alone")).json()["type"].endswith("quest-not-joined")
    assert (await join(api, world, "a", "gone")).json()["type"].endswith("unknown-quest")
    joined = await join(api, world, "a", "timed")
    assert (joined.status_code, joined.json()["state"]) == (200, "running")
    # Again is as before.
    assert (await join(api, world, "a", "timed")).json()["joined_at"] == joined.json()["joined_at"]
    soon = datetime.now(UTC) + timedelta(minutes=1)
    await world.handle(
        on_events,
        *(event(world, f"m{number}", time=soon) for number in range(2)),
        post(world, "too late", time=soon + timedelta(days=1)),
    )
    await kept(world)
    assert ("timed", "a", False) not in await told(world)
    await world.handle(on_events, post(world, "in time", time=soon))
    await kept(world)
    assert ("timed", "a", False) in await told(world)
    assert (await join(api, world, "a", "timed")).json()["state"] == "completed"


async def test_the_days_of_a_quest_are_the_communitys_where_clocks_are_changed(
    world: Any, api: httpx.AsyncClient
) -> None:
    """The reference's known answer: seven days of Rome from the 25th of March 2024 have 167 hours."""
    await know(world, "a", "b")
    await world.pool.execute(
        "insert into followed_communities (community, revision, data) values ($1, 1, $2)",
        world.community,
        orjson.dumps({"calendar": [{"time_zone": "Europe/Rome", "week_start": "monday"}]}).decode(),
    )
    await begin(world, TIMED | {"within_days": 7})
    joined_at, end = datetime(2024, 3, 25, 9, tzinfo=UTC), datetime(2024, 4, 1, 8, tzinfo=UTC)
    joined = [
        FIXED_BY_HAND.validate_python(
            world.fact(
                "recognition.quest_joined.v1",
                f"{name} joined",
                {"member_id": world.uuid(name), "quest": "timed", "joined_at": joined_at},
            )
        )
        for name in "ab"
    ]
    await world.handle(on_joins_told, *joined)
    for name, last in (("a", end - timedelta(seconds=1)), ("b", end)):
        done = [event(world, f"{name} {number}", name, time=joined_at) for number in range(2)]
        await world.handle(on_events, *done, post(world, f"{name} last", name, time=last))
    await kept(world)
    assert await told(world) == [("timed", "a", False)]
    ends = (await shown(api, world, "b"))["timed"]["ends_at"]
    assert datetime.fromisoformat(ends) == end


async def test_a_team_does_a_quest_together(world: Any, api: httpx.AsyncClient) -> None:
    await know(world, "a", "b", "c")
    await begin(world, TEAM)
    assert (await join(api, world, "a", "team")).json()["type"].endswith("quest-not-joined")
    assert (await join(api, world, "a", "team", team="Owls")).json()["type"].endswith("unknown-team")
    made = await join(api, world, "a", "team", team="Owls", is_new=True)
    assert made.json()["team"]["members"] == [{"member_id": world.uuid("a"), "name": "A"}]
    assert (
        (await join(api, world, "b", "team", team="owls", is_new=True)).json()["type"].endswith("team-name-taken")
    )
    before = datetime.now(UTC)
    await world.handle(on_events, event(world, "before b joined", "b", time=before - timedelta(minutes=1)))
    # Of two who want the last place one gets it.
    both = await asyncio.gather(*(join(api, world, name, "team", team="owls") for name in "bc"))
    assert sorted(answer.status_code for answer in both) == [200, 409]
    (other,) = [name for name, answer in zip("bc", both, strict=True) if answer.status_code == 200]
    third = "c" if other == "b" else "b"
    assert both["bc".index(third)].json()["type"].endswith("team-full")
    soon = datetime.now(UTC)
    await world.handle(
        on_events,
        post(world, "p", "a", time=soon),
        event(world, "m1", other, time=soon),
        event(world, "m2", third, time=soon),
    )
    await kept(world)
    assert await told(world) == []
    found = (await shown(api, world, other))["team"]
    assert (found["done"], found["percent"], len(found["team"]["members"])) == ([1, 1], 66, 2)
    await world.handle(on_events, event(world, "m3", other, time=soon))
    await kept(world)
    assert await told(world) == [("team", "a", False), ("team", other, False)]
    gone = await api.post(f"/v1/members/{world.uuid('a')}/quests/team/leave")
    assert gone.json()["type"].endswith("quest-completed")
    # What one takes back is taken from all, and then one may leave; what they did stays the team's.
    await world.handle(on_events, turned(world, "retracted", "m3", 5))
    await kept(world)
    assert await told(world) == [("team", "a", True), ("team", other, True)]
    assert (await api.post(f"/v1/members/{world.uuid('a')}/quests/team/leave")).status_code == 200
    await world.handle(on_events, turned(world, "restored", "m3", 6))
    await kept(world)
    assert await told(world) == [("team", other, False)]
    erased = {"member_id": world.uuid("a"), "revision": 2, "identities": []}
    await world.handle(on_members, world.fact("member.erased.v1", "a 2", erased))
    assert "Owls" not in str(
        await world.pool.fetch("select * from quest_teams where community = $1", world.community)
    )


async def test_a_member_joins_a_quest_so_many_times_at_most(
    world: Any, api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joining, "JOINS_MAX_COUNT", 2)
    await know(world, "a", "b")
    await begin(world, TEAM)
    for name in ("Owls", "Larks"):
        assert (await join(api, world, "a", "team", team=name, is_new=True)).status_code == 200
        assert (await api.post(f"/v1/members/{world.uuid('a')}/quests/team/leave")).status_code == 200
    refused = await join(api, world, "a", "team", team="Kites", is_new=True)
    assert (refused.status_code, refused.json()["type"].endswith("quest-not-joined")) == (409, True)
    assert "2 times at most" in refused.json()["detail"]
    assert (await join(api, world, "b", "team", team="Kites", is_new=True)).status_code == 200


async def test_after_a_restore_who_joined_is_in_it_and_what_was_completed_stands(
    world: Any, api: httpx.AsyncClient
) -> None:
    await know(world, "a", "b", "c")
    await begin(world, TIMED, TEAM)
    assert (await join(api, world, "a", "timed")).status_code == 200
    assert (await join(api, world, "a", "team", team="Owls", is_new=True)).status_code == 200
    assert (await join(api, world, "b", "team", team="Owls")).status_code == 200
    soon = datetime.now(UTC)
    await world.handle(on_events, *(event(world, f"m{one}", "b", time=soon) for one in "12"))
    assert (await api.post(f"/v1/members/{world.uuid('b')}/quests/team/leave")).status_code == 200
    assert (await join(api, world, "c", "team", team="Owls")).status_code == 200
    done = [post(world, "p", time=soon), *(event(world, f"n{one}", time=soon) for one in "12")]
    await world.handle(on_events, *done)
    await kept(world)
    rows = await world.outbox()
    facts = {name: [one for one in rows if one["topic"] == name] for name in (RECOGNITION.name, BY_HAND.name)}
    granted = [RECOGNITION_FACT.validate_json(one["value"]) for one in facts[RECOGNITION.name]]
    assert sorted(one["data"]["id"] for one in granted) == ["team", "team", "timed"]
    joined = [FIXED_BY_HAND.validate_json(one["value"]) for one in facts[BY_HAND.name]]
    assert [one["type"] for one in joined].count("recognition.quest_left.v1") == 1
    before = [await shown(api, world, name) for name in "abc"]

    # Forgotten, with what was told since the copy: the grants of it come back before.
    for table in ("quest_joins", "quest_teams", "quest_members"):
        await world.pool.execute(f"delete from {table} where community = $1", world.community)
    await world.handle(on_quests_told, *granted)
    await world.handle(on_joins_told, *joined, *joined)
    await kept(world)
    assert await told(world) == []
    after = [await shown(api, world, name) for name in "abc"]
    owls = before[0]["team"]["team"]
    for found in (before[0], before[2]):
        # What a team is called is told nowhere.
        found["team"]["team"]["name"] = owls["team_id"]
    assert after == before


@pytest.mark.parametrize("seed", range(3))
async def test_at_the_end_stands_what_was_done_however_it_came_and_whoever_is_merged(
    world: Any, seed: int
) -> None:
    chance, merging = Random(seed), Merging(world, on_members)
    await know(world, *"abcd")
    await begin(world, ALONE, ORDERED)
    acts = [
        (name, member, kind(world, name, member, time=NOON + timedelta(minutes=chance.randrange(60))))
        for member in "abcd"
        for number in range(4)
        for kind in (chance.choice([event, post]),)
        for name in (f"{member}{number}",)
    ]
    gone: set[str] = set()
    steps: list[Any] = [("act", fact) for _, _, fact in acts]
    for turn, (name, _, _) in enumerate(chance.sample(acts, 8)):
        steps.append(("act", turned(world, "retracted", name, turn + 1)))
        gone.add(name)
        if chance.random() < 0.5:
            steps.append(("act", turned(world, "restored", name, turn + 20)))
            gone.discard(name)
    # What was said of an event may come before it.
    chance.shuffle(steps)
    into: dict[str, str] = {}
    for place, (_, fact) in enumerate(steps):
        await world.handle(on_events, fact)
        if place % 5 == 2:
            await kept(world)
        if place % 7 == 3 and (free := [name for name in "bcd" if name not in into and name not in into.values()]):
            into[free[0]] = "a"
            await merging.merge(free[0], "a")
        elif place % 7 == 6 and into:
            name = chance.choice(sorted(into))
            del into[name]
            await merging.unmerge(name)
    await kept(world)
    rows = await world.pool.fetch(
        """
        select g.member_id, g.name, count(*) as grants from grants g
        where community = $1 and reverses is null
            and not exists (select from grants r where r.community = $1 and r.reverses = g.grant_id)
        group by 1, 2
        """,
        world.community,
    )
    of_person = {world.uuid(name): into.get(name, name) for name in "abcd"}
    standing = sorted(
        (of_person[str(row["member_id"])], row["name"]) for row in rows for _ in range(row["grants"])
    )
    expected = []
    for person in "abcd":
        if person in into:
            continue
        mine = sorted(
            (fact["time"], fact["uid"], fact["type"])
            for name, member, fact in acts
            if into.get(member, member) == person and name not in gone
        )
        kinds = [kind for _, _, kind in mine]
        if kinds.count("forum.post.v1") >= 1 and kinds.count("chat.message.v1") >= 2:
            expected.append((person, "alone"))
        if "forum.post.v1" in kinds:
            after = kinds[kinds.index("forum.post.v1") + 1 :]
            expected += [(person, "ordered")] if after.count("chat.message.v1") >= 2 else []
    assert standing == sorted(expected)


async def test_what_a_team_completes_while_one_is_suspended_that_one_does_not(
    world: Any, api: httpx.AsyncClient
) -> None:
    await know(world, "a", "b")
    await begin(world, TEAM)
    assert (await join(api, world, "a", "team", team="Owls", is_new=True)).status_code == 200
    assert (await join(api, world, "b", "team", team="Owls")).status_code == 200
    now = datetime.now(UTC)
    await world.handle(on_events, event(world, "m1", "b", time=now))
    spell = suspended(world, "b", 1, stands=True, starts_at=now + timedelta(seconds=1))
    await world.handle(on_guidelines, spell)
    later = now + timedelta(minutes=1)
    await world.handle(on_events, post(world, "p", "a", time=later), event(world, "m2", "a", time=later))
    await kept(world)
    # What b did before counts for the team; what the team completes meanwhile is a's alone.
    assert await told(world) == [("team", "a", False)]
    assert (await shown(api, world, "b"))["team"]["done"] == [1, 2]
    # It has never been: b has it, and no longer once it is said again.
    await world.handle(on_guidelines, suspended(world, "b", 2, stands=False, starts_at=now))
    await kept(world)
    assert await told(world) == [("team", "b", False)]
    await world.handle(on_guidelines, suspended(world, "b", 3, stands=True, starts_at=now + timedelta(seconds=1)))
    await kept(world)
    assert await told(world) == [("team", "b", True)]


async def test_the_quest_of_a_programme_to_begin_with_is_completed(world: Any, api: httpx.AsyncClient) -> None:
    """That of `plaudit programme init`: answers of a word count for nothing, and one of before does."""
    text = BEGINNING.format(programme="gardeners", title='"The gardeners"')
    document = yaml.safe_load(text.replace("    on: [", '    "on": ['))
    await know(world, "a", "b")

    def answer(name: str, chars: int) -> Any:
        said = {"channel": "forum", "length_chars": chars}
        return event(world, name, "a", type="forum.reply.v1", data=said)

    def accepted(name: str) -> Any:
        said = {"channel": "forum", "object": {"id": "answer", "author": {}}}
        return event(world, name, "b", type="forum.answer_accepted.v1", data=said, objectmember=world.uuid("a"))

    await world.handle(on_events, answer("1", 80))
    await world.handle(on_programmes, world.programme_fact(1, document))
    await kept(world)
    await world.handle(on_events, answer("2", 3), answer("3", 5), answer("4", 80), accepted("5"))
    await kept(world)

    async def steps() -> tuple[list[int], bool]:
        (found,) = (await api.get(f"/v1/members/{world.uuid('a')}/quests")).json()["items"]
        return found["done"], found["grant_id"] is not None

    assert await steps() == ([2, 1], False)
    await world.handle(on_events, answer("6", 21))
    await kept(world)
    assert await steps() == ([3, 1], True)
