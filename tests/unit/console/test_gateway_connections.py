"""How the gateway uses its connections to a service: whom they are kept from, and what comes on them unasked."""

import asyncio
import contextlib

import pytest

from console.gateway.addresses import Addresses, Connections
from console.gateway.connections import HEAD_MAX_BYTES
from console.gateway.forwarding import Upstream, _head_of
from console.gateway.settings import Settings
from shared.http.problems import Problem
from tests.unit.console.test_gateway_forwarding import KEY, OK, Service, says_ok, standing
from tests.waiting import until

POST = b"POST /v1/events HTTP/1.1\r\nhost: x\r\n"


async def test_who_sends_drop_by_drop_takes_no_connection_from_others() -> None:
    few = {"service_connections_max_count": 1, "connect_seconds": 0.2, "body_seconds": 5}
    async with standing(says_ok, **few) as (client, service):
        dripping = []
        for _ in range(20):
            _, writer = await asyncio.open_connection("127.0.0.1", client.base_url.port)
            writer.write(POST + b"content-length: 1000\r\n\r\nabc")
            dripping.append(writer)
        answer = await client.post("/v1/events", headers=KEY, content=b"x" * 1_000)
        assert answer.status_code == 200
        assert len(service.heads) == 1
        for writer in dripping:
            writer.close()


async def test_a_large_body_that_slows_down_is_not_waited_for() -> None:
    async def takes_all(
        service: Service, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, __: bytes
    ) -> None:
        service.came.set()
        await reader.readexactly(1_000)
        service.go_on.set()
        writer.write(OK)

    slow = {"body_buffer_bytes": 100, "body_grace_seconds": 0.2, "body_min_bytes_per_second": 1_000_000}
    async with standing(takes_all, **slow) as (client, service):
        reader, writer = await asyncio.open_connection("127.0.0.1", client.base_url.port)
        writer.write(POST + b"content-length: 1000\r\n\r\n" + b"x" * 200)
        await service.came.wait()
        answered = await reader.readuntil(b"}")
        assert answered.startswith(b"HTTP/1.1 408 ")
        assert b"urn:plaudit:problem:slow-request" in answered
        assert not service.go_on.is_set()
        writer.close()
        # At the speed that is asked for it is taken.
        assert (await client.post("/v1/events", headers=KEY, content=b"x" * 1_000)).status_code == 200


async def test_one_address_has_so_many_requests_under_way() -> None:
    async def waits(service: Service, _: asyncio.StreamReader, writer: asyncio.StreamWriter, __: bytes) -> None:
        service.came.set()
        await service.go_on.wait()
        writer.write(OK)

    async with standing(waits, address_requests_max_count=1) as (client, service):
        first = asyncio.create_task(client.get("/v1/awards", headers=KEY))
        await service.came.wait()
        busy = await client.get("/v1/badges", headers=KEY)
        assert (busy.status_code, busy.json()["type"]) == (429, "urn:plaudit:problem:too-many-at-once")
        assert busy.headers["retry-after"] == "1"
        assert (await client.get("/readyz")).status_code == 200
        service.go_on.set()
        assert (await first).status_code == 200
        assert (await client.get("/v1/badges", headers=KEY)).status_code == 200


@pytest.mark.parametrize(
    ("one", "other", "are_one"),
    [
        ("203.0.113.7", "203.0.113.8", False),
        ("2001:db8:1:2::7", "2001:db8:1:2:ffff::8", True),
        ("2001:db8:1:2::7", "2001:db8:1:3::7", False),
        ("::ffff:203.0.113.7", "::ffff:203.0.113.8", False),
        ("no:address", "no:address", True),
    ],
)
def test_an_address_of_ipv6_counts_as_its_network(one: str, other: str, are_one: bool) -> None:
    addresses = Addresses(1)
    with addresses.one_more({"client": (one, 1)}):
        refused = False
        try:
            with addresses.one_more({"client": (other, 1)}):
                pass
        except Problem:
            refused = True
    assert refused == are_one
    assert not addresses._under_way


