"""What is remembered of reading back, instead of asking the database in every batch."""

from typing import Any

import pytest

from shared.own_facts import Remembered, something_was_taken_in
from shared.own_facts.remembered import REMEMBERED_SECONDS, TAKEN_IN_AFTER_SECONDS


class Database:
    """Answers whether something is left, and whether facts are forgotten; counts the questions."""

    def __init__(self) -> None:
        self.left = self.forgotten = False
        self.asked = 0

    async def fetchval(self, _: str) -> bool:
        return self.forgotten

    async def is_left(self, _: Any) -> bool:
        self.asked += 1
        return self.left


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr("shared.own_facts.remembered.time.monotonic", lambda: now[0])
    return now


async def test_a_no_is_remembered_for_a_moment_and_a_yes_never(clock: list[float]) -> None:
    database = Database()
    remembered, conn = Remembered(database.is_left), database
    assert [await remembered.is_any(conn) for _ in range(50)] == [False] * 50  # type: ignore[arg-type]
    assert database.asked == 1
    clock[0] += REMEMBERED_SECONDS
    database.left = True
    assert [await remembered.is_any(conn) for _ in range(3)] == [True] * 3  # type: ignore[arg-type]
    assert database.asked == 4


async def test_what_this_process_takes_in_is_asked_for_at_once(clock: list[float]) -> None:
    database = Database()
    remembered = Remembered(database.is_left)
    assert not await remembered.is_any(database)  # type: ignore[arg-type]
    database.left = True
    something_was_taken_in()
    assert await remembered.is_any(database)  # type: ignore[arg-type]


async def test_what_another_process_is_about_to_take_in_is_not_overlooked(clock: list[float]) -> None:
    """It waits longer between finding facts and taking them in than a no is believed here."""
    database = Database()
    remembered = Remembered(database.is_left)
    assert not await remembered.is_any(database)  # type: ignore[arg-type]
    database.forgotten = True
    clock[0] += REMEMBERED_SECONDS
    assert await remembered.is_any(database)  # type: ignore[arg-type]
    assert TAKEN_IN_AFTER_SECONDS > REMEMBERED_SECONDS
