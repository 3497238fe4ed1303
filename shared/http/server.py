"""The HTTP server as a part of the service's process."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Iterator
from http import HTTPStatus
from typing import ClassVar, Protocol

import httptools
import mode
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from shared.http.problem_types import HEAD_TOO_LARGE, MALFORMED_HTTP, TOO_MANY_CONNECTIONS
from shared.http.problems import RETRY_AFTER_SECONDS, Problem
from shared.settings import ServiceSettings

log = logging.getLogger(__name__)

TOO_MANY = Problem(
    TOO_MANY_CONNECTIONS,
    "Nothing was taken; try again, on fewer connections",
    headers={"Retry-After": RETRY_AFTER_SECONDS, "Connection": "close"},
)


#: For so long a connection that was turned away stays, so that whoever opened it can read why.
TURNED_AWAY_SECONDS = 1.0


class ConnectionCounts(Protocol):
    """Says of each address whether it may open one more connection."""

    def take(self, address: str) -> bool:
        """Whether it may; if so, `leave` follows."""

    def leave(self, address: str) -> None:
        """The connection is closed."""


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    await TOO_MANY.response(scope["path"])(scope, receive, send)


class _BoundedProtocol(HttpToolsProtocol):
    """Bounds how many connections there are, and how long and how large the head of a request may be.

    uvicorn waits for ever for a head, however large it grows: whoever opens `connections_max_count` connections
    and says nothing, or says it byte by byte, would shut everybody else out. So would who leaves them open once
    they are answered. What uvicorn would answer in plain text is answered as a problem.
    """

    settings: ClassVar[ServiceSettings]
    counts: ClassVar[ConnectionCounts | None] = None
    _counted: str | None = None
    _is_turned_away = False
    _head_timer: asyncio.TimerHandle | None = None
    _idle_timer: asyncio.TimerHandle | None = None
    _head_bytes = 0
    _is_upgrade_offered = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        peer = transport.get_extra_info("peername")
        if self.counts is not None and peer:
            if not self.counts.take(peer[0]):
                self._turn_away(transport)
                return
            self._counted = peer[0]
        super().connection_made(transport)
        self._served = self.app
        self._await_head()

    def data_received(self, data: bytes) -> None:
        if self._is_turned_away:
            return
        waiting = self._head_timer
        self._feed(data)
        # Counted only when all of it belongs to one head: in one piece with a body, it is small enough.
        if waiting is not None and waiting is self._head_timer and not self.transport.is_closing():
            self._head_bytes += len(data)
            if self._head_bytes > self.settings.head_max_bytes:
                limit = self.settings.head_max_bytes
                self._end(Problem(HEAD_TOO_LARGE, f"It may have {limit} bytes"))

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._idle_over()
        self._await_head()

    def on_headers_complete(self) -> None:
        if self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT":
            self._is_upgrade_offered = True
            return
        self._head_came()
        self.app = self._served if len(self.connections) <= self.settings.connections_max_count else _refuse
        super().on_headers_complete()
        # Fields behind a body (RFC 9110, section 6.5.1) are no headers: uvicorn would add them to those.
        self.headers = []

    def on_message_complete(self) -> None:
        # The parser says so at once: to it there is no body.
        if not self._is_upgrade_offered:
            super().on_message_complete()

    def _feed(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        while data:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserError:
                self.send_400_response("Invalid HTTP request received.")
            except httptools.HttpParserUpgrade as offered:
                if self._is_upgrade_offered:
                    data = self._head_without_offer() + data[offered.args[0] :]
                    continue
            return

    def _head_without_offer(self) -> bytes:
        """The head that was read, to be read again as if no other protocol had been offered in it."""
        self._is_upgrade_offered = False
        lines = [b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())]
        for name, value in self.headers:
            if name == b"connection":
                kept = [one for one in map(bytes.strip, value.split(b",")) if one.lower() != b"upgrade"]
                lines.append(b"connection: " + b", ".join(kept))
            elif name != b"upgrade":
                lines.append(b"%b: %b" % (name, value))
        self.parser = httptools.HttpRequestParser(self)
        return b"\r\n".join([*lines, b"", b""])

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._idle_over()
        if self.cycle.response_complete and not self.transport.is_closing():
            # uvicorn's own ends with any byte: the rest of a body that was answered, or an empty line.
            self._idle_timer = self.loop.call_later(self.settings.keep_alive_seconds, self.transport.close)

    def _turn_away(self, transport: asyncio.Transport) -> None:
        """Answer at once, and keep nothing of it: it is none of the connections that there are."""
        self._is_turned_away = True
        self.transport = transport
        self._end(TOO_MANY, TURNED_AWAY_SECONDS)

    def eof_received(self) -> None:
        if self._is_turned_away:
            self.transport.close()

    def send_400_response(self, msg: str) -> None:
        self._end(Problem(MALFORMED_HTTP, msg))

    def _end(self, problem: Problem, linger_seconds: float = 0.0) -> None:
        """Answer before there is a request that an application could answer, and close the connection."""
        response = problem.response(None)
        headers = [*self.server_state.default_headers, *response.raw_headers, (b"connection", b"close")]
        lines = [b"HTTP/1.1 %d %b" % (problem.status, HTTPStatus(problem.status).phrase.encode())]
        lines += [b"%b: %b" % header for header in headers]
        self.transport.write(b"\r\n".join([*lines, b"", bytes(response.body)]))
        if not linger_seconds:
            self.transport.close()
            return
        # A request that is still on its way would have the kernel take the answer back.
        self.transport.write_eof()
        self.loop.call_later(linger_seconds, self.transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._counted is not None and self.counts is not None:
            self.counts.leave(self._counted)
        if self._is_turned_away:
            return
        self._head_came()
        self._idle_over()
        super().connection_lost(exc)

    def _await_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(self.settings.head_seconds, self.transport.close)

    def _idle_over(self) -> None:
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None

    def _head_came(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
            self._head_bytes = 0


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: the worker that hosts it decides when to stop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class HttpServer(mode.Service):
    """Serves the application until the worker stops; then lets requests in flight finish.

    `counts` says how many connections an address may have: whoever opens more is answered 503 at once.
    """

    def __init__(self, app: ASGIApp, settings: ServiceSettings, counts: ConnectionCounts | None = None) -> None:
        super().__init__()
        self._settings = settings
        self._server = _Server(
            uvicorn.Config(
                app,
                host=settings.http_host,
                port=settings.http_port,
                http=type("Protocol", (_BoundedProtocol,), {"settings": settings, "counts": counts}),
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                # uvicorn believes whoever connects from this machine, unless it is told whom.
                proxy_headers=bool(settings.trusted_proxies),
                forwarded_allow_ips=settings.trusted_proxies,
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
