"""The gateway's application: whose a request is, and what the gateway answers itself."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.gateway.addresses import Addresses
from console.gateway.bodies import too_large
from console.gateway.documents import one_document
from console.gateway.forwarding import OWN_OF_ANSWERS, Forwarder, passed_headers
from console.gateway.settings import ANY_ORIGIN, Settings
from console.gateway.templates import OF_ALL, Templates
from shared import spans
from shared.http.auth import VISITED
from shared.http.limits import UNMATCHED, measured, says_more_than, served_from, tell_served
from shared.http.problem_types import UNKNOWN_PATH
from shared.http.problems import Problem
from shared.services import SERVICES

DOCS = "/docs"
OWN = ("/", "/livez", "/readyz", DOCS, "/redoc", "/openapi.json")
OWN_FILES = "/static-offline-docs/"
READING = ("GET", "HEAD")
METHODS = (*READING, "POST", "PUT", "PATCH", "DELETE")
#: What a page may send and see, beside what any page may.
CORS_HEADERS = ("Authorization", "Content-Type", "Idempotency-Key", VISITED, "traceparent")
CORS_SHOWN = ("Location", "Retry-After", "RateLimit", "RateLimit-Policy")


def create_app(settings: Settings, documents: Mapping[str, dict[str, Any]], forwarder: Forwarder) -> ASGIApp:
    """The application. Whoever makes it closes `forwarder`."""
    gateway: ASGIApp = Gateway(settings, documents, forwarder)
    if not settings.origins:
        return gateway
    # No credentials: browsers have no cookie for this address, and a page that has a key sends it itself.
    return CORSMiddleware(
        gateway,
        allow_origins=settings.origins,
        allow_methods=READING if ANY_ORIGIN in settings.origins else METHODS,
        allow_headers=CORS_HEADERS,
        expose_headers=CORS_SHOWN,
        max_age=settings.cors_seconds,
    )


class Gateway:
    """ASGI application: passes each request on to the service whose template its path is of."""

    def __init__(self, settings: Settings, documents: Mapping[str, dict[str, Any]], forwarder: Forwarder) -> None:
        self._body_max_bytes = settings.body_max_bytes
        self._addresses = Addresses(settings.address_requests_max_count)
        self._templates = Templates(documents)
        self._forwarder = forwarder
        self._pages = _pages(documents)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        started, began_ns, status = time.perf_counter(), time.time_ns(), 500
        came_with = _traceparent_of(scope) if spans.are_told() else None
        served = served_from(came_with) if spans.are_told() else None
        path: str = scope["path"]
        is_own = path in OWN or path.startswith(OWN_FILES)
        owned = None if is_own or path == OF_ALL else self._templates.find(path)
        route = owned.template if owned else path if path in (*OWN, OF_ALL) else UNMATCHED

        async def counted_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            if is_own:
                await self._pages(scope, receive, counted_send)
            elif owned is None and path != OF_ALL:
                raise Problem(UNKNOWN_PATH, f"No service has it; {DOCS} shows what there is")
            else:
                self._check_length(scope)
                with self._addresses.one_more(scope):
                    if owned is None:
                        await self._whose_key(scope, receive, counted_send)
                    else:
                        await self._forwarder.forward(owned.service, scope, receive, counted_send)
        except Problem as problem:
            await problem.response(path)(scope, receive, counted_send)
        finally:
            method = "ANY" if route == UNMATCHED else scope["method"]
            requests, seconds = measured(method, route, status)
            requests.inc()
            seconds.observe(time.perf_counter() - started, spans.exemplar(served))
            if served is not None:
                tell_served(
                    "gateway", scope["method"], route, status, own=served, said=came_with, began_ns=began_ns
                )

    def _check_length(self, scope: Scope) -> None:
        """Raise Problem 413 for a body that says itself that it is too large, before any of it is passed on."""
        for name, value in scope["headers"]:
            if name == b"content-length" and says_more_than(value, self._body_max_bytes):
                raise too_large(self._body_max_bytes)

    async def _whose_key(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Whose a key is, once every service knows it: whoever has a new one need not wait for each."""
        if scope["method"] not in READING:
            await self._forwarder.forward(SERVICES[0], scope, receive, send)
            return
        asked = await asyncio.gather(
            *(self._forwarder.ask(service, scope) for service in SERVICES), return_exceptions=True
        )
        for one in asked:
            if isinstance(one, BaseException):
                raise one
        answers = [one for one in asked if not isinstance(one, BaseException)]
        chosen = next((one for one in answers if one.status >= 400), answers[0])
        headers = passed_headers(chosen.headers, OWN_OF_ANSWERS)
        await send({"type": "http.response.start", "status": chosen.status, "headers": headers})
        await send({"type": "http.response.body", "body": chosen.content})


def _traceparent_of(scope: Scope) -> str | None:
    """The header of a request that says what caused it; the last one counts, as at a service."""
    said = [value for name, value in scope["headers"] if name == b"traceparent"]
    return said[-1].decode("latin-1") if said else None


def _pages(documents: Mapping[str, dict[str, Any]]) -> ASGIApp:
    """What the gateway answers itself: its health, and the operations of all services on one page."""
    app: FastAPI = FastAPIOffline(
        title="Plaudit",
        openapi_url="/openapi.json",
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    document = one_document(documents)
    app.openapi = lambda: document  # type: ignore[method-assign]

    async def root(_: Request) -> Response:
        return RedirectResponse(DOCS)

    async def livez(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(_: Request) -> Response:
        # It does its work for those services that are there, whichever are not.
        return JSONResponse({"ready": True, "missing": []})

    for path, endpoint in (("/", root), ("/livez", livez), ("/readyz", readyz)):
        app.add_route(path, endpoint, include_in_schema=False)
    return app
