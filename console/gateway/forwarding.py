"""Passing a request on to its service, and the answer back: both as streams, in bounded time."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlsplit

import prometheus_client
from starlette.types import Receive, Scope, Send

from console.gateway.bodies import Bodies, Body
from console.gateway.connections import (
    BrokenOffError,
    Connection,
    Headers,
    Pool,
    SilentError,
    UnreachableError,
)
from console.gateway.problems import BAD_GATEWAY, GATEWAY_TIMEOUT, SERVICE_UNREACHABLE
from console.gateway.settings import Settings
from shared.http.problem_types import MALFORMED_HTTP
from shared.http.problems import RETRY_AFTER_SECONDS, Problem
from shared.services import SERVICES
from shared.spans import SERVED
from shared.telemetry import new_traceparent

#: RFC 9110, section 7.6.1: what is said between two neighbours alone.
HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-connection",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
#: What the gateway says itself: whoever comes may not say it for it. The length is that of what is sent.
OWN_OF_REQUESTS = HOP_BY_HOP | {
    b"content-length",
    b"expect",
    b"forwarded",
    b"host",
    b"x-forwarded-for",
    b"x-forwarded-host",
    b"x-forwarded-proto",
    b"x-real-ip",
}
OWN_OF_ANSWERS = HOP_BY_HOP | {b"date", b"server"}
#: What changes nothing and may be asked again when a connection turns out to have been closed.
READS = frozenset({"GET", "HEAD"})
HEAD = "HEAD"
#: The largest answer that is taken whole before it is passed on.
WHOLE_ANSWER_MAX_BYTES = 1024 * 1024

FAILURES = prometheus_client.Counter(
    # Not `service`: that is what a scrape calls the gateway itself.
    "plaudit_gateway_failures_total",
    "Requests that a service did not answer",
    ["backend", "reason"],
)
for _service in SERVICES:
    for _reason in ("unreachable", "timeout", "broken", "broke_off"):
        FAILURES.labels(_service, _reason)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Upstream:
    """A service as the gateway reaches it: connections of its own, so that a slow one takes nobody else's."""

    name: str
    netloc: bytes
    prefix: bytes
    pool: Pool

    @classmethod
    def of(cls, name: str, url: str, settings: Settings) -> "Upstream":
        """The service at a base URL; whoever takes it closes its pool."""
        parts = urlsplit(url)
        pool = Pool(
            url,
            max_count=settings.service_connections_max_count,
            connect_seconds=settings.connect_seconds,
            keep_alive_seconds=settings.service_keep_alive_seconds,
        )
        return cls(name, parts.netloc.rpartition("@")[2].encode(), parts.path.rstrip("/").encode(), pool)


class Answer(NamedTuple):
    """A whole answer of a service."""

    status: int
    headers: Headers
    content: bytes


