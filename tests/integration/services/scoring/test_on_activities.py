"""Scoring on a real database: what is earned, once, whatever is delivered twice, late or at the same time."""

import asyncio
import gzip
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from services.scoring.awards.handlers.scoring import Scorer
from services.scoring.programmes.domain.publication import OtherProgrammeError
from shared.consumer import Preparation
from shared.contracts.backfill import is_backfill
from shared.contracts.facts import POINTS_AWARDED, PROGRAMME_PUBLISHED
from shared.transaction import InvalidMessageError

ROOT = Path(__file__).parents[4]
#: Earlier on the day of the world's events.
NOON_BEFORE = datetime(2026, 3, 4, 9, tzinfo=UTC)
RULES_AT_TWO = """
programme: demo
title: Demo
rules:
  - {id: write, title: Wrote, on: [chat.message.v1], points: 2}
"""


async def test_what_takes_no_time_is_not_prepared_and_a_version_of_since_counts_all_the_same(world: Any) -> None:
    world.configure(programme_lead_seconds=0)
    await world.publish()
    await world.score(world.event("1"))
    await world.publish(RULES_AT_TWO)
    batch = [world.event("2")]

    def lend() -> Any:
        raise AssertionError("nothing is to be compiled, as far as memory knows, or evaluated apart")

    await world.scorer.prepare(Preparation(lend, world.settings), batch)
    async with world.begin() as tx:
        await world.scorer.on_activities(tx, batch)

    assert (await world.totals())[world.uuid("ann"), "write"] == 1 + 2


async def test_an_event_earns_what_the_rules_say_and_tells_the_others(world: Any) -> None:
    await world.publish()
    await world.published()
    event = world.event("1", traceparent="00-" + "1" * 32 + "-" + "2" * 16 + "-01")
    await world.score(event)

    assert await world.totals() == {(world.uuid("ann"), "write"): 1, (world.uuid("bob"), "heard"): 3}
    messages = await world.published()
    assert [(topic, key) for topic, key, _ in messages] == [
        ("points.awarded.v1", f"{world.community}|{world.uuid('ann')}"),
        ("points.awarded.v1", f"{world.community}|{world.uuid('bob')}"),
    ]
    fact = POINTS_AWARDED.adapter.validate_python(messages[0][2])
    assert fact["id"] == fact["data"]["award_id"]
    assert fact["traceparent"] == event["traceparent"]
    assert fact["data"]["event_uid"] == event["uid"]
    assert (fact["data"]["programme_id"], fact["data"]["programme_version"]) == ("demo", 1)


@pytest.mark.usefixtures("new_rows")
async def test_a_second_delivery_has_no_effect(world: Any) -> None:
    await world.publish()
    await world.score(world.event("1"), world.event("2"), world.event("1"))
    before = await world.awards()
    await world.published()
    await world.score(world.event("2"), world.event("1"), scorer=Scorer())
    assert (await world.awards(), await world.published()) == (before, [])
    assert len(before) == 4


@pytest.mark.usefixtures("new_rows")
async def test_a_retraction_takes_back_what_was_earned_once(world: Any) -> None:
    await world.publish()
    await world.score(world.event("1"))
    await world.published()
    await world.score(world.retraction("1"), world.retraction("1"))
    await world.score(world.retraction("1"))

    assert await world.totals() == {}
    facts = [POINTS_AWARDED.adapter.validate_python(fact)["data"] for _, _, fact in await world.published()]
    assert sorted(fact["points"] for fact in facts) == [-3, -1]
    earned = {str(row["award_id"]) for row in await world.awards() if row["points"] > 0}
    assert {(fact["amends"], fact["revision"], fact["cause"], fact["total"]) for fact in facts} == {
        (award, 1, "retracted", 0) for award in earned
    }


async def test_an_event_that_was_retracted_first_earns_nothing(world: Any) -> None:
    await world.publish()
    await world.score(world.retraction("1"))
    await world.score(world.event("1"))
    assert await world.awards() == []
    states = await world.pool.fetch("select rule_id, state from claims where community = $1", world.community)
    assert {tuple(row) for row in states} == {("write", "removed"), ("heard", "removed")}


