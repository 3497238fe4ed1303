"""Documents of issuers are got from the internet alone, whatever a badge says of where they stand."""

import socket
from typing import Any

import httpcore
import pytest

from shared.open_badges.fetching import FETCHED_MAX_BYTES, Fetcher
from shared.open_badges.keys import did_url
from shared.open_badges.words import UndecidedError, UnreadableError
from tests.receiver import receiving


@pytest.mark.parametrize(
    "url",
    [
        *(
            f"https://{host}/did.json"
            for host in ("127.0.0.1", "10.0.0.1", "169.254.169.254", "[::1]", "224.0.0.1")
        ),
        *(f"https://{host}/did.json" for host in ("[::ffff:169.254.169.254]", "[64:ff9b::a9fe:a9fe]", "[::]")),
        *(f"https://{host}/did.json" for host in ("2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0")),
        *(f"https://{host}/did.json" for host in ("user@example.org", "example.org:22", "exämple.org", "")),
        "http://example.org/did.json",
        "file:///etc/passwd",
        "https://example.org/did.json#key",
    ],
)
async def test_nothing_within_is_asked(url: str) -> None:
    async with Fetcher() as fetcher:
        with pytest.raises(UndecidedError, match="nothing is asked at its address"):
            await fetcher.find(url)


@pytest.mark.parametrize(
    ("did", "url"),
    [
        ("did:web:example.org", "https://example.org/.well-known/did.json"),
        ("did:web:example.org:a:b", "https://example.org/a/b/did.json"),
        ("did:web:10.0.0.1", "https://10.0.0.1/.well-known/did.json"),
        ("did:web:localhost%3A8080:a", "http://localhost:8080/a/did.json"),
    ],
)
def test_a_did_says_where_its_document_stands(did: str, url: str) -> None:
    assert did_url(did) == url


@pytest.mark.parametrize(
    "did",
    [
        "did:web:example.org%2F..%2Fx",
        "did:web:user%40example.org",
        "did:web:example.org:..",
        "did:web:example.org:%2e%2e",
        "did:web:example.org:a/b",
        "did:web:example.org:a?b",
        "did:web:[::1]",
        "did:web:",
        "did:web::a",
    ],
)
def test_a_did_that_leads_aside_is_unreadable(did: str) -> None:
    with pytest.raises(UnreadableError):
        did_url(did)


async def test_a_name_is_connected_to_as_it_was_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    meant = iter(["93.184.216.34", "169.254.169.254"])
    connected: list[str] = []

    def found(host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(meant), port))]

    async def connect(_: Any, host: str, *__: Any, **___: Any) -> Any:
        connected.append(host)
        raise httpcore.ConnectError

    monkeypatch.setattr(socket, "getaddrinfo", found)
    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect)
    async with Fetcher() as fetcher:
        for says in ("cannot be asked", "nothing is asked"):
            with pytest.raises(UndecidedError, match=says):
                await fetcher.find("https://rebinds.example.org/did.json")
    assert connected == ["93.184.216.34"]


async def test_redirects_are_not_followed_and_nothing_endless_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    async with receiving() as receiver, receiving() as elsewhere:
        monkeypatch.setenv("ALL_PROXY", elsewhere.url())
        async with Fetcher(loopback=True, seconds=5) as fetcher:
            receiver.answer, receiver.more = lambda _: 302, f"Location: {elsewhere.url('/inner')}\r\n"
            with pytest.raises(UndecidedError, match="answered 302"):
                await fetcher.find(receiver.url("/did.json"))
            receiver.answer = lambda _: None
            with pytest.raises(UndecidedError, match="TimeoutError"):
                await Fetcher(loopback=True, seconds=0.2).find(receiver.url("/did.json"))
        assert elsewhere.got == []
    assert FETCHED_MAX_BYTES == 1_000_000
