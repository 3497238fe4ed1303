"""Connections that say nothing, or say it slowly, are closed; the rest is served."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shared.http.server import HttpServer
from shared.settings import ServiceSettings

HEAD_SECONDS = 1.0
HEAD_MAX_BYTES = 8_192
KEEP_ALIVE_SECONDS = 1
CONNECTIONS_MAX_COUNT = 20


async def length(request: Request) -> Response:
    """Answer how long the body was."""
    return Response(str(len(await request.body())))


async def at_once(request: Request) -> Response:
    """Answer before the body is there, with what the headers said of who calls."""
    return Response(",".join(request.headers.getlist("authorization")))


async def after_body(request: Request) -> Response:
    """Answer once the body is there, with what the headers said of who calls."""
    await request.body()
    return Response(",".join(request.headers.getlist("authorization")))


@pytest.fixture
async def server() -> AsyncIterator[HttpServer]:
    """A server of few connections and little patience."""
    settings = ServiceSettings(
        http_port=0,
        head_seconds=HEAD_SECONDS,
        head_max_bytes=HEAD_MAX_BYTES,
        keep_alive_seconds=KEEP_ALIVE_SECONDS,
        connections_max_count=CONNECTIONS_MAX_COUNT,
        stop_seconds=1,
    )
    routes = [
        Route("/", length, methods=["POST"]),
        Route("/at-once", at_once, methods=["POST"]),
        Route("/after-body", after_body, methods=["POST"]),
    ]
    async with HttpServer(Starlette(routes=routes), settings) as running:
        yield running


async def problem_of(reader: asyncio.StreamReader) -> Any:
    """The problem that a raw answer is, after which the connection is closed."""
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head
    assert b"connection: close" in head
    assert b"x-content-type-options: nosniff" in head
    assert b"cache-control: no-store" in head
    problem = orjson.loads(body)
    assert head.startswith(b"HTTP/1.1 %d " % problem["status"])
    assert b"content-length: %d" % len(body) in head
    return problem


async def is_closed(reader: asyncio.StreamReader, seconds: float) -> bool:
    """Whether the server closes the connection in time."""
    try:
        async with asyncio.timeout(seconds):
            return await reader.read() == b""
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False


async def test_a_connection_that_says_nothing_is_closed(server: HttpServer) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    assert not await is_closed(reader, HEAD_SECONDS / 2)
    assert await is_closed(reader, HEAD_SECONDS * 5)
    writer.close()


async def test_a_head_that_comes_byte_by_byte_is_not_waited_for(server: HttpServer) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"POST / HTTP/1.1\r\n")

    async def drip() -> None:
        while True:
            writer.write(b"X-Slow: 1\r\n")
            await asyncio.sleep(HEAD_SECONDS / 20)

    dripping = asyncio.create_task(drip())
    assert await is_closed(reader, HEAD_SECONDS * 5)
    dripping.cancel()
    writer.close()


async def test_a_slow_body_after_a_quick_head_is_the_routes_business(server: HttpServer) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nab")
    assert not await is_closed(reader, HEAD_SECONDS * 2)
    writer.write(b"cd")
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    writer.close()


async def test_silent_connections_shut_nobody_out_for_long(server: HttpServer) -> None:
    silent = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(CONNECTIONS_MAX_COUNT)]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", trust_env=False, timeout=60) as http:
        refused = await http.post("/", content=b"x")
        assert refused.status_code == 503
        assert refused.json()["title"] == "Too many connections"
        assert refused.headers["Retry-After"] == "1"
        assert refused.headers["Cache-Control"] == "no-store"
        for reader, _ in silent:
            assert await is_closed(reader, HEAD_SECONDS * 5)
        assert (await http.post("/", content=b"x")).text == "1"
    for _, writer in silent:
        writer.close()


async def test_what_is_not_http_is_answered_with_a_problem(server: HttpServer) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"\x16\x03\x01 hello?\r\n\r\n")
    problem = await problem_of(reader)
    assert (problem["status"], problem["title"]) == (400, "The request is not HTTP")
    writer.close()


@pytest.mark.parametrize("line", [b"X-Large: 12345678\r\n", b"x" * 1000], ids=["many headers", "one header"])
async def test_a_head_that_grows_on_and_on_is_refused(server: HttpServer, line: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    # In one piece, and nothing after it: a server that closes with something unread resets the connection.
    writer.write(b"POST / HTTP/1.1\r\nX-Large: " + line * (2 * HEAD_MAX_BYTES // len(line)))
    problem = await problem_of(reader)
    assert problem["status"] == 431
    assert problem["detail"] == f"It may have {HEAD_MAX_BYTES} bytes"
    writer.close()


async def test_bodies_and_kept_connections_count_for_no_head(server: HttpServer) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    body = b"x" * (4 * HEAD_MAX_BYTES)
    for _ in range(3):
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        await reader.readuntil(b"\r\n\r\n%d" % len(body))
    writer.close()


@pytest.mark.parametrize("rest", ["drips", "came", "empty lines"])
async def test_nobody_keeps_a_connection_that_was_answered(server: HttpServer, rest: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    length = 0 if rest == "empty lines" else 1000
    writer.write(b"POST /at-once HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % length)
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert b"content-length: 0" in head
    said = {"drips": b"x", "came": b"x" * 1000, "empty lines": b"\r\n"}[rest]

    async def drip() -> None:
        while True:
            writer.write(said)
            await asyncio.sleep(60 if rest == "came" else KEEP_ALIVE_SECONDS / 10)

    dripping = asyncio.create_task(drip())
    assert await is_closed(reader, (KEEP_ALIVE_SECONDS + HEAD_SECONDS) * 10)
    dripping.cancel()
    writer.close()


async def test_what_follows_a_body_is_no_header(server: HttpServer) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    head = b"POST /after-body HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer a\r\nTransfer-Encoding: chunked\r\n\r\n"
    writer.write(head + b"1\r\nx\r\n0\r\nAuthorization: Bearer b\r\n\r\n")
    answer = await reader.readuntil(b"Bearer a")
    assert answer.startswith(b"HTTP/1.1 200")
    writer.write(head.replace(b"after-body", b"at-once") + b"0\r\n\r\n")
    again = await reader.readuntil(b"Bearer a")
    assert again.startswith(b"HTTP/1.1 200"), again  # and nothing was left over from the first
    writer.close()


H2C = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABk\r\n"
WEBSOCKET = b"Upgrade: websocket\r\nSec-WebSocket-Key: x\r\nconnection: keep-alive, upgrade\r\n"
BODIES = {
    "a length": b"Content-Length: 5\r\n\r\nhello",
    "chunks": b"Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("offer", [H2C, WEBSOCKET], ids=["h2c", "websocket"])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
@pytest.mark.parametrize("step", [1, 7, 10_000])
async def test_an_offer_of_another_protocol_is_passed_over(
    server: HttpServer, offer: bytes, body: bytes, step: int
) -> None:
    """As Java's client makes it with every request: the body is the request's, and so is what comes behind it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    whole = b"POST / HTTP/1.1\r\nHost: x\r\n" + offer + body
    plain = b"POST /after-body HTTP/1.1\r\nHost: x\r\nAuthorization: me\r\nContent-Length: 1\r\n\r\n!"
    sent = whole + whole + plain
    for start in range(0, len(sent), step):
        writer.write(sent[start : start + step])
        await writer.drain()
    answers = await asyncio.wait_for(reader.readuntil(b"\r\n\r\nme"), 60)
    assert answers.count(b"HTTP/1.1 200 OK") == 3
    assert answers.count(b"\r\n\r\n5") == 2
    writer.close()


async def test_an_offer_without_a_body_is_answered(server: HttpServer) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n" + H2C + b"\r\n")
    assert (await asyncio.wait_for(reader.readline(), 60)).startswith(b"HTTP/1.1 405 ")
    writer.close()
