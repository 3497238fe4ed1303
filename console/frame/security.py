"""What is checked of every request, and what every answer says to browsers."""

import time
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.settings import LOOPBACK, Settings
from shared import spans
from shared.http.limits import says_more_than, served_from, tell_served
from shared.telemetry import HTTP_REQUESTS, HTTP_SECONDS

#: No script or style inline, nothing from elsewhere, in no frame.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # Not no-referrer: browsers then send `Origin: null` with forms.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cache-control": "no-store",
}
PROBES = ("/livez", "/readyz")
#: Longer ones are no page's; a number in one is read before anything else is known.
PATH_MAX_CHARS = 1_000
YEAR_SECONDS = 31_536_000
FRAMED = b"frame-ancestors 'none'"
STREAM = b"text/event-stream; charset=utf-8"


class Guard:
    """ASGI middleware: only the console's own host, bounded bodies, headers for browsers; counts and times.

    A name that leads here and is not the console's (DNS rebinding) gets 421.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        own = urlsplit(settings.console_url)
        self._hosts = {own.netloc.lower()}
        if own.hostname in LOOPBACK:
            port = f":{own.port}" if own.port else ""
            self._hosts |= {f"{name}{port}" for name in ("127.0.0.1", "localhost", "[::1]")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status, is_stream = time.perf_counter(), 500, False
        # What a browser says of traces is not asked: nobody puts a visit into a trace of theirs. What is logged of
        # this one has its id, services are asked in it, and a page that says what went wrong shows it.
        began_ns, served = time.time_ns(), served_from(None)

        async def guarded_send(message: Message) -> None:
            nonlocal status, is_stream
            if message["type"] == "http.response.start":
                status = message["status"]
                is_stream = (b"content-type", STREAM) in message["headers"]
                said = dict(message["headers"])
                wanted = {**HEADERS, **self._transport()}
                if FRAMED not in said.get(b"content-security-policy", FRAMED):
                    wanted.pop("x-frame-options")  # the page says itself who may frame it
                more = [(n.encode(), v.encode()) for n, v in wanted.items() if n.encode() not in said]
                message = {**message, "headers": [*message["headers"], *more]}
            await send(message)

        try:
            refusal = self._refusal(Request(scope))
            await (refusal or self._app)(scope, receive, guarded_send)
        finally:
            route = getattr(scope.get("route"), "path", "unmatched")
            HTTP_REQUESTS.labels(scope["method"] if route != "unmatched" else "ANY", route, str(status)).inc()
            if not is_stream:  # which lasts as long as somebody looks
                HTTP_SECONDS.labels(route).observe(time.perf_counter() - started, spans.exemplar(served))
            tell_served("console", scope["method"], route, status, own=served, said=None, began_ns=began_ns)

    def _transport(self) -> Mapping[str, str]:
        return {"strict-transport-security": f"max-age={YEAR_SECONDS}"} if self._settings.is_https else {}

    def _refusal(self, request: Request) -> PlainTextResponse | None:
        if request.url.path in PROBES:
            return None
        if len(request.url.path) > PATH_MAX_CHARS:
            return PlainTextResponse("No page has such an address.\n", 414)
        if request.headers.get("host", "").lower() not in self._hosts:
            return PlainTextResponse("This is not the console's address.\n", 421)
        length = request.headers.get("content-length", "0")
        if says_more_than(length.encode("latin-1"), self._settings.form_max_bytes):
            return PlainTextResponse("A form may not be that large.\n", 413)
        return None


def is_own_form(request: Request) -> bool:
    """Whether a form was sent by a page of this very address, as far as the browser says."""
    origin, fetched = request.headers.get("origin"), request.headers.get("sec-fetch-site")
    if origin is not None and urlsplit(origin).netloc.lower() != request.headers.get("host", "").lower():
        return False
    return fetched in {None, "same-origin", "none"}


def local_path(said: str | None, otherwise: str = "/") -> str:
    """Where to go on this site: what was said, unless it leads elsewhere."""
    if not said or not said.startswith("/") or said.startswith(("//", "/\\")) or "\\" in said:
        return otherwise
    url = urlsplit(said)
    if url.scheme or url.netloc or any(ord(character) < 0x21 for character in said):
        return otherwise
    return said
