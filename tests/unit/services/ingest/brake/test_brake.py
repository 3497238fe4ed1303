"""The brake looks how far scoring is while events come, and lets go when nobody can say."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka.errors import GroupAuthorizationFailedError
from prometheus_client import CollectorRegistry, Gauge

from services.ingest.brake import handlers
from services.ingest.brake.handlers import Brake
from services.ingest.settings import Settings
from services.ingest.shares.api import SLOWED_WAIT_MAX_SECONDS, Door, Shares
from shared.access_keys import PersonKind
from shared.http import Principal, Problem, Scope
from tests.waiting import until

SETTINGS = Settings(scored_age_max_seconds=0.01)


class Log:
    """A log at the broker, and where scoring says it is."""

    def __init__(self) -> None:
        self.end = 0
        self.scored = 0
        self.asked = 0
        self.failure: Exception | None = None

    @asynccontextmanager
    async def asking(self, broker: Any) -> AsyncIterator[Any]:
        async def ask() -> tuple[dict[int, int], dict[int, int]]:
            self.asked += 1
            if self.failure:
                raise self.failure
            return {0: self.end}, {0: self.scored}

        yield ask


@pytest.fixture
def broker_log(monkeypatch: pytest.MonkeyPatch) -> Log:
    made = Log()
    monkeypatch.setattr(handlers, "asking", made.asking)
    monkeypatch.setattr(handlers, "EVERY_SECONDS", 0.001)
    monkeypatch.setattr(handlers, "AGAIN_SECONDS", 0.001)
    return made


@pytest.fixture
async def brake(broker_log: Log) -> AsyncIterator[Brake]:
    registry = CollectorRegistry()
    made = Brake(Gauge("age", "Test", registry=registry), Gauge("pace", "Test", registry=registry))
    yield made
    await made.close()


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.ingest.brake.domain.FASTER", 1e6)


async def is_at(brake: Brake, part: float) -> None:
    async def there() -> bool:
        return brake.part == part

    await until(there)


async def test_it_slows_while_an_event_waits_and_lets_go_afterwards(
    brake: Brake, broker_log: Log, fast: None
) -> None:
    assert brake.part == 1
    broker_log.end = 1
    brake.watch(SETTINGS)
    await is_at(brake, SETTINGS.late_share_min)
    broker_log.scored = 1
    await is_at(brake, 1)


async def test_who_cannot_ask_does_not_slow(brake: Brake, broker_log: Log, fast: None) -> None:
    broker_log.end = 1
    brake.watch(SETTINGS)
    await is_at(brake, SETTINGS.late_share_min)
    broker_log.failure = GroupAuthorizationFailedError("plaudit-scoring")
    await is_at(brake, 1)


async def test_nobody_asks_while_no_events_come(
    brake: Brake, broker_log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    brake.watch(Settings(scored_age_max_seconds=0))
    monkeypatch.setattr(handlers, "AFTERWARDS_SECONDS", 0.01)
    brake.watch(SETTINGS)
    watching = brake._watching
    assert watching is not None
    await asyncio.wait_for(watching, 60)
    assert broker_log.asked > 0
    asked = broker_log.asked
    await asyncio.sleep(0)
    assert broker_log.asked == asked


def visit(door: Door, community: str, pace: float, cost: float = 1) -> None:
    principal = Principal(
        community, "", "test", PersonKind.SERVICE, frozenset(), frozenset((Scope.EVENTS_WRITE,)), community
    )
    door.visit(principal, SETTINGS, 100, pace=pace).take(cost, 100)


def test_slowed_those_who_send_much_wait_longer_and_those_who_send_little_are_let_in() -> None:
    door = Door()
    visit(door, "much", 0.02, cost=1_000)
    for _ in range(5):
        visit(door, "little", 0.02)
        visit(door, "little-too", 0.02)
    with pytest.raises(Problem) as refused:
        visit(door, "much", 0.02)
    assert "while events are scored late" in str(refused.value.detail)
    # At this pace it would be 40 s, but the pace may be whole again long before.
    assert refused.value.headers["Retry-After"] == str(SLOWED_WAIT_MAX_SECONDS)
    with pytest.raises(Problem) as refused:
        visit(door, "much", 0.5)
    wait = (1_000 - 24 + 600 / 2) / (1_200 * 0.5)
    assert int(refused.value.headers["Retry-After"]) == pytest.approx(wait, abs=1)


def test_what_was_there_before_it_was_slowed_is_not_let_in_after() -> None:
    door = Door()
    visit(door, "much", 1.0, cost=20)
    let_in = 0
    with contextlib.suppress(Problem):
        while let_in < 1_000:
            visit(door, "much", 0.02, cost=20)
            let_in += 20
    assert let_in <= 40


def test_slowed_those_who_send_a_little_all_the_time_do_not_pass_for_those_who_send_little() -> None:
    door = Door()
    visit(door, "much", 0.02, cost=1_000)
    let_in = 0
    with contextlib.suppress(Problem):
        while True:
            visit(door, "steady", 0.02)
            let_in += 1
    assert let_in <= Shares.of(SETTINGS).slowed(0.02, False).community.burst_events + 1
