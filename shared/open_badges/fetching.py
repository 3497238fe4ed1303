"""Documents of issuers, got from where they say: public addresses alone, by https, and not much of each."""

import asyncio
import ssl
from types import TracebackType
from typing import Final, Self

import httpcore

from shared.open_badges.words import UndecidedError
from shared.webhooks.addresses import Bounds, RefusedAddressError, check_url
from shared.webhooks.sending import CheckedNetwork

FETCHED_MAX_BYTES: Final = 1_000_000
FETCH_SECONDS: Final = 10.0
_CONNECTIONS_MAX_COUNT: Final = 8
_HTTPS_PORT: Final = 443
_ACCEPT: Final = "application/vc+jwt, application/vc, application/did+ld+json, application/json"
_OK: Final = 200


class Fetcher:
    """Gets documents. It follows no redirect, heeds no proxy, and connects to what it checked."""

    def __init__(self, *, loopback: bool = False, seconds: float = FETCH_SECONDS) -> None:
        self._bounds = Bounds(ports=(_HTTPS_PORT,), loopback=loopback)
        self._seconds = seconds
        self._network = CheckedNetwork(self._bounds)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=ssl.create_default_context(),
            max_connections=_CONNECTIONS_MAX_COUNT,
            network_backend=self._network,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def find(self, url: str) -> bytes:
        """What stands at an address. Raises UndecidedError where nothing is got."""
        try:
            check_url(url, self._bounds)
            async with asyncio.timeout(self._seconds):
                return await self._get(url)
        except RefusedAddressError as error:
            raise UndecidedError(f"nothing is asked at its address: {error}") from None
        except (
            TimeoutError,
            httpcore.TimeoutException,
            httpcore.NetworkError,
            httpcore.ProtocolError,
            httpcore.UnsupportedProtocol,
            OSError,
            ValueError,
        ) as error:
            raise UndecidedError(f"its issuer cannot be asked ({type(error).__name__})") from None

    async def close(self) -> None:
        """Close all connections."""
        await self._pool.aclose()
        self._network.close()

    async def _get(self, url: str) -> bytes:
        headers = [("accept", _ACCEPT), ("accept-encoding", "identity"), ("user-agent", "Plaudit-Badges/1")]
        async with self._pool.stream("GET", url, headers=headers) as response:
            if response.status != _OK:
                raise UndecidedError(f"its issuer answered {response.status} where its documents should be")
            whole = b""
            async for chunk in response.aiter_stream():
                whole += chunk
                if len(whole) > FETCHED_MAX_BYTES:
                    raise UndecidedError(f"its issuer's document has more than {FETCHED_MAX_BYTES:,} bytes")
            return whole
