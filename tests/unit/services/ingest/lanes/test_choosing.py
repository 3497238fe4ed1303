"""How much of lanes is taken at once: by what it costs, and those of whom least came go first."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from services.ingest.brake.handlers import BRAKE
from services.ingest.lanes.handlers import LaneReader
from services.ingest.settings import Settings
from shared.consumer import Preparation
from shared.consumer.batch import Batch, first_left

SETTINGS = Settings(community_events_per_second=100, lane_batch_cost_max=60, scored_age_max_seconds=0)


@asynccontextmanager
async def lend() -> AsyncIterator[Any]:
    """A connection to a database in which nobody has rules."""

    async def fetch(query: str, *arguments: Any) -> list[Any]:
        return []

    yield SimpleNamespace(fetch=fetch)


PREPARATION = Preparation(lend, SETTINGS)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A clock that stands still until it is told to go."""
    made = SimpleNamespace(now=1_000.0)
    monkeypatch.setattr("services.ingest.lanes.handlers.time", SimpleNamespace(monotonic=lambda: made.now))
    return made


def records(community: str, count: int, events_count: int = 10, first: int = 0) -> list[Any]:
    topic = f"engagement.lane.{community}.forum.v1"
    value = orjson.dumps([message(number) for number in range(events_count)])
    return [
        SimpleNamespace(
            topic=topic, partition=0, offset=first + n, value=value, timestamp=1_790_000_000_000, headers=()
        )
        for n in range(count)
    ]


def message(number: int) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"m-{number}",
        "source": "s",
        "type": "chat.message.v1",
        "time": "2026-01-31T12:00:00Z",
        "data": {"channel": "chat", "actor": {"id": "ada"}},
    }


def counts(taken: Any) -> Counter[str]:
    return Counter(record.topic.split(".")[2] for record in taken)


async def test_a_transaction_takes_no_more_than_it_may() -> None:
    reader = LaneReader()
    waiting = records("acme", 30)
    assert await reader.choose(PREPARATION, waiting) == waiting[:6]
    assert not reader.is_closed(waiting[0].topic), "there is more in its share"
    assert await reader.choose(PREPARATION, waiting[6:]) == waiting[6:10], "its share is used up"
    assert reader.is_closed(waiting[0].topic)
    assert await reader.choose(PREPARATION, waiting[10:]) == []


async def test_one_record_always_may() -> None:
    reader = LaneReader()
    waiting = records("acme", 2, events_count=80)
    assert await reader.choose(PREPARATION, waiting) == waiting[:1]


async def test_a_lane_that_floods_leaves_room_for_others_and_those_of_whom_least_came_go_first() -> None:
    reader = LaneReader()
    flood = records("flood", 100)
    assert counts(await reader.choose(PREPARATION, flood)) == {"flood": 6}
    both = flood[6:] + records("calm", 100)
    assert counts(await reader.choose(PREPARATION, both)) == {"calm": 6}
    assert counts(await reader.choose(PREPARATION, both[:50] + both[100:])) == {"calm": 3, "flood": 3}


async def test_lanes_fill_more_slowly_while_events_are_scored_late(
    clock: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = LaneReader()
    monkeypatch.setattr(BRAKE._pace, "part", 0.1)
    waiting = records("acme", 30)
    assert await reader.choose(PREPARATION, waiting) == waiting[:1], "of 100 a tenth may come at once"
    clock.now += 0.4
    assert reader.is_closed(waiting[0].topic)
    clock.now += 0.2
    assert not reader.is_closed(waiting[0].topic)


def test_of_each_partition_all_is_left_that_follows_what_is_left() -> None:
    one, two = records("one", 5, first=10), records("two", 3)
    batch = Batch(one + two, [(record, record) for record in one + two])
    # Whatever was chosen: what lies behind a gap would be lost.
    stops = first_left(batch.records, [one[0], one[1], one[3], *two])
    assert stops == {(one[0].topic, 0): 12}
    kept = batch.before(stops)
    assert kept.records == one[:2] + two
    assert [record for record, _ in kept.decoded] == one[:2] + two
