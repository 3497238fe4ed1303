import asyncio
import logging
import re
import threading

import pytest

from shared.service.ending import Ending

MOMENT_SECONDS = 0.02


async def waits_for_ever() -> None:
    await asyncio.Event().wait()


async def asks() -> None:
    await waits_for_ever()


class Left:
    """Stands for the end of the process, of which a test would hear nothing."""

    def __init__(self) -> None:
        self.status: int | None = None
        self.has_left = threading.Event()

    def __call__(self, status: int) -> None:
        self.status = status
        self.has_left.set()


@pytest.fixture(autouse=True)
def log_goes_on(monkeypatch):
    monkeypatch.setattr(logging, "shutdown", lambda: None)


@pytest.mark.parametrize(("status", "level"), [(1, logging.CRITICAL), (0, logging.WARNING)])
async def test_what_does_not_end_is_named(status, level, caplog):
    left = Left()
    tasks = [asyncio.create_task(asks()), asyncio.create_task(asks())]
    Ending(left).within(MOMENT_SECONDS, what="the service", status=status)
    assert await asyncio.to_thread(left.has_left.wait, 10)
    for task in tasks:
        task.cancel()
    assert left.status == status
    (record,) = [one for one in caplog.records if one.name == "shared.service.ending"]
    assert record.levelno == level
    assert record.getMessage().startswith(f"the service has not ended in {MOMENT_SECONDS:g} s")
    assert re.search(r"Event\.wait in asks, line \d+ of locks\.py \(2 times\)", record.getMessage())


async def test_a_loop_that_stands_still_is_ended_too(caplog):
    left = Left()
    Ending(left).within(MOMENT_SECONDS, what="the service", status=1)
    assert left.has_left.wait(10)  # the loop is here, and does nothing
    assert left.status == 1


async def test_the_last_word_counts():
    left = Left()
    ending = Ending(left)
    ending.within(MOMENT_SECONDS * 5, what="the service", status=1)
    ending.within(MOMENT_SECONDS, what="the host", status=0)
    assert await asyncio.to_thread(left.has_left.wait, 10)
    left.has_left.clear()
    assert not await asyncio.to_thread(left.has_left.wait, MOMENT_SECONDS * 10)
    assert left.status == 0
