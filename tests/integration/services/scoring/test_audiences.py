"""Audiences as they are decided and told: by what was said of members, and by what they did."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.scoring.audiences.handlers.deciding import Decider, on_audiences_told, on_members
from services.scoring.awards.domain.awards import award_id
from services.scoring.awards.handlers.restoring import on_awards_told, on_events_read
from shared.contracts.facts import AUDIENCE_FACT, MEMBER_ERASED, MEMBER_FACT, MEMBER_IDENTIFIED, POINTS_AWARDED
from tests.integration.services.world import NOON

pytestmark = pytest.mark.stack

DAY = timedelta(days=1)
RULES = """
programme: demo
title: Demo
attributes: [{id: country, title: Country, for_rules: true}]
audiences:
  - {id: italy, title: In Italy, when: 'member.country == "IT"'}
  - id: writers
    title: Writers
    when: member.messages >= 2
    measures: [{id: messages, of: awards, rule: write, days: 30}]
rules:
  - {id: write, title: Wrote, on: [chat.message.v1], points: 1}
  - {id: ciao, title: Wrote from Italy, on: [chat.message.v1], points: 5, audiences: [italy]}
  - {id: again, title: A writer wrote, on: [chat.message.v1], points: 7, when: '"writers" in audiences'}
"""


def told(world: Any, member: str, revision: int, *countries: tuple[datetime, str]) -> Any:
    data = {
        "member_id": world.uuid(member),
        "identities": [world.identity("chat", member)],
        "channel": "chat",
        "first_seen_at": NOON,
        "revision": revision,
        "name": member.title(),
        "dated": [
            {
                "kind": "attribute",
                "name": "country",
                "since": since,
                "said_at": since,
                "value": value,
                "source": "crm",
            }
            for since, value in countries
        ],
    }
    return MEMBER_IDENTIFIED.adapter.validate_python(
        world.fact("member.identified.v1", f"{member} {revision}", data)
    )


async def look(world: Any, at: datetime | None = None) -> None:
    """Decide until nobody is due, now or when it will be so late."""
    decider, is_more = Decider(), True
    while is_more:
        async with world.begin() as tx:
            tx.now = at or tx.now
            is_more = await decider.look(tx)


async def turns(world: Any) -> list[tuple[str, str, str, int]]:
    """What was told since it was asked last: entered or left, member, audience, revision."""
    return [
        (
            fact["type"].split(".")[1],
            fact["data"]["member_id"],
            fact["data"]["audience"],
            fact["data"]["revision"],
        )
        for topic, _, fact in await world.published()
        if topic == "audiences.v1"
    ]


async def test_members_enter_and_leave_by_what_is_said_and_by_what_they_do(world: Any, api: Any) -> None:
    ann, now = world.uuid("ann"), datetime.now(UTC)
    await world.publish(RULES)
    await world.handle(on_members, told(world, "ann", 1, (now - 9 * DAY, "IT")), told(world, "bob", 1))
    await look(world)
    assert await turns(world) == [("entered", ann, "italy", 1)]

    for name in ("1", "2", "3"):
        await world.score(world.event(name, time=now, receivedat=now))
    # The third message alone came after two awards; each time it was asked before its own counted.
    assert (await world.totals()) == {(ann, "write"): 3, (ann, "ciao"): 15, (ann, "again"): 7}
    await look(world)
    assert await turns(world) == [("entered", ann, "writers", 1)]
    read = await world.pool.fetch(
        "select name, value from attributes_read where community = $1 and rule_id = 'again' order by value",
        world.community,
    )
    assert [tuple(row) for row in read] == [("audience:writers", "false")] * 2 + [("audience:writers", "true")]

    listed = (await api.get("/v1/audiences")).json()
    assert {(one["id"], one["by"], one["members"]) for one in listed["items"]} == {
        ("italy", "attributes", 1),
        ("writers", "behaviour", 1),
    }
    page = (await api.get("/v1/audiences/writers/members")).json()
    assert [(one["member_id"], one["member_name"], one["met"]) for one in page["items"]] == [
        (ann, "Ann", {"messages": 3})
    ]
    before = (now - DAY).isoformat()
    assert (await api.get("/v1/audiences/writers/members", params={"at": before})).json()["items"] == []
    assert (await api.get("/v1/audiences/nobody/members")).status_code == 404
    explained = (await api.get(f"/v1/events/{world.uuid('event 1')}/explanation")).json()
    assert ("again", "condition_false") in {(one["rule_id"], one["reason"]) for one in explained["declined"]}

    # Put right: she moved long ago, which was said just now.
    await world.handle(on_members, told(world, "ann", 2, (now - 9 * DAY, "IT"), (now - DAY, "DE")))
    await look(world)
    assert await turns(world) == [("left", ann, "italy", 2)]

    async def at(moment: datetime) -> dict[str, bool]:
        answer = await api.get(f"/v1/members/{ann}/audiences", params={"at": moment.isoformat()})
        return {one["id"]: one["is_in"] for one in answer.json()["items"]}

    assert await at(now - 2 * DAY) == {"italy": True, "writers": False}
    assert (await at(datetime.now(UTC)))["italy"] is False

    # Thirty days later she has done nothing: then she is no writer any more.
    await look(world, at=now + 29 * DAY)
    assert await turns(world) == []
    await look(world, at=now + 31 * DAY)
    assert await turns(world) == [("left", ann, "writers", 2)]


async def test_after_a_restore_what_was_given_stays_and_what_is_read_again_is_decided_by_all_that_was_told(
    world: Any,
) -> None:
    """The exception that ADR 79 names: rules by behaviour are decided anew, and with more known than then."""
    newcomer = """
  - {id: new, title: A newcomer wrote, on: [chat.message.v1], points: 3, when: '!("writers" in audiences)'}
