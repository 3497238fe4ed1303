"""Passing a request on to its service, and the answer back: both as streams, in bounded time."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpcore
import prometheus_client
from starlette.types import Receive, Scope, Send

from console.gateway.problems import BAD_GATEWAY, GATEWAY_TIMEOUT, SERVICE_UNREACHABLE
from console.gateway.settings import Settings
from shared.http.problem_types import INCOMPLETE_REQUEST, REQUEST_TOO_LARGE, SLOW_REQUEST
from shared.http.problems import RETRY_AFTER_SECONDS, Problem
from shared.telemetry import new_traceparent

Headers = list[tuple[bytes, bytes]]

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
#: What the gateway says itself: whoever comes may not say it for it.
OWN_OF_REQUESTS = frozenset(
    {b"host", b"expect", b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-real-ip"}
)
OWN_OF_ANSWERS = frozenset({b"date", b"server"})
#: What changes nothing and may be asked again when a connection turns out to have been closed.
READS = frozenset({"GET", "HEAD"})
BROKEN = (httpcore.RemoteProtocolError, httpcore.ReadError, httpcore.WriteError)

FAILURES = prometheus_client.Counter(
    "plaudit_gateway_failures_total", "Requests that a service did not answer", ["service", "reason"]
)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Upstream:
    """A service as the gateway reaches it: connections of its own, so that a slow one takes nobody else's."""

    name: str
    scheme: bytes
    host: bytes
    port: int | None
    netloc: bytes
    prefix: bytes
    pool: httpcore.AsyncConnectionPool

    @classmethod
    def of(cls, name: str, url: str, settings: Settings) -> "Upstream":
        """The service at a base URL; whoever takes it closes its pool."""
        parts = urlsplit(url)
        pool = httpcore.AsyncConnectionPool(
            max_connections=settings.service_connections_max_count,
            max_keepalive_connections=settings.service_connections_max_count,
            keepalive_expiry=settings.service_keep_alive_seconds,
        )
        return cls(
            name,
            parts.scheme.encode(),
            str(parts.hostname).encode(),
            parts.port,
            parts.netloc.rpartition("@")[2].encode(),
            parts.path.rstrip("/").encode(),
            pool,
        )


