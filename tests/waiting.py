"""Waiting for a condition, never for a time."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

FIRST_PAUSE_SECONDS = 0.01
#: Whoever asks all the time takes the time of those who are waited for.
LONGEST_PAUSE_SECONDS = 0.05
GROWTH = 1.2


async def until(condition: Callable[[], Awaitable[Any]], seconds: float = 180.0) -> Any:
    """What `condition` gives, once that is true; TimeoutError after so many seconds."""
    pause = FIRST_PAUSE_SECONDS
    async with asyncio.timeout(seconds):
        while not (found := await condition()):
            await asyncio.sleep(pause)
            pause = min(pause * GROWTH, LONGEST_PAUSE_SECONDS)
    return found
