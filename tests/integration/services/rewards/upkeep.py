"""Timers in tests: other tests' communities have their turns, too."""

from collections.abc import Awaitable, Callable
from typing import Any


async def run_out(tx: Any, *timers: Callable[[Any], Awaitable[bool]]) -> None:
    """Have each timer go on until nothing is due any more, as it does on the leader."""
    for timer in timers:
        while await timer(tx):
            pass
