"""What somebody did while they were suspended counts for no badge and no streak, in whatever order it is told."""

from collections import Counter as Tally
from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple

import httpx
import orjson
import pytest

from services.recognition.counts.handlers import on_events, on_guidelines
from services.recognition.merges.handlers import on_members
from services.recognition.thresholds.handlers import on_programmes
from tests.integration.services.merging import Merging
from tests.integration.services.recognition.test_counted_badges import event, kept_up, programme, said
from tests.integration.services.world import NOON

pytestmark = pytest.mark.stack

RULES = [
    {"id": "message", "title": "Wrote", "on": ["chat.message.v1"], "points": 1},
    {"id": "heard", "title": "Was written to", "on": ["chat.message.v1"], "to": "object_author", "points": 1},
]
BADGES = [
    {"id": "two", "title": "Two", "rule": "message", "at_least": 2},
    {"id": "four", "title": "Four", "rule": "message", "at_least": 4},
    {"id": "heard", "title": "Heard", "rule": "heard", "at_least": 2},
]
STREAK = {"id": "daily", "title": "Every day", "rules": ["message"]}
MEMBERS = "abc"


class Spoken(NamedTuple):
    """A suspension as it was told last."""

    member: str
    revision: int
    stands: bool
    starts_at: datetime
    ends_at: datetime | None

    def covers(self, at: datetime) -> bool:
        return self.stands and self.starts_at <= at and (self.ends_at is None or at < self.ends_at)


def told(world: Any, name: str, spoken: Spoken) -> Any:
    data = {
        "suspension_id": world.uuid(f"suspension {name}"),
        "member_id": world.uuid(spoken.member),
        "revision": spoken.revision,
        "stands": spoken.stands,
        "starts_at": spoken.starts_at,
    }
    if spoken.ends_at is not None:
        data["ends_at"] = spoken.ends_at
    return world.fact("guidelines.suspension_changed.v1", f"{name} {spoken.revision}", data)


async def begin(world: Any, version: int = 1) -> None:
    document = {
        "rules": RULES,
        "recognition": {"badges": BADGES, "streaks": [STREAK]},
    }
    fact = programme(world, version, rules=RULES)
    fact["data"]["document"] |= document
    await world.handle(on_programmes, fact)
    await kept_up(world)


async def found(world: Any) -> dict[str, tuple[dict[str, int], set[str], int]]:
    """Of whoever has numbers: those by rule, the badges that stand, and in how many quarters of an hour."""
    counters = {
        row["counter"]: "heard" if "object_author" in row["rule"] else "message"
        for row in await world.pool.fetch(
            "select counter, rule::text from counters where community = $1", world.community
        )
    }
    rows = await world.pool.fetch(
        "select member_id::text, counts::jsonb as counts, standing::jsonb as standing from counting_members"
        " where community = $1",
        world.community,
    )
    acts = await world.pool.fetch(
        "select member_id::text, sum(events) as events from acts where community = $1 group by 1", world.community
    )
    names = {world.uuid(name): name for name in MEMBERS}
    done = {names[row["member_id"]]: row["events"] for row in acts}
    shown = {}
    for row in rows:
        counts = Tally[str]()
        for counter, count in orjson.loads(row["counts"]).items():
            counts[counters[counter]] += count
        standing = {key.removeprefix("badge:") for key in orjson.loads(row["standing"])}
        shown[names[row["member_id"]]] = (dict(counts), standing)
    return {name: (*shown.get(name, ({}, set())), done.get(name, 0)) for name in MEMBERS}


