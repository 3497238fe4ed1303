"""Connections that say nothing, or say it slowly, are closed; the rest is served."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shared.http.server import HttpServer
from shared.settings import ServiceSettings

HEAD_SECONDS = 1.0
CONNECTIONS_MAX_COUNT = 20


async def length(request: Request) -> Response:
    """Answer how long the body was."""
    return Response(str(len(await request.body())))


@pytest.fixture
async def server() -> AsyncIterator[HttpServer]:
    """A server of few connections and little patience."""
    settings = ServiceSettings(
        http_port=0, head_seconds=HEAD_SECONDS, connections_max_count=CONNECTIONS_MAX_COUNT, stop_seconds=1
    )
    async with HttpServer(Starlette(routes=[Route("/", length, methods=["POST"])]), settings) as running:
        yield running


async def is_closed(reader: asyncio.StreamReader, seconds: float) -> bool:
    """Whether the server closes the connection in time."""
    try:
        async with asyncio.timeout(seconds):
            return await reader.read() == b""
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
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", trust_env=False) as http:
        assert (await http.post("/", content=b"x")).status_code == 503
        for reader, _ in silent:
            assert await is_closed(reader, HEAD_SECONDS * 5)
        assert (await http.post("/", content=b"x")).text == "1"
    for _, writer in silent:
        writer.close()
