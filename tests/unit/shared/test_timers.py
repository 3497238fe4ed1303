"""A timer's turn: it goes on while there is more to do, and leaves half of the time to others."""

from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import asyncpg
import pytest

from shared.service.parts import Parts
from shared.service.spec import Timer


class Turns:
    """What a timer does: a transaction each, with `left` more to do; the fence comes up at the `fenced_at`-th."""

    def __init__(self, left: float, fenced_at: int | None = None) -> None:
        self.done = 0
        self._left, self._fenced_at = left, fenced_at
        self._fence = SimpleNamespace(why=None)
        self.has_stopped = False
        self.is_closed = False

    @asynccontextmanager
    async def _begin(self) -> Any:
        if self.is_closed:
            raise asyncpg.InterfaceError("pool is closing")
        yield SimpleNamespace(told_count=0, followed=())

    async def _run(self, _: Any) -> bool:
        self.done += 1
        if self.done == self._fenced_at:
            self._fence.why = "its database comes from a backup"
        return self.done <= self._left

    async def turn(self, every_seconds: float) -> int:
        spec = SimpleNamespace(name="test")
        parts: Any = SimpleNamespace(
            fence=self._fence, begin=self._begin, should_stop=self.has_stopped, _spec=spec
        )
        await Parts.run_timer(parts, Timer("test", every_seconds=every_seconds, run=self._run))
        return self.done


async def test_a_timer_goes_on_at_once_until_nothing_is_left() -> None:
    assert await Turns(left=3).turn(every_seconds=3600) == 4


async def test_a_timer_that_never_ends_waits_for_its_next_turn() -> None:
    assert await Turns(left=float("inf")).turn(every_seconds=0.02) >= 1


async def test_a_timer_stops_where_the_fence_comes_up() -> None:
    assert await Turns(left=float("inf"), fenced_at=3).turn(every_seconds=3600) == 3


async def test_a_timer_that_lives_on_in_a_host_does_nothing_once_the_parts_stop() -> None:
    turns = Turns(left=3)
    turns.has_stopped = True
    assert await turns.turn(every_seconds=3600) == 0


async def test_a_closed_pool_is_a_mistake_while_nothing_stops() -> None:
    turns = Turns(left=3)
    turns.is_closed = True
    with pytest.raises(asyncpg.InterfaceError):
        await turns.turn(every_seconds=3600)