def test_proxies_bring_everybodys_connections_and_others_their_own() -> None:
    connections = Connections(2, Settings(trusted_proxies="10.0.0.0/8").proxies)
    assert [connections.take("203.0.113.7") for _ in range(3)] == [True, True, False]
    assert all(connections.take("10.1.2.3") for _ in range(9))
    assert connections.take("2001:db8::1")
    connections.leave("203.0.113.7")
    assert connections.take("203.0.113.7")
    for address in ["203.0.113.7"] * 2 + ["10.1.2.3"] * 9 + ["2001:db8::1"]:
        connections.leave(address)
    assert not connections._open


async def test_one_address_has_so_many_connections_and_the_next_is_told_so() -> None:
    async with standing(says_ok, address_connections_max_count=3) as (client, _):
        port = client.base_url.port
        silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        # Before it has said anything, and whatever it says.
        for request in (b"", b"GET /v1/badges HTTP/1.1\r\nhost: x\r\n\r\n"):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request)
            answered = await reader.read()
            assert answered.startswith(b"HTTP/1.1 503 ")
            assert b"connection: close" in answered.lower()
            assert b"retry-after: 1" in answered.lower()
            assert b"urn:plaudit:problem:too-many-connections" in answered
            writer.close()
        _, first = silent.pop()
        first.close()

        async def is_let_in() -> bool:
            return (await client.get("/v1/badges", headers=KEY)).status_code == 200

        await until(is_let_in)
        for _, writer in silent:
            writer.close()


async def test_what_changes_something_is_not_sent_twice_by_any_method() -> None:
    async def breaks_off(_: Service, __: asyncio.StreamReader, writer: asyncio.StreamWriter, ___: bytes) -> None:
        writer.close()

    async with standing(breaks_off) as (client, service):
        for method in ("PUT", "DELETE", "PATCH"):
            service.heads.clear()
            assert (await client.request(method, "/v1/communities/acme", headers=KEY)).status_code == 502
            assert len(service.heads) == 1


