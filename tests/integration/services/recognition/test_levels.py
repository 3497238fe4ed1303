"""Levels by what members do: looked at where something changed or time passed, and by nobody's order of facts."""

import asyncio
import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest

from services.recognition.badges.handlers.deciding import keep_badges
from services.recognition.counts.handlers import keep_counting, on_events
from services.recognition.hands.domain import Giver
from services.recognition.levels.domain.courses import Did, Spell
from services.recognition.levels.domain.ladder import Ladder, Life, Surroundings
from services.recognition.levels.domain.walk import reached
from services.recognition.levels.handlers.deciding import keep_levels
from services.recognition.levels.handlers.restoring import on_levels_told, on_locks_told
from services.recognition.merges.handlers import on_guidelines, on_members
from services.recognition.streaks.domain.freezes import FreezesEnoughError
from services.recognition.streaks.handlers import give_freeze, on_freezes_told
from services.recognition.thresholds.handlers import on_programmes
from services.recognition.totals.handlers import on_grants_told
from shared.contracts.facts import FIXED_BY_HAND, MEMBER_FACT
from shared.contracts.programme import Recognition
from shared.topics import BY_HAND, CELEBRATIONS, MESSAGES
from tests.integration.services.merging import Merging
from tests.integration.services.recognition.test_counted_badges import event, said

pytestmark = pytest.mark.stack

#: Ahead of what handlers take for now, so that nothing that they make due lies before.
DAY = timedelta(days=1)
BEGIN = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + 2 * DAY
RULES = [
    {"id": "message", "title": "Wrote", "on": ["chat.message.v1"], "points": 1},
    {"id": "liked", "title": "Was liked", "on": ["chat.reaction.v1"], "to": "object_author", "points": 1},
    {"id": "topic", "title": "Began a topic", "on": ["forum.post.v1"], "points": 1},
]
LEVELS: list[dict[str, Any]] = [
    {
        "id": "basic",
        "title": "Basic",
        "requires": [{"rule": "message", "within_days": 2, "at_least": 4}],
        "keep": 50,
        "grace_days": 1,
    },
    {
        "id": "member",
        "title": "Member",
        "requires": [
            {"rule": "liked", "count": "people", "within_days": 3, "at_least": 2},
            {"unsuspended_days": 1},
        ],
        "opens": ["redeem"],
    },
    {
        "id": "regular",
        "title": "Regular",
        "requires": [
            {
                "rule": "message",
                "within_days": 3,
                "share": {"percent": 50, "rule": "topic", "at_most": 20},
            },
            {"known_minutes": 600},
        ],
    },
    {"id": "leader", "title": "Leader", "by_hand": True},
]


@pytest.fixture
def scopes() -> Sequence[str]:
    return ["recognition:read", "recognition:write"]


def programme(world: Any, version: int, levels: Any = LEVELS, **more: Any) -> Any:
    return world.programme_fact(version, {"rules": RULES, "recognition": {"levels": levels, **more}})


def message(world: Any, name: object, member: str, at: datetime) -> Any:
    return event(world, name, member, time=at)


def like(world: Any, name: object, giver: str, receiver: str, at: datetime) -> Any:
    data = {"channel": "chat", "actor": {"id": giver}, "object": {"id": f"of {receiver}"}, "reaction": "heart"}
    more = {"objectmember": world.uuid(receiver), "data": data}
    return event(world, name, giver, type="chat.reaction.v1", time=at, **more)


def topic(world: Any, name: object, member: str, at: datetime) -> Any:
    return event(world, name, member, type="forum.post.v1", time=at)


def known(world: Any, name: str, at: datetime, revision: int = 1) -> Any:
    data = {
        "member_id": world.uuid(name),
        "name": name,
        "identities": [],
        "channel": "chat",
        "first_seen_at": at,
        "revision": revision,
    }
    return MEMBER_FACT.validate_python(world.fact("member.identified.v1", f"member {name} {revision}", data))