async def test_events_and_their_retractions_at_the_same_time(world: Any) -> None:
    """Two workers, one with the events and retractions of the other's, in opposite orders: no deadlock, and 0."""
    await world.publish()
    names = [str(number) for number in range(200)]
    odd = [world.event(name) for name in names[::2]] + [world.retraction(name) for name in names[1::2]]
    even = [world.event(name) for name in names[1::2]] + [world.retraction(name) for name in names[::2]]
    for start in range(0, 200, 20):
        await asyncio.gather(
            world.score(*odd[start : start + 20], scorer=Scorer()),
            world.score(*reversed(even[start : start + 20]), scorer=Scorer()),
        )
    assert await world.totals() == {}
    marks = await world.pool.fetch(
        "select scored, retracted, count(*) from activities where community = $1 group by 1, 2", world.community
    )
    assert [tuple(row) for row in marks] == [(True, True, 200)]


async def test_a_cap_holds_when_workers_score_at_the_same_time(world: Any) -> None:
    await world.publish()
    batches = [[world.event(f"{batch}-{n}", f"m{batch}", "bob") for n in range(10)] for batch in range(4)]
    await asyncio.gather(*(world.score(*batch, scorer=Scorer()) for batch in batches))
    totals = await world.totals()
    assert totals[world.uuid("bob"), "heard"] == 10
    assert sum(points for (_, rule), points in totals.items() if rule == "write") == 40


async def test_why_a_rule_gave_nothing_is_kept(world: Any) -> None:
    await world.publish()
    short = {"channel": "forum", "actor": {"id": "ann"}, "length_chars": 3}
    await world.score(
        world.event("1", other=None),
        world.event("2", other="ann"),
        world.event("3", None, type="forum.post.v1"),
        world.event("4", type="forum.post.v1", data=short),
    )
    rows = await world.pool.fetch(
        "select event_uid, rule_id, reason, detail from declined where community = $1", world.community
    )
    assert {(str(row["event_uid"]), *row[1:]) for row in rows} == {
        (world.uuid("event 1"), "heard", "no_beneficiary", ""),
        (world.uuid("event 2"), "heard", "own_act", ""),
        (world.uuid("event 3"), "long", "condition_failed", "the event has no field length_chars"),
        (world.uuid("event 4"), "long", "condition_false", ""),
    }


async def test_a_retraction_that_names_nothing_is_invalid(world: Any) -> None:
    with pytest.raises(InvalidMessageError) as refused:
        await world.score(world.event("1"), world.event("2", type="activity.retracted.v1"))
    assert refused.value.index == 1


async def test_the_first_version_takes_effect_from_the_beginning(world: Any) -> None:
    await world.publish()
    await world.score(world.event("1", receivedat=datetime(2001, 1, 1, tzinfo=UTC)))
    assert len(await world.awards()) == 2


async def test_events_before_the_first_version_earn_nothing_and_later_ones_at_once(world: Any) -> None:
    await world.score(world.event("1"))
    published = await world.publish()
    await world.score(world.event("1"), world.event("2"))
    assert {str(row["event_uid"]) for row in await world.awards()} == {world.uuid("event 2")}
    assert published.version.effective_from > datetime.now(UTC) - timedelta(minutes=1)


async def test_a_version_that_another_process_published_counts_from_its_time(world: Any) -> None:
    await world.publish()
    await world.score(world.event("1", other=None))
    second = await world.publish(RULES_AT_TWO)
    since = second.version.effective_from
    await world.score(
        world.event("2", other=None, receivedat=since - timedelta(microseconds=1)),
        world.event("3", other=None, receivedat=since),
    )
    found = {str(row["event_uid"]): (row["points"], row["programme_version"]) for row in await world.awards()}
    assert found == {
        world.uuid("event 1"): (1, 1),
        world.uuid("event 2"): (1, 1),
        world.uuid("event 3"): (2, 2),
    }


async def test_publishing_waits_for_a_batch_that_is_being_scored(world: Any) -> None:
    await world.publish()
    async with world.begin() as tx:
        await world.scorer.on_activities(tx, [world.event("1")])
        publishing = asyncio.create_task(world.publish(RULES_AT_TWO))
        blocked = (
            "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '%for update%'"
        )
        async with asyncio.timeout(10):
            while not await world.pool.fetchval(blocked):
                await asyncio.sleep(0.01)
        scored_until = await tx.conn.fetchval("select clock_timestamp()")
        assert not publishing.done()
    published = await publishing
    # The time is taken after the wait, so that no event of that batch was received in the new version's time.
    assert published.version.effective_from >= scored_until + timedelta(seconds=2)


