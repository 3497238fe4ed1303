"""Admission control of POST /v1/events: no more requests wait for the broker than may."""

import asyncio
from typing import Any

import orjson
import pytest
from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.registry import REGISTRY

from services.ingest.events.api.posting import post_events
from services.ingest.events.api.waiting import TooManyWaitingError, WaitingRequests
from services.ingest.settings import Settings
from shared.http import Answer, Principal, Problem

GAUGE = "plaudit_ingest_requests_waiting"
HEADERS = {"authorization": "Bearer plk", "content-type": "application/json"}
EVENT = {
    "specversion": "1.0",
    "id": "1",
    "source": "s",
    "type": "forum.post.v1",
    "time": "2026-01-31T12:00:00Z",
    "data": {"channel": "forum", "actor": {"id": "ada"}},
}


def test_as_many_wait_as_may_and_whoever_leaves_makes_room() -> None:
    gauge = Gauge("waiting", "Test", registry=CollectorRegistry())
    waiting = WaitingRequests(gauge)

    def shown() -> float:
        return float(next(iter(gauge.collect())).samples[0].value)

    with waiting.one_more(max_count=2):
        with waiting.one_more(max_count=2):
            assert shown() == 2
            with pytest.raises(TooManyWaitingError), waiting.one_more(max_count=2):
                raise AssertionError("a third one was let in")
            assert shown() == 2
        with pytest.raises(KeyError), waiting.one_more(max_count=2):
            raise KeyError
        assert shown() == 1
    assert shown() == 0


class AnyKey:
    """Knows every access key."""

    async def principal(self, secret: str) -> Principal:
        return Principal("acme", "key", "test", frozenset(("events:write",)))


class SlowProducer:
    """A producer, and its own batch, whose records are acknowledged once it is told so."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.acknowledge = asyncio.Event()

    async def partitions_for(self, topic: str) -> set[int]:
        return {0}

    def create_batch(self) -> "SlowProducer":
        return self

    def append(self, **record: Any) -> object:
        return record

    async def send_batch(self, batch: Any, topic: str, *, partition: int) -> Any:
        self.asked.set()
        return asyncio.ensure_future(self.acknowledge.wait())


class State:
    """What the route works with."""

    def __init__(self, producer: SlowProducer, **settings: Any) -> None:
        self.keys = AnyKey()
        self.producer = producer
        self.settings = Settings(**settings)


async def post(state: State) -> Answer:
    async def read() -> bytes:
        return orjson.dumps(EVENT)

    return await post_events(state, HEADERS, read)


async def test_a_request_too_many_is_told_to_come_again_and_nothing_is_taken() -> None:
    state = State(SlowProducer(), requests_max_count=1)
    first = asyncio.create_task(post(state))
    await state.producer.asked.wait()
    assert REGISTRY.get_sample_value(GAUGE) == 1
    with pytest.raises(Problem) as refused:
        await post(state)
    assert (refused.value.status, refused.value.title) == (503, "Too many requests at once")
    assert refused.value.headers == {"Retry-After": "1"}
    state.producer.acknowledge.set()
    assert (await first).status == 202
    assert REGISTRY.get_sample_value(GAUGE) == 0
    assert (await post(state)).status == 202


async def test_a_broker_that_does_not_acknowledge_makes_room_again() -> None:
    state = State(SlowProducer(), requests_max_count=1, publish_seconds=0.01)
    for _ in range(2):
        with pytest.raises(Problem) as refused:
            await post(state)
        assert "does not acknowledge" in refused.value.detail
    assert REGISTRY.get_sample_value(GAUGE) == 0
