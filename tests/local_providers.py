"""A provider on this machine: a server that answers as one is documented to, and a client that asks it."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import uvicorn

from services.rewards.providers.handlers.calls import Caller
from shared.webhooks.addresses import Bounds

HERE = Bounds([443], loopback=True)


@asynccontextmanager
async def served(app: Any) -> AsyncIterator[str]:
    """An application at work on a port of this machine; its base URL."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="error", access_log=False, lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = server.force_exit = True
        await serving
        listening.close()


@asynccontextmanager
async def asking(base_url: str, make: Callable[[Caller], Any], *, seconds: float = 5.0) -> AsyncIterator[Any]:
    """A client of a provider, whose connections are closed in the end."""
    caller = Caller(base_url, HERE, seconds=seconds)
    try:
        yield make(caller)
    finally:
        await caller.close()
