"""What members did before, as rules and audiences count it: decided when scored, kept, one with who is merged."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.scoring.audiences.handlers.deciding import on_members
from shared.contracts.facts import MEMBER_FACT
from tests.integration.services.merging import Merging
from tests.integration.services.scoring.test_audiences import look, told, turns

pytestmark = pytest.mark.stack

RULES = """
programme: demo
title: Demo
counters:
  - {id: messages, of: awards, rule: write, days: 30}
  - {id: idle, of: days_since_last}
audiences:
  - id: kubers
    title: Into Kubernetes
    when: member.about >= 2
    measures: [{id: about, of: interest, topic: Kubernetes, days: 90}]
rules:
  - {id: write, title: Wrote, on: [chat.message.v1], points: 1}
  - {id: first, title: Wrote first, on: [chat.message.v1], points: 10, when: counter("messages") == 0}
  - {id: third, title: Wrote again, on: [chat.message.v1], points: 7, when: counter("messages") >= 2}
  - id: worth
    title: By what there was
    on: [chat.message.v1]
    points: 50
    points_by: {cel: '3 * counter("messages")'}
"""


async def of_rule(world: Any, member: str) -> dict[str, int]:
    return {rule: points for (one, rule), points in (await world.totals()).items() if one == world.uuid(member)}


async def test_counters_are_what_was_earned_before_the_batch_and_stay(world: Any, api: Any) -> None:
    now = datetime.now(UTC)
    await world.publish(RULES)
    await world.score(world.event("1", time=now, receivedat=now), world.event("2", time=now, receivedat=now))
    # Both came before either counted.
    assert await of_rule(world, "ann") == {"write": 2, "first": 20}
    await world.score(world.event("3", time=now, receivedat=now))
    assert await of_rule(world, "ann") == {"write": 3, "first": 20, "third": 7, "worth": 6}
    explained = (await api.get(f"/v1/events/{world.uuid('event 3')}/explanation")).json()
    read = {(one["rule_id"], one["name"], one["value"]) for one in explained["attributes"]}
    assert read >= {("third", "counter:messages", 2), ("first", "counter:messages", 2)}
    assert {one["written"] for one in explained["attributes"]} == {'counter("messages")'}
    # What was calculated stands there with what it came to.
    calculated = {"rule_id": "worth", "beneficiary": "actor", "points": 6, "met": {}}
    assert explained["calculated"] == [calculated]
    # Two are taken back: what was decided for the third stays, the fourth is decided by what is left.
    await world.score(world.retraction("1"), world.retraction("2"))
    assert (await of_rule(world, "ann"))["third"] == 7
    await world.score(world.event("4", time=now, receivedat=now))
    assert await of_rule(world, "ann") == {"write": 2, "third": 7, "worth": 9}


async def test_who_is_merged_is_counted_as_one_and_apart_again(world: Any, api: Any) -> None:
    now = datetime.now(UTC)
    merging = Merging(world, on_members)
    await world.publish(RULES)
    about = {"channel": "chat", "topic": "kubernetes"}
    await world.handle(on_members, told(world, "ann", 1), told(world, "bob", 1))
    for number, name in enumerate(("ann", "bob")):
        await world.score(world.event(f"m{number}", name, None, time=now, receivedat=now, data=about))
    await look(world)
    assert await turns(world) == []

    await merging.merge("bob", "ann")
    await look(world)
    ann, bob = world.uuid("ann"), world.uuid("bob")
    assert await turns(world) == [("entered", ann, "kubers", 1)]
    await world.score(world.event("m2", "bob", None, time=now, receivedat=now))
    assert (await of_rule(world, "bob"))["third"] == 7
    # Each alone is in none: the head leaves, whom they were merged into.
    await merging.unmerge("bob")
    await look(world)
    assert await turns(world) == [("left", ann, "kubers", 2)]
    await world.score(world.event("m3", "bob", None, time=now, receivedat=now, data=about))
    await look(world)
    assert await turns(world) == [("entered", bob, "kubers", 1)]
    # An audience may be asked of the past: who was in it as known before each of these.
    page = (await api.get("/v1/audiences/kubers/members")).json()
    assert [(one["member_id"], one["met"]) for one in page["items"]] == [(bob, {"about": 2})]


async def test_interest_is_what_counts_of_tags_and_topics_and_goes_with_whom_it_is_of(
    world: Any, api: Any
) -> None:
    now = datetime.now(UTC)
    await world.publish(RULES)
    ann = world.uuid("ann")
    await world.handle(on_members, told(world, "ann", 1))
    tagged = {"channel": "chat", "tags": ["docs", "KUBERNETES"]}
    first = world.event("t1", time=now, receivedat=now, data=tagged)
    await world.score(
        first, world.event("t2", time=now, receivedat=now, data={"channel": "chat", "topic": "docs"})
    )
    await world.score(first)
    await look(world)
    assert await turns(world) == []
    await world.score(world.event("t3", time=now, receivedat=now, data=tagged))
    await look(world)
    assert await turns(world) == [("entered", ann, "kubers", 1)]
    wanted = {"when": "member.about >= 1", "measures": [{"id": "about", "of": "interest", "topic": "docs"}]}
    preview = await api.post("/v1/audiences/preview", json=wanted)
    assert (preview.status_code, preview.json()["found"], preview.json()["sample"][0]["met"]) == (
        200,
        1,
        {"about": 3},
    )

    # A moderator takes one back: that is ann's, who is looked at anew.
    await world.score(world.retraction("t1"))
    await look(world)
    assert await turns(world) == [("left", ann, "kubers", 2)]
    restored = world.event(
        "t1 again", "moderator", None, type="activity.restored.v1", targetuid=world.uuid("event t1")
    )
    await world.score(restored | {"time": restored["time"] + timedelta(days=1)})
    await look(world)
    assert await turns(world) == [("entered", ann, "kubers", 3)]

    erased = {"member_id": ann, "revision": 9, "erased_at": now, "identities": [], "forfeits": False}
    await world.handle(on_members, MEMBER_FACT.validate_python(world.fact("member.erased.v1", "ann gone", erased)))
    await world.score(world.event("t4", time=now, receivedat=now, data=tagged))
    kept = await world.pool.fetchval(
        "select count(*) from event_topics where community = $1 and member_id = $2", world.community, ann
    )
    assert kept == 0
