"""Access keys and tokens: who calls, for which community, and what they may do.

A key is `plk_<id>_<secret>`. Services keep the SHA-256 of the whole: keys are random, so a fast hash
is enough. They arrive by access_keys.v1, and whose they are, and what verifies tokens, by people.v1; all is
looked up in the service's own database.
"""

import asyncio
import hashlib
import hmac
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import asyncpg

from shared.access_keys.principal import BOOTSTRAP, Principal, Refusal, visitor
from shared.access_keys.public import VISITOR_PREFIX
from shared.access_keys.roles import PersonKind, Role, scopes_of
from shared.access_keys.scopes import Scope
from shared.access_keys.store import (
    FollowedPerson,
    KnownKey,
    find_key,
    find_person,
    find_public,
    find_token_key,
    set_last_used,
)
from shared.access_keys.tokens import (
    Claims,
    EndedTokenError,
    InvalidTokenError,
    kid_of,
    looks_like_token,
    read_token,
)
from shared.access_keys.visits import Visits
from shared.postgres import TRANSIENT
from shared.settings import ServiceSettings

#: How every key begins: plk_<id>_<secret>.
KEY_PREFIX = "plk_"
#: When a key was last used is noted at most this often.
LAST_USED_EVERY = timedelta(minutes=1)

log = logging.getLogger(__name__)


def hash_secret(secret: str) -> str:
    """SHA-256 of an access key, in hex."""
    return hashlib.sha256(secret.encode()).hexdigest()


class KeyRing:
    """Looks keys and tokens up and believes the answer for a moment, in bounded memory."""

    def __init__(self, pool: asyncpg.Pool, settings: ServiceSettings) -> None:
        self._pool = pool
        self._settings = settings
        self._seen: OrderedDict[str, tuple[float, Principal | Refusal]] = OrderedDict()
        self._notes: set[asyncio.Task[None]] = set()
        known = settings.key_cache_max_count
        self._visits_of_keys = Visits(settings.public_key_reads_per_minute, known)
        self._visits_from_addresses = Visits(settings.public_reads_per_minute, known)

    def visit_wait_seconds(self, credential: str, address: str) -> float:
        """Count a request with a publishable key; how long there is no room for it, 0 where there is."""
        now = time.monotonic()
        wait = self._visits_from_addresses.wait_seconds(f"{credential} {address}", now)
        return wait or self._visits_of_keys.wait_seconds(credential, now)

    async def principal(self, secret: str) -> Principal | Refusal:
        """Whose key or token this is, or why it lets nobody in.

        One that was revoked or has expired, and one of a person who was disabled or has lost a role, stops
        working within `key_cache_seconds`.
        """
        admin = self._settings.admin_key
        if admin and hmac.compare_digest(secret.encode(), admin.encode()):
            return BOOTSTRAP
        digest = hash_secret(secret)
        token = looks_like_token(secret)
        return await self._believed(digest, lambda: self._of_token(secret) if token else self._of_key(digest))

    async def visitor(self, community: str) -> Principal:
        """Somebody without a credential at a community; they read what it shows to everybody."""

        async def found() -> Principal:
            async with self._pool.acquire() as conn:
                return visitor(community, await find_public(conn, community=community))

        believed = await self._believed(f"{VISITOR_PREFIX}{community}", found)
        assert isinstance(believed, Principal)  # noqa: S101 -- nobody is refused for what they did not show
        return believed

    async def _believed(
        self, digest: str, find: Callable[[], Awaitable[Principal | Refusal]]
    ) -> Principal | Refusal:
        now = time.monotonic()
        known = self._seen.get(digest)
        if known is not None and known[0] > now:
            return known[1]
        found = await find()
        # An unknown key may be one whose news is on its way: that answer is believed for a shorter time.
        is_known = isinstance(found, Principal)
        believed = self._settings.key_cache_seconds if is_known else self._settings.unknown_key_cache_seconds
        self._seen[digest] = (now + believed, found)
        self._seen.move_to_end(digest)
        while len(self._seen) > self._settings.key_cache_max_count:
            self._seen.popitem(last=False)
        return found

    async def _of_key(self, digest: str) -> Principal | Refusal:
        async with self._pool.acquire() as conn:
            key = await find_key(conn, secret_sha256=digest, now=datetime.now(UTC))
            found = _holder(key)
            if isinstance(found, Principal) and found.is_publishable:
                found = replace(found, public=await find_public(conn, community=found.community))
        if key is not None and isinstance(found, Principal):
            self._note_use(key)
        return found

    async def _of_token(self, token: str) -> Principal | Refusal:
        now = datetime.now(UTC)
        try:
            kid = kid_of(token)
            async with self._pool.acquire() as conn:
                key = await find_token_key(conn, kid=kid, now=now)
                if key is None:
                    raise InvalidTokenError(f"There is no key {kid}")
                claims = read_token(
                    token,
                    verifying_key=key.public_key,
                    issuer=self._settings.token_issuer,
                    now=max(now, key.clock),  # what has ended by either clock has ended
                    leeway_seconds=self._settings.token_leeway_seconds,
                )
                if claims.member_id is not None:
                    return _member(claims)
                person = await find_person(conn, community=claims.community, person_id=claims.person_id)
        except EndedTokenError:
            return Refusal.EXPIRED_TOKEN
        except InvalidTokenError as error:
            log.info("a token lets nobody in: %s", error)
            return Refusal.INVALID_TOKEN
        return _bearer(claims, person)

    async def close(self) -> None:
        """Return when nothing is being noted any more."""
        await asyncio.gather(*self._notes)

    def _note_use(self, key: KnownKey) -> None:
        """Note in a while, beside the request, that the key is in use."""
        now = datetime.now(UTC)
        if key.last_used_at is not None and key.last_used_at > now - LAST_USED_EVERY:
            return
        task = asyncio.create_task(self._noted(key, now))
        self._notes.add(task)
        task.add_done_callback(self._notes.discard)

    async def _noted(self, key: KnownKey, now: datetime) -> None:
        try:
            async with self._pool.acquire() as conn:
                await set_last_used(conn, community=key.community, key_id=key.key_id, at=now)
        except (*TRANSIENT, asyncpg.InterfaceError) as error:  # the pool may be closing
            log.info("when the key %s was last used is not noted: %r", key.key_id, error)


