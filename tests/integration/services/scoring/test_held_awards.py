"""Awards among friends alone are held, and released or denied by people; nothing of them is lost meanwhile."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import httpx
import pytest

from services.scoring.holds.handlers.following import on_cases_told, on_links, on_members
from services.scoring.holds.handlers.looking import look
from services.scoring.signals.domain.ties import window_of, window_starts
from services.scoring.signals.store import ties as store
from shared.contracts.facts import (
    MEMBER_LINKS_CHANGED,
    POINTS_AWARDED,
    SIGNAL_CASE_CHANGED,
    MemberLinksChanged,
)
from shared.followed_members.store import FollowedName, put_names
from tests.integration.services.merging import Merging
from tests.integration.services.world import add_person

pytestmark = pytest.mark.stack

SCOPES = ("points:write", "points:approve", "points:read", "programmes:read")
SIGNALS = """
signals: {more_than_points: 20, hold_from_percent: 90, second_person_from: 100}
"""
RULES = """
programme: demo
title: Demo
rules:
  - {id: heard, title: Was written to, on: [chat.message.v1], to: object_author, points: 3}
"""
#: In the middle of a window, so that days on both sides are in it.
DAY = datetime.combine(window_starts(window_of(datetime.now(UTC).date())), datetime.min.time(), UTC)
WHEN = DAY + timedelta(hours=1)


class Desk:
    """Ada and Bob decide about what ann, bob and others gave one another."""

    def __init__(self, world: Any, clients: list[httpx.AsyncClient]) -> None:
        self.world = world
        self.ada, self.also_ada, self.bob = clients
        self.facts: list[Any] = []

    def messages(self, one: str, other: str, count: int, *, first: int = 0, **more: Any) -> list[Any]:
        return [
            self.world.event(f"{one}-{other}-{place}", one, other, time=WHEN + timedelta(minutes=place), **more)
            for place in range(first, first + count)
        ]

    async def look(self) -> None:
        is_more = True
        while is_more:
            async with self.world.begin() as tx:
                is_more = await look(tx)

    async def cases(self, **params: Any) -> list[Any]:
        return list((await self.ada.get("/v1/signals", params=params)).json()["items"])

    async def decide(self, case_id: str, verb: str, *, by: Any = None, **body: Any) -> httpx.Response:
        return await (by or self.ada).post(f"/v1/signals/{case_id}/{verb}", json=body or None)

    async def score(self, member: str = "ann") -> int:
        return int((await self.ada.get(f"/v1/members/{self.world.uuid(member)}/score")).json()["points"])

    async def told(self) -> dict[str, int]:
        """What rewards and recognition were told in all, by member."""
        self.facts += [one for topic, _, one in await self.world.published() if topic == "points.awarded.v1"]
        sums: dict[str, int] = {}
        for one in self.facts:
            POINTS_AWARDED.adapter.validate_python(one)
            member = one["data"]["member_id"]
            sums[member] = sums.get(member, 0) + one["data"]["points"]
        return {name: sums.get(self.world.uuid(name), 0) for name in ("ann", "bob", "cat")}


def kind_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, str(answer.json()["type"]).rpartition(":")[2]


@pytest.fixture
async def desk(world: Any, clients: Any) -> Desk:
    await world.publish(RULES + SIGNALS)
    async with world.pool.acquire() as conn:
        names = {(world.community, world.uuid(name)): FollowedName(1, name) for name in ("ann", "bob", "cat")}
        await put_names(conn, names)
    ada = await add_person(world.pool, world.community)
    return Desk(world, [await clients(*SCOPES, person_id=who) for who in (ada, ada, None)])


async def test_what_two_hand_one_another_is_held_and_released_and_nothing_is_lost(desk: Desk) -> None:
    both = [*desk.messages("ann", "bob", 8), *desk.messages("bob", "ann", 8)]
    await desk.world.score(*both)
    assert (await desk.told(), await desk.score()) == ({"ann": 24, "bob": 24, "cat": 0}, 24)
    await desk.look()
    # What was given already amounts to nothing, and so does what comes after.
    assert (await desk.told(), await desk.score()) == ({"ann": 0, "bob": 0, "cat": 0}, 0)
    await desk.world.score(*desk.messages("bob", "ann", 2, first=8), *desk.messages("cat", "ann", 1))
    await desk.look()
    assert await desk.told() == {"ann": 3, "bob": 0, "cat": 0}
    cases = {one["member_name"]: one for one in await desk.cases()}
    assert {name: (one["state"], one["held_points"]) for name, one in cases.items()} == {
        "ann": ("held", 30),
        "bob": ("held", 24),
    }
    ann = cases["ann"]
    (signal,) = ann["signals"]
    assert (signal["signal"], signal["givers_count"], signal["figures"]["members"]) == ("ring", 1, 2)
    shown = (await desk.ada.get(f"/v1/signals/{ann['case_id']}")).json()
    assert [
        (one["giver_name"], one["receiver_name"], one["points"], one["back_points"]) for one in shown["pairs"]
    ] == [
        ("bob", "ann", 30, 24),
        ("ann", "bob", 24, 30),
    ]
    # The member sees that it is looked at, and why each of them gave nothing yet.
    own = (await desk.ada.get(f"/v1/members/{desk.world.uuid('ann')}/held-awards")).json()["items"]
    assert [(one["state"], one["held_points"], one["reason"]) for one in own] == [("looked_at", 30, None)]
    explained = (await desk.ada.get(f"/v1/events/{both[8]['uid']}/explanation")).json()
    assert {(one["points"], one["cause"]) for one in explained["awards"]} == {(3, None), (-3, "held")}
    assert [one["reason"] for one in explained["declined"]] == ["held"]
    # Retracted while it is held: released it is still nothing.
    await desk.world.score(desk.world.retraction("bob-ann-0"))
    await desk.look()
    released = await desk.decide(ann["case_id"], "release", reason="honest", note="I know them")
    assert (released.status_code, released.json()["state"], released.json()["decided_by"] is not None) == (
        200,
        "released",
        True,
    )
    assert (await desk.decide(ann["case_id"], "release", reason="honest")).json() == released.json()
    await desk.look()
    assert await desk.told() == {"ann": 30, "bob": 0, "cat": 0}
    # They are trusted in this window: what comes after is given, and nothing is found again.
    await desk.world.score(*desk.messages("bob", "ann", 5, first=20))
    await desk.look()
    assert (await desk.told(), await desk.score()) == ({"ann": 45, "bob": 0, "cat": 0}, 45)
    assert await desk.cases(state="released", member=desk.world.uuid("ann")) != []


async def test_much_is_released_by_two_and_what_is_denied_stays_with_a_reason(desk: Desk) -> None:
    await desk.world.score(*desk.messages("ann", "bob", 40), *desk.messages("bob", "ann", 10))
    await desk.look()
    cases = {one["member_name"]: one["case_id"] for one in await desk.cases()}
    asked = await desk.decide(cases["bob"], "release", reason="same_place")
    assert (asked.json()["state"], asked.json()["held_points"]) == ("release_asked", 120)
    await desk.look()
    assert await desk.told() == {"ann": 0, "bob": 0, "cat": 0}
    for own in (desk.ada, desk.also_ada):
        assert kind_of(await desk.decide(cases["bob"], "approve", by=own)) == (403, "signal-four-eyes")
    assert (await desk.decide(cases["bob"], "approve", by=desk.bob)).json()["state"] == "released"
    assert kind_of(await desk.decide(cases["ann"], "deny", reason="honest")) == (422, "signal-reason")
    assert kind_of(await desk.decide(cases["ann"], "approve", by=desk.bob)) == (409, "signal-case-decided")
    assert (await desk.decide(cases["ann"], "deny", reason="traded")).json()["state"] == "denied"
    await desk.look()
    assert await desk.told() == {"ann": 0, "bob": 120, "cat": 0}
    own = (await desk.ada.get(f"/v1/members/{desk.world.uuid('ann')}/held-awards")).json()["items"]
    assert [(one["state"], one["held_points"], one["reason"]) for one in own] == [("denied", 30, "traded")]
    # What these give after it in the same days is nothing either; a denial can be taken back.
    await desk.world.score(*desk.messages("bob", "ann", 1, first=50))
    await desk.look()
    assert (await desk.told())["ann"] == 0
    uid = desk.world.uuid("event bob-ann-50")
    explained = (await desk.ada.get(f"/v1/events/{uid}/explanation")).json()
    assert [one["reason"] for one in explained["declined"]] == ["denied"]
    assert (await desk.decide(cases["ann"], "release", reason="honest")).json()["state"] == "released"
    await desk.look()
    assert await desk.told() == {"ann": 33, "bob": 120, "cat": 0}


async def test_a_ring_is_decided_at_once_or_not_at_all(desk: Desk) -> None:
    pairs = [("ann", "bob"), ("bob", "cat"), ("cat", "ann")]
    await desk.world.score(*[one for pair in pairs for one in desk.messages(*pair, 8)])
    await desk.look()
    cases = await desk.cases()
    assert {(one["member_name"], one["signals"][0]["figures"]["members"]) for one in cases} == {
        ("ann", 3),
        ("bob", 3),
        ("cat", 3),
    }
    shown = (await desk.ada.get(f"/v1/signals/{cases[0]['case_id']}")).json()
    ids = [cases[0]["case_id"], *shown["ring_case_ids"]]
    assert sorted(ids) == sorted(one["case_id"] for one in cases)
    body = {"case_ids": ids, "decision": "release", "reason": "honest"}
    wrong = await desk.ada.post("/v1/signals/decisions", json=body | {"case_ids": [*ids, desk.world.uuid("none")]})
    assert kind_of(wrong) == (404, "unknown-signal-case")
    assert {one["state"] for one in await desk.cases()} == {"held"}
    decided = await desk.ada.post("/v1/signals/decisions", json=body)
    assert {one["state"] for one in decided.json()} == {"released"}
    await desk.look()
    assert await desk.told() == {"ann": 24, "bob": 24, "cat": 24}


async def test_it_goes_as_it_came_until_a_person_has_decided(desk: Desk) -> None:
    """Whatever the order and the batches, the same is held."""
    await desk.world.score(*desk.messages("ann", "bob", 8), *desk.messages("bob", "ann", 8))
    await desk.look()
    assert (await desk.told())["ann"] == 0
    # Late, others turn out to give to ann as much: then it was no ring.
    late = [one for place in range(12) for one in desk.messages(f"guest{place}", "ann", 2)]
    await desk.world.score(*late)
    await desk.look()
    assert await desk.told() == {"ann": 96, "bob": 24, "cat": 0}
    assert {one["state"] for one in await desk.cases(member=desk.world.uuid("ann"))} == {"gone"}
    # Taken back, they leave it as it was.
    await desk.world.score(
        *[desk.world.retraction(f"guest{place}-ann-{turn}") for place in range(12) for turn in (0, 1)]
    )
    await desk.look()
    assert await desk.told() == {"ann": 0, "bob": 0, "cat": 0}
    await desk.world.publish(RULES)
    await desk.world.pool.execute(
        "update programme_versions set effective_from = now() where community = $1 and version = 2",
        desk.world.community,
    )
    await desk.world.score(*desk.messages("ann", "bob", 1, first=30))
    await desk.look()


async def test_without_a_hold_it_is_marked_only(desk: Desk) -> None:
    await desk.world.publish(RULES + "signals: {more_than_points: 20}\n")
    await desk.world.pool.execute(
        "update programme_versions set effective_from = now() where community = $1 and version = 2",
        desk.world.community,
    )
    await desk.world.score(*desk.messages("ann", "bob", 8), *desk.messages("bob", "ann", 8))
    await desk.look()
    assert await desk.told() == {"ann": 24, "bob": 24, "cat": 0}
    marked = await desk.cases(state="marked")
    assert [(one["score_percent"], one["held_points"]) for one in marked] == [(100, 0), (100, 0)]
    assert kind_of(await desk.decide(marked[0]["case_id"], "release", reason="honest")) == (
        409,
        "signal-case-decided",
    )
    terms = (await desk.ada.get("/v1/signals/terms")).json()
    assert (terms["is_on"], terms["hold_from_percent"]) == (True, None)


async def test_what_was_decided_is_read_back_before_events_are_scored_again(desk: Desk) -> None:
    await desk.world.score(*desk.messages("ann", "bob", 8), *desk.messages("bob", "ann", 8))
    await desk.look()
    cases = {one["member_name"]: one["case_id"] for one in await desk.cases()}
    await desk.decide(cases["ann"], "deny", reason="one_person", note="As told by both")
    facts = [one for topic, _, one in await desk.world.published() if topic == "signals.v1"]
    await desk.world.pool.execute("delete from signal_cases where community = $1", desk.world.community)
    await desk.world.handle(on_cases_told, *(SIGNAL_CASE_CHANGED.adapter.validate_python(one) for one in facts))
    ann = (await desk.ada.get(f"/v1/signals/{cases['ann']}")).json()
    # The note was never told; the rest is there.
    assert (ann["state"], ann["reason"], ann["note"], ann["decided_by_person"] is not None) == (
        "denied",
        "one_person",
        None,
        True,
    )
    await desk.look()
    await desk.world.score(*desk.messages("bob", "ann", 1, first=30))
    await desk.look()
    assert await desk.score() == 0


def links(world: Any, member: str, *, revision: int = 1, **data: Any) -> MemberLinksChanged:
    example = MEMBER_LINKS_CHANGED.examples[0]
    fact: MemberLinksChanged = MEMBER_LINKS_CHANGED.adapter.validate_python(
        {
            **example,
            "id": world.uuid(f"{member} {revision}"),
            "community": world.community,
            "subject": world.uuid(member),
            "data": {"member_id": world.uuid(member), "revision": revision, "is_payer": False} | data,
        }
    )
    return fact


async def test_who_is_paid_to_one_account_gives_nobody_there_anything_until_looked_at(desk: Desk) -> None:
    others = [one for place in range(9) for one in desk.messages(f"guest{place}", "ann", 1)]
    await desk.world.score(*desk.messages("bob", "ann", 8), *others)
    await desk.look()
    assert (await desk.told())["ann"] == 51
    account = desk.world.uuid("account")
    for member in ("ann", "bob"):
        await desk.world.handle(on_links, links(desk.world, member, account_id=account, members_count=2))
    await desk.look()
    # Only what comes from there: the rest is everybody's.
    assert (await desk.told())["ann"] == 27
    (case,) = await desk.cases()
    assert [one["words"] for one in case["signals"]] == ["24 points came from 1 who are paid to the same account"]
    await desk.world.handle(on_links, links(desk.world, "ann", revision=2, members_count=1))
    await desk.look()
    assert (await desk.told())["ann"] == 51
    # The account that pays: all of it waits.
    await desk.world.handle(on_links, links(desk.world, "ann", revision=3, members_count=1, is_payer=True))
    await desk.look()
    assert (await desk.told())["ann"] == 0


async def test_whatever_the_order_and_the_batches_the_same_is_held(desk: Desk) -> None:
    """Looks come between, too: what was held early and should not be is let go, and the other way round."""
    found: list[dict[str, tuple[str, int]]] = []
    for turn in range(3):
        random = Random(turn)

        def named(name: str, turn: int = turn) -> str:
            return f"{name} {turn}"

        ring = [("ann", "bob"), ("bob", "cat"), ("cat", "ann")]
        events = [one for giver, to in ring for one in desk.messages(named(giver), named(to), 8)]
        events += [one for guest in range(9) for one in desk.messages(named(f"g{guest}"), named("dan"), 2)]
        events += desk.messages(named("eve"), named("dan"), 9)
        taken_back = [desk.world.retraction(f"{named('ann')}-{named('bob')}-{place}") for place in range(3)]
        events += [
            one | {"id": f"{one['id']} {turn}", "uid": desk.world.uuid(f"{one['id']} {turn}")}
            for one in taken_back
        ]
        random.shuffle(events)
        while events:
            count = random.randint(1, 20)
            batch, events = events[:count], events[count:]
            await desk.world.score(*batch)
            if random.random() < 0.5:
                await desk.look()
        await desk.look()
        said = {}
        for name in ("ann", "bob", "cat", "dan", "eve"):
            cases = await desk.cases(member=desk.world.uuid(named(name)))
            said[name] = next(
                ((one["state"], one["held_points"]) for one in cases if one["state"] != "gone"), ("", 0)
            )
        found.append(said)
    assert found[0] == found[1] == found[2]
    assert found[0] == {
        "ann": ("held", 24),
        # Of what was taken back so little is left that nobody looks.
        "bob": ("", 0),
        "cat": ("held", 24),
        "dan": ("", 0),
        "eve": ("", 0),
    }


async def test_what_one_person_gave_itself_is_held_once_it_is_known_to_be_one(desk: Desk) -> None:
    others = [one for place in range(9) for one in desk.messages(f"guest{place}", "ann", 1)]
    await desk.world.score(*desk.messages("bob", "ann", 8), *others)
    await desk.look()
    merging = Merging(desk.world, on_members)
    await merging.merge("bob", "ann")
    await desk.look()
    assert (await desk.told())["ann"] == 27
    (case,) = await desk.cases()
    assert [one["words"] for one in case["signals"]] == ["24 points came from 1 who are the same person"]
    await merging.unmerge("bob")
    await desk.look()
    assert (await desk.told())["ann"] == 51


async def test_who_is_known_by_everybody_is_not_looked_at(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "CROWD_MAX_COUNT", 5)
    others = [one for place in range(9) for one in desk.messages(f"guest{place}", "ann", 1)]
    await desk.world.score(*desk.messages("bob", "ann", 90), *others)
    await desk.look()
    assert (await desk.told())["ann"] == 297