def suspended(world: Any, name: str, starts_at: datetime, ends_at: datetime | None, *, stands: bool = True) -> Any:
    data = {
        "suspension_id": world.uuid(f"suspension {name}"),
        "member_id": world.uuid(name),
        "revision": 1 if stands else 2,
        "stands": stands,
        "starts_at": starts_at,
        "ends_at": ends_at,
    }
    return world.fact("guidelines.suspension_changed.v1", f"suspended {name} {stands}", data)


async def looked(world: Any, at: datetime) -> None:
    """Until all of this community is looked at that is due at a moment."""
    for _ in range(400):
        async with world.begin() as tx:
            await keep_counting(tx)
        async with world.begin() as tx:
            tx.now = at
            await keep_levels(tx)
        if not await world.pool.fetchval(
            """
            select exists (select from level_due where community = $1 and due_at <= $2) or exists (
                select from programmes_in_force f left join counting c using (community)
                left join level_sweeps s using (community)
                where community = $1 and (c.version is distinct from f.version or not c.evaluated
                    or s.version is distinct from f.version or not s.is_done))
            """,
            world.community,
            at,
        ):
            return
    raise AssertionError("levels do not come to rest")


async def standing(world: Any) -> dict[str, list[str]]:
    """The levels that stand, lowest first, by member."""
    order = [level["id"] for level in LEVELS]
    rows = await world.pool.fetch(
        "select member_id, standing from level_members where community = $1", world.community
    )
    found = {str(row["member_id"]): sorted(orjson.loads(row["standing"]), key=order.index) for row in rows}
    return {member_id: levels for member_id, levels in found.items() if levels}


async def outbox(world: Any) -> list[Any]:
    """What was told but for celebrations, and for what members are to be written."""
    aside = (CELEBRATIONS.name, MESSAGES.name)
    return [row for row in await world.outbox() if row["topic"] not in aside]


async def told(world: Any) -> list[tuple[str, bool]]:
    facts = [orjson.loads(row["value"])["data"] for row in await outbox(world) if row["topic"] != BY_HAND.name]
    return [(one["id"], "reverses" in one) for one in facts]


async def begun(world: Any) -> None:
    await world.handle(on_programmes, programme(world, 1))
    for name in "abcd":
        await world.handle(on_members, known(world, name, BEGIN))
    await looked(world, BEGIN)


async def test_a_level_is_reached_at_once_kept_by_half_and_lost_when_its_window_passes(world: Any) -> None:
    await begun(world)
    four = [message(world, number, "a", BEGIN + timedelta(hours=number)) for number in range(4)]
    await world.handle(on_events, *four, four[0])
    await looked(world, BEGIN + timedelta(hours=4))
    (granted,) = (orjson.loads(row["value"])["data"] for row in await outbox(world))
    assert (granted["kind"], granted["id"], granted["member_id"]) == ("level", "basic", world.uuid("a"))
    # It was reached with the fourth of them, and is looked at next when a third of four is left.
    assert datetime.fromisoformat(granted["event_time"]) == BEGIN + timedelta(hours=3)
    due_at = await world.pool.fetchval("select due_at from level_due where member_id = $1", world.uuid("a"))
    assert due_at == BEGIN + 2 * DAY + timedelta(hours=2)
    await looked(world, due_at - timedelta(seconds=1))
    assert await told(world) == []
    await looked(world, due_at)
    assert await told(world) == [("basic", True)]
    assert await standing(world) == {}


async def test_what_is_taken_back_and_restored_takes_it_and_brings_it_back(world: Any) -> None:
    await begun(world)
    at = BEGIN + timedelta(hours=5)
    await world.handle(on_events, *(message(world, number, "a", BEGIN) for number in range(4)))
    await looked(world, at)
    assert await told(world) == [("basic", False)]
    for kind, minutes, seen in (("retracted", 1, ("basic", True)), ("restored", 2, ("basic", False))):
        await world.handle(on_events, said(world, kind, 1, minutes))
        await looked(world, at)
        assert await told(world) == [seen]


