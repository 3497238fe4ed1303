"""The HTTP server as a part of the service's process."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Iterator
from typing import ClassVar

import mode
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from shared.settings import ServiceSettings

log = logging.getLogger(__name__)


class _ImpatientProtocol(HttpToolsProtocol):
    """Closes connections that do not send the head of a request in time.

    uvicorn waits for ever for it, so that whoever opens `connections_max_count` connections and says nothing,
    or says it byte by byte, would shut everybody else out.
    """

    head_seconds: ClassVar[float]
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_head()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._await_head()

    def on_headers_complete(self) -> None:
        self._head_came()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_came()
        super().connection_lost(exc)

    def _await_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(self.head_seconds, self.transport.close)

    def _head_came(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


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
                http=type("Protocol", (_ImpatientProtocol,), {"head_seconds": settings.head_seconds}),
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
        self.port = 0

    async def on_start(self) -> None:
        """Listen. Raises OSError when the port cannot be had, which ends the process."""
        host, port = self._settings.http_host, self._settings.http_port
        # Not left to uvicorn, which would end the process without our saying why.
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            listening = socket.create_server((host, port), family=family, backlog=self._server.config.backlog)
        except OSError as error:
            raise OSError(f"cannot listen on {host}:{port}; is another process using it? ({error})") from error
        self.port = listening.getsockname()[1]
        self._serving = asyncio.create_task(self._server.serve(sockets=[listening]))
        while not self._server.started:
            if self._serving.done():
                self._serving.result()
                raise RuntimeError("the HTTP server stopped before it had started")
            await asyncio.sleep(0.005)
        log.info("listening on http://%s:%s", host, self.port)

    async def on_stop(self) -> None:
        """Take no new requests and finish those in flight, within `stop_seconds`."""
        self._server.should_exit = True
        if self._serving is not None:
            await self._serving
