"""Ingest's HTTP API without what lies behind it, as a process of its own: `python -m bench.front_door`.

The producer and the access keys are stand-ins that answer at once. With `--no-op` it serves, with the same
server, a Starlette route that reads the body and answers 202. Prints the port it listens on.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.context import WITHOUT_SHARES
from bench.measure import like_a_service
from services.ingest.events.api.posting import post_events
from services.ingest.main import SPEC
from shared.access_keys import PersonKind
from shared.http import Connected, Principal, Problem, Scope
from shared.http.server import HttpServer
from shared.kafka import send_records
from shared.service import describe

PARTITIONS = frozenset(range(6))


class NoBatch:
    """Takes records and forgets them."""

    def append(self, **record: Any) -> object:
        return record


class Acknowledged(NamedTuple):
    """What a broker answers that no longer knows where the records are."""

    offset: int = -1


class NoProducer:
    """A producer whose records are acknowledged at once."""

    async def partitions_for(self, topic: str) -> frozenset[int]:
        return PARTITIONS

    def create_batch(self) -> NoBatch:
        return NoBatch()

    async def send_batch(self, batch: NoBatch, topic: str, *, partition: int) -> Awaitable[Acknowledged]:
        done: asyncio.Future[Acknowledged] = asyncio.get_running_loop().create_future()
        done.set_result(Acknowledged())
        return done


class NoRules:
    """A database in which no community has a programme, which is what costs are looked up from."""

    async def fetch(self, query: str, *arguments: Any) -> list[Any]:
        return []

    async def fetchval(self, query: str, *arguments: Any) -> bool:
        """Whether an event was judged: each was."""
        return True

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator["NoRules"]:
        yield self


class AnyKey:
    """Knows every access key."""

    async def principal(self, secret: str) -> Principal:
        return Principal(
            "bench", "", "benchmark", PersonKind.SERVICE, frozenset(), frozenset((Scope.EVENTS_WRITE,)), "key"
        )


def application(producer: Any = None) -> Any:
    """Ingest's application with stand-ins for what it is connected to."""
    settings = SPEC.settings(**WITHOUT_SHARES)
    app = describe(SPEC, settings, "api")
    keys: Any = AnyKey()
    pool: Any = NoRules()
    nothing: Any = None  # what taking events has no use for
    used = producer or NoProducer()
    app.state.connected = Connected(
        settings=settings,
        pool=pool,
        keys=keys,
        begin=nothing,
        send=lambda records: send_records(used, records),
        not_ready=nothing,
    )
    return app


class Call:
    """Calls ingest's route for events in this process: no sockets, no HTTP, no routing."""

    def __init__(self, producer: Any = None) -> None:
        self._app = application(producer)

    async def __call__(self, body: bytes, content_type: bytes) -> None:
        """Give one body to the route. Raises RuntimeError when it isn't taken."""

        async def read() -> bytes:
            return body

        headers = {"authorization": "Bearer plk", "content-type": content_type.decode()}
        try:
            await post_events(self._app.state.connected, headers, read)
        except Problem as problem:
            raise RuntimeError(f"HTTP {problem.status}: {problem.detail}") from problem


async def no_op(request: Request) -> Response:
    """Read the body and answer."""
    await request.body()
    return Response(b"{}", 202, media_type="application/json")


async def serve(app: Any) -> None:
    """Serve until standard input ends."""
    server = HttpServer(app, SPEC.settings(http_port=0))
    await server.start()
    print(server.port, flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await server.stop()


if __name__ == "__main__":
    served = (
        Starlette(routes=[Route("/v1/events", no_op, methods=["POST"])])
        if "--no-op" in sys.argv
        else application()
    )
    like_a_service()
    uvloop.run(serve(served))
