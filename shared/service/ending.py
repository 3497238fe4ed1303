"""A process that was told to stop ends within a time, and says what would not have ended by itself."""

import asyncio
import inspect
import logging
import os
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

log = logging.getLogger(__name__)

TASKS_MAX_COUNT = 20


class Ending:
    """Ends the process from outside its event loop, which may be what hangs."""

    def __init__(self, leave: Callable[[int], object] = os._exit) -> None:
        self._leave = leave
        self._timer: threading.Timer | None = None

    def within(self, seconds: float, *, what: str, status: int) -> None:
        """End the process with `status` unless it has ended in `seconds`, or this is said anew.

        `what` is what may take so long: it is logged with the tasks and threads that are still there. To be called
        in the loop.
        """
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer = threading.Timer(seconds, self._end, (loop, seconds, what, status))
        self._timer.daemon = True
        self._timer.start()

    def _end(self, loop: asyncio.AbstractEventLoop, seconds: float, what: str, status: int) -> None:
        try:
            level = logging.CRITICAL if status else logging.WARNING
            log.log(
                level, "%s has not ended in %g s: the process ends. Still there: %s", what, seconds, _left(loop)
            )
            logging.shutdown()
        finally:
            self._leave(status)


def _left(loop: asyncio.AbstractEventLoop) -> str:
    """Which tasks of the loop are at what, and which other threads live."""
    tasks = Counter(_at(task) for task in asyncio.all_tasks(loop))
    named = [name if count == 1 else f"{name} ({count} times)" for name, count in sorted(tasks.items())]
    more = [f"and {len(named) - TASKS_MAX_COUNT} kinds of task more"] if len(named) > TASKS_MAX_COUNT else []
    here = {threading.current_thread(), threading.main_thread()}
    threads = sorted(f"thread {thread.name}" for thread in threading.enumerate() if thread not in here)
    return "; ".join([*named[:TASKS_MAX_COUNT], *more, *threads])


def _at(task: asyncio.Task[object]) -> str:
    """The task's coroutine, and the innermost that it waits in."""
    outermost = innermost = task.get_coro()
    while inspect.iscoroutine(awaited := getattr(innermost, "cr_await", None)):
        innermost = awaited
    frame = getattr(innermost, "cr_frame", None)
    where = f", line {frame.f_lineno} of {Path(frame.f_code.co_filename).name}" if frame is not None else ""
    names = dict.fromkeys(getattr(one, "__qualname__", task.get_name()) for one in (outermost, innermost))
    return " in ".join(reversed(names)) + where
