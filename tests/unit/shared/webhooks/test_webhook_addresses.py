"""Nothing is delivered to where nobody on the internet is, whatever the address looks like or turns into."""

import asyncio
import socket
import ssl
from ipaddress import ip_address
from typing import Any

import httpcore
import pytest

from shared.webhooks.addresses import Bounds, RefusedAddressError, check_url, is_public
from shared.webhooks.sealing import Signed
from shared.webhooks.sending import CheckedNetwork, Sender
from tests.receiver import receiving

PUBLIC = Bounds({443}, loopback=False)
HERE = Bounds({443}, loopback=True)
SIGNED = Signed("1", "2", "v1,x")


@pytest.mark.parametrize(
    "address",
    [
        *("10.0.0.1", "172.16.0.1", "192.168.1.1", "127.0.0.1", "0.0.0.1", "169.254.169.254", "100.64.0.1"),
        *("224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "192.0.0.1"),
        *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1"),
        *("::ffff:10.0.0.1", "::ffff:93.184.216.34", "::127.0.0.1", "64:ff9b::a00:1", "64:ff9b:1::1"),
        *("2002:a00:1::1", "2002:5db8:d822::1", "2001::1", "3fff::1", "100::1", "5f00::1"),
    ],
)
def test_inner_addresses_and_those_that_carry_another_are_refused(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "1.1.1.1", "2606:4700:4700::1111", "2a00:1450:4001:80b::200e"]
)
def test_addresses_of_the_internet_are_taken(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        *("http://example.org/x", "ftp://example.org/x", "https:///x", "example.org", "https://", "//example.org"),
        *("https://user:word@example.org/", "https://user@example.org/", "https://example.org/#part"),
        *("https://example.org:22/", "https://example.org:8080/", "https://example.org:99999/"),
        *("https://127.0.0.1/", "https://[::1]/", "https://10.0.0.1/", "https://169.254.169.254/latest/meta-data"),
        *("https://[::ffff:10.0.0.1]/", "https://[64:ff9b::a00:1]/", "https://[fe80::1%25eth0]/"),
        *("https://exa mple.org/", "https://example.org/\r\nx: y", "https://exämple.org/", "https://a\\@b.org/"),
        *("http://127.0.0.1/", "https://example.org/" + "x" * 2_000),
    ],
)
def test_urls_that_lead_within_or_hide_something_are_refused(url: str) -> None:
    with pytest.raises(RefusedAddressError):
        check_url(url, PUBLIC)


def test_a_stack_to_try_things_on_delivers_to_its_own_machine_and_no_further() -> None:
    check_url("http://127.0.0.1:8080/x", HERE)
    check_url("http://localhost:8080/x", HERE)
    check_url("https://example.org/plaudit?token=1", PUBLIC)
    for url in ("http://example.org/", "https://10.0.0.1/", "https://169.254.169.254/", "http://192.168.0.1/"):
        with pytest.raises(RefusedAddressError):
            check_url(url, HERE)


async def test_a_name_is_looked_up_once_and_connected_to_as_it_was_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    meant = iter(["93.184.216.34", "127.0.0.1"])
    connected: list[str] = []

    def found(host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(meant), port))]

    async def connect(_: Any, host: str, *__: Any, **___: Any) -> Any:
        connected.append(host)
        raise httpcore.ConnectError

    monkeypatch.setattr(socket, "getaddrinfo", found)
    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect)
    sender = Sender(PUBLIC, seconds=5, connections_max_count=1)
    assert (await sender.send("https://rebinds.example.org/", b"{}", SIGNED)).word == "not_reached"
    # What it means a moment later is checked again, and leads nowhere.
    assert (await sender.send("https://rebinds.example.org/", b"{}", SIGNED)).word == "refused_address"
    await sender.close()
    assert connected == ["93.184.216.34"]


