"""Asking the services, as the person who is signed in: side by side, in bounded time, and never an exception for a
service that is down."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson

from shared.spans import SERVED
from shared.telemetry import new_traceparent

UNAUTHORIZED = 401
FORBIDDEN = 403
NOT_FOUND = 404
#: What says that nothing was done, and when to come again.
NOT_NOW = 503
#: So often it is come again with a command that may be said twice, and only where it is not long until then.
COMING_AGAIN_MAX_COUNT = 3
COMING_AGAIN_MAX_SECONDS = 2.0
REPEATABLE = frozenset({"PUT", "DELETE"})
#: Connections to all services together, and how many of them are kept.
CONNECTIONS_MAX_COUNT = 100


class SessionOverError(Exception):
    """Ingest does not know the token any more: whoever had it signs in again."""


@dataclass(frozen=True)
class Answer:
    """What a service said to one question; `status` is None where it said nothing."""

    service: str
    status: int | None
    body: Any = None
    trace: str = ""
    took_ms: float = 0.0
    location: str = ""
    #: In how many seconds it wants to be asked again; 0 where it does not say.
    again_seconds: float = 0.0
    #: Of what is passed on as it comes, what it is.
    media_type: str = ""

    @property
    def ok(self) -> bool:
        """Whether it answered what was asked."""
        return self.status is not None and self.status < httpx.codes.BAD_REQUEST

    @property
    def is_down(self) -> bool:
        """Whether the service did not answer, or could not."""
        return (
            self.status is None or self.status >= httpx.codes.INTERNAL_SERVER_ERROR or self.status == UNAUTHORIZED
        )

    @property
    def is_forbidden(self) -> bool:
        """Whether the caller may not know."""
        return self.status == FORBIDDEN

    @property
    def is_missing(self) -> bool:
        """Whether there is no such thing."""
        return self.status == NOT_FOUND

    @property
    def items(self) -> list[Any]:
        """The items of a list; none where there is no answer."""
        return list(self.body["items"]) if self.ok and isinstance(self.body, Mapping) else []

    @property
    def problem(self) -> Mapping[str, Any]:
        """What a refusal says: type, title, detail, errors."""
        return self.body if isinstance(self.body, Mapping) else {}

    @property
    def problem_slug(self) -> str:
        """The last word of the problem's type."""
        return str(self.problem.get("type", "")).rpartition(":")[2]


@dataclass(frozen=True)
class Services:
    """The five services and the connections to them, for whoever visits."""

    urls: Mapping[str, str]
    client: httpx.AsyncClient
    answer_max_bytes: int

    @classmethod
    def connected(cls, urls: Mapping[str, str], *, ask_seconds: float, answer_max_bytes: int) -> "Services":
        """Connections that are opened when they are needed; whoever takes it closes `client`."""
        limits = httpx.Limits(max_connections=CONNECTIONS_MAX_COUNT, max_keepalive_connections=20)
        # No proxy is asked for the installation's own services, and no redirect leads elsewhere with a token.
        client = httpx.AsyncClient(timeout=ask_seconds, limits=limits, trust_env=False, follow_redirects=False)
        return cls(urls, client, answer_max_bytes)


def asked_in() -> str:
    """The traceparent of the request that is being answered; one of its own where there is none."""
    return SERVED.get() or new_traceparent()