async def test_by_hand_a_level_stays_until_it_is_let_go(world: Any, api: httpx.AsyncClient) -> None:
    await world.handle(on_programmes, programme(world, 1))
    await world.handle(on_members, known(world, "a", datetime(2026, 1, 1, tzinfo=UTC)))
    await looked(world, BEGIN)
    path = f"/v1/members/{world.uuid('a')}"
    answer = await api.post(f"{path}/level-lock", json={"level": "leader", "reason": "Leads  the call"})
    assert answer.status_code == 200, answer.text
    facts = [(row["topic"], orjson.loads(row["value"])["data"]) for row in await outbox(world)]
    granted = [one["id"] for topic, one in facts if topic != BY_HAND.name and one["by_hand"]]
    assert granted == ["basic", "member", "regular", "leader"]
    shown = (await api.get(f"{path}/levels")).json()
    assert (shown["level"], shown["lock"]["level"], shown["lock"]["reason"]) == (
        "leader",
        "leader",
        "Leads the call",
    )
    assert shown["items"][0]["requires"][0] | {"rule": ""} == {
        "rule": "",
        "count": "events",
        "of": None,
        "within_days": 2,
        "known_minutes": None,
        "unsuspended_days": None,
        "value": 0,
        "at_least": 4,
        "at_most": None,
        "is_met": False,
    }
    assert [one["at_least"] for one in shown["items"][0]["keep"]] == [2]
    recognition = (await api.get(f"{path}/recognition")).json()
    assert (recognition["trust_level"]["name"], recognition["level"]) == ("leader", None)
    # Another level in its place, and none at all.
    assert (await api.post(f"{path}/level-lock", json={"level": "basic", "reason": "x"})).status_code == 200
    assert await told(world) == [("leader", True), ("member", True), ("regular", True)]
    await looked(world, BEGIN + 30 * DAY)
    assert list((await standing(world)).values()) == [["basic"]]
    assert (await api.post(f"{path}/level-unlock", json={"reason": "Over"})).status_code == 200
    for path_, body, status, slug in (
        ("level-unlock", {"reason": "again"}, 409, "level-not-locked"),
        ("level-lock", {"level": "none", "reason": "x"}, 404, "unknown-level"),
        ("level-lock", {"level": "basic", "reason": "  "}, 422, "no-words"),
    ):
        refused = await api.post(f"{path}/{path_}", json=body)
        assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (status, slug)
    nobody = f"/v1/members/{world.uuid('nobody')}"
    assert (await api.post(f"{nobody}/level-lock", json={"level": None, "reason": "x"})).status_code == 404
    assert (await api.get(f"{nobody}/levels")).status_code == 404
    await looked(world, BEGIN + 30 * DAY)
    assert await standing(world) == {}


async def test_a_version_that_asks_for_something_else_looks_at_all_and_tells_it_as_past(world: Any) -> None:
    await begun(world)
    await world.handle(on_events, *(message(world, number, "a", BEGIN) for number in range(3)))
    await looked(world, BEGIN + DAY)
    assert await told(world) == []
    easier = [{**LEVELS[0], "requires": [{"rule": "message", "count": "days", "at_least": 1}]}]
    await world.handle(on_programmes, programme(world, 2, easier))
    await looked(world, BEGIN + DAY)
    (fact,) = (orjson.loads(row["value"]) for row in await outbox(world))
    assert (fact["data"]["id"], fact["backfill"]) == ("basic", True)
    await world.handle(on_programmes, programme(world, 3, []))
    await looked(world, BEGIN + DAY)
    assert await told(world) == [("basic", True)]


async def test_after_a_restore_the_levels_that_were_told_stand_and_what_was_fixed_is(
    world: Any, api: httpx.AsyncClient
) -> None:
    await begun(world)
    await world.handle(on_events, *(message(world, number, "a", BEGIN) for number in range(4)))
    await looked(world, BEGIN + timedelta(hours=1))
    path = f"/v1/members/{world.uuid('b')}/level-lock"
    assert (await api.post(path, json={"level": "member", "reason": "x"})).status_code == 200
    before = await standing(world)
    facts = [(row["topic"], orjson.loads(row["value"])) for row in await outbox(world)]
    for table in ("level_members", "level_locks"):
        await world.pool.execute(f"delete from {table} where community = $1", world.community)
    grants = [fact for topic, fact in facts if topic != BY_HAND.name]
    for fact in grants:
        fact["time"] = datetime.fromisoformat(fact["time"])
        fact["data"]["event_time"] = datetime.fromisoformat(fact["data"]["event_time"])
    locks = [FIXED_BY_HAND.validate_python(fact) for topic, fact in facts if topic == BY_HAND.name]
    await world.handle(on_grants_told, *grants)
    await world.handle(on_levels_told, *grants)
    await world.handle(on_locks_told, *locks)
    await looked(world, BEGIN + timedelta(hours=1))
    assert await standing(world) == before
    # What stands was told before.
    assert await told(world) == []


