"""A process that was told to stop ends within a time, and says what would not have ended by itself."""

import asyncio
import logging
import os
import threading
from collections.abc import Callable

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
    tasks = sorted(map(_at, asyncio.all_tasks(loop)))
    here = {threading.current_thread(), threading.main_thread()}
    threads = sorted(f"thread {thread.name}" for thread in threading.enumerate() if thread not in here)
    more = [f"and {len(tasks) - TASKS_MAX_COUNT} more tasks"] if len(tasks) > TASKS_MAX_COUNT else []
    return "; ".join([*tasks[:TASKS_MAX_COUNT], *more, *threads])


def _at(task: asyncio.Task[object]) -> str:
    stack = task.get_stack(limit=1)
    where = f" in {stack[0].f_code.co_filename}:{stack[0].f_lineno}" if stack else ""
    return f"{getattr(task.get_coro(), '__qualname__', task.get_name())}{where}"
