"""Doing something again after a failure that passes by itself, with growing pauses."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


class StoppedInRetriesError(Exception):
    """The service stops while a failure had not passed yet; nothing was stored."""


@dataclass(frozen=True, slots=True)
class Pauses:
    """Pauses between tries, in seconds: the first, and the longest; each is twice the one before."""

    first_seconds: float
    longest_seconds: float


def _never() -> bool:
    return False


async def until_it_passes(
    action: Callable[[], Awaitable[T]],
    *,
    is_transient: Callable[[Exception], bool],
    pauses: Pauses,
    on_failure: Callable[[Exception, float], None],
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    should_stop: Callable[[], bool] = _never,
) -> T:
    """Do something, again after every failure that `is_transient`, however long that takes; return what it gives.

    `on_failure` is told of each, with the pause in seconds before the next try.
    Raises StoppedInRetriesError when `should_stop` says so after a pause, and at once whatever is not transient.
    """
    pause = pauses.first_seconds
    while True:
        try:
            return await action()
        except Exception as error:
            if not is_transient(error):
                raise
            on_failure(error, pause)
        await sleep(pause)
        if should_stop():
            raise StoppedInRetriesError
        pause = min(pause * 2, pauses.longest_seconds)
