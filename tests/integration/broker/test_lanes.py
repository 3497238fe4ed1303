"""Platforms that write to a topic of their own: for the community that the topic is for, whatever they claim."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import uuid4

import orjson
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import TopicAuthorizationFailedError
from click.testing import CliRunner

from plaudit.cli import main
from services.ingest.main import SPEC
from shared.broker import Broker
from shared.service import Parts
from shared.topics import EVENTS, RAW, REJECTED, lane_topic
from tests.integration.services.ingest.conftest import event
from tests.integration.services.process import read, running
from tests.waiting import until

pytestmark = pytest.mark.stack

LANE_EVENTS_PER_SECOND = 100
LANE_BATCH_COST = 60
NARROW: dict[str, Any] = {
    "community_events_per_second": LANE_EVENTS_PER_SECOND,
    "lane_batch_cost_max": LANE_BATCH_COST,
}


@pytest.fixture(scope="module")
async def ingest(stack: Any) -> AsyncIterator[Parts]:
    settings = SPEC.settings(**stack.settings("ingest"), **NARROW)
    async with running(SPEC, settings) as parts:
        yield parts


@pytest.fixture
async def lane(stack: Any, ingest: Parts) -> AsyncIterator[tuple[Broker, str, str]]:
    """A platform's user at the broker, the topic of its lane, and the community; made while ingest runs."""
    name, community = f"forum-{uuid4().hex[:8]}", f"c{uuid4().hex[:12]}"
    made = json.loads(await command(stack, "add", name, "--role", "platform", "--community", community, "--json"))
    yield replace(stack.state.broker, user=name, password=made["password"]), made["topic"], community
    await command(stack, "remove", name)


async def command(stack: Any, *arguments: str) -> str:
    words = ["kafka-user", *arguments, "--stack", stack.state.name]
    answer = await asyncio.to_thread(CliRunner().invoke, main, words)
    assert answer.exit_code == 0, answer.output
    return answer.output


async def write(broker: Broker, topic: str, *values: bytes) -> None:
    producer = AIOKafkaProducer(**broker.options)
    await producer.start()
    try:
        for value in values:
            await producer.send_and_wait(topic, value)
    finally:
        await producer.stop()


async def test_events_count_for_the_community_of_the_lane(stack: Any, lane: tuple[Broker, str, str]) -> None:
    broker, topic, community = lane
    await write(
        broker,
        topic,
        orjson.dumps(event(1)),
        orjson.dumps([event(2), event(3)]),
        orjson.dumps(event(1)),  # sent again, it counts once
    )
    records = await read(stack.state, EVENTS, community, 3)
    facts = [orjson.loads(one.value) for one in records]
    assert sorted(one["id"] for one in facts) == sorted(event(number)["id"] for number in (1, 2, 3))
    assert {one["community"] for one in facts} == {community}