class Forwarder:
    """Passes requests on, without any authority of its own. `close` lets go of the connections."""

    def __init__(self, settings: Settings) -> None:
        self._patience = settings.answer_seconds
        self._bodies = Bodies(settings)
        self.services: Mapping[str, Upstream] = {
            name: Upstream.of(name, url, settings) for name, url in settings.service_urls.items()
        }

    async def close(self) -> None:
        """Close all connections."""
        for one in self.services.values():
            await one.pool.close()

    async def forward(self, service: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request with what the service answers.

        Raises Problem while nothing is answered yet. What breaks off later ends the connection: nobody is to take
        a part for the whole.
        """
        upstream = self.services[service]
        # 1. What is small is there before a connection is taken: whoever sends slowly takes none from others.
        body = await self._bodies.begun(scope, receive)
        head = _head_of(upstream, scope, body)
        connection = await self._asked(upstream, scope["method"], head, body)
        try:
            await self._pass_back(connection, receive, send)
        except (BrokenOffError, SilentError, TimeoutError) as error:
            FAILURES.labels(service, "broke_off").inc()
            log.warning("an answer of %s to %s broke off: %r", service, scope["path"], error)
        finally:
            upstream.pool.give_back(connection)

    async def ask(self, service: str, scope: Scope) -> Answer:
        """The whole answer of a service to a request without a body. Raises Problem."""
        upstream = self.services[service]
        connection = await self._asked(upstream, scope["method"], _head_of(upstream, scope, None), None)
        content = bytearray()
        try:
            while part := await connection.take(self._patience):
                content += part
                if len(content) > WHOLE_ANSWER_MAX_BYTES:
                    raise BrokenOffError(f"an answer of more than {WHOLE_ANSWER_MAX_BYTES} bytes")
        except (BrokenOffError, SilentError) as error:
            raise self._problem(upstream, error) from error
        finally:
            upstream.pool.give_back(connection)
        return Answer(connection.status, connection.headers, bytes(content))

    async def _asked(self, upstream: Upstream, method: str, head: bytes, body: Body | None) -> Connection:
        """A connection on which the head of the answer has come; whoever has it gives it back. Raises Problem."""
        try:
            try:
                return await self._sent(upstream, method, head, body)
            except BrokenOffError:
                # An idle connection may have been closed meanwhile. What may have changed something is not sent
                # twice.
                if method not in READS or body is not None:
                    raise
            return await self._sent(upstream, method, head, body)
        except (UnreachableError, BrokenOffError, SilentError) as error:
            raise self._problem(upstream, error) from error

    async def _sent(self, upstream: Upstream, method: str, head: bytes, body: Body | None) -> Connection:
        connection = await upstream.pool.take()
        try:
            connection.begin(has_answer_body=method != HEAD)
            # In one piece: two would wake the service twice.
            await connection.write(head if body is None else head + body.first, self._patience)
            if body is not None and body.rest is not None:
                async with contextlib.aclosing(body.rest) as rest:
                    async for part in rest:
                        if connection.is_answering:  # it does not want the rest
                            connection.end_with_answer()
                            break
                        await connection.write(part, self._patience)
            await connection.head(self._patience)
        except BaseException:
            connection.close()  # whatever was answered: half a request may stand on it
            upstream.pool.give_back(connection)
            raise
        return connection

    async def _pass_back(self, connection: Connection, receive: Receive, send: Send) -> None:
        headers = passed_headers(connection.headers, OWN_OF_ANSWERS)
        await send({"type": "http.response.start", "status": connection.status, "headers": headers})
        if connection.is_whole:
            async with asyncio.timeout(self._patience):
                await send({"type": "http.response.body", "body": connection.taken(), "more_body": False})
            return
        async with _watched(connection, receive):
            while part := await connection.take(self._patience):
                async with asyncio.timeout(self._patience):
                    await send({"type": "http.response.body", "body": part, "more_body": True})
            async with asyncio.timeout(self._patience):
                await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _problem(self, upstream: Upstream, error: Exception) -> Problem:
        """What to answer. Only where no connection came about is it certain that nothing was done."""
        name = upstream.name
        if isinstance(error, UnreachableError):
            reason, kind = "unreachable", SERVICE_UNREACHABLE
            detail = f"{name} takes no connection now; nothing was done. Try the same request again"
        elif isinstance(error, SilentError):
            reason, kind = "timeout", GATEWAY_TIMEOUT
            detail = (
                f"{name} said nothing for {self._patience:g} s and may still do it: look, or send the same "
                "command again"
            )
        else:
            reason, kind = "broken", BAD_GATEWAY
            detail = f"{name} ended the connection, and may have done it: look, or send the same command again"
        FAILURES.labels(name, reason).inc()
        log.warning("%s did not answer (%s): %r", name, reason, error)
        headers = {"Retry-After": RETRY_AFTER_SECONDS} if kind is SERVICE_UNREACHABLE else None
        return Problem(kind, detail, headers=headers)


@contextlib.asynccontextmanager
async def _watched(connection: Connection, receive: Receive) -> AsyncIterator[None]:
    """While an answer is passed on: whoever goes away leaves no stream behind that nobody reads."""

    async def until_gone() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        connection.close()

    watching = asyncio.create_task(until_gone())
    try:
        yield
    finally:
        watching.cancel()


def _head_of(upstream: Upstream, scope: Scope, body: Body | None) -> bytes:
    """The head of the request to a service. Raises Problem for a header with a line break in it."""
    target = upstream.prefix + scope["raw_path"]
    if scope["query_string"]:
        target += b"?" + scope["query_string"]
    headers = passed_headers(scope["headers"], OWN_OF_REQUESTS)
    if body is not None:
        headers.append(body.framing)
    asked_host, has_trace = b"", False
    for name, value in scope["headers"]:
        if name == b"host":
            asked_host = value
        elif name == b"traceparent":
            has_trace = True
    if (served := SERVED.get()) is not None:
        # The service's span comes of the gateway's, which comes of the caller's.
        headers = [header for header in headers if header[0] != b"traceparent"]
        headers.append((b"traceparent", served.encode()))
    elif not has_trace:
        headers.append((b"traceparent", new_traceparent().encode()))
    headers += ((b"x-forwarded-proto", scope["scheme"].encode()), (b"x-forwarded-host", asked_host))
    if scope.get("client"):
        headers.append((b"x-forwarded-for", scope["client"][0].encode()))
    lines = [b"%b %b HTTP/1.1" % (scope["method"].encode(), target), b"host: " + upstream.netloc]
    lines += [name + b": " + value for name, value in headers]
    lines += (b"", b"")
    head = b"\r\n".join(lines)
    # The server's parser lets none through; were it to, one request would become two.
    if head.count(b"\n") != len(lines) - 1 or head.count(b"\r") != len(lines) - 1 or b"\0" in head:
        raise Problem(MALFORMED_HTTP, "A header has a line break or a zero byte in it")
    return head


def passed_headers(headers: Iterable[tuple[bytes, bytes]], own: frozenset[bytes]) -> Headers:
    """Headers, their names in lower case, without the gateway's `own` and those that `Connection` names."""
    kept, named = [], None
    for header in headers:
        name = header[0]
        if name == b"connection":
            named = (named or frozenset()) | {part.strip().lower() for part in header[1].split(b",")}
        elif name not in own:
            kept.append(header)
    return [header for header in kept if header[0] not in named] if named else kept