async def test_the_same_content_makes_no_new_version(world: Any) -> None:
    first = await world.publish(RULES_AT_TWO)
    again = await world.publish("# other words\n" + RULES_AT_TWO)
    assert (first.is_new, again.is_new, again.version.number) == (True, False, 1)
    (message,) = await world.published()
    fact = PROGRAMME_PUBLISHED.adapter.validate_python(message[2])
    assert (message[0], message[1]) == ("programme.v1", f"{world.community}|demo")
    assert (fact["data"]["version"], fact["data"]["published_by"]) == (1, "test")
    assert fact["data"]["document"]["rules"][0]["points"] == 2


async def test_two_publications_at_the_same_time_are_two_versions(world: Any) -> None:
    texts = [RULES_AT_TWO.replace("points: 2", f"points: {points}") for points in range(2, 8)]
    published = await asyncio.gather(*(world.publish(text) for text in texts))
    assert sorted(one.version.number for one in published) == [1, 2, 3, 4, 5, 6]


async def test_a_community_has_one_programme(world: Any) -> None:
    await world.publish()
    with pytest.raises(OtherProgrammeError, match="`demo`"):
        await world.publish(RULES_AT_TWO.replace("programme: demo", "programme: other"))


async def test_an_award_cannot_be_changed(world: Any) -> None:
    await world.publish()
    await world.score(world.event("1"))
    for statement in ("update awards set points = 99", "delete from awards"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await world.pool.execute(f"{statement} where community = $1", world.community)
    assert sum(row["points"] for row in await world.awards()) == 4


async def test_a_real_message_log_earns_what_can_be_counted_by_hand(world: Any, shared_data: Path) -> None:
    await world.publish((ROOT / "programmes" / "messages.yaml").read_text(encoding="utf-8"))
    events, wanted, capped = [], Counter[tuple[str, str]](), Counter[tuple[str, str, object]]()
    with gzip.open(shared_data / "collegemsg.txt.gz", "rt", encoding="ascii") as lines:
        next(lines)
        for number, line in zip(range(6_000), lines, strict=False):
            sender, receiver, seconds = line.split()
            time = datetime.fromtimestamp(int(seconds), UTC)
            events.append(world.event(str(number), sender, receiver, time=time))
            wanted[world.uuid(sender), "message"] += 1
            if sender != receiver:
                capped[world.uuid(receiver), "written-to", time.date()] += 2
    for (member, rule, _), points in capped.items():
        wanted[member, rule] += min(points, 10)
    for start in range(0, len(events), 700):
        await world.score(*events[start : start + 700])
    assert await world.totals() == wanted
    assert len(events) == 6_000


@pytest.mark.usefixtures("new_rows")
async def test_what_follows_from_the_past_says_so_and_amounts_to_the_same(world: Any) -> None:
    """Live ones, ones of the past, and what the past takes of the room of a live one: a cap is over both."""
    await world.publish()
    await world.published()
    past = [world.event(f"past {number}", backfill=True, time=NOON_BEFORE) for number in range(2)]
    live = [world.event(f"live {number}") for number in range(2)]
    await world.score(*live)
    told = [fact for _, _, fact in await world.published()]
    assert not any(is_backfill(fact) for fact in told)
    await world.score(*past)
    told = [fact for _, _, fact in await world.published()]
    assert told
    assert all(is_backfill(fact) for fact in told)
    # What is told of live events meanwhile follows from the past, too: they have less room.
    assert {fact["data"].get("cause") for fact in told} == {None, "limit"}
    assert sum((await world.totals()).values()) == 4 + 10
    await world.score(world.retraction("past 0"))
    assert not any(is_backfill(fact) for _, _, fact in await world.published())
    await world.score(world.retraction("past 1") | {"backfill": True})
    told = [fact for _, _, fact in await world.published()]
    assert told
    assert all(is_backfill(fact) for fact in told)
