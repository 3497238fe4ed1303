"""A load generator that costs little: requests prebuilt in memory, few connections, uvloop, its own process.

`python -m bench.load` reads a job (JSON) from standard input, builds its requests, prints `ready`, waits
for a line, sends, and prints what came of it (JSON). Closed loop: each connection sends its next request as
soon as the last is answered. Open loop (`per_second`): request n is due at start + n / per_second whatever
became of the others, and its latency counts from when it was due.
"""

import asyncio
import sys
import time
from collections import Counter, deque
from typing import Any

import orjson
import uvloop

from bench import messages

RETRY_SECONDS = 0.05


class Connection(asyncio.Protocol):
    """One HTTP/1.1 connection with at most one request under way."""

    def __init__(self, generator: "Generator") -> None:
        self._generator = generator
        self._received = b""
        self.number = -1

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def send(self, number: int) -> None:
        """Send the request of that number."""
        self.number = number
        self.transport.write(self._generator.requests[number])

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, separator, body = self._received.partition(b"\r\n\r\n")
        if not separator:
            return
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(body) < length:
            return
        self._received = b""
        self._generator.answered(self, int(head[9:12]), body)

    def connection_lost(self, error: Exception | None) -> None:
        self._generator.lost(error)


class Generator:
    """Sends requests over a few connections and counts the answers."""

    def __init__(self, requests: list[bytes], connection_count: int, per_second: float | None) -> None:
        self.requests = requests
        self._connection_count = connection_count
        self._per_second = per_second
        self._idle: deque[Connection] = deque()
        self._waiting: deque[int] = deque(range(len(requests)) if per_second is None else ())
        self._left = len(requests)
        self._done = asyncio.get_running_loop().create_future()
        self.statuses: Counter[int] = Counter()
        self.due: list[float] = []
        self.latencies: list[float] = []

    async def connect(self, host: str, port: int) -> None:
        """Open the connections."""
        loop = asyncio.get_running_loop()
        for _ in range(self._connection_count):
            _, connection = await loop.create_connection(lambda: Connection(self), host, port)
            self._idle.append(connection)

    async def run(self) -> None:
        """Send everything and return when everything is answered with 202."""
        if self._per_second is not None:
            dispatching = asyncio.create_task(self._dispatch(self._per_second))
        self._send_waiting()
        await self._done
        if self._per_second is not None:
            await dispatching

    async def _dispatch(self, per_second: float) -> None:
        start = time.time()
        self.due = [start + number / per_second for number in range(len(self.requests))]
        number = 0
        while number < len(self.due):
            now = time.time()
            while number < len(self.due) and self.due[number] <= now:
                self._waiting.append(number)
                number += 1
            self._send_waiting()
            if number < len(self.due):
                await asyncio.sleep(max(0.0, self.due[number] - time.time()))

    def _send_waiting(self) -> None:
        while self._waiting and self._idle:
            # In turn: the server closes a connection that says nothing for long.
            self._idle.popleft().send(self._waiting.popleft())

    def answered(self, connection: Connection, status: int, body: bytes) -> None:
        """Count an answer and send what waits. 503 is tried again, as a client should."""
        self.statuses[status] += 1
        number = connection.number
        if status == 503:
            loop = asyncio.get_running_loop()
            loop.call_later(RETRY_SECONDS, self._again, connection, number)
            return
        if status != 202:
            self.lost(RuntimeError(f"HTTP {status}: {body[:500]!r}"))
            return
        if self.due:
            self.latencies.append(time.time() - self.due[number])
        self._left -= 1
        if self._left == 0:
            self._done.set_result(None)
        self._idle.append(connection)
        self._send_waiting()

    def _again(self, connection: Connection, number: int) -> None:
        self._waiting.appendleft(number)
        self._idle.append(connection)
        self._send_waiting()

    def lost(self, error: Exception | None) -> None:
        """A connection was closed: the run fails unless it was over."""
        if not self._done.done():
            self._done.set_exception(error or ConnectionError("the server closed a connection"))


def build_requests(job: dict[str, Any]) -> list[bytes]:
    """The requests of a job, as they go over the wire."""
    size = job["batch_count"]
    content = "application/cloudevents+json" if size == 1 else "application/cloudevents-batch+json"
    head = (
        f"POST /v1/events HTTP/1.1\r\nHost: {job['host']}\r\nAuthorization: Bearer {job['key']}\r\n"
        f"Content-Type: {content}\r\nContent-Length: "
    )
    given = messages.events(job["event_count"], job.get("prefix", "m"))
    return [f"{head}{len(body)}\r\n\r\n".encode() + body for body in messages.bodies(given, size)]


async def perform(job: dict[str, Any]) -> dict[str, Any]:
    """Do a job; print `ready` and wait for a line in between."""
    requests = build_requests(job) * job.get("repeat_count", 1)
    generator = Generator(requests, job["connection_count"], job.get("per_second"))
    await generator.connect(job["host"], job["port"])
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    cpu, started = time.process_time(), time.time()
    await generator.run()
    return {
        "started": started,
        "seconds": time.time() - started,
        "cpu_seconds": time.process_time() - cpu,
        "event_count": job["event_count"] * job.get("repeat_count", 1),
        "statuses": {str(status): count for status, count in generator.statuses.items()},
        "due": generator.due,
        "latencies": generator.latencies,
    }


def main() -> None:
    """One job from standard input."""
    job = orjson.loads(sys.stdin.readline())
    result = uvloop.run(perform(job))
    sys.stdout.buffer.write(orjson.dumps(result) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