"""
    ann, now = world.uuid("ann"), datetime.now(UTC)
    await world.publish(RULES + newcomer)
    events = [world.event(name, time=now, receivedat=now) for name in ("1", "2", "3")]
    given = {"write": (1, events), "new": (3, events[:2]), "again": (7, events[2:])}
    told_awards = [
        POINTS_AWARDED.adapter.validate_python(
            world.award_fact(
                award_id(
                    community=world.community,
                    rule_id=rule,
                    beneficiary="actor",
                    event_uid=event["uid"],
                    member_id=ann,
                    event_time=now,
                ),
                "ann",
                points,
                event["uid"],
                rule=rule,
                at=now,
            )
        )
        for rule, (points, of_events) in given.items()
        for event in of_events
    ]
    await world.handle(on_awards_told, *told_awards)
    before = await world.totals()
    assert before == {(ann, "write"): 3, (ann, "new"): 6, (ann, "again"): 7}
    for event in events:
        await world.score(event)
    await world.handle(on_events_read, *told_awards)
    # Nothing that was told is taken; of the first two it is known now that she writes.
    assert await world.totals() == before | {(ann, "again"): 21}


async def test_a_new_version_looks_at_everybody_in_pieces(world: Any, api: Any) -> None:
    now = datetime.now(UTC)
    await world.publish(RULES.replace('"IT"', '"FR"'))
    for name in ("ann", "bob", "eve"):
        await world.handle(on_members, told(world, name, 1, (now - DAY, "IT")))
    await look(world)
    assert await turns(world) == []
    await world.publish(RULES)
    await world.pool.execute(
        "update programme_versions set effective_from = now() where community = $1 and version = 2",
        world.community,
    )
    await look(world)
    found = await turns(world)
    assert sorted(found) == sorted(("entered", world.uuid(name), "italy", 1) for name in ("ann", "bob", "eve"))
    await look(world)
    assert await turns(world) == []

    preview = await api.post("/v1/audiences/preview", json={"when": 'member.country != "IT"'})
    assert preview.status_code == 200, preview.text
    body = preview.json()
    assert (body["members"], body["looked_at"], body["found"], body["is_estimate"]) == (3, 3, 0, False)
    refused = await api.post("/v1/audiences/preview", json={"when": "member.contry == 'IT'"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "/when")


async def test_of_who_was_erased_nothing_stays_and_what_was_told_is_taken_in_again(world: Any) -> None:
    now, ann = datetime.now(UTC), world.uuid("ann")
    await world.publish(RULES)
    await world.handle(on_members, told(world, "ann", 1, (now - DAY, "IT")))
    await look(world)
    facts = [fact for topic, _, fact in await world.published() if topic == "audiences.v1"]
    for table in ("audience_members", "audience_changes"):
        await world.pool.execute(f"delete from {table} where community = $1", world.community)
    taken = [AUDIENCE_FACT.validate_python(fact) for fact in facts]
    await world.handle(on_audiences_told, *taken)
    await world.handle(on_audiences_told, *taken)
    await look(world)
    assert await turns(world) == []

    async def kept() -> set[int]:
        return {
            await world.pool.fetchval(f"select count(*) from {table} where community = $1", world.community)
            for table in ("audience_members", "audience_changes")
        }

    assert await kept() == {1}
    erased = world.fact(
        "member.erased.v1",
        "ann erased",
        {"member_id": ann, "revision": 9, "erased_at": now, "identities": [], "forfeits": False},
    )
    await world.handle(on_members, MEMBER_FACT.validate_python(erased))
    assert await kept() == {0}
    assert MEMBER_ERASED.name == "member.erased.v1"
