"""The age of the line behind the front door: that of the oldest request that is not judged."""

import asyncio
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Gauge

from services.ingest.events.api import line as line_module
from services.ingest.events.api.line import Line
from tests.waiting import until


class Database:
    """Says which receipts are judged, or that it cannot."""

    def __init__(self) -> None:
        self.judged: set[str] = set()
        self.asked = 0
        self.failure: Exception | None = None

    @property
    def pool(self) -> "Database":
        return self

    async def fetchval(self, query: str, community: str, receipt_id: str) -> bool:
        self.asked += 1
        if self.failure:
            raise self.failure
        return receipt_id in self.judged


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(line_module, "time", made)
    monkeypatch.setattr(line_module, "EVERY_SECONDS", 0.001)
    return made


@pytest.fixture
def database() -> Any:
    return Database()


@pytest.fixture
def line() -> Line:
    return Line(Gauge("age", "Test", registry=CollectorRegistry()))


def age_is(line: Line, seconds: float) -> Any:
    async def is_so() -> bool:
        return line.age_seconds() == seconds

    return is_so


async def test_it_is_as_old_as_the_oldest_that_is_not_judged(clock: Clock, database: Any, line: Line) -> None:
    assert line.age_seconds() == 0
    line.follow(database, "acme", "first")
    clock.now += 2
    line.follow(database, "acme", "second")
    clock.now += 1
    assert line.age_seconds() == 3
    database.judged = {"first"}
    await until(age_is(line, 1))
    database.judged.add("second")
    await until(age_is(line, 0))


async def test_of_many_that_come_together_one_is_followed(clock: Clock, database: Any, line: Line) -> None:
    for number in range(100):
        line.follow(database, "acme", f"r{number}")
    database.judged = {"r0"}
    await until(age_is(line, 0))


async def test_what_is_never_judged_is_forgotten(clock: Clock, database: Any, line: Line) -> None:
    line.follow(database, "acme", "put aside")
    clock.now += line_module.FOLLOWED_MAX_SECONDS + 1
    await until(age_is(line, 0))


async def test_a_database_that_cannot_say_says_nothing(clock: Clock, database: Any, line: Line) -> None:
    database.failure = TimeoutError()
    line.follow(database, "acme", "one")
    clock.now += 5
    await until(age_is(line, 0))
    database.failure = None
    line.follow(database, "acme", "two")
    clock.now += 1
    asked = database.asked

    async def asks_again() -> bool:
        return bool(database.asked > asked)

    await until(asks_again)
    assert line.age_seconds() == 1
    database.judged = {"two"}
    await until(age_is(line, 0))
    await asyncio.sleep(0)
