"""The provider's keys are fetched when they are needed, and kept for a while."""

import asyncio
import logging
import time
from datetime import datetime

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import extract_compact

from services.ingest.access.providers.domain import (
    ID_TOKEN_MAX_CHARS,
    InvalidIdTokenError,
    Provider,
    Subject,
    subject_of,
)
from services.ingest.settings import Settings

KEYS_MAX_BYTES = 64 * 1024
FETCH_SECONDS = 5.0
#: How long the provider's keys are believed, and how soon they are asked for again for one that is not there.
KEPT_SECONDS = 600.0
ASKED_AGAIN_SECONDS = 30.0

log = logging.getLogger(__name__)


class NoProviderError(Exception):
    """No provider is set here whose id tokens could be taken."""


class ProviderUnavailableError(Exception):
    """The provider does not say its keys; the message says how it failed."""


class ProviderKeys:
    """The keys that a provider publishes at an address."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._keys: KeySet | None = None
        self._fetched_at = 0.0
        self._fetching = asyncio.Lock()

    async def with_kid(self, kid: str | None) -> KeySet:
        """The keys, fetched where they are old or none has that id. Raises ProviderUnavailableError."""
        async with self._fetching:
            age = time.monotonic() - self._fetched_at
            is_known = self._keys is not None and (kid is None or kid in {one.kid for one in self._keys.keys})
            if self._keys is None or age > KEPT_SECONDS or (not is_known and age > ASKED_AGAIN_SECONDS):
                self._keys = await self._fetch()
                self._fetched_at = time.monotonic()
            return self._keys

    async def _fetch(self) -> KeySet:
        try:
            async with (
                asyncio.timeout(FETCH_SECONDS),
                httpx.AsyncClient(follow_redirects=False, timeout=FETCH_SECONDS) as client,
                client.stream("GET", self.url) as answer,
            ):
                answer.raise_for_status()
                body = bytearray()
                async for chunk in answer.aiter_bytes():
                    body += chunk
                    if len(body) > KEYS_MAX_BYTES:
                        raise ProviderUnavailableError(f"its keys have more than {KEYS_MAX_BYTES} bytes")
            return KeySet.import_key_set(httpx.Response(200, content=bytes(body)).json())
        except (httpx.HTTPError, TimeoutError, JoseError, ValueError, TypeError, KeyError) as error:
            raise ProviderUnavailableError(f"{self.url}: {error!r}") from error


_kept: dict[str, ProviderKeys] = {}


async def check_id_token(settings: Settings, *, id_token: str, nonce: str | None, now: datetime) -> Subject:
    """Who an id token says it is.

    Raises InvalidIdTokenError, NoProviderError where none is set, and ProviderUnavailableError. Asks the provider
    where its keys are not known yet, so it has no place in a transaction.
    """
    if not settings.oidc_issuer:
        raise NoProviderError
    if len(id_token) > ID_TOKEN_MAX_CHARS:
        raise InvalidIdTokenError(f"It has more than {ID_TOKEN_MAX_CHARS} characters")
    try:
        header = extract_compact(id_token.encode()).headers()
    except (JoseError, ValueError) as error:
        raise InvalidIdTokenError(str(error)) from error
    algorithms = tuple(settings.oidc_algorithms.split(","))
    if header.get("alg") not in algorithms:
        raise InvalidIdTokenError(f"It is not signed with {' or '.join(algorithms)}")
    kid = header.get("kid")
    if kid is not None and not isinstance(kid, str):
        raise InvalidIdTokenError("It does not say in words which key signed it")
    if settings.oidc_keys_url not in _kept:
        _kept.clear()  # there is one provider, but for tests that set another
        _kept[settings.oidc_keys_url] = ProviderKeys(settings.oidc_keys_url)
    return subject_of(
        id_token,
        provider=Provider(settings.oidc_issuer, settings.oidc_client_id, algorithms),
        keys=await _kept[settings.oidc_keys_url].with_kid(kid),
        nonce=nonce,
        now=now,
        leeway_seconds=settings.token_leeway_seconds,
    )