async def test_a_name_with_an_inner_address_among_its_addresses_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def found(host: str, port: int, **_: Any) -> list[Any]:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in ("1.1.1.1", "10.0.0.1")
        ]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    network = CheckedNetwork(PUBLIC)
    with pytest.raises(RefusedAddressError):
        await network.connect_tcp("mixed.example.org", 443)
    network.close()


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0", "0x0a000001", "017700000001"]
)
@pytest.mark.parametrize("bounds", [PUBLIC, HERE])
async def test_an_address_in_another_spelling_is_what_the_resolver_makes_of_it(host: str, bounds: Bounds) -> None:
    sender = Sender(bounds, seconds=5, connections_max_count=1)
    outcome = await sender.send(f"https://{host}/", b"{}", SIGNED)
    await sender.close()
    # Where this machine is one of the places nobody listens at its port.
    is_here = bounds.loopback and host not in {"0", "0x0a000001"}
    assert outcome.word == ("not_reached" if is_here else "refused_address")


async def test_redirects_are_not_followed_and_proxies_not_heeded(monkeypatch: pytest.MonkeyPatch) -> None:
    async with receiving() as receiver, receiving() as elsewhere:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, elsewhere.url())
        receiver.answer, receiver.more = lambda _: 302, f"Location: {elsewhere.url('/inner')}\r\n"
        sender = Sender(HERE, seconds=5, connections_max_count=1)
        outcome = await sender.send(receiver.url("/x"), b"{}", SIGNED)
        await sender.close()
        assert (outcome.word, outcome.status, len(receiver.got), elsewhere.got) == ("status", 302, 1, [])


async def test_what_never_answers_or_answers_without_end_holds_nobody_for_long() -> None:
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            while True:
                writer.write(b"1000\r\n" + b"x" * 0x1000 + b"\r\n")
                await writer.drain()
        except ConnectionError:
            return

    server = await asyncio.start_server(endless, "127.0.0.1", 0)
    async with receiving() as receiver:
        receiver.answer = lambda _: None
        sender = Sender(HERE, seconds=0.3, connections_max_count=2)
        silent = await sender.send(receiver.url(), b"{}", SIGNED)
        port = server.sockets[0].getsockname()[1]
        talking = await sender.send(f"http://127.0.0.1:{port}/", b"{}", SIGNED)
        nobody = await sender.send("http://127.0.0.1:1/", b"{}", SIGNED)
        await sender.close()
    server.close()
    assert (silent.word, talking.word, nobody.word) == ("timeout", "delivered", "not_reached")


async def test_what_is_asked_of_patience_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    async with receiving() as receiver:
        answers = iter([503, 410, 200])
        receiver.answer, receiver.more = lambda _: next(answers), "Retry-After: 120\r\n"
        sender = Sender(HERE, seconds=5, connections_max_count=1)
        outcomes = [await sender.send(receiver.url(), b"{}", SIGNED) for _ in range(3)]
        await sender.close()
    assert [one.word for one in outcomes] == ["status", "gone", "delivered"]
    assert outcomes[0].retry_after_seconds == 120


async def test_certificates_are_checked_for_the_name_and_not_for_the_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str | None] = []

    class Stream(httpcore.AsyncNetworkStream):
        async def start_tls(
            self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
        ) -> httpcore.AsyncNetworkStream:
            asked.append(server_hostname)
            assert ssl_context.verify_mode is ssl.CERT_REQUIRED
            assert ssl_context.check_hostname
            raise httpcore.ConnectError("as far as it goes here")

        async def aclose(self) -> None:
            return None

    async def connect(*_: Any, **__: Any) -> Any:
        return Stream()

    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *_, **__: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("1.1.1.1", 443))]
    )
    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect)
    sender = Sender(PUBLIC, seconds=5, connections_max_count=1)
    assert (await sender.send("https://example.org/", b"{}", SIGNED)).word == "not_reached"
    await sender.close()
    assert asked == ["example.org"]
