"""Starts the load generator as a process of its own and tells it when to begin."""

import asyncio
import sys
from dataclasses import dataclass, field
from typing import Any

import orjson


@dataclass(frozen=True)
class Load:
    """What came of a load: when it began (UNIX seconds), how long it took, and the generator's own CPU."""

    started: float
    seconds: float
    cpu_seconds: float
    event_count: int
    statuses: dict[str, int]
    due: list[float] = field(repr=False)
    latencies: list[float] = field(repr=False)

    @property
    def per_second(self) -> float:
        """Events acknowledged per second."""
        return self.event_count / self.seconds

    @property
    def cpu_share(self) -> float:
        """The part of one core that the generator used."""
        return self.cpu_seconds / self.seconds


class Loader:
    """A load generator that is ready to begin."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, job: dict[str, Any]) -> "Loader":
        """Start a generator with its job (see bench.load) and return when its requests are built."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bench.load",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=256 * 1024 * 1024,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(orjson.dumps(job) + b"\n")
        line = await process.stdout.readline()
        if line.strip() != b"ready":
            raise RuntimeError(f"the load generator failed: {line!r}")
        return cls(process)

    async def run(self) -> Load:
        """Send everything; return when everything is acknowledged."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b"go\n")
        line = await self._process.stdout.readline()
        if not line or await self._process.wait() != 0:
            raise RuntimeError("the load generator failed; see above")
        return Load(**orjson.loads(line))

    def stop(self) -> None:
        """End the generator if it still runs."""
        if self._process.returncode is None:
            self._process.kill()
