"""Children as their parent has them: lent one at a time, and another started when one ended."""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson

from services.scoring.children.domain import LENGTH
from services.scoring.metrics import CHILDREN_ENDED

#: A child that has nothing to do ends this soon after its pipe is closed.
CLOSE_SECONDS = 2.0
#: What a child imports takes 50 ms; a machine may do much else.
START_SECONDS = 60.0
#: What a child ends with that nothing in it has ended: killed, or told to stop, or without its pipe.
ENDED_BY_OTHERS = frozenset({0, -signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT, -signal.SIGHUP})

#: The module of a child process, which stands above all that it may do.
CHILD = "services.scoring.child"

log = logging.getLogger(__name__)


class ChildEndedError(Exception):
    """A child ended before it had answered: the kernel held it to its limit, or its parent did."""


class ChildLostError(Exception):
    """A child ended before it had answered, and not by what it was asked: somebody or the machine ended it."""


class Child:
    """One child process, while it lives."""

    def __init__(self, process: Process) -> None:
        assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 -- both are pipes
        self._process = process
        self._requests, self._answers = process.stdin, process.stdout

    @property
    def has_ended(self) -> bool:
        """Whether it is gone, or of no more use."""
        return self._process.returncode is not None or self._requests.is_closing()

    async def ask(self, request: Any, *, seconds: float) -> AsyncIterator[Any]:
        """Each part of the answer to a request, which JSON can hold, as it comes.

        `seconds` is by the clock, for each part: the child's own limit is of the processor, which a busy machine
        does not shorten, and this is for what that does not see. Raises ChildEndedError and ChildLostError.
        """
        try:
            encoded = orjson.dumps(request)
            self._requests.write(LENGTH.pack(len(encoded)) + encoded)
            while True:
                async with asyncio.timeout(seconds):
                    (length,) = LENGTH.unpack(await self._answers.readexactly(LENGTH.size))
                    part = await self._answers.readexactly(length)
                if not part:
                    return
                yield orjson.loads(part)
        except (asyncio.IncompleteReadError, ConnectionError):
            await self.end(within_seconds=CLOSE_SECONDS)
            said = f"the child process ended with {self._process.returncode}"
            if self._process.returncode in ENDED_BY_OTHERS:
                raise ChildLostError(said) from None
            CHILDREN_ENDED.inc()
            raise ChildEndedError(said) from None
        except TimeoutError:
            await self.end()
            CHILDREN_ENDED.inc()
            raise ChildEndedError(f"the child process had not answered after {seconds:g} s") from None
        except BaseException:
            # Whoever asked went away in the middle: what comes now would be taken for the next answer.
            await self.end()
            raise

    async def starts(self) -> None:
        """Wait until it has imported what it needs. Raises RuntimeError when it cannot: that is nobody's text."""
        try:
            async with asyncio.timeout(START_SECONDS):
                await self._answers.readexactly(LENGTH.size)
        except (asyncio.IncompleteReadError, ConnectionError, TimeoutError):
            await self.end(within_seconds=CLOSE_SECONDS)
            raise RuntimeError(f"a child process does not start: {self._process.returncode}") from None
        except BaseException:
            await self.end()
            raise

    async def end(self, *, within_seconds: float = 0.0) -> None:
        """End the process, giving it a moment to end by itself."""
        self._requests.close()
        if within_seconds:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(within_seconds):
                    await self._process.wait()
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()


class Children:
    """At most `count` children that do one task, each started when it is needed."""

    def __init__(self, task: str, *, count: int, memory_bytes: int) -> None:
        self._task = task
        self._memory_bytes = memory_bytes
        self._free = asyncio.Semaphore(count)
        self._idle: list[Child] = []
        self._lent: set[Child] = set()
        self.started_count = 0

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[Child]:
        """A child for whoever asks first; nobody else has it meanwhile."""
        async with self._free:
            child = self._idle.pop() if self._idle else await self.start()
            if child.has_ended:
                await child.end()
                child = await self.start()
            self._lent.add(child)
            try:
                yield child
            finally:
                self._lent.discard(child)
                if not child.has_ended:
                    self._idle.append(child)

    async def start(self) -> Child:
        """A new child. It knows no secret of this process: its environment has none of the settings."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PLAUDIT_")}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            CHILD,
            self._task,
            str(self._memory_bytes),
            stdin=PIPE,
            stdout=PIPE,
            env=environment,
            start_new_session=True,
        )
        self.started_count += 1
        log.info("a child process was started: %s", self._task, extra={"child_pid": process.pid})
        child = Child(process)
        await child.starts()
        return child

    async def close(self) -> None:
        """End all of them."""
        children = [*self._idle, *self._lent]
        self._idle.clear()
        await asyncio.gather(*(child.end(within_seconds=CLOSE_SECONDS) for child in children))