def _bearer(claims: Claims, person: FollowedPerson | None) -> Principal | Refusal:
    if person is None:
        return Refusal.INVALID_TOKEN
    if person.disabled:
        return Refusal.DISABLED_PERSON
    if claims.unbound_count < person.unbound_count:
        return Refusal.EXPIRED_TOKEN
    return Principal(
        community=claims.community,
        person_id=person.person_id,
        person_name=person.name,
        kind=PersonKind(person.kind),
        roles=frozenset(person.roles),
        scopes=scopes_of(person.roles, claims.community),
        credential=f"token:{claims.token_id}",
    )


def _member(claims: Claims) -> Principal:
    """A member who signed in: they act as themselves alone, by the id that they have as a member."""
    return Principal(
        community=claims.community,
        person_id=claims.person_id,
        person_name="a member",
        kind=PersonKind.PERSON,
        roles=frozenset({Role.MEMBER}),
        scopes=frozenset[Scope](),
        credential=f"token:{claims.token_id}",
        member_id=claims.member_id,
    )


def _holder(key: KnownKey | None) -> Principal | Refusal:
    if key is None or key.revoked or key.person is None:
        return Refusal.UNKNOWN_KEY
    if key.has_ended:
        return Refusal.EXPIRED_KEY
    person = key.person
    if person.disabled:
        return Refusal.DISABLED_PERSON
    return Principal(
        community=key.community,
        person_id=person.person_id,
        person_name=person.name,
        kind=PersonKind(person.kind),
        roles=frozenset(person.roles),
        scopes=frozenset(key.scopes) & scopes_of(person.roles, key.community),
        credential=key.key_id,
    )