class History:
    """Facts in some order, and what they come to."""

    def __init__(self, world: Any, random: Random) -> None:
        self.world, self.random = world, random
        self.merging = Merging(world, on_members)
        self.events: dict[str, tuple[datetime, str, str]] = {}
        self.gone: set[str] = set()
        self.spoken: dict[str, Spoken] = {}

    async def step(self) -> None:
        kind = self.random.choice(("write",) * 5 + ("suspend", "suspend", "change", "retract", "merge"))
        await getattr(self, kind)()

    def when(self) -> datetime:
        return NOON + timedelta(hours=self.random.randrange(48))

    async def write(self) -> None:
        name = str(len(self.events))
        who, whom = self.random.sample(MEMBERS, 2)
        self.events[name] = (self.when(), who, whom)
        fact = event(self.world, name, who, time=self.events[name][0], objectmember=self.world.uuid(whom))
        await self.world.handle(on_events, *[fact] * self.random.choice((1, 2)))

    async def retract(self) -> None:
        left = sorted(self.events.keys() - self.gone)
        if left:
            name = self.random.choice(left)
            self.gone.add(name)
            await self.world.handle(on_events, said(self.world, "retracted", name, 9_000))

    async def suspend(self) -> None:
        name = f"s{len(self.spoken)}"
        starts = self.when()
        ends = self.random.choice((None, starts + timedelta(hours=self.random.randrange(1, 24))))
        self.spoken[name] = Spoken(self.random.choice(MEMBERS), 1, True, starts, ends)
        await self.world.handle(on_guidelines, told(self.world, name, self.spoken[name]))

    async def change(self) -> None:
        """Lifted, overturned, or told again."""
        if not self.spoken:
            return
        name = self.random.choice(sorted(self.spoken))
        before = self.spoken[name]
        after = before._replace(revision=before.revision + 1)
        if self.random.random() < 0.5:
            after = after._replace(stands=not before.stands)
        else:
            after = after._replace(ends_at=before.starts_at + timedelta(hours=self.random.randrange(1, 24)))
        self.spoken[name] = after
        # The older one comes once more, too late.
        await self.world.handle(on_guidelines, told(self.world, name, after), told(self.world, name, before))

    async def merge(self) -> None:
        if self.merging.into:
            await self.merging.unmerge(self.random.choice(sorted(self.merging.into)))
        else:
            await self.merging.merge(*self.random.sample(MEMBERS, 2))

    def expected(self) -> dict[str, tuple[dict[str, int], set[str], int]]:
        """Worked out from all that was told, at once."""
        counts = {name: Tally[str]() for name in MEMBERS}
        acts = Tally[str]()
        for name, (at, who, whom) in self.events.items():
            if name in self.gone:
                continue
            for rule, member, other in (("message", who, whom), ("heard", whom, who)):
                head = self.merging.head(member)
                suspended = any(
                    one.covers(at) and self.merging.head(one.member) == head for one in self.spoken.values()
                )
                if suspended or member == other:
                    continue
                counts[head][rule] += 1
                if rule == "message":
                    acts[member] += 1
        result = {}
        for name, of_member in counts.items():
            has = {badge["id"] for badge in BADGES if of_member[str(badge["rule"])] >= int(str(badge["at_least"]))}
            result[name] = ({rule: count for rule, count in of_member.items() if count}, has, acts[name])
        return result


@pytest.mark.parametrize("seed", range(3))
async def test_numbers_badges_and_streaks_follow_from_what_was_told_in_whatever_order(
    world: Any, seed: int
) -> None:
    history = History(world, Random(seed))
    if seed:
        await begin(world)
    for number in range(40):
        await history.step()
        if seed and number % 8 == 7:
            assert await found(world) == history.expected(), number
    # Published last, all of before is counted as it would have been.
    await begin(world, 1 + bool(seed))
    assert await found(world) == history.expected()


async def test_a_won_appeal_brings_back_exactly_what_a_suspension_took(world: Any, api: httpx.AsyncClient) -> None:
    await begin(world)
    named = {"member_id": world.uuid("a"), "name": "A", "revision": 1, "identities": [], "first_seen_at": NOON}
    await world.handle(on_members, world.fact("member.identified.v1", "a 1", named))
    day = timedelta(days=1)
    messages = [event(world, number, time=NOON + day * number) for number in range(4)]
    await world.handle(on_events, *messages[:3])
    before = await found(world)
    assert before["a"][:2] == ({"message": 3}, {"two"})
    upheld = Spoken("a", 1, True, NOON + day, None)
    await world.handle(on_guidelines, told(world, "s", upheld))
    assert (await found(world))["a"] == ({"message": 1}, set(), 1)
    # What comes while it lasts counts for nothing, and the streak is of the first day.
    await world.handle(on_events, messages[3])
    streaks = (await api.get(f"/v1/members/{world.uuid('a')}/streaks")).json()["items"]
    assert [one["longest"] for one in streaks] == [1]
    # Lifted on the last day: it ends then, and what was done before stays taken.
    lifted = upheld._replace(revision=2, ends_at=NOON + 3 * day)
    await world.handle(on_guidelines, told(world, "s", lifted))
    assert (await found(world))["a"] == ({"message": 2}, {"two"}, 2)
    await world.handle(on_guidelines, told(world, "s", lifted._replace(revision=3, stands=False)))
    assert (await found(world))["a"] == ({"message": 4}, {"two", "four"}, 4)
    assert (
        await world.pool.fetchval("select count(*) from withheld_counts where community = $1", world.community)
        == 0
    )
    streaks = (await api.get(f"/v1/members/{world.uuid('a')}/streaks")).json()["items"]
    assert [one["longest"] for one in streaks] == [4]
