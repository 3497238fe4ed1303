"""One try of a delivery: a POST to a checked address, whose answer is a status and nothing more."""

import asyncio
import socket
import ssl
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from typing import Any, Final, NamedTuple

import httpcore

from shared.webhooks.addresses import Bounds, RefusedAddressError, check_address, check_url
from shared.webhooks.sealing import Signed

USER_AGENT: Final = "Plaudit-Webhooks/1"
CONTENT_TYPE: Final = "application/cloudevents+json; charset=utf-8"
#: What is read of an answer before the connection is closed.
ANSWER_MAX_BYTES: Final = 16 * 1024
#: A name server that hangs holds a thread for as long as the system's resolver waits.
RESOLVING_MAX_COUNT: Final = 32
ADDRESSES_MAX_COUNT: Final = 2
KEEP_ALIVE_SECONDS: Final = 10.0
_GONE: Final = 410
_WHY_MAX_CHARS: Final = 200


class Outcome(NamedTuple):
    """What became of a try: `word` is one of the metric's, `why` says more of a failure."""

    word: str
    status: int | None = None
    why: str | None = None
    retry_after_seconds: float | None = None

    @property
    def is_delivered(self) -> bool:
        """Whether the endpoint took it."""
        return self.word == "delivered"


class CheckedNetwork(httpcore.AsyncNetworkBackend):
    """Connects to addresses that were checked, and to nothing else."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._network = httpcore.AnyIOBackend()
        # Not the event loop's own: libuv has four threads for all names of the process.
        self._threads = ThreadPoolExecutor(RESOLVING_MAX_COUNT, thread_name_prefix="webhook-names")

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Look the host up once and connect to what was found.

        Raises RefusedAddressError for what is not public.
        """
        found = await asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )
        # 1. All of them: a name that stands for an inner address too is somebody's trick.
        addresses = [str(address[0]) for *_, address in found]
        for address in addresses:
            check_address(ip_address(address), self._bounds)
        # 2. The address, not the name: what it means from now on does not matter.
        failure: Exception | None = None
        for address in dict.fromkeys(addresses[:ADDRESSES_MAX_COUNT]):
            try:
                return await self._network.connect_tcp(
                    address, port, timeout=timeout, socket_options=socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure or httpcore.ConnectError(f"{host} has no address")

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)

    def close(self) -> None:
        """Let go of the threads; one that waits for a name server ends with it."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class Sender:
    """Sends deliveries. It follows no redirect, heeds no proxy of the environment, and keeps no answer."""

    def __init__(self, bounds: Bounds, *, seconds: float, connections_max_count: int) -> None:
        self._bounds = bounds
        self._seconds = seconds
        self._network = CheckedNetwork(bounds)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=ssl.create_default_context(),
            max_connections=connections_max_count,
            max_keepalive_connections=connections_max_count,
            keepalive_expiry=KEEP_ALIVE_SECONDS,
            network_backend=self._network,
        )

    async def send(self, url: str, body: bytes, signed: Signed) -> Outcome:
        """Try once. What goes wrong is an outcome too."""
        try:
            check_url(url, self._bounds)
            async with asyncio.timeout(self._seconds):
                return await self._post(url, body, signed.headers)
        except RefusedAddressError as error:
            return Outcome("refused_address", why=_short(error))
        except (TimeoutError, httpcore.TimeoutException):
            return Outcome("timeout", why=f"no answer within {self._seconds:g} s")
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol, OSError) as error:
            return Outcome("not_reached", why=_short(error))
        except ValueError as error:  # a host that no name server could be asked for
            return Outcome("refused_address", why=_short(error))

    async def close(self) -> None:
        """Close all connections."""
        await self._pool.aclose()
        self._network.close()

    async def _post(self, url: str, body: bytes, headers: Sequence[tuple[str, str]]) -> Outcome:
        of_each = [("content-type", CONTENT_TYPE), ("user-agent", USER_AGENT), ("accept-encoding", "identity")]
        async with self._pool.stream("POST", url, headers=[*headers, *of_each], content=body) as response:
            size = 0
            async for chunk in response.aiter_stream():
                size += len(chunk)
                if size > ANSWER_MAX_BYTES:
                    break
            return _outcome(response.status, _retry_after(response.headers))


def _outcome(status: int, retry_after_seconds: float | None) -> Outcome:
    if 200 <= status < 300:
        return Outcome("delivered", status)
    if status == _GONE:
        return Outcome("gone", status, "it answered that it is gone for good")
    if 300 <= status < 400:
        return Outcome("status", status, "it answered with a redirect, which is not followed: give that address")
    return Outcome("status", status, f"it answered {status}", retry_after_seconds)


def _retry_after(headers: Sequence[tuple[bytes, bytes]]) -> float | None:
    """The seconds that an answer asks for; a date is not heeded."""
    for name, value in headers:
        if name.lower() == b"retry-after" and value.strip().isdigit():
            return float(value[:9])
    return None


def _short(error: BaseException) -> str:
    said = str(error) or type(error).__name__
    return "".join(letter if letter.isprintable() else " " for letter in said)[:_WHY_MAX_CHARS]
