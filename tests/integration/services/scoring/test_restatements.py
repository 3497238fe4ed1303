"""Restatements on a real database: only differences are posted, whatever comes meanwhile, and taken back whole."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from services.scoring.awards.handlers.restoring import on_awards_told, on_events_read
from services.scoring.awards.handlers.scoring import Scorer
from services.scoring.backtests.store.backtests import Offsets, Ranges
from services.scoring.restatements.handlers.computing import Computer
from services.scoring.restatements.handlers.posting import post_next
from services.scoring.restatements.store.restatements import next_to_work_out
from shared.contracts.facts import POINTS_AWARDED, AcceptedEvent
from shared.own_facts import something_was_taken_in
from shared.postgres import database_url, role_name
from shared.topics import EVENTS, MESSAGES, POINTS
from tests.integration.services.scoring import test_limits
from tests.integration.services.scoring.test_limits import all_settled
from tests.integration.services.scoring.test_paces import history as paced_history
from tests.integration.services.world import add_person
from tests.unit.services.scoring.limits import test_pacing

pytestmark = pytest.mark.stack

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
Clients = Callable[..., Awaitable[httpx.AsyncClient]]


@dataclass
class Kept:
    """A log in memory, of one partition whose number no other has; the live line stands where it ends."""

    pool: asyncpg.Pool
    events: list[Any] = field(default_factory=list)
    partition: int = field(default_factory=lambda: 1_000_000 + uuid4().int % 1_000_000_000)
    before_reading: Callable[[], Awaitable[None]] | None = None

    async def ranges(self, since: datetime) -> Ranges:
        await self.pool.execute(
            """
            insert into consumer_offsets (topic, partition, next_offset) values ($1, $2, $3)
            on conflict (topic, partition) do update set next_offset = excluded.next_offset
            """,
            EVENTS.name,
            self.partition,
            len(self.events),
        )
        return Ranges({self.partition: 0}, {self.partition: len(self.events)})

    async def read(
        self, community: str, offsets: Offsets, ends: Offsets, max_count: int
    ) -> tuple[Sequence[AcceptedEvent], Offsets]:
        if self.before_reading is not None:
            await self.before_reading()
        start = offsets[self.partition]
        end = min(ends[self.partition], start + max_count)
        return self.events[start:end], {self.partition: end}

    async def live_lag(self) -> int:
        return 0


@dataclass
class Restating:
    """A community whose events are in a log, and two people who restate its past."""

    world: Any
    log: Kept
    ada: httpx.AsyncClient
    #: Ada, by another key.
    herself: httpx.AsyncClient
    bob: httpx.AsyncClient

    async def score(self, *events: Any) -> None:
        """Have events in the log, and scored live."""
        self.log.events += events
        await self.world.score(*events)
        await all_settled(self.world)

    async def ask(self, **more: Any) -> dict[str, Any]:
        body = {"since": SINCE.isoformat(), "reason": "It gave too little", **more}
        answer = await self.ada.post("/v1/restatements", json=body)
        assert answer.status_code == 201, answer.text
        return await self.worked_out(answer.json())

    async def worked_out(self, asked: Any) -> dict[str, Any]:
        """Have the process look at it, before whatever others left."""
        await self.world.pool.execute(
            "update restatements set asked_at = $2 where restatement_id = $1",
            asked["restatement_id"],
            datetime(2020, 1, 1, tzinfo=UTC),
        )
        assert await Computer(self.world.pool, self.log, self.world.settings).turn()
        return await self.look(asked)

    async def look(self, asked: Any) -> dict[str, Any]:
        found: dict[str, Any] = (await self.ada.get(f"/v1/restatements/{asked['restatement_id']}")).json()
        return found

    async def decide(self, asked: Any) -> None:
        """Have it submitted by one and approved by another, who saw what it comes to."""
        path = f"/v1/restatements/{asked['restatement_id']}"
        assert (await self.ada.post(f"{path}/submit")).status_code == 200
        digest = (await self.look(asked))["digest"]
        answer = await self.bob.post(f"{path}/approve", json={"digest": digest})
        assert (answer.status_code, answer.json()["state"]) == (200, "approved"), answer.text

    async def piece(self) -> bool:
        async with self.world.begin() as tx:
            return await post_next(tx)

    async def post(self, asked: Any, between: Callable[[], Awaitable[None]] | None = None) -> dict[str, Any]:
        """Have what was approved worked out once more and posted, with something between its parts."""
        found = await self.worked_out(asked)
        while found["state"] == "posting":
            while await self.piece():
                if between is not None:
                    await between()
            found = await self.worked_out(asked)
        return found

    async def restate(self, **more: Any) -> dict[str, Any]:
        asked = await self.ask(**more)
        await self.decide(asked)
        posted = await self.post(asked)
        assert posted["state"] == "posted"
        return posted

    async def reverse(self, asked: Any) -> dict[str, Any]:
        path = f"/v1/restatements/{asked['restatement_id']}"
        assert (await self.ada.post(f"{path}/reverse")).status_code == 200
        assert (await self.bob.post(f"{path}/approve-reversal")).status_code == 200
        while await self.piece():
            pass
        return await self.look(asked)

    async def differences(self, asked: Any) -> list[Any]:
        found: list[Any] = []
        query: dict[str, Any] = {"limit": 7}
        while True:
            path = f"/v1/restatements/{asked['restatement_id']}/differences"
            page = (await self.ada.get(path, params=query)).json()
            found += page["items"]
            if page["next"] is None:
                return found
            query["after"] = page["next"]

    async def totals(self) -> dict[tuple[str, str], int]:
        await all_settled(self.world)
        totals: dict[tuple[str, str], int] = await self.world.totals()
        return totals

    async def count(self) -> int:
        return len(await self.world.awards())


@pytest.fixture
async def house(world: Any, pool: asyncpg.Pool, clients: Clients) -> Restating:
    world.configure(restatement_part_max_count=5)
    ada_id = await add_person(pool, world.community)
    ada = await clients("programmes:write", "programmes:read", person_id=ada_id)
    herself = await clients("programmes:approve", person_id=ada_id)
    bob = await clients("programmes:approve", "programmes:read")
    return Restating(world, Kept(pool), ada, herself, bob)


MORE = test_limits.PROGRAMME.replace("points: 5, daily_cap: 12", "points: 8, daily_cap: 20").replace(
    "points: 13, within: day", "points: 9, within: day"
)


def programme(name: str) -> str:
    return test_pacing.HEAD + test_pacing.PROGRAMMES[name][0]


@pytest.mark.parametrize("name", sorted(test_pacing.PROGRAMMES))
async def test_the_version_that_stands_posts_nothing(house: Restating, name: str) -> None:
    world = house.world
    await world.publish(programme(name))
    rng = Random(f"restated {name}")
    log = paced_history(world, rng, 60)
    rng.shuffle(log)
    await house.score(*log)
    count = await house.count()
    posted = await house.restate()
    assert posted["result"]["awards_count"] == 0
    assert await house.count() == count


@pytest.mark.parametrize("seed", range(2))
async def test_another_version_gives_what_it_would_have_given_twice_as_once_and_is_reversed_whole(
    house: Restating, world: Any, seed: int
) -> None:
    rng = Random(seed)
    log = test_limits.history(world, rng, 60)
    await world.publish(MORE)
    await house.score(*log)
    before = await house.totals()
    await world.publish(test_limits.PROGRAMME)
    second = await house.restate(version=2)
    assert second["result"]["awards_count"] > 0
    restated = await house.totals()
    assert restated != before
    shown = await house.differences(second)
    assert len(shown) == second["result"]["awards_count"]
    rows = {str(row["award_id"]): row for row in await world.awards()}
    for one in shown:
        row = rows[one["posted_id"]]
        assert str(row["restatement_id"]) == second["restatement_id"]
        assert row["points"] == one["after"] - one["before"]
    assert sum(row["restatement_id"] is not None for row in rows.values()) == len(shown)
    count = await house.count()
    again = await house.restate(version=2)
    assert (again["result"]["awards_count"], await house.count()) == (0, count)

    # As if that version had scored all of it.
    other = type(world)(world.pool)
    other.community, named = world.community + "x", world.uuid
    await other.publish(test_limits.PROGRAMME)
    await other.score(*({**event, "community": other.community} for event in log))
    await all_settled(other)
    assert await other.totals() == restated
    assert named("a") == world.uuid("a")

    assert (await house.reverse(again))["state"] == "reversed"
    assert (await house.reverse(second))["state"] == "reversed"
    assert await house.totals() == before


async def test_first_one_then_another_is_the_other_from_the_start(house: Restating, world: Any) -> None:
    log = test_limits.history(world, Random(3), 50)
    await world.publish(test_limits.PROGRAMME)
    await house.score(*log)
    await world.publish(MORE)
    await world.publish(test_limits.COUNTED.replace("title: Demo", "title: Counted"))
    window = {"since": (world.noon + timedelta(hours=40)).isoformat()}
    first = await house.restate(version=2, **window)
    both = await house.restate(version=3, **window)
    after_both = await house.totals()
    path = f"/v1/restatements/{first['restatement_id']}/reverse"
    refused = await house.ada.post(path)
    assert refused.json()["type"] == "urn:plaudit:problem:restated-since"
    await house.reverse(both)
    await house.reverse(first)
    await house.restate(version=3, **window)
    assert await house.totals() == after_both


async def test_what_is_approved_waits_until_another_is_taken_back(house: Restating, world: Any) -> None:
    """Posted in between it would be put back, part by part, to what was before the other."""
    await world.publish()
    await house.score(*(world.event(str(number), "ab"[number % 2], None) for number in range(12)))
    before = await house.totals()
    await world.publish(world.rules.replace("points: 1}", "points: 2}"))
    first = await house.restate(version=2)
    await world.publish(world.rules.replace("points: 1}", "points: 3}"))
    second = await house.ask(version=3)
    path = f"/v1/restatements/{first['restatement_id']}"
    assert (await house.ada.post(f"{path}/reverse")).status_code == 200
    assert (await house.bob.post(f"{path}/approve-reversal")).json()["state"] == "reversing"
    await house.decide(second)
    async with world.begin() as tx:
        waiting = await next_to_work_out(tx.conn, lately=SINCE, limit=1000)
    assert world.community not in {one.community for one in waiting}
    while await house.piece():
        pass
    assert (await house.look(first))["state"] == "reversed"
    assert await house.totals() == before
    assert (await house.worked_out(second))["state"] == "submitted"


@pytest.mark.parametrize("seed", range(3))
async def test_retractions_and_late_events_while_it_is_posted_end_right(
    house: Restating, world: Any, seed: int
) -> None:
    """What comes between the parts of a restatement ends as if it had come before, but for when it was told."""
    rng = Random(seed)
    log = test_limits.history(world, rng, 50)
    words = [one for one in log if "targetuid" in one]
    late = [one for one in log if "targetuid" not in one][40:]
    early = [one for one in log if one not in words and one not in late]
    await world.publish(MORE)
    await world.publish(test_limits.PROGRAMME)
    await house.score(*early)
    asked = await house.ask(version=2)
    await house.decide(asked)
    waiting = rng.sample([*words, *late], len(words) + len(late))

    async def between() -> None:
        if waiting:
            await house.score(waiting.pop())

    posted = await house.post(asked, between)
    assert posted["state"] == "posted"
    if waiting:
        await house.score(*waiting)
        await house.restate(version=2)
    restated = await house.totals()
    other = type(world)(world.pool)
    other.community = world.community + "x"
    await other.publish(test_limits.PROGRAMME)
    await other.score(*({**event, "community": other.community} for event in log))
    await all_settled(other)
    assert await other.totals() == restated


async def test_what_changed_since_it_was_approved_waits_to_be_approved_again(house: Restating, world: Any) -> None:
    await world.publish()
    await house.score(*(world.event(str(n)) for n in range(6)))
    await world.publish(world.rules.replace("points: 1}", "points: 2}"))
    asked = await house.ask(version=2)
    assert (asked["state"], asked["result"]["points"]) == ("ready", 6)
    await house.decide(asked)
    await house.score(world.retraction("3"))
    changed = await house.worked_out(asked)
    assert (changed["state"], changed["approved"], changed["result"]["points"]) == ("submitted", None, 5)
    assert changed["changed_at"]
    path = f"/v1/restatements/{asked['restatement_id']}/approve"
    stale = await house.bob.post(path, json={"digest": asked["digest"]})
    assert stale.json()["type"] == "urn:plaudit:problem:restatement-changed"
    assert (await house.bob.post(path, json={"digest": changed["digest"]})).status_code == 200
    assert (await house.post(asked))["state"] == "posted"


async def test_two_people_decide_whatever_their_keys(house: Restating, world: Any) -> None:
    await world.publish()
    await house.score(world.event("one"))
    asked = await house.ask()
    path = f"/v1/restatements/{asked['restatement_id']}"
    early = await house.bob.post(f"{path}/approve", json={"digest": asked["digest"]})
    assert early.json()["type"] == "urn:plaudit:problem:restatement-step"
    await house.ada.post(f"{path}/submit")
    refused = await house.herself.post(f"{path}/approve", json={"digest": asked["digest"]})
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:plaudit:problem:restatement-four-eyes")
    await house.bob.post(f"{path}/approve", json={"digest": asked["digest"]})
    await house.post(asked)
    unasked = await house.bob.post(f"{path}/approve-reversal")
    assert unasked.json()["type"] == "urn:plaudit:problem:reversal-not-asked"
    await house.ada.post(f"{path}/reverse")
    refused = await house.herself.post(f"{path}/approve-reversal")
    assert refused.json()["type"] == "urn:plaudit:problem:restatement-four-eyes"


async def test_it_can_be_cancelled_until_it_is_posted(house: Restating, world: Any) -> None:
    await world.publish()
    await house.score(world.event("one"))
    asked = await house.ask()
    path = f"/v1/restatements/{asked['restatement_id']}"
    assert (await house.ada.post(f"{path}/cancel")).json()["state"] == "cancelled"
    assert (await house.ada.post(f"{path}/cancel")).json()["state"] == "cancelled"
    assert await house.differences(asked) == []
    refused = await house.ada.post(f"{path}/submit")
    assert refused.json()["type"] == "urn:plaudit:problem:restatement-step"
    unknown = await house.ada.post(
        "/v1/restatements", json={"since": SINCE.isoformat(), "reason": "abc", "version": 9}
    )
    assert unknown.json()["type"] == "urn:plaudit:problem:unknown-version"


async def test_members_are_told_why_their_points_changed_once(
    house: Restating, world: Any, clients: Clients
) -> None:
    await world.publish()
    await house.score(*(world.event(str(n), "ab"[n % 2], None) for n in range(5)))
    await world.publish(world.rules.replace("points: 1}", "points: 3}"))
    posted = await house.restate(version=2)
    while await house.piece():
        pass
    told = [fact["data"] for topic, _, fact in await world.published() if topic == MESSAGES.name]
    assert {(one["member_id"], one["values"]["points"]) for one in told} == {
        (world.uuid("a"), "+6"),
        (world.uuid("b"), "+4"),
    }
    assert all(one["values"]["reason"] == posted["reason"] for one in told)
    reader = await clients("points:read")
    uid = world.uuid("event 1")
    explained = (await reader.get(f"/v1/events/{uid}/explanation")).json()
    assert [(one["version"], one["reason"]) for one in explained["restatements"]] == [(2, posted["reason"])]


async def test_what_was_told_before_a_restore_stays_as_it_was_restated(
    house: Restating, world: Any, stack: Any
) -> None:
    """The database forgets the restatement and all awards; both are read back, and events scored again."""
    events = [world.event(str(number), other="bob" if number % 2 else None) for number in range(8)]
    await world.publish()
    await house.score(*events)
    await world.publish(world.rules.replace("points: 1}", "points: 2}").replace("points: 3,", "points: 2,"))
    await house.restate(version=2)
    restated = await house.totals()
    facts = [fact for topic, _, fact in await world.published() if topic == POINTS.name]
    told = [POINTS_AWARDED.adapter.validate_python(fact) for fact in facts]
    assert any("restatement_id" in fact["data"] for fact in told)
    admin = await asyncpg.connect(database_url(stack.state.postgres_admin_url, role_name("scoring")))
    try:
        await admin.execute(
            "delete from limit_windows where name in (select window_1 from claims where community = $1)",
            world.community,
        )
        for table in ("awards", "claims", "declined", "content_events", "activities", "restatements"):
            await admin.execute(f"delete from {table} where community = $1", world.community)
    finally:
        await admin.close()
    something_was_taken_in()
    await world.handle(on_awards_told, *told)
    await world.score(*events, scorer=Scorer())
    await world.handle(on_events_read, *told)
    assert await house.totals() == restated
    await world.score(world.retraction("1"))
    later = {"targetuid": world.uuid("event 1"), "time": datetime(2090, 1, 1, tzinfo=UTC)}
    await house.score(world.event("restores", "moderator", None, type="activity.restored.v1", **later))
    assert await house.totals() == restated
