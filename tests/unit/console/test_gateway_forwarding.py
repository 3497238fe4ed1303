"""What the gateway passes on and back, on real sockets: streams, headers, bounds, and services that break off."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from prometheus_client import generate_latest

from console.gateway.main import running
from console.gateway.settings import Settings
from shared import spans
from shared.services import SERVICES
from tests.otlp import collecting
from tests.waiting import until

KEY = {"Authorization": "Bearer plk_1_2"}
OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
Answering = Callable[["Service", asyncio.StreamReader, asyncio.StreamWriter, bytes], Awaitable[None]]


@dataclass
class Service:
    """A service whose every byte the test decides; `heads` are what it was asked."""

    answering: Answering
    heads: list[bytes] = field(default_factory=list)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    came: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.heads.append(head)
                await self.answering(self, reader, writer, head)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def header(self, name: str) -> list[str]:
        """The values of a header of the last request."""
        lines = self.heads[-1].decode().split("\r\n")[1:]
        pairs = [line.split(": ", 1) for line in lines if ": " in line]
        return [value for key, value in pairs if key.lower() == name]


async def says_ok(_: Service, __: asyncio.StreamReader, writer: asyncio.StreamWriter, ___: bytes) -> None:
    writer.write(OK)


@asynccontextmanager
async def standing(answering: Answering, **settings: Any) -> AsyncIterator[tuple[httpx.AsyncClient, Service]]:
    """A gateway before five services that are one."""
    service = Service(answering)
    async with AsyncExitStack() as parts:
        server = await asyncio.start_server(service.serve, "127.0.0.1", 0)
        service.port = server.sockets[0].getsockname()[1]
        parts.callback(server.close)
        urls = {f"{one}_url": f"http://127.0.0.1:{service.port}" for one in SERVICES}
        wanted = {"http_port": 0, "stop_seconds": 1, **urls, **settings}
        gateway = await parts.enter_async_context(running(Settings(**wanted)))
        url = f"http://127.0.0.1:{gateway.port}"
        yield await parts.enter_async_context(httpx.AsyncClient(base_url=url, timeout=60)), service


async def test_a_trace_leads_from_the_caller_through_the_gateway_to_the_service() -> None:
    caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with collecting() as collector:
        spans.begin(Settings(traces_endpoint=collector.url))
        try:
            async with standing(says_ok) as (client, service):
                await client.get("/v1/members/ada/score", headers={**KEY, "traceparent": caller})
                (passed_on,) = service.header("traceparent")
                await client.get("/v1/members/ada/score", headers=KEY)
                (begun,) = service.header("traceparent")
        finally:
            spans.end()
    went_on, began = sorted(collector.arrived, key=lambda one: one.span.parent_span_id == b"")
    assert (went_on.service, went_on.span.name) == ("plaudit-gateway", "GET /v1/members/{member_id}/score")
    assert (went_on.trace_id, went_on.span.parent_span_id.hex()) == (caller[3:35], caller[36:52])
    assert passed_on == f"00-{caller[3:35]}-{went_on.span.span_id.hex()}-01"
    assert began.span.parent_span_id == b""
    assert begun[3:52] == f"{began.trace_id}-{began.span.span_id.hex()}"


async def test_a_request_goes_on_as_it_came_but_for_what_is_said_between_neighbours() -> None:
    async with standing(says_ok) as (client, service):
        answer = await client.get(
            "/v1/payees/a%2Fb%20c/history?limit=2&after=x%2B",
            headers={
                **KEY,
                "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                "Connection": "keep-alive, X-Hop",
                "X-Hop": "1",
                "TE": "trailers",
                "Proxy-Authorization": "Basic eA==",
                "X-Forwarded-For": "203.0.113.9",
                "Forwarded": "for=203.0.113.9",
                "Idempotency-Key": "k-1",
            },
        )

    assert (answer.status_code, answer.json()) == (404, answer.json())  # a/b is no segment of its own
    async with standing(says_ok) as (client, service):
        headers = {**KEY, "Connection": "X-Hop", "X-Hop": "1", "TE": "trailers", "X-Forwarded-For": "203.0.113.9"}
        trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        answer = await client.get(
            "/v1/payees/b%20c/history?limit=2&after=x%2B", headers={**headers, "traceparent": trace}
        )
        assert (answer.status_code, answer.json()) == (200, {})
        assert service.heads[-1].startswith(b"GET /v1/payees/b%20c/history?limit=2&after=x%2B HTTP/1.1\r\n")
        assert service.header("authorization") == [KEY["Authorization"]]
        assert service.header("traceparent") == [trace]
        assert service.header("host") == [f"127.0.0.1:{service.port}"]
        assert service.header("x-forwarded-for") == ["127.0.0.1"]
        assert [*service.header("x-hop"), *service.header("te"), *service.header("transfer-encoding")] == []
        await client.get("/v1/badges", headers=KEY)
        assert len(service.header("traceparent")[0]) == 55
        assert service.header("authorization") == [KEY["Authorization"]]
        await client.get("/v1/badges", headers={"Authorization": ""})
        assert service.header("authorization") == [""]


async def test_both_ways_are_streams() -> None:
    async def echoes(
        service: Service, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _: bytes
    ) -> None:
        assert b"first" in await reader.readuntil(b"first\r\n")
        service.came.set()  # before the client has sent the rest
        assert b"second" in await reader.readuntil(b"0\r\n\r\n")
        writer.write(
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nkeep-alive: timeout=5\r\n\r\n5\r\nhello\r\n"
        )
        await writer.drain()
        await service.go_on.wait()
        writer.write(b"0\r\n\r\n")

    async with standing(echoes, body_buffer_bytes=4) as (client, service):

        async def body() -> AsyncIterator[bytes]:
            yield b"first"
            await service.came.wait()
            yield b"second"

        async with client.stream("POST", "/v1/events", headers=KEY, content=body()) as answer:
            parts = answer.aiter_raw()
            assert await anext(parts) == b"hello"
            service.go_on.set()
            assert [part async for part in parts] == []
        assert "keep-alive" not in answer.headers
        assert service.header("transfer-encoding") == ["chunked"]


async def test_a_service_that_cannot_be_reached_is_a_503_and_nothing_was_done() -> None:
    async with standing(says_ok, scoring_url="http://127.0.0.1:1") as (client, service):
        answer = await client.get("/v1/awards", headers=KEY)
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"] == "urn:plaudit:problem:service-unreachable"
        assert answer.headers["retry-after"] == "1"
        assert "scoring" in answer.json()["detail"]
        # The others are served, and the gateway is well.
        assert (await client.get("/v1/badges", headers=KEY)).status_code == 200
        assert (await client.get("/readyz")).json() == {"ready": True, "missing": []}
        assert (await client.get("/metrics")).status_code == 404
        metrics = generate_latest().decode()
        assert 'plaudit_gateway_failures_total{backend="scoring",reason="unreachable"}' in metrics
        assert 'route="/v1/awards"' in metrics
        # Nobody knows whether scoring would know the key.
        assert (await client.get("/v1/key", headers=KEY)).status_code == 503
        assert len(service.heads) >= 1


async def test_a_service_that_says_nothing_is_a_504() -> None:
    async def says_nothing(
        service: Service, _: asyncio.StreamReader, __: asyncio.StreamWriter, ___: bytes
    ) -> None:
        await service.go_on.wait()

    async with standing(says_nothing, answer_seconds=0.2) as (client, service):
        answer = await client.post("/v1/redemptions", headers=KEY, json={})
        service.go_on.set()
    assert (answer.status_code, answer.json()["type"]) == (504, "urn:plaudit:problem:gateway-timeout")
    assert "may still do it" in answer.json()["detail"]


async def test_what_may_have_changed_something_is_never_sent_twice() -> None:
    async def breaks_off(_: Service, __: asyncio.StreamReader, writer: asyncio.StreamWriter, ___: bytes) -> None:
        writer.close()

    async with standing(breaks_off) as (client, service):
        answer = await client.post("/v1/redemptions/7/confirm", headers=KEY)
        assert (answer.status_code, answer.json()["type"]) == (502, "urn:plaudit:problem:bad-gateway")
        assert len(service.heads) == 1
        # What only reads is asked once more: the connection may have been closed while nobody used it.
        assert (await client.get("/v1/badges", headers=KEY)).status_code == 502
        assert len(service.heads) == 3


async def test_an_answer_that_breaks_off_is_not_taken_for_whole() -> None:
    async def breaks_off(_: Service, __: asyncio.StreamReader, writer: asyncio.StreamWriter, ___: bytes) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n")
        await writer.drain()
        writer.close()

    async with standing(breaks_off) as (client, _):
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get("/v1/audit.csv", headers=KEY)


async def test_bodies_are_bounded_however_they_come() -> None:
    async def takes_all(_: Service, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, __: bytes) -> None:
        await reader.readuntil(b"0\r\n\r\n")
        writer.write(OK)

    async with standing(takes_all, body_max_bytes=1_000, body_seconds=0.3) as (client, service):
        answer = await client.post("/v1/events", headers=KEY, content=b"x" * 1_001)
        assert (answer.status_code, answer.json()["type"]) == (413, "urn:plaudit:problem:request-too-large")
        assert service.heads == []

        async def too_many() -> AsyncIterator[bytes]:
            for _ in range(3):
                yield b"x" * 400

        answer = await client.post("/v1/events", headers=KEY, content=too_many())
        assert answer.status_code == 413

        reader, writer = await asyncio.open_connection("127.0.0.1", client.base_url.port)
        writer.write(b"POST /v1/events HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n")
        answered = await reader.readuntil(b"}")
        assert answered.startswith(b"HTTP/1.1 408 ")
        assert b"urn:plaudit:problem:slow-request" in answered
        writer.close()


async def test_one_slow_service_takes_nobody_elses_connections() -> None:
    async def waits_at_scoring(
        service: Service, _: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes
    ) -> None:
        if b"/v1/awards" in head:
            service.came.set()
            await service.go_on.wait()
        writer.write(OK)

    few = {"service_connections_max_count": 1, "connect_seconds": 0.2}
    async with standing(waits_at_scoring, **few) as (client, service):
        first = asyncio.create_task(client.get("/v1/awards", headers=KEY))
        await service.came.wait()
        busy = await client.get("/v1/programmes", headers=KEY)
        assert (busy.status_code, busy.json()["type"]) == (503, "urn:plaudit:problem:service-unreachable")
        assert (await client.get("/v1/badges", headers=KEY)).status_code == 200
        service.go_on.set()
        assert (await first).status_code == 200


async def test_a_key_is_known_once_every_service_knows_it() -> None:
    async def knows_later(
        service: Service, _: asyncio.StreamReader, writer: asyncio.StreamWriter, __: bytes
    ) -> None:
        if service.go_on.is_set() or len(service.heads) % len(SERVICES):
            writer.write(OK)
        else:
            writer.write(b"HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Bearer\r\ncontent-length: 0\r\n\r\n")

    async with standing(knows_later) as (client, service):
        answer = await client.get("/v1/key", headers=KEY)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert len(service.heads) == len(SERVICES)
        service.go_on.set()
        assert (await client.get("/v1/key", headers=KEY)).status_code == 200


async def test_pages_of_other_origins_may_ask_only_where_a_setting_says_so() -> None:
    asks = {"Origin": "https://forum.example", "Access-Control-Request-Method": "POST"}
    async with standing(says_ok) as (client, service):
        assert "access-control-allow-origin" not in (await client.get("/v1/badges", headers=asks)).headers
    async with standing(says_ok, cors_origins="https://forum.example, https://other.example") as (client, service):
        service.heads.clear()
        allowed = await client.options("/v1/redemptions", headers=asks)
        assert allowed.status_code == 200
        assert allowed.headers["access-control-allow-origin"] == "https://forum.example"
        assert "access-control-allow-credentials" not in allowed.headers
        assert service.heads == []
        refused = await client.options("/v1/redemptions", headers=asks | {"Origin": "https://evil.example"})
        assert refused.status_code == 400
        # Whoever visits without a key names the community, also from a page.
        visits = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "plaudit-community"}
        assert (await client.options("/v1/leaderboard", headers=asks | visits)).status_code == 200
        shown = await client.get("/v1/badges", headers={**KEY, "Origin": "https://forum.example"})
        assert "Retry-After" in shown.headers["access-control-expose-headers"]
    async with standing(says_ok, cors_origins="*") as (client, _):
        assert (await client.options("/v1/redemptions", headers=asks)).status_code == 400
        reads = asks | {"Access-Control-Request-Method": "GET"}
        assert (await client.options("/v1/leaderboard", headers=reads)).status_code == 200


async def test_there_is_one_page_of_all_operations_and_nothing_else() -> None:
    async with standing(says_ok) as (client, service):
        document = (await client.get("/openapi.json")).json()
        assert {"/v1/events", "/v1/members/{member_id}/score", "/v1/payout-runs"} <= document["paths"].keys()
        assert "/openapi.json" in (await client.get("/docs")).text
        assert (await client.get("/")).headers["location"] == "/docs"
        for path in ("/v1/own-facts", "/v1/nothing", "/v1/events/"):
            answer = await client.get(path)
            assert (answer.status_code, answer.json()["type"]) == (404, "urn:plaudit:problem:unknown-path")
        assert service.heads == []


async def test_a_client_that_goes_away_leaves_no_half_request_taken() -> None:
    async def waits(service: Service, reader: asyncio.StreamReader, _: asyncio.StreamWriter, __: bytes) -> None:
        service.came.set()
        await reader.readuntil(b"0\r\n\r\n")  # the end never comes
        service.go_on.set()

    async with standing(waits, body_buffer_bytes=2) as (client, service):
        _, writer = await asyncio.open_connection("127.0.0.1", client.base_url.port)
        writer.write(b"POST /v1/events HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n")
        await service.came.wait()
        writer.close()
        await writer.wait_closed()

        async def is_counted() -> bool:
            return 'route="/v1/events",status="400"' in generate_latest().decode()

        await until(is_counted)
        assert not service.go_on.is_set()


async def test_whose_a_key_is_may_be_asked_with_a_body() -> None:
    async with standing(says_ok) as (client, service):
        answer = await client.request("GET", "/v1/key", headers=KEY, content=b"12345")
        assert (answer.status_code, answer.json()) == (200, {})
        assert [*service.header("content-length"), *service.header("transfer-encoding")] == []