@dataclass
class Asking:
    """Questions of one visit, with the token of whoever is signed in, and one trace for all of them."""

    services: Services
    token: str | None = None
    #: The community that somebody visits who shows no token.
    visits: str | None = None
    #: Who visits, where ingest counts by address; it believes whom PLAUDIT_TRUSTED_PROXIES names.
    address: str | None = None
    traceparent: str = field(default_factory=asked_in)

    @property
    def trace(self) -> str:
        """The id by which logs of the services tell this visit from others."""
        return self.traceparent.split("-")[1]

    async def get(self, service: str, path: str, **params: Any) -> Answer:
        """Ask; `path` begins with a slash. Raises SessionOverError."""
        wanted = {name.rstrip("_"): value for name, value in params.items() if value is not None}
        return await self._known(await self._ask("GET", service, path, params=wanted))

    async def post(
        self,
        service: str,
        path: str,
        body: Any,
        *,
        content_type: str = "application/json",
        key: str | None = None,
    ) -> Answer:
        """Command. Raises SessionOverError."""
        return await self.command("POST", service, path, body, content_type=content_type, key=key)

    async def command(
        self,
        method: str,
        service: str,
        path: str,
        body: Any = None,
        *,
        content_type: str = "application/json",
        key: str | None = None,
    ) -> Answer:
        """Command by any method; without a body where there is None. With the same `key` it is the same command.

        What may be said twice is said again where the service has no room for it now. Raises SessionOverError.
        """
        options: dict[str, Any] = {"headers": {} if key is None else {"Idempotency-Key": key}}
        if body is not None:
            options["content"] = body if isinstance(body, bytes) else orjson.dumps(body)
            options["headers"]["Content-Type"] = content_type
        answer = await self._ask(method, service, path, **options)
        for _ in range(COMING_AGAIN_MAX_COUNT if method in REPEATABLE or key is not None else 0):
            if answer.status != NOT_NOW or not 0 < answer.again_seconds <= COMING_AGAIN_MAX_SECONDS:
                break
            await asyncio.sleep(answer.again_seconds)
            answer = await self._ask(method, service, path, **options)
        return await self._known(answer)

    async def download(self, service: str, path: str, **params: Any) -> tuple[Answer, AsyncIterator[bytes]]:
        """What is too long for a page, passed on as it comes; of a refusal nothing. Raises SessionOverError."""
        wanted = {name.rstrip("_"): value for name, value in params.items() if value is not None}
        headers = {"traceparent": self.traceparent, "Authorization": f"Bearer {self.token}"}
        client = self.services.client
        request = client.build_request("GET", self.services.urls[service] + path, params=wanted, headers=headers)
        try:
            response = await client.send(request, stream=True)
        except httpx.HTTPError:
            return Answer(service, None, trace=self.trace), _passed_on(None)
        if response.is_success:
            media_type = response.headers.get("content-type", "")
            found = Answer(service, response.status_code, trace=self.trace, media_type=media_type)
            return found, _passed_on(response)
        await response.aclose()
        # Asked again as a page would, for what the refusal says.
        return await self.get(service, path, **params), _passed_on(None)

    async def all(self, **questions: Any) -> dict[str, Answer]:
        """The answers to questions that are asked side by side."""
        answers = await asyncio.gather(*questions.values())
        return dict(zip(questions, answers, strict=True))

    async def _known(self, answer: Answer) -> Answer:
        if answer.status != UNAUTHORIZED or self.token is None:
            return answer
        # Another service may be behind with the keys of tokens; ingest makes them.
        own = answer if answer.service == "ingest" else await self._ask("GET", "ingest", "/v1/key")
        if own.status == UNAUTHORIZED:
            raise SessionOverError
        return answer

    async def _ask(self, method: str, service: str, path: str, **options: Any) -> Answer:
        headers = {"traceparent": self.traceparent, **options.pop("headers", {})}
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        elif self.visits is not None:
            headers["Plaudit-Community"] = self.visits
        if self.address:
            headers["X-Forwarded-For"] = self.address
        url = self.services.urls[service] + path
        started = time.perf_counter()
        try:
            async with self.services.client.stream(method, url, headers=headers, **options) as response:
                content = bytearray()
                async for chunk in response.aiter_bytes():
                    content += chunk
                    if len(content) > self.services.answer_max_bytes:
                        return Answer(service, None, trace=self.trace)
            body = (
                orjson.loads(content) if content and "json" in response.headers.get("content-type", "") else None
            )
        except (httpx.HTTPError, httpx.InvalidURL, orjson.JSONDecodeError):
            return Answer(service, None, trace=self.trace)
        took_ms = (time.perf_counter() - started) * 1000
        again = response.headers.get("retry-after", "")
        return Answer(
            service,
            response.status_code,
            body,
            self.trace,
            took_ms,
            response.headers.get("location", ""),
            float(again) if again.isdecimal() else 0.0,
        )


async def _passed_on(response: httpx.Response | None) -> AsyncIterator[bytes]:
    if response is None:
        return
    try:
        async for chunk in response.aiter_bytes():
            yield chunk
    finally:
        await response.aclose()
