"""Access keys: who calls, for which community, and what they may do.

A key is `plk_<id>_<secret>`. Services keep the SHA-256 of the whole: keys are random, so a fast hash
is enough. They arrive by access_keys.v1 and are looked up in the service's own database.
"""

import hashlib
import hmac
import time
from collections import OrderedDict
from dataclasses import dataclass

import asyncpg

from shared.access_keys.scopes import AdminScope
from shared.settings import ServiceSettings


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
            return Principal("", "admin", "administrator", frozenset(AdminScope))
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
