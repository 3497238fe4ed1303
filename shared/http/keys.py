"""Access keys: who calls, for which community, and what they may do.

A key is `plk_<id>_<secret>`. Services keep the SHA-256 of the whole: keys are random, so a fast hash
is enough. They arrive by access_keys.v1 and are looked up in the service's own database.
"""

import hashlib
import hmac
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import asyncpg
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from shared.http.problems import Problem
from shared.settings import ServiceSettings
from shared.transaction import Transaction

ADMIN_SCOPE = "keys:write"
SCOPES = (
    "events:write",
    "receipts:read",
    "members:write",
    "members:read",
    "programmes:write",
    "programmes:read",
    "points:read",
    "recognition:read",
    "rewards:read",
    "rewards:write",
    "payouts:write",
    "payouts:approve",
    "payouts:read",
    "analytics:read",
)


@dataclass(frozen=True)
class Principal:
    """Who calls: an access key of one community. The administrator belongs to none (`community` is empty)."""

    community: str
    key_id: str
    name: str
    scopes: frozenset[str]


def hash_secret(secret: str) -> str:
    """SHA-256 of an access key, in hex."""
    return hashlib.sha256(secret.encode()).hexdigest()


class KeyRing:
    """Looks keys up and believes the answer for a moment, in bounded memory."""

    def __init__(self, pool: asyncpg.Pool, settings: ServiceSettings) -> None:
        self._pool = pool
        self._settings = settings
        self._seen: OrderedDict[str, tuple[float, Principal | None]] = OrderedDict()

    async def principal(self, secret: str) -> Principal | None:
        """Whose key this is, or None. A revoked key stops working within `key_cache_seconds`."""
        admin = self._settings.admin_key
        if admin and hmac.compare_digest(secret.encode(), admin.encode()):
            return Principal("", "admin", "administrator", frozenset((ADMIN_SCOPE,)))
        digest = hash_secret(secret)
        now = time.monotonic()
        known = self._seen.get(digest)
        if known is not None and known[0] > now:
            return known[1]
        row = await self._pool.fetchrow(
            "select community, key_id, name, scopes from access_keys where secret_sha256 = $1 and not revoked",
            digest,
        )
        found = Principal(row["community"], row["key_id"], row["name"], frozenset(row["scopes"])) if row else None
        # An unknown key may be one whose news is on its way: that answer is believed for a shorter time.
        believed = self._settings.key_cache_seconds if found else self._settings.unknown_key_cache_seconds
        self._seen[digest] = (now + believed, found)
        self._seen.move_to_end(digest)
        while len(self._seen) > self._settings.key_cache_max_count:
            self._seen.popitem(last=False)
        return found


async def authorise(ring: KeyRing, authorization: str | None, scope: str | None) -> Principal:
    """The caller behind an Authorization header, if the key has the scope (any key, for None).

    Raises Problem 401 without a valid key and 403 when the key lacks the scope.
    """
    challenge = {"WWW-Authenticate": "Bearer"}
    scheme, _, secret = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not secret:
        raise Problem(
            401,
            "No access key",
            "Send the header 'Authorization: Bearer <access key>'; `plaudit keys create` makes one",
            headers=challenge,
        )
    principal = await ring.principal(secret.strip())
    if principal is None:
        raise Problem(401, "Unknown access key", "The key does not exist or was revoked", headers=challenge)
    if scope is not None and scope not in principal.scopes:
        have = ", ".join(sorted(principal.scopes)) or "none"
        raise Problem(403, "The access key lacks a scope", f"This needs {scope!r}; the key has {have}")
    return principal


BEARER = HTTPBearer(auto_error=False, description="An access key: plk_…")


def requires(scope: str | None) -> Any:
    """A route parameter's default: the Principal, checked for `scope` (any valid key, for None)."""

    async def check(
        request: Request,
        credentials: HTTPAuthorizationCredentials | None = Depends(BEARER),
    ) -> Principal:
        header = f"{credentials.scheme} {credentials.credentials}" if credentials else None
        return await authorise(request.app.state.keys, header, scope)

    return Depends(check)


async def on_access_keys(tx: Transaction, changes: list[Any]) -> None:
    """Keep this service's copy of the access keys. A key that was revoked stays so."""
    await tx.conn.executemany(
        """
        insert into access_keys (community, key_id, name, secret_sha256, scopes, revoked)
        values ($1, $2, $3, $4, $5, $6)
        on conflict (community, key_id) do update
        set name = excluded.name, scopes = excluded.scopes, revoked = access_keys.revoked or excluded.revoked
        """,
        [
            (
                change["community"],
                change["data"]["key_id"],
                change["data"]["name"],
                change["data"]["secret_sha256"],
                change["data"]["scopes"],
                change["data"]["revoked"],
            )
            for change in changes
        ],
    )
