"""Signing in at an OpenID provider: the authorization code flow, with PKCE, state and nonce.

What the id token says is ingest's to check, with the provider's keys; here it is fetched.
"""

import hashlib
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx

from console.settings import LOOPBACK, Settings
from console.sign_in import store
from console.sign_in.domain import seal, secret_sha256, unseal
from console.sign_in.sessions import SignInRefusedError
from console.sign_in.store import Database
from shared import base64url

ANSWER_SECONDS = 600
ASK_SECONDS = 5.0
ANSWER_MAX_BYTES = 64 * 1024
DISCOVERED_SECONDS = 600.0
CALLBACK = "/sign-in/provider/answer"


@dataclass(frozen=True)
class Answered:
    """What the provider gave for a request of ours: to whom ingest says whether it is theirs."""

    id_token: str
    nonce: str
    back: str


class Provider:
    """The provider that people sign in at."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database
        self._discovered: dict[str, Any] = {}
        self._discovered_at = 0.0

    @property
    def title(self) -> str:
        """What people call it."""
        return self._settings.oidc_title or str(urlsplit(self._settings.oidc_issuer).hostname)

    async def begin(self, browser: str, back: str) -> str:
        """Where to send the browser, whose secret only its own answer fits. Raises SignInRefusedError."""
        endpoints = await self._endpoints()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        ends_at = datetime.now(UTC) + timedelta(seconds=ANSWER_SECONDS)
        asked = seal(browser + state, {"nonce": nonce, "verifier": verifier, "back": back})
        async with self._database.begin() as conn:
            await store.add_provider_request(
                conn, state_sha256=secret_sha256(state), sealed=asked, ends_at=ends_at
            )
        challenge = base64url.encode(hashlib.sha256(verifier.encode()).digest())
        wanted = {
            "response_type": "code",
            "client_id": self._settings.oidc_client_id,
            "redirect_uri": self._redirect_uri,
            "scope": "openid email profile",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{endpoints['authorization_endpoint']}?{urlencode(wanted)}"

    async def answered(self, browser: str, *, state: str, code: str, issuer: str | None) -> Answered:
        """The id token for an answer to our request, which is taken once. Raises SignInRefusedError."""
        async with self._database.begin() as conn:
            sealed = await store.take_provider_request(
                conn, state_sha256=secret_sha256(state), now=datetime.now(UTC)
            )
        asked = None if sealed is None else unseal(browser + state, sealed)
        if asked is None:
            raise SignInRefusedError("unknown-request")
        # RFC 9207: an answer of another provider than the one that was asked.
        if issuer is not None and issuer != self._settings.oidc_issuer:
            raise SignInRefusedError("other-issuer")
        endpoints = await self._endpoints()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            "client_id": self._settings.oidc_client_id,
            "code_verifier": asked["verifier"],
        }
        if self._settings.oidc_client_secret:
            form["client_secret"] = self._settings.oidc_client_secret
        given = await self._ask("POST", endpoints["token_endpoint"], data=form)
        id_token = given.get("id_token")
        if not isinstance(id_token, str):
            raise SignInRefusedError("provider-refused")
        return Answered(id_token, asked["nonce"], asked["back"])

    @property
    def _redirect_uri(self) -> str:
        return self._settings.console_url.rstrip("/") + CALLBACK

    async def _endpoints(self) -> dict[str, Any]:
        if not self._discovered or time.monotonic() - self._discovered_at > DISCOVERED_SECONDS:
            issuer = self._settings.oidc_issuer
            found = await self._ask("GET", issuer.rstrip("/") + "/.well-known/openid-configuration")
            if found.get("issuer") != issuer:
                raise SignInRefusedError("other-issuer")
            for name in ("authorization_endpoint", "token_endpoint"):
                url = urlsplit(str(found.get(name)))
                if url.scheme != "https" and url.hostname not in LOOPBACK:
                    raise SignInRefusedError("provider-unavailable")
            self._discovered, self._discovered_at = found, time.monotonic()
        return self._discovered

    async def _ask(self, method: str, url: str, **options: Any) -> dict[str, Any]:
        try:
            async with httpx.AsyncClient(timeout=ASK_SECONDS, follow_redirects=False) as client:
                answer = await client.request(method, url, **options)
            if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
                raise SignInRefusedError("provider-unavailable")
            said = answer.json() if len(answer.content) <= ANSWER_MAX_BYTES else None
        except (httpx.HTTPError, httpx.InvalidURL, ValueError):
            raise SignInRefusedError("provider-unavailable") from None
        return said if isinstance(said, dict) and answer.is_success else {}