async def test_a_freeze_that_somebody_gives_keeps_a_streak(world: Any, api: httpx.AsyncClient) -> None:
    streak = {"id": "daily", "title": "Every day", "rules": ["message"]}
    badge = {"id": "three", "title": "Three", "when": 'streak("daily") >= 3'}
    document = {"rules": RULES, "recognition": {"streaks": [streak], "badges": [badge]}}
    await world.handle(on_programmes, world.programme_fact(1, document))
    await world.handle(on_members, known(world, "a", datetime(2026, 1, 1, tzinfo=UTC)))
    for _ in range(20):
        for keep in (keep_counting, keep_badges):
            async with world.begin() as tx:
                await keep(tx)
    now = datetime.now(UTC)
    days = [now - 2 * DAY, now - DAY, now + DAY]
    await world.handle(on_events, *(message(world, number, "a", at) for number, at in enumerate(days)))
    path = f"/v1/members/{world.uuid('a')}/streaks"
    before = (await api.get(path)).json()["items"][0]
    assert before["freezes_left"] == 0
    answer = await api.post(f"{path}/daily/freezes", json={"reason": "The forum was down"})
    assert answer.status_code == 201, answer.text
    assert (await api.get(path)).json()["items"][0]["freezes_left"] == 1
    for name, body, status, slug in (
        ("none", {"reason": "x"}, 404, "unknown-streak"),
        ("daily", {"reason": " "}, 422, "no-words"),
    ):
        refused = await api.post(f"{path}/{name}/freezes", json=body)
        assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (status, slug)
    # Of the days of which today is left out, the badge goes by all three with the freeze.
    for _ in range(20):
        async with world.begin() as tx:
            await keep_badges(tx)
    facts = [(row["topic"], orjson.loads(row["value"])) for row in await outbox(world)]
    assert [fact["data"]["id"] for topic, fact in facts if topic != BY_HAND.name] == ["three"]
    # It is the same once it is read back, in whatever order.
    given = [FIXED_BY_HAND.validate_python(fact) for topic, fact in facts if topic == BY_HAND.name]
    await world.pool.execute("delete from streak_freezes where community = $1", world.community)
    assert (await api.get(path)).json()["items"][0]["freezes_left"] == 0
    await world.handle(on_freezes_told, *given, *given)
    assert (await api.get(path)).json()["items"][0]["freezes_left"] == 1
    for _ in range(7):
        assert (await api.post(f"{path}/daily/freezes", json={"reason": "x"})).status_code == 201
    # Of several who give the last at once two may.
    both = await asyncio.gather(*(api.post(f"{path}/daily/freezes", json={"reason": "x"}) for _ in range(4)))
    assert sorted(answer.status_code for answer in both) == [201, 201, 409, 409]
    assert (await api.get(path)).json()["items"][0]["freezes_left"] == 10
    # So is one that began before these were given.
    async with world.begin() as tx:
        tx.now -= timedelta(minutes=1)
        whose = {"community": world.community, "member_id": world.uuid("a"), "streak_id": "daily"}
        with pytest.raises(FreezesEnoughError):
            await give_freeze(tx, **whose, reason="x", by=Giver(None, "B"))


