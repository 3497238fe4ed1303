"""Admission control of POST /v1/events: no more requests wait for the broker than may."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest
from aiokafka.errors import KafkaTimeoutError
from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.registry import REGISTRY

from services.ingest.events.api.posting import post_events
from services.ingest.events.api.waiting import TooManyWaitingError, WaitingRequests
from services.ingest.problems import ERRORS
from services.ingest.settings import Settings
from shared.access_keys import PersonKind
from shared.http import Answer, Connected, Principal, Problem, ProblemType, Scope

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
        return Principal(
            "acme", "", "test", PersonKind.SERVICE, frozenset(), frozenset((Scope.EVENTS_WRITE,)), "key"
        )


class Broker:
    """Acknowledges what it is sent once it is told so."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.acknowledge = asyncio.Event()

    async def send(self, records: Sequence[tuple[str, bytes, bytes]]) -> None:
        self.asked.set()
        await self.acknowledge.wait()


class Judged:
    """A database in which every event is judged, and nobody has rules."""

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator["Judged"]:
        yield self

    async def fetch(self, query: str, *arguments: Any) -> list[Any]:
        return []

    async def fetchval(self, query: str, *arguments: Any) -> bool:
        return True


async def post(send: Any) -> Answer:
    """Send one event to ingest, which lets one request wait."""
    nothing: Any = None  # what the route has no use for
    service = Connected(
        settings=Settings(requests_max_count=1),
        pool=Judged(),  # type: ignore[arg-type]
        keys=AnyKey(),  # type: ignore[arg-type]
        begin=nothing,
        send=send,
        not_ready=nothing,
    )

    async def read() -> bytes:
        return orjson.dumps(EVENT)

    try:
        return await post_events(service, HEADERS, read)
    except tuple(ERRORS) as error:
        raise ERRORS[type(error)](error) from error


async def test_a_request_too_many_is_told_to_come_again_and_nothing_is_taken() -> None:
    broker = Broker()
    first = asyncio.create_task(post(broker.send))
    await broker.asked.wait()
    assert REGISTRY.get_sample_value(GAUGE) == 1
    with pytest.raises(Problem) as refused:
        await post(broker.send)
    assert refused.value.type == ProblemType("too-many-requests", 503, "Too many requests at once")
    assert refused.value.headers == {"Retry-After": "1"}
    broker.acknowledge.set()
    assert (await first).status == 202
    assert REGISTRY.get_sample_value(GAUGE) == 0
    assert (await post(broker.send)).status == 202


@pytest.mark.parametrize("failure", [TimeoutError, KafkaTimeoutError])
async def test_a_broker_that_does_not_acknowledge_makes_room_again(failure: type[Exception]) -> None:
    async def fail(records: Sequence[tuple[str, bytes, bytes]]) -> None:
        raise failure

    for _ in range(2):
        with pytest.raises(Problem) as refused:
            await post(fail)
        assert refused.value.status == 503
        assert "does not acknowledge" in str(refused.value.detail)
    assert REGISTRY.get_sample_value(GAUGE) == 0