async def test_cloudevents_come_in_either_mode_of_their_binding_with_the_trace_of_their_sender(
    stack: Any, lane: tuple[Broker, str, str]
) -> None:
    broker, topic, community = lane
    trace = f"00-{uuid4().hex}-{uuid4().hex[:16]}-01"
    binary = event(2)
    attributes = [
        (f"ce_{name}", str(value).encode()) for name, value in binary.items() if name not in ("data", "id")
    ]
    attributes += [
        ("ce_id", "post-größe 100%".encode()),
        ("ce_partitionkey", b"ada"),
        ("ce_traceparent", trace.encode()),
    ]
    records: list[tuple[bytes, list[tuple[str, bytes]]]] = [
        (
            orjson.dumps(event(1)),
            [("content-type", b"application/cloudevents+json"), ("traceparent", trace.encode())],
        ),
        (orjson.dumps(binary["data"]), [("content-type", b"application/json"), *attributes]),
        (orjson.dumps([event(3)]), [("content-type", b"application/cloudevents-batch+json"), ("x", b"\xff")]),
        (orjson.dumps(event(4)), [("content-type", b"application/avro")]),
        (orjson.dumps(binary["data"]), [*attributes[:-2], ("ce_subject", b"\xff")]),
        (orjson.dumps(binary["data"]), attributes[:2]),
    ]
    producer = AIOKafkaProducer(**broker.options)
    await producer.start()
    try:
        for value, headers in records:
            await producer.send_and_wait(topic, value, headers=headers)
    finally:
        await producer.stop()
    facts = {one["id"]: one for one in map(_fact, await read(stack.state, EVENTS, community, 3))}
    assert set(facts) == {"post-1", "post-größe 100%", "post-3"}
    assert facts["post-größe 100%"]["traceparent"] == trace
    # Under a span of its own, as over HTTP.
    assert facts["post-1"]["traceparent"].split("-")[1] == trace.split("-")[1]
    assert facts["post-1"]["traceparent"] != trace
    rejected = [_fact(one)["data"] for one in await read(stack.state, REJECTED, community, 3)]
    said = " | ".join(one["reason"] for one in rejected)
    assert all(word in said for word in ("application/avro", "ce_subject is not UTF-8", "/"))


def _fact(record: Any) -> Any:
    return orjson.loads(record.value)


async def test_what_a_record_claims_is_ignored(stack: Any, ingest: Parts, lane: tuple[Broker, str, str]) -> None:
    broker, topic, community = lane
    other = f"c{uuid4().hex[:12]}"
    await write(broker, topic, orjson.dumps(event(1) | {"community": other}), orjson.dumps(event(2)))
    # Whether it counts or is refused: it is this community's.
    ways = {
        asyncio.create_task(read(stack.state, EVENTS, community, 2)),
        asyncio.create_task(read(stack.state, REJECTED, community, 1)),
    }
    done, pending = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    assert {orjson.loads(one.value)["community"] for task in done for one in task.result()} == {community}
    assert await ingest.pool.fetchval("select count(*) from events where community = $1", other) == 0


async def test_the_broker_says_when_a_record_of_a_lane_was_written(
    stack: Any, lane: tuple[Broker, str, str]
) -> None:
    """What says "in 1970" would end by the topic's retention, perhaps before it is read."""
    broker, topic, community = lane
    began = time.time()
    producer = AIOKafkaProducer(**broker.options)
    await producer.start()
    try:
        for number, timestamp_ms in enumerate((-(10**17), -2, 0)):
            written = await producer.send_and_wait(topic, orjson.dumps(event(number)), timestamp_ms=timestamp_ms)
            assert written.timestamp >= int(began * 1000)
    finally:
        await producer.stop()
    assert len(await read(stack.state, EVENTS, community, 3)) == 3


async def test_what_is_no_event_is_told_as_rejected(stack: Any, lane: tuple[Broker, str, str]) -> None:
    broker, topic, community = lane
    mangled = {
        "no JSON": b"\xff\x00 not json",
        "NaN": b'{"specversion": "1.0", "data": NaN}',
        "not an event": b"[1, 2]",
        "empty": b"",
    }
    await write(broker, topic, *(mangled[way] for way in mangled), orjson.dumps(event(9)))
    (accepted,) = await read(stack.state, EVENTS, community, 1)
    assert orjson.loads(accepted.value)["id"] == event(9)["id"]
    rejected = [orjson.loads(one.value) for one in await read(stack.state, REJECTED, community, len(mangled))]
    assert {one["community"] for one in rejected} == {community}
    assert all(one["data"]["event_source"] == f"/plaudit/lanes/{topic}" for one in rejected)


async def test_more_mistakes_than_the_limit_of_dead_letters_stop_nobody(
    stack: Any, ingest: Parts, lane: tuple[Broker, str, str]
) -> None:
    broker, topic, community = lane
    count = ingest.connected.settings.dead_letters_max_per_minute + 20
    await write(broker, topic, *(b"mistake" for _ in range(count)), orjson.dumps(event(1)))
    assert len(await read(stack.state, REJECTED, community, count)) == count
    await read(stack.state, EVENTS, community, 1)
    assert not ingest.crashed