class Script:
    """What happens to members in a community, by chance, and which levels they have of it."""

    def __init__(self, world: Any, chance: random.Random) -> None:
        self.world = world
        self.chance = chance
        self.merging = Merging(world, on_members)
        self.events: dict[int, tuple[str, str, str, datetime]] = {}
        self.gone: set[int] = set()
        self.suspensions: dict[str, tuple[datetime, datetime | None]] = {}
        self.number = 0
        self.says = 0

    async def step(self, now: datetime) -> None:
        """Something happens, mostly now, and at times it is told late."""
        chance, world = self.chance, self.world
        what = chance.choice(
            ["write"] * 8 + ["like"] * 12 + ["topic", "topic", "retract", "retract", "merge", "suspend"]
        )
        member, other = chance.sample("abcd", 2)
        at = now - chance.choice([0, 0, 0, 1, 3, 9]) * timedelta(hours=6)
        if what in ("write", "like", "topic"):
            for _ in range(chance.choice([1, 1, 2])):
                self.number += 1
                self.events[self.number] = (what, member, other, at)
                await world.handle(on_events, self._fact(self.number))
        elif what == "retract" and self.events:
            number = chance.choice(list(self.events))
            kind = "restored" if number in self.gone else "retracted"
            self.gone ^= {number}
            self.says += 1
            await world.handle(on_events, said(world, kind, number, self.says))
        elif what == "merge":
            if member in self.merging.into:
                await self.merging.unmerge(member)
            elif self.merging.head(other) != member:
                await self.merging.merge(member, other)
        elif what == "suspend":
            stands = member not in self.suspensions
            spell = self.suspensions.get(member) or (at, at + chance.choice([6, 24]) * timedelta(hours=1))
            if stands:
                self.suspensions[member] = spell
                await world.handle(on_guidelines, suspended(world, member, *spell))

    def _fact(self, number: int) -> Any:
        what, member, other, at = self.events[number]
        if what == "like":
            return like(self.world, number, member, other, at)
        return (message if what == "write" else topic)(self.world, number, member, at)

    def expected(self, now: datetime) -> dict[str, list[str]]:
        """The levels of everybody, of all that happened: of who is one person together."""
        ladder = Ladder.of(Recognition.model_validate({"levels": LEVELS}))
        topics: dict[date, int] = {}
        standing = [one for number, one in self.events.items() if number not in self.gone]
        for what, _, _, at in standing:
            if what == "topic":
                topics[at.date()] = topics.get(at.date(), 0) + 1
        around = Surroundings(
            lambda at: datetime.fromtimestamp(at, UTC).date(),
            lambda day: int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()),
            {"topic all": sorted(topics.items())},
        )
        found = {}
        for head in "abcd":
            group = [one for one in "abcd" if self.merging.head(one) == head]
            if not group:
                continue
            life = Life(
                {
                    "message events": [
                        Did(seconds(at)) for what, by, _, at in standing if what == "write" and by in group
                    ],
                    "liked people": [
                        Did(seconds(at), self.merging.head(by))
                        for what, by, of, at in standing
                        if what == "like" and of in group
                    ],
                },
                seconds(BEGIN),
                [
                    Spell(seconds(since), None if until is None else seconds(until))
                    for one, (since, until) in self.suspensions.items()
                    if one in group
                ],
            )
            height = reached(ladder, life, around, at=seconds(now)).height
            if height:
                found[self.world.uuid(head)] = [level["id"] for level in LEVELS[:height]]
        return found


def seconds(at: datetime) -> int:
    return int(at.timestamp())


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_whatever_happens_in_whatever_order_levels_are_what_all_of_it_says(world: Any, seed: int) -> None:
    await begun(world)
    script = Script(world, random.Random(seed))
    now = BEGIN
    reached_ever: set[str] = set()
    made: dict[str, Any] = {}
    for _ in range(60):
        now += script.chance.choice([0, 0, 1, 1, 2]) * timedelta(hours=6)
        await script.step(now)
        await looked(world, now)
        found = await standing(world)
        assert found == script.expected(now)
        reached_ever |= {level for levels in found.values() for level in levels}
        for row in await outbox(world):
            fact = orjson.loads(row["value"])["data"]
            if "reverses" in fact:
                del made[fact["reverses"]]
            else:
                made[fact["grant_id"]] = fact["id"]
        # What was told and not taken back is what stands.
        assert sorted(made.values()) == sorted(level for levels in found.values() for level in levels)
    assert {"basic", "member"} <= reached_ever