class Forwarder:
    """Passes requests on, without any authority of its own. `close` lets go of the connections."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.services: Mapping[str, Upstream] = {
            name: Upstream.of(name, url, settings) for name, url in settings.service_urls.items()
        }
        self._timeouts = {
            "connect": settings.connect_seconds,
            "pool": settings.connect_seconds,
            "read": settings.answer_seconds,
            "write": settings.answer_seconds,
        }

    async def close(self) -> None:
        """Close all connections."""
        for one in self.services.values():
            await one.pool.aclose()

    async def forward(self, service: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request with what the service answers.

        Raises Problem while nothing is answered yet. What breaks off later ends the connection: nobody is to take
        a part for the whole.
        """
        upstream = self.services[service]
        request = self._request(upstream, scope, receive)
        try:
            answer = await self._asked(upstream, request)
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
            raise self._problem(upstream, error) from error
        try:
            await self._pass_back(answer, send)
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, TimeoutError) as error:
            FAILURES.labels(service, "broke_off").inc()
            log.warning("an answer of %s to %s broke off: %r", service, scope["path"], error)
        finally:
            await answer.aclose()

    async def ask(self, service: str, scope: Scope) -> httpcore.Response:
        """The whole answer of a service to a request without a body. Raises Problem."""
        upstream = self.services[service]
        try:
            answer = await self._asked(upstream, self._request(upstream, scope, None))
            try:
                await answer.aread()
            finally:
                await answer.aclose()
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
            raise self._problem(upstream, error) from error
        return answer

    async def _asked(self, upstream: Upstream, request: httpcore.Request) -> httpcore.Response:
        try:
            return await upstream.pool.handle_async_request(request)
        except BROKEN:
            # An idle connection may have been closed meanwhile. What may have changed something is not sent twice.
            if request.method.decode() not in READS or _has_body(request.headers):
                raise
        return await upstream.pool.handle_async_request(request)

    def _request(self, upstream: Upstream, scope: Scope, receive: Receive | None) -> httpcore.Request:
        target = upstream.prefix + scope["raw_path"]
        target += b"?" + scope["query_string"] if scope["query_string"] else b""
        headers = passed_headers(scope["headers"], OWN_OF_REQUESTS)
        if receive is None or not _has_body(scope["headers"]):
            content = None
            # What the length announces is not sent.
            headers = [header for header in headers if header[0] != b"content-length"]
        else:
            content = self._body(receive)
            if not any(name == b"content-length" for name, _ in headers):
                headers.append((b"transfer-encoding", b"chunked"))
        if not any(name == b"traceparent" for name, _ in headers):
            headers.append((b"traceparent", new_traceparent().encode()))
        headers += self._about_the_client(scope)
        return httpcore.Request(
            scope["method"],
            httpcore.URL(scheme=upstream.scheme, host=upstream.host, port=upstream.port, target=target),
            headers=[(b"host", upstream.netloc), *headers],
            content=content,
            extensions={"timeout": self._timeouts},
        )

    def _about_the_client(self, scope: Scope) -> Headers:
        host = next((value for name, value in scope["headers"] if name == b"host"), b"")
        found = [(b"x-forwarded-proto", scope["scheme"].encode()), (b"x-forwarded-host", host)]
        if scope.get("client"):
            found.append((b"x-forwarded-for", scope["client"][0].encode()))
        return found

    async def _body(self, receive: Receive) -> AsyncIterator[bytes]:
        taken, deadline = 0, time.monotonic() + self._settings.body_seconds
        while True:
            try:
                async with asyncio.timeout(max(0.0, deadline - time.monotonic())):
                    message = await receive()
            except TimeoutError:
                raise Problem(SLOW_REQUEST, f"A body must arrive in {self._settings.body_seconds} s") from None
            if message["type"] == "http.disconnect":
                raise Problem(INCOMPLETE_REQUEST, "The client went away")
            taken += len(message.get("body", b""))
            if taken > self._settings.body_max_bytes:
                raise too_large(self._settings.body_max_bytes)
            if message.get("body"):
                yield message["body"]
            if not message.get("more_body", False):
                return

    async def _pass_back(self, answer: httpcore.Response, send: Send) -> None:
        headers = passed_headers(answer.headers, OWN_OF_ANSWERS)
        patience = self._settings.answer_seconds
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        async for chunk in answer.aiter_stream():
            async with asyncio.timeout(patience):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        async with asyncio.timeout(patience):
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _problem(self, upstream: Upstream, error: Exception) -> Problem:
        """What to answer. Only where no connection came about is it certain that nothing was done."""
        name = upstream.name
        if isinstance(error, (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.PoolTimeout)):
            reason, kind = "unreachable", SERVICE_UNREACHABLE
            detail = f"{name} takes no connection now; nothing was done. Try the same request again"
        elif isinstance(error, httpcore.TimeoutException):
            reason, kind = "timeout", GATEWAY_TIMEOUT
            limit = self._settings.answer_seconds
            detail = (
                f"{name} said nothing for {limit:g} s and may still do it: look, or send the same command again"
            )
        else:
            reason, kind = "broken", BAD_GATEWAY
            detail = f"{name} ended the connection, and may have done it: look, or send the same command again"
        FAILURES.labels(name, reason).inc()
        log.warning("%s did not answer (%s): %r", name, reason, error)
        headers = {"Retry-After": RETRY_AFTER_SECONDS} if kind is SERVICE_UNREACHABLE else None
        return Problem(kind, detail, headers=headers)


def too_large(limit_bytes: int) -> Problem:
    """What whoever sends more than may pass is answered."""
    return Problem(REQUEST_TOO_LARGE, f"A body may have {limit_bytes} bytes; send smaller batches")


def passed_headers(headers: Iterable[tuple[bytes, bytes]], own: frozenset[bytes]) -> Headers:
    """Headers without those for the next hop alone, those that `Connection` names, and the gateway's `own`."""
    lower = [(name.lower(), value) for name, value in headers]
    named = {part.strip().lower() for name, value in lower if name == b"connection" for part in value.split(b",")}
    return [(name, value) for name, value in lower if name not in HOP_BY_HOP and name not in own | named]


def _has_body(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
        for name, value in ((name.lower(), value) for name, value in headers)
    )
