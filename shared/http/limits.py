"""Limits on what a client may send, and what was measured of each request."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from typing import Any

from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import spans
from shared.http.auth import check_caller
from shared.http.compressed import GZIP, inflated
from shared.http.problem_types import REQUEST_TOO_LARGE, SLOW_REQUEST, UNSUPPORTED_CONTENT_ENCODING
from shared.http.problems import PRIVATE, Problem
from shared.http.reads import READS
from shared.settings import ServiceSettings
from shared.spans import SERVED
from shared.telemetry import HTTP_REQUESTS, HTTP_SECONDS, TRACE_ID, new_traceparent
from shared.traces import Span, SpanKind, continued_trace, trace_id_of

UNMATCHED = "unmatched"
#: Pages about the API, which say nothing of anybody and may be kept.
DOCUMENTS = ("/docs", "/redoc", "/openapi.json", "/static-offline-docs/")
_PRIVATE = [(name.lower().encode(), value.encode()) for name, value in PRIVATE.items()]
_OF_DOCUMENTS = [header for header in _PRIVATE if header[0] != b"cache-control"]


class RequestLimits:
    """ASGI middleware: bounded body size and time to send it; counts, times and keeps private every answer.

    Whose personal data an answer showed is noted once it has been sent.

    `direct` has the applications that are called without the framework's routing, by method and path.
    """

    def __init__(
        self, app: ASGIApp, settings: ServiceSettings, direct: Mapping[tuple[str, str], ASGIApp], service: str
    ) -> None:
        self._app = app
        self._service = service
        self._settings = settings
        self._direct = direct

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request within the limits."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        began_ns = time.time_ns()
        status = 500
        came_with = None
        direct = self._direct.get((scope["method"], scope["path"]))
        encodings = []
        for name, value in scope["headers"]:
            if name == b"content-encoding":
                encodings.append(value.lower())
            elif name == b"traceparent":
                came_with = value.decode("latin-1")
                # Each request is a task of its own: it ends with that.
                TRACE_ID.set(trace_id_of(came_with))
        served = served_from(came_with) if spans.are_told() else None

        async def counted_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                said = {name for name, _ in message["headers"]}
                wanted = _OF_DOCUMENTS if scope["path"].startswith(DOCUMENTS) else _PRIVATE
                more = [header for header in wanted if header[0] not in said]
                message = {**message, "headers": [*message["headers"], *more]}
            await send(message)

        try:
            problem = self._refuse(scope, encodings)
            if problem is not None:
                await problem.response(scope["path"])(scope, receive, counted_send)
            elif direct is not None:
                await direct(scope, self._body_of(receive, encodings), counted_send)
            else:
                await self._app(scope, _of_known_callers(scope, self._body_of(receive, encodings)), counted_send)
                if READS in scope and status < HTTPStatus.BAD_REQUEST:
                    await _note_reads(scope)
        finally:
            route = str(scope["path"]) if direct is not None else _route_of(scope)
            requests, seconds = measured("ANY" if route == UNMATCHED else scope["method"], route, status)
            requests.inc()
            seconds.observe(time.perf_counter() - started, spans.exemplar(served))
            if served is not None:
                tell_served(
                    self._service, scope["method"], route, status, own=served, said=came_with, began_ns=began_ns
                )

    def _refuse(self, scope: Scope, encodings: Sequence[bytes]) -> Problem | None:
        for name, value in scope["headers"]:
            if name == b"content-length" and says_more_than(value, self._settings.body_max_bytes):
                return self._too_large()
        if any(encoding not in (b"identity", *GZIP) for encoding in encodings):
            return Problem(UNSUPPORTED_CONTENT_ENCODING, "Send the body uncompressed, or with gzip")
        if len(encodings) > 1:
            return Problem(UNSUPPORTED_CONTENT_ENCODING, "Say one content encoding")
        return None

    def _body_of(self, receive: Receive, encodings: Sequence[bytes]) -> Receive:
        bounded = self._bounded(receive)
        if encodings and encodings[0] in GZIP:
            return inflated(bounded, self._settings.body_max_bytes, self._too_large())
        return bounded

    def _too_large(self) -> Problem:
        limit = self._settings.body_max_bytes
        return Problem(REQUEST_TOO_LARGE, f"A body may have {limit} bytes; send smaller batches")

    def _bounded(self, receive: Receive) -> Receive:
        taken = 0
        deadline = time.monotonic() + self._settings.body_seconds
        whole = False

        async def bounded_receive() -> Message:
            nonlocal taken, whole
            if whole:
                return await receive()
            try:
                async with asyncio.timeout(max(0.0, deadline - time.monotonic())):
                    message = await receive()
            except TimeoutError:
                limit = self._settings.body_seconds
                raise Problem(SLOW_REQUEST, f"A body must arrive in {limit} s") from None
            taken += len(message.get("body", b""))
            whole = not message.get("more_body", False)
            if taken > self._settings.body_max_bytes:
                raise self._too_large()
            return message

        return bounded_receive


def served_from(said: str | None) -> str:
    """Begin the span of a request that came with what is `said`; its log and its work are of that trace."""
    served = continued_trace(said, new_traceparent())
    SERVED.set(served)
    TRACE_ID.set(trace_id_of(served))
    return served


def tell_served(
    service: str, method: str, route: str, status: int, *, own: str, said: str | None, began_ns: int
) -> None:
    """Tell of the span of a request that was answered, by its route's template: paths have ids in them."""
    spans.tell(
        Span(
            service,
            f"{method} {route}",
            SpanKind.SERVER,
            own,
            said if trace_id_of(said) is not None else None,
            began_ns,
            time.time_ns(),
            {"http.request.method": method, "http.route": route, "http.response.status_code": status},
            failed=status >= HTTPStatus.INTERNAL_SERVER_ERROR,
        )
    )


def says_more_than(length: bytes, limit: int) -> bool:
    """Whether a Content-Length says more than that, or is no number.

    Any number of zeros may stand before it, and Python reads no number of more than 4,300 digits.
    """
    digits = length.lstrip(b"0") or b"0"
    return not length.isdigit() or len(digits) > len(str(limit)) or int(digits) > limit


def _of_known_callers(scope: Scope, receive: Receive) -> Receive:
    """`receive` of a request whose body is taken only once its route knows who calls, and that they may.

    The framework reads a body before it asks for anything else.
    """
    is_known = False

    async def receive_of_known() -> Message:
        nonlocal is_known
        if not is_known:
            await check_caller(scope)
            is_known = True
        return await receive()

    return receive_of_known


async def _note_reads(scope: Scope) -> None:
    now = datetime.now(UTC)
    for read in scope[READS]:
        await scope["app"].state.connected.reads.note(read, now)


@cache
def measured(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    """The counter and the histogram of a route: as few as it has methods and statuses, and slow to look up."""
    return HTTP_REQUESTS.labels(method, route, str(status)), HTTP_SECONDS.labels(route)


def _route_of(scope: Scope) -> str:
    """The route's template, never a path with values in it: they would make unbounded labels."""
    route: Any = scope.get("route")
    if route is not None:
        return str(route.path)
    # Starlette's own routes say only that there is an endpoint; without parameters the path is the template.
    return str(scope["path"]) if "endpoint" in scope and not scope["path_params"] else UNMATCHED
