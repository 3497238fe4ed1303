"""Who a community is as an issuer, and its keys: made here, sealed by the settings', kept when they are old."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.recognition.credentials import store
from services.recognition.credentials.domain import (
    KEYS_MAX_COUNT,
    Issuer,
    KeysEnoughError,
    NotSetUpError,
    Place,
    SealedKey,
    UnknownKeyError,
)
from services.recognition.settings import Settings, credential_keys
from shared.audit import Did
from shared.postgres import Connection
from shared.transaction import Transaction

_NONCE_BYTES: Final = 12


class Signing(NamedTuple):
    """What is needed to sign for a community: who it is, where its documents are, and its newest key, opened."""

    issuer: Issuer
    place: Place
    private_key: bytes
    method: str


class Sealer:
    """Seals private keys with the first key of the settings and opens with each (AES-256-GCM)."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = {hashlib.sha256(key).hexdigest()[:16]: AESGCM(key) for key in keys}

    @property
    def key_id(self) -> str:
        """The key that seals. Raises NotSetUpError where there is none."""
        found = next(iter(self._keys), None)
        if found is None:
            raise NotSetUpError("PLAUDIT_CREDENTIAL_KEYS is empty; `plaudit secrets` makes one")
        return found

    def seal(self, private_key: bytes, *, community: str, public_key: bytes) -> tuple[str, bytes]:
        """A private key, sealed for its row alone, and by which key."""
        key_id, nonce = self.key_id, secrets.token_bytes(_NONCE_BYTES)
        return key_id, nonce + self._keys[key_id].encrypt(nonce, private_key, _place(community, public_key))

    def open(self, key: SealedKey, *, community: str) -> bytes:
        """The private key. Raises NotSetUpError when what sealed it is gone, or somebody changed the row."""
        opener = self._keys.get(key.sealed_by)
        if opener is None:
            raise NotSetUpError(f"PLAUDIT_CREDENTIAL_KEYS does not have the key {key.sealed_by}, which sealed it")
        nonce, content = key.sealed[:_NONCE_BYTES], key.sealed[_NONCE_BYTES:]
        try:
            return opener.decrypt(nonce, content, _place(community, key.public_key))
        except InvalidTag:
            raise NotSetUpError("the issuer's key is not what was sealed: somebody changed it") from None


@lru_cache(maxsize=8)
def sealer_of(keys: str) -> Sealer:
    """The sealer with the keys of the setting `credential_keys`."""
    return Sealer(credential_keys(keys))


def place_of(settings: Settings, community: str) -> Place:
    """Where an issuer's documents are. Raises NotSetUpError where the setting is empty."""
    if not settings.credentials_url:
        raise NotSetUpError("PLAUDIT_CREDENTIALS_URL is empty: it is where everybody reaches this API")
    return Place(settings.credentials_url, community)


async def find_signing(conn: Connection, *, community: str, settings: Settings) -> Signing:
    """What signs for a community. Raises NotSetUpError where nothing does."""
    place = place_of(settings, community)
    issuer = await store.find_issuer(conn, community=community)
    keys = await store.load_keys(conn, community=community)
    if issuer is None or not keys:
        raise NotSetUpError("the community has not said who it is as an issuer: PUT /v1/credential-issuer")
    private_key = sealer_of(settings.credential_keys).open(keys[0], community=community)
    return Signing(issuer, place, private_key, f"{place.did}#{keys[0].name}")


async def put_issuer(tx: Transaction[Settings], issuer: Issuer, *, community: str) -> list[SealedKey]:
    """Keep who a community is as an issuer, and make its first key; returns its keys. Raises NotSetUpError."""
    place_of(tx.settings, community)
    before = await store.find_issuer(tx.conn, community=community)
    await store.put_issuer(tx.conn, issuer, community=community, changed_at=tx.now)
    if not await store.load_keys(tx.conn, community=community):
        await _add_key(tx, community=community)
    tx.did(
        Did(
            "credential_issuer.put",
            "credential_issuer",
            community,
            before=None if before is None else before._asdict(),
            after=issuer._asdict(),
        )
    )
    return await store.load_keys(tx.conn, community=community)


async def rotate_key(tx: Transaction[Settings], *, community: str) -> list[SealedKey]:
    """Sign with a new key from now on; returns all keys. What the old ones signed stays valid.

    Private halves that other keys of the settings sealed are sealed anew, so that those can go. Raises
    NotSetUpError, and KeysEnoughError.
    """
    if not await store.lock_issuer(tx.conn, community=community):
        raise NotSetUpError("the community has not said who it is as an issuer: PUT /v1/credential-issuer")
    keys = await store.load_keys(tx.conn, community=community)
    if len(keys) >= KEYS_MAX_COUNT:
        raise KeysEnoughError
    sealer = sealer_of(tx.settings.credential_keys)
    for key in keys:
        if key.sealed_by != sealer.key_id:
            opened = sealer.open(key, community=community)
            sealed = sealer.seal(opened, community=community, public_key=key.public_key)
            await store.set_sealed(tx.conn, SealedKey(key.public_key, *sealed, key.made_at), community=community)
    made = await _add_key(tx, community=community)
    before = {"key": keys[0].name if keys else None}
    tx.did(
        Did(
            "credential_issuer.rotate_key",
            "credential_issuer",
            community,
            before=before,
            after={"key": made.name},
        )
    )
    return await store.load_keys(tx.conn, community=community)


async def declare_stolen(
    tx: Transaction[Settings], *, community: str, key_name: str, since: datetime | None
) -> list[SealedKey]:
    """Say that a key is somebody else's, too: what it signed from a moment on, or ever, does not count.

    Where it signs, another does from now on, however many there are. Said again, the earlier moment holds. Returns
    all keys. Raises NotSetUpError, and UnknownKeyError.
    """
    if not await store.lock_issuer(tx.conn, community=community):
        raise NotSetUpError("the community has not said who it is as an issuer: PUT /v1/credential-issuer")
    keys = await store.load_keys(tx.conn, community=community)
    key = next((one for one in keys if one.name == key_name), None)
    if key is None:
        raise UnknownKeyError
    earliest = [one for one in (key.stolen_since, since or key.made_at, tx.now) if one is not None]
    stolen = key._replace(stolen_since=min(earliest).replace(microsecond=0))
    await store.set_stolen(tx.conn, stolen, community=community)
    if key == keys[0]:
        await _add_key(tx, community=community)
    before = None if key.stolen_since is None else key.stolen_since.isoformat()
    after = None if stolen.stolen_since is None else stolen.stolen_since.isoformat()
    tx.did(
        Did(
            "credential_issuer.declare_stolen",
            "credential_issuer",
            community,
            before={"key": key_name, "stolen_since": before},
            after={"key": key_name, "stolen_since": after},
        )
    )
    return await store.load_keys(tx.conn, community=community)


async def _add_key(tx: Transaction[Settings], *, community: str) -> SealedKey:
    private = Ed25519PrivateKey.generate()
    public_key = private.public_key().public_bytes_raw()
    sealed = sealer_of(tx.settings.credential_keys).seal(
        private.private_bytes_raw(), community=community, public_key=public_key
    )
    key = SealedKey(public_key, *sealed, tx.now)
    await store.add_key(tx.conn, key, community=community)
    return key


def _place(community: str, public_key: bytes) -> bytes:
    return b"credential_keys|" + community.encode() + b"|" + public_key