async def taken_at(stack: Any, community: str, count: int) -> list[datetime]:
    """When each of a community's events was taken, in that order; each transaction has a moment of its own."""
    facts = [orjson.loads(one.value) for one in await read(stack.state, EVENTS, community, count)]
    assert sorted(one["id"] for one in facts) == [event(f"{number:03}")["id"] for number in range(count)]
    return sorted(datetime.fromisoformat(one["receivedat"]) for one in facts)


async def test_a_lane_that_floods_is_read_at_the_pace_of_its_share(
    stack: Any, ingest: Parts, lane: tuple[Broker, str, str]
) -> None:
    """Also at first: what is beyond the share waits in the lane, and is then taken: all of it, and once.

    No transaction takes more than it may, and other lanes go on.
    """
    broker, topic, community = lane
    count, per_record = 300, 20
    events = [event(f"{number:03}") for number in range(count)]
    values = [orjson.dumps(events[start : start + per_record]) for start in range(0, count, per_record)]
    name, other = f"forum-{uuid4().hex[:8]}", f"c{uuid4().hex[:12]}"
    made = json.loads(await command(stack, "add", name, "--role", "platform", "--community", other, "--json"))
    # All of it is there before ingest knows of the lane.
    await write(broker, topic, *values)
    await write(replace(broker, user=name, password=made["password"]), made["topic"], orjson.dumps(event("000")))

    taken = await taken_at(stack, community, count)
    of_other = await taken_at(stack, other, 1)
    for number, at in enumerate(taken, 1):
        share = LANE_EVENTS_PER_SECOND * (1 + (at - taken[0]).total_seconds())
        assert number <= share + 2 * per_record, f"{number} were taken where {share:.0f} may"
    assert max(Counter(taken).values()) <= LANE_BATCH_COST
    assert of_other[0] < taken[-1], "another lane waited for this one"
    await command(stack, "remove", name)


async def test_a_lane_that_waits_changes_hands_and_counts_once(
    stack: Any, ingest: Parts, lane: tuple[Broker, str, str]
) -> None:
    """Another worker comes and goes while most of the records wait where they are."""
    broker, topic, community = lane
    count = 300
    await write(
        broker, topic, *(orjson.dumps([event(f"{n:03}"), event(f"{n + 1:03}")]) for n in range(0, count, 2))
    )

    async def taken(least: int) -> bool:
        rows = await ingest.pool.fetchval("select count(*) from events where community = $1", community)
        return bool(rows >= least)

    await until(lambda: taken(1))
    settings = SPEC.settings(**stack.settings("ingest"), **NARROW)
    async with running(SPEC, settings):
        await until(lambda: taken(count // 2))
    await taken_at(stack, community, count)
    told = await read(stack.state, RAW, community, count)
    assert len(told) == count, "a record was read twice"


async def test_a_platform_writes_to_its_lane_alone(stack: Any, lane: tuple[Broker, str, str]) -> None:
    broker, _, _ = lane
    for topic in (RAW.name, EVENTS.name, lane_topic("another", "forum").name):
        with pytest.raises(TopicAuthorizationFailedError):
            await write(broker, topic, orjson.dumps(event(1)))


@pytest.mark.parametrize(
    "words",
    [
        ["--role", "platform"],
        ["--role", "platform", "--community", "Not One"],
        ["--role", "finance", "--community", "acme"],
    ],
)
def test_a_platform_has_a_community_and_finance_has_none(stack: Any, words: list[str]) -> None:
    answer = CliRunner().invoke(main, ["kafka-user", "add", "forum", *words, "--stack", stack.state.name])
    assert answer.exit_code == 2
    assert "--community" in answer.output
