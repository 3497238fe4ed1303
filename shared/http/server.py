"""The HTTP server as a part of the service's process."""

import asyncio
import contextlib
import logging
from collections.abc import Iterator

import mode
import uvicorn
from starlette.types import ASGIApp

from shared.settings import ServiceSettings

log = logging.getLogger(__name__)


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: the worker that hosts it decides when to stop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class HttpServer(mode.Service):
    """Serves the application until the worker stops; then lets requests in flight finish."""

    def __init__(self, app: ASGIApp, settings: ServiceSettings) -> None:
        super().__init__()
        self._settings = settings
        self._server = _Server(
            uvicorn.Config(
                app,
                host=settings.http_host,
                port=settings.http_port,
                http="httptools",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                limit_concurrency=settings.connections_max_count,
                timeout_keep_alive=settings.keep_alive_seconds,
                timeout_graceful_shutdown=settings.stop_seconds,
            )
        )
        self._serving: asyncio.Task[None] | None = None

    async def on_start(self) -> None:
        """Listen, or fail if the port cannot be had."""
        self._serving = asyncio.create_task(self._server.serve())
        while not self._server.started:
            if self._serving.done():
                address = f"{self._settings.http_host}:{self._settings.http_port}"
                raise OSError(f"cannot listen on {address}; is another process using it?")
            await asyncio.sleep(0.005)
        log.info("listening on http://%s:%s", self._settings.http_host, self._settings.http_port)

    async def on_stop(self) -> None:
        """Take no new requests and finish those in flight, within `stop_seconds`."""
        self._server.should_exit = True
        if self._serving is not None:
            await self._serving
