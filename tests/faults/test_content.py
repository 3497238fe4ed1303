"""What comes in is the fault: the same thing at once, late, contradictory, poisonous, or of another version."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest
from plaudit_client import AsyncPlaudit

from shared.kafka import create_producer
from shared.topics import EVENTS, POINTS, RAW, Topic
from tests.faults import load as loads
from tests.faults.arena import PROGRAMMES, Arena, Run
from tests.faults.conftest import quick
from tests.faults.load import Expected, Load, expect

pytestmark = [pytest.mark.stack, pytest.mark.faults, pytest.mark.timeout(240)]

COPIES_COUNT = 100


async def send_all_at_once(run: Run, events: list[dict[str, Any]]) -> Counter[str]:
    """Send each event in a request of its own, all at the same time; their outcomes."""
    limits = httpx.Limits(max_connections=len(events))
    async with httpx.AsyncClient(trust_env=False, timeout=60, limits=limits) as http:
        answers = await asyncio.gather(
            *(
                http.post(
                    f"{run.arena.state.service_urls['ingest']}/v1/events",
                    content=orjson.dumps(event),
                    headers={"Authorization": f"Bearer {run.key}", "Content-Type": "application/cloudevents+json"},
                )
                for event in events
            )
        )
    taken = [answer.json()["receipt_id"] for answer in answers if answer.status_code == httpx.codes.ACCEPTED]
    assert {answer.status_code for answer in answers} <= {202, 429, 503}, "busy is the only excuse"
    run.receipts |= dict.fromkeys(taken, 1)
    async with AsyncPlaudit(run.arena.state.service_urls["ingest"], run.key, requests_in_flight=8) as client:
        found = await client.wait(taken)
    return Counter(
        accepted=found.accepted, duplicate=found.duplicate, conflict=found.conflict, pending=found.pending
    )


async def test_same_event_a_hundred_times_at_once(platform_under_faults: Arena) -> None:
    """It counts once, and the other ninety-nine are told so."""
    async with platform_under_faults.run("23 one event 100 times at once") as run:
        await run.moment()
        event = loads.message("eager", datetime.now(UTC), "p1", "p2")
        run.load.add(event)
        run.recovers()
        outcomes = await send_all_at_once(run, [event] * COPIES_COUNT)
        assert outcomes["accepted"] == 1
        assert outcomes["conflict"] == outcomes["pending"] == 0
        assert outcomes["duplicate"] >= COPIES_COUNT // 2


@quick
async def test_same_id_with_other_content(platform_under_faults: Arena) -> None:
    """The first content stands; every other is a conflict, with a reason that can be read."""
    arena = platform_under_faults
    async with arena.run("24 same id, other content") as run:
        await run.moment()
        now = datetime.now(UTC)
        events = [loads.message("disputed", now, "p1", "p2") for _ in range(20)]
        for number, event in enumerate(events):
            event["data"] = event["data"] | {"attributes": {"version": number}}
        run.load.add(events[0])
        run.recovers()
        outcomes = await send_all_at_once(run, events)
        assert outcomes["accepted"] == 1
        assert outcomes["conflict"] == outcomes.total() - 1 > 0
        await run.recovery_done()
        await arena.settled()
        rows = await run.databases.rows(
            "analytics", "select reason from rejections where community = $1 and event_id = 'disputed'"
        )
        assert len(rows) == outcomes["conflict"]
        assert all("other content" in row["reason"] for row in rows)


async def test_reverse_order_and_a_month_late(platform_under_faults: Arena) -> None:
    """The newest first, thirty days late, retractions before their events: the same totals."""

    def reverse(load: Load) -> None:
        for event in {id(one): one for one in load.events}.values():
            event["time"] -= timedelta(days=30)
        load.events.sort(key=lambda event: event["time"], reverse=True)

    async with platform_under_faults.run("25 reverse order, 30 days late", change=reverse) as run:
        await run.moment()
        run.recovers()


def award_fact(community: str, **data: Any) -> dict[str, Any]:
    """A fact of points.awarded.v1 with something else in it."""
    nobody = "00000000-0000-5000-8000-000000000000"
    now = datetime.now(UTC)
    return {
        "specversion": "1.0",
        "id": nobody,
        "source": "/faults",
        "type": "points.awarded.v1",
        "time": now,
        "community": community,
        "data": {
            "award_id": nobody,
            "member_id": nobody,
            "points": 1,
            "rule_id": "message",
            "beneficiary": "actor",
            "programme_id": "messages",
            "programme_version": 1,
            "event_uid": nobody,
            "event_type": "chat.message.v1",
            "event_time": now,
            "received_at": now,
        }
        | data,
    }


POISON = {
    "bad UTF-8": b'{"type": "points.awarded.v1", "community": "\xff\xfe"}',
    "nesting bomb": b"[" * 100_000,
    "a megabyte": b'"' + b"x" * 1_000_000 + b'"',
    "NaN": b'{"specversion": "1.0", "data": {"points": NaN}}',
    "1e300": orjson.dumps(award_fact("poison")).replace(b'"points":1', b'"points":1e300'),
    "unknown version": orjson.dumps(award_fact("poison") | {"type": "points.awarded.v9", "specversion": "9.0"}),
}


async def put(arena: Arena, records: list[tuple[Topic, bytes]]) -> None:
    """Write records straight into topics, past the front door."""
    producer = create_producer(arena.state.broker, request_seconds=20)
    await producer.start()
    try:
        sent = [await producer.send(topic.name, value, key=b"poison") for topic, value in records]
        await asyncio.gather(*sent)
    finally:
        await producer.stop()


@quick
async def test_poison_in_the_topics(platform_under_faults: Arena) -> None:
    """What can never be read is put aside with its reason, and what lies around it is not."""
    arena = platform_under_faults
    async with arena.run("26 poison records in the topics") as run:
        await run.moment()
        await put(arena, [(topic, value) for topic in (RAW, EVENTS, POINTS) for value in POISON.values()])
        each = len(POISON)
        run.expected_dead_letters = {
            "ingest": each,
            "scoring": each,
            "recognition": 2 * each,
            "rewards": each,
            "analytics": 2 * each,
        }
        await run.count_in_flight()
        run.recovers()


async def test_newer_and_older_versions_of_a_fact(platform_under_faults: Arena) -> None:
    """During an upgrade a reader meets facts with fields it does not know, and without those that came later."""
    arena = platform_under_faults
    async with arena.run("32 newer facts beside older ones") as run:
        await run.moment()
        other = f"{run.load.community}-b"
        newer = award_fact(other, mood="cheerful", award_id="00000000-0000-5000-8000-000000000001")
        newer |= {"shard": 7, "traceparent": "00-" + "1" * 32 + "-" + "2" * 16 + "-01"}
        older = award_fact(other, award_id="00000000-0000-5000-8000-000000000002")
        event = {
            "specversion": "1.0",
            "id": "future",
            "source": "/faults",
            "type": "hologram.beamed.v1",
            "time": datetime.now(UTC),
            "community": other,
            "uid": "00000000-0000-5000-8000-000000000003",
            "member": "00000000-0000-5000-8000-000000000000",
            "receivedat": datetime.now(UTC),
            "dimension": 4,
            "data": {"channel": "hologram", "actor": {"id": "h1", "aura": "blue"}},
        }
        await put(arena, [(POINTS, orjson.dumps(one)) for one in (newer, older)] + [(EVENTS, orjson.dumps(event))])
        run.recovers()
        await run.recovery_done()
        await arena.settled()
        for service, table in (
            ("rewards", "transfers"),
            ("recognition", "applied_awards"),
            ("analytics", "awards"),
        ):
            databases = type(run.databases)(arena.state, other)
            rows = await databases.rows(service, f"select count(*) from {table} where community = $1")
            assert rows[0][0] == 2, service


async def test_programme_published_in_mid_stream(platform_under_faults: Arena) -> None:
    """Each event is scored by the version in force when it was received, whatever the batches looked like."""
    arena = platform_under_faults
    await arena.workers.restart("scoring", batch_max_count="7")
    await arena.workers.ready()
    text = (PROGRAMMES / "messages.yaml").read_text().replace("    points: 1\n", "    points: 3\n", 1)
    try:
        async with arena.run("31 programme published in mid-stream") as run:

            async def by_receipt() -> Expected:
                rows = await run.databases.rows(
                    "analytics", "select event_uid, received_at from events where community = $1"
                )
                return expect(run.load, {str(row[0]) for row in rows if row[1] >= since}, 3)

            run.expectation = by_receipt
            await run.moment()
            published = await arena.publish(run.key, text)
            since = datetime.fromisoformat(published["effective_from"])
            await run.count_in_flight()
            # What is sent from here on lies on either side of the moment at which the version takes effect.
            async with AsyncPlaudit(arena.state.service_urls["ingest"], run.key) as client:
                while datetime.now(UTC) < since + timedelta(seconds=1):
                    extra = loads.message(f"x{len(run.load.events)}", datetime.now(UTC), "p3", "p4")
                    run.load.add(extra)
                    sent = await client.send([extra])
                    run.receipts |= dict.fromkeys(sent.receipt_ids, 1)
            run.recovers()
            await run.recovery_done()
            await arena.settled()
            used = await run.databases.rows(
                "scoring", "select distinct programme_version from awards where community = $1"
            )
            assert {row[0] for row in used} == {1, 2}
    finally:
        await arena.workers.restart("scoring")
        await arena.workers.ready()
