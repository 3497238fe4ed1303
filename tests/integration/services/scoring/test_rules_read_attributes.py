"""Rules read what was said of members: as of the event's time, the same whenever it is scored, and it is shown."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.scoring.audiences.handlers.deciding import on_members
from shared.contracts.facts import MEMBER_IDENTIFIED
from tests.integration.services.world import NOON

pytestmark = pytest.mark.stack

DAY = timedelta(days=1)
TEXT = """
programme: demo
title: Demo
attributes: [{id: tier, title: Tier, for_rules: true}, {id: seats, title: Seats, type: number, for_rules: true}]
rules:
  - {id: write, title: Wrote, on: [chat.message.v1], points: 1}
  - {id: gold, title: Wrote in gold, on: [chat.message.v1], when: 'member.tier == "gold"', points: 5}
  - {id: heard, title: Heard, on: [chat.message.v1], to: object_author, when: 'member.tier == "gold"', points: 3}
"""
#: What takes long enough to be evaluated in a child process.
DEAR = " && ".join(f'!event.source.matches("^[0-9]{n}(x|y)+[a-z]*z$")' for n in range(1, 5))


def told(world: Any, member: str, revision: int, *tiers: tuple[datetime, datetime, Any]) -> Any:
    data = {
        "member_id": world.uuid(member),
        "identities": [world.identity("chat", member)],
        "channel": "chat",
        "first_seen_at": NOON,
        "revision": revision,
        "dated": [
            {"kind": "attribute", "name": "tier", "since": since, "said_at": said, "value": value, "source": "crm"}
            for since, said, value in tiers
        ]
        + [
            {
                "kind": "consent",
                "name": "tier",
                "since": NOON,
                "said_at": NOON,
                "value": True,
                "source": "crm",
            }
        ],
    }
    return MEMBER_IDENTIFIED.adapter.validate_python(
        world.fact("member.identified.v1", f"{member} {revision}", data)
    )


async def given(world: Any, name: str, time: datetime, received: datetime) -> set[str]:
    """What a message earns that was sent at one time and received at another."""
    await world.score(world.event(name, time=time, receivedat=received))
    return {row["rule_id"] for row in await world.awards() if str(row["event_uid"]) == world.uuid(f"event {name}")}


async def test_a_rule_reads_what_was_so_and_known_then(world: Any, api: Any) -> None:
    await world.publish(TEXT)
    now = datetime.now(UTC) + 10 * DAY
    first, second, corrected = now - 3 * DAY, now - 2 * DAY, now - DAY
    ann = told(world, "ann", 3, (first, first, "silver"), (second, second, "gold"), (second, corrected, "bronze"))
    await world.handle(on_members, ann, told(world, "bob", 1, (first, first, "gold")))
    # An older revision, come late, changes nothing.
    await world.handle(on_members, told(world, "ann", 2, (first, first, "gold")))

    assert await given(world, "1", first, first + DAY / 2) == {"write", "heard"}
    assert await given(world, "2", second, second + DAY / 2) == {"write", "gold", "heard"}
    assert await given(world, "3", second, now) == {"write", "heard"}

    explained = (await api.get(f"/v1/events/{world.uuid('event 3')}/explanation")).json()
    found = [(one["rule_id"], one["name"], one["member_id"], one["value"]) for one in explained["attributes"]]
    assert found == [
        ("gold", "tier", world.uuid("ann"), "bronze"),
        ("heard", "tier", world.uuid("bob"), "gold"),
    ]
    assert datetime.fromisoformat(explained["attributes"][0]["since"]) == second
    assert [(one["rule_id"], one["reason"]) for one in explained["declined"]] == [("gold", "condition_false")]


async def test_read_again_from_the_beginning_events_earn_the_same(world: Any) -> None:
    """Members' topic has the newest word alone by then, and the events come in other batches."""
    now = datetime.now(UTC) + 10 * DAY
    first, second = now - 3 * DAY, now - 2 * DAY
    before = [(first, first, "gold")]
    after = [*before, (first, second, "silver")]
    again = type(world)(world.pool)

    def events(of: Any) -> list[Any]:
        early = of.event("early", receivedat=first + DAY / 2, time=first)
        return [early, of.event("late", receivedat=now, time=now)]

    await world.publish(TEXT)
    for tiers, event in zip((before, after), events(world), strict=True):
        await world.handle(on_members, told(world, "ann", len(tiers), *tiers))
        await world.score(event)
    await again.publish(TEXT)
    await again.handle(on_members, told(again, "ann", 2, *after))
    await again.score(*reversed(events(again)))

    for of in (world, again):
        assert await of.totals() == {(of.uuid("ann"), "write"): 2, (of.uuid("ann"), "gold"): 5}
        assert await reads(of) == {("early", "gold"): '"gold"', ("late", "gold"): '"silver"'}


async def reads(world: Any) -> dict[tuple[str, str], Any]:
    """What is known to have been read, by event and rule."""
    rows = await world.pool.fetch(
        "select event_uid, rule_id, value from attributes_read where community = $1 and value is not null",
        world.community,
    )
    names = {world.uuid(f"event {name}"): name for name in ("early", "late")}
    return {(names[str(row["event_uid"])], row["rule_id"]): row["value"] for row in rows}


async def test_what_is_told_between_preparing_a_batch_and_scoring_it_is_read(world: Any) -> None:
    """A batch has facts of members too, which are handled once it was prepared, and before its events."""
    await world.publish(TEXT)
    now = datetime.now(UTC) + DAY
    events = [world.event("one", receivedat=now, time=now)]

    class Preparation:
        settings = world.settings
        lend = staticmethod(world.pool.acquire)

    await world.scorer.prepare(Preparation(), events)
    async with world.begin() as tx:
        await on_members(tx, [told(world, "ann", 1, (NOON, NOON, "gold"))])
        await world.scorer.on_activities(tx, events)
    assert {row["rule_id"] for row in await world.awards()} == {"write", "gold"}


async def test_a_condition_evaluated_apart_reads_them_too(world: Any) -> None:
    await world.publish(TEXT.replace('"gold"\', points: 5', f'"gold" && {DEAR}\', points: 5'))
    now = datetime.now(UTC) + DAY
    await world.handle(on_members, told(world, "ann", 1, (NOON, NOON, "gold")))
    try:
        await world.score(
            world.event("one", receivedat=now, time=now), world.event("two", "cat", None, receivedat=now, time=now)
        )
    finally:
        await world.scorer.close()
    assert world.scorer.evaluator.children.started_count == 1
    assert await world.totals() == {
        (world.uuid("ann"), "write"): 1,
        (world.uuid("ann"), "gold"): 5,
        (world.uuid("cat"), "write"): 1,
    }