async def test_what_a_service_says_unasked_is_nobodys_answer() -> None:
    async def says_two(_: Service, __: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        writer.write(OK)
        if b"/v1/badges" in head:
            writer.write(OK.replace(b"200 OK", b"201 Created"))

    async with standing(says_two) as (client, _):
        for _ in range(3):
            assert (await client.get("/v1/badges", headers=KEY)).status_code == 200
            assert (await client.get("/v1/leaderboard", headers=KEY)).status_code == 200


async def test_heads_of_answers_are_bounded_and_what_is_no_http_is_a_502() -> None:
    async def says_too_much(
        _: Service, __: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes
    ) -> None:
        writer.write(
            b"HTTP/1.1 200 OK\r\nx: " + b"x" * (HEAD_MAX_BYTES + 1) if b"badges" in head else b"hello\r\n"
        )

    async with standing(says_too_much) as (client, _):
        for path in ("/v1/badges", "/v1/awards"):
            answer = await client.get(path, headers=KEY)
            assert (answer.status_code, answer.json()["type"]) == (502, "urn:plaudit:problem:bad-gateway")


async def test_answers_end_as_http_says() -> None:
    async def answers(_: Service, __: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        if head.startswith(b"HEAD"):
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\n")
        elif b"badges" in head:
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        elif b"leaderboard" in head:
            writer.write(b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n" + OK)
        else:
            writer.write(b"HTTP/1.1 200 OK\r\n\r\nuntil it closes")
            writer.close()

    async with standing(answers) as (client, _):
        for _ in range(2):
            head = await client.head("/v1/awards", headers=KEY)
            assert (head.status_code, head.headers["content-length"], head.content) == (200, "12", b"")
            assert (await client.get("/v1/badges", headers=KEY)).status_code == 204
            hinted = await client.get("/v1/leaderboard", headers=KEY)
            assert (hinted.status_code, hinted.content, "link" in hinted.headers) == (200, b"{}", False)
            assert (await client.get("/v1/awards", headers=KEY)).content == b"until it closes"


async def test_an_answer_before_the_body_is_whole_is_passed_on_and_nothing_follows_it_there() -> None:
    connections: set[asyncio.StreamWriter] = set()

    async def refuses(
        service: Service, _: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes
    ) -> None:
        connections.add(writer)
        if head.startswith(b"GET"):
            writer.write(OK)
            return
        writer.write(b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n")
        await writer.drain()
        service.came.set()
        await service.go_on.wait()

    async with standing(refuses, body_buffer_bytes=10) as (client, service):
        reader, writer = await asyncio.open_connection("127.0.0.1", client.base_url.port)
        writer.write(POST + b"content-length: 100000\r\n\r\n" + b"x" * 1_000)
        await service.came.wait()
        writer.write(b"x" * 1_000)
        assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 401 ")
        # What the service still waits for as a body would swallow it.
        assert (await client.get("/v1/badges", headers=KEY)).status_code == 200
        assert len(connections) == 2
        service.go_on.set()
        writer.close()


async def test_a_stream_that_nobody_reads_any_more_ends_at_the_service() -> None:
    async def streams(
        service: Service, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _: bytes
    ) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n")
        await writer.drain()
        with contextlib.suppress(ConnectionError):
            await reader.read()  # until the gateway closes it
        service.came.set()

    async with standing(streams) as (client, service):
        async with client.stream("GET", "/v1/audit.csv", headers=KEY) as answer:
            assert await anext(answer.aiter_raw()) == b"hello"
            assert not service.came.is_set()
        async with asyncio.timeout(10):
            await service.came.wait()


async def test_large_answers_and_bodies_pass_whole_and_connections_are_kept() -> None:
    large = b"0123456789" * 300_000

    async def echoes(
        service: Service, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _: bytes
    ) -> None:
        body = await reader.readexactly(int(service.header("content-length")[0]))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body)

    connections = 0

    async def counts(
        service: Service, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes
    ) -> None:
        nonlocal connections
        connections += writer not in seen
        seen.add(writer)
        await echoes(service, reader, writer, head)

    seen: set[asyncio.StreamWriter] = set()
    async with standing(counts) as (client, _):
        for _ in range(3):
            answer = await client.post("/v1/events", headers=KEY, content=large)
            assert answer.content == large
    assert connections == 1


async def test_a_kept_connection_that_the_service_closed_is_not_used() -> None:
    async with standing(says_ok) as (client, service):
        assert (await client.get("/v1/badges", headers=KEY)).status_code == 200

        async def closes(_: Service, __: asyncio.StreamReader, writer: asyncio.StreamWriter, ___: bytes) -> None:
            writer.write(OK)
            await writer.drain()
            writer.close()

        service.answering = closes
        assert (await client.get("/v1/badges", headers=KEY)).status_code == 200

        async def is_taken() -> bool:
            # A command may meet the end of a connection; one that is known to have ended it does not.
            return (await client.post("/v1/redemptions/7/confirm", headers=KEY)).status_code == 200

        await until(is_taken)


def test_no_header_makes_a_second_request() -> None:
    upstream = Upstream.of("ingest", "http://127.0.0.1:1", Settings())
    scope = {"method": "GET", "raw_path": b"/v1/badges", "query_string": b"", "scheme": "http", "client": None}
    for value in (b"a\r\nx: 1", b"a\nx", b"a\rx", b"a\0"):
        with pytest.raises(Problem, match="not HTTP"):
            _head_of(upstream, {**scope, "headers": [(b"host", b"x"), (b"accept", value)]}, None)


async def test_headers_pass_as_the_bytes_they_are() -> None:
    async def says_bytes(_: Service, __: asyncio.StreamReader, writer: asyncio.StreamWriter, ___: bytes) -> None:
        writer.write(OK.replace(b"\r\n\r\n", b"\r\nx-name: caf\xe9\r\n\r\n"))

    async with standing(says_bytes) as (client, service):
        answer = await client.get("/v1/badges", headers=[(b"X-Name", b"caf\xe9"), (b"X-Name", b"two")])
        names = [value for name, value in answer.headers.raw if name.lower() == b"x-name"]
        assert names == [b"caf\xe9"]
        assert b"x-name: caf\xe9\r\nx-name: two\r\n" in service.heads[-1].lower()


async def test_a_length_may_have_more_digits_than_python_reads() -> None:
    async with standing(says_ok) as (client, service):
        reader, writer = await asyncio.open_connection("127.0.0.1", client.base_url.port)
        writer.write(POST + b"content-length: " + b"0" * 5_000 + b"2\r\n\r\n{}")
        assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 200 ")
        assert service.header("content-length") == ["2"]
        writer.close()
