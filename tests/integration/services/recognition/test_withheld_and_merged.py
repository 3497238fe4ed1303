"""What a person took from somebody is held by nobody who is one person with them, and by those once they part."""

import itertools
import random
from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from services.recognition.counts.handlers import on_events
from services.recognition.merges.handlers import on_members
from services.recognition.thresholds.handlers import on_programmes
from tests.integration.services.merging import Merging
from tests.integration.services.recognition.test_badges_by_criteria import kept, programme
from tests.integration.services.recognition.test_badges_by_hand import held, slug, take
from tests.integration.services.recognition.test_counted_badges import event
from tests.integration.services.world import NOON

pytestmark = pytest.mark.stack

#: One that points lead to, one that a rule's events do, and one that asks for several things.
BADGES = [
    {"id": "five", "title": "Five points", "at_least": 5},
    {"id": "writer", "title": "Writer", "rule": "message", "at_least": 1},
    {"id": "pair", "title": "Both", "when": 'events("message") >= 1 && points >= 5'},
]
IDS = [badge["id"] for badge in BADGES]


@pytest.fixture
def scopes() -> Sequence[str]:
    return ["recognition:read", "recognition:write"]


@pytest.fixture
async def earned(world: Any) -> Merging:
    """Three members, each of whom has what each badge asks for."""
    await world.handle(on_programmes, programme(world, 1, *BADGES))
    for name in "abc":
        data = {
            "member_id": world.uuid(name),
            "name": name.upper(),
            "revision": 1,
            "identities": [],
            "first_seen_at": NOON,
        }
        await world.handle(on_members, world.fact("member.identified.v1", f"{name} 1", data))
    await kept(world)
    await world.awarded(*(world.award(name, 5) for name in "abc"))
    await world.handle(on_events, *(event(world, number, name) for number, name in enumerate("abc")))
    await kept(world)
    return Merging(world, on_members)


class Oracle:
    """Who holds a badge that each has what it takes for, by what was done alone."""

    def __init__(self, world: Any, api: httpx.AsyncClient, merging: Merging) -> None:
        self.world, self.api, self.merging = world, api, merging
        self.taken: dict[str, set[str]] = {badge: set() for badge in IDS}

    def holders(self, badge: str) -> set[str]:
        head = self.merging.head
        lost = {head(name) for name in self.taken[badge]}
        return {head(name) for name in "abc"} - lost

    async def take(self, name: str, badge: str) -> None:
        head = self.merging.head(name)
        answer = await take(self.api, self.world, name, badge)
        if head in self.holders(badge):
            assert answer.status_code == 200, answer.text
            self.taken[badge].add(head)
        else:
            assert (answer.status_code, slug(answer)) == (409, "badge-not-held")

    async def check(self) -> None:
        heads = {self.merging.head(name) for name in "abc"}
        has = {name: await held(self.api, self.world, name) for name in heads}
        for badge in IDS:
            wanted = self.holders(badge)
            assert {name for name in heads if badge in has[name]} == wanted, badge
            # Those who are listed are who holds it, so that each of these can lose it.
            items = (await self.api.get(f"/v1/badges/{badge}/holders")).json()["items"]
            assert {one["member_id"] for one in items} == {self.world.uuid(name) for name in wanted}, badge
            shown = (await self.api.get(f"/v1/badges/{badge}")).json()
            assert shown["holders"] == len(wanted), badge


@pytest.mark.parametrize("order", list(itertools.permutations(["take", "merge", "merge the other way"], 2)))
async def test_whichever_comes_first_taking_or_merging(
    world: Any, api: httpx.AsyncClient, earned: Merging, order: tuple[str, str]
) -> None:
    oracle = Oracle(world, api, earned)
    for step in (*order, "take of the other", "part", "take of the other"):
        match step:
            case "take" | "take of the other":
                for badge in IDS:
                    await oracle.take("a" if step == "take" else "b", badge)
            case "merge" | "merge the other way" if not earned.into:
                await earned.merge(*(("a", "b") if step == "merge" else ("b", "a")))
            case "part" if earned.into:
                await earned.unmerge(next(iter(earned.into)))
        await kept(world)
        await oracle.check()


async def test_what_is_taken_merged_and_parted_in_any_order_is_held_by_who_is_due(
    world: Any, api: httpx.AsyncClient, earned: Merging
) -> None:
    chance = random.Random(4)
    oracle = Oracle(world, api, earned)
    for _ in range(40):
        names = chance.sample("abc", 2)
        match chance.choice(["merge", "merge", "part", "part", "take"]):
            case "take" if sum(map(len, oracle.taken.values())) < 5:
                await oracle.take(names[0], chance.choice(IDS))
            case "merge" if not {*names} & {*earned.into} and earned.head(names[0]) != earned.head(names[1]):
                await earned.merge(*names)
            case "part" if earned.into:
                await earned.unmerge(chance.choice(sorted(earned.into)))
        if chance.random() < 0.7:
            await kept(world)
            await oracle.check()
    await kept(world)
    await oracle.check()
    # Each grant was made once, and taken back once at most.
    told = await world.published()
    back = [one["reverses"] for one in told if "reverses" in one]
    assert len(back) == len(set(back))


async def test_what_two_reach_together_and_was_taken_from_one_is_held_by_the_other_alone(
    world: Any, api: httpx.AsyncClient, earned: Merging
) -> None:
    for badge in IDS:
        assert (await take(api, world, "a", badge)).status_code == 200
    await earned.merge("b", "a")
    await kept(world)
    # What is taken back and earned anew meanwhile is told to nobody.
    award = world.award("b", 3)
    await world.awarded(award)
    await world.awarded(world.reversal(award))
    await kept(world)
    assert await held(api, world, "a") == {}
    await earned.unmerge("b")
    await kept(world)
    assert set(await held(api, world, "b")) == set(IDS)
    assert await held(api, world, "a") == {}
    # And goes with what it stands on, as if nothing had been.
    await world.published()
    await world.awarded(world.award("b", -5))
    await kept(world)
    assert set(await held(api, world, "b")) == {"writer"}
    assert sorted(one["id"] for one in await world.published() if "reverses" in one) == ["five", "pair"]
