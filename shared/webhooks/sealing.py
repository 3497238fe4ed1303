"""Addresses and secrets of endpoints are sealed on their topic and in every database; only services open them."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final, NamedTuple

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.settings import webhook_keys
from shared.webhooks.domain import NotOpenedError, Sealed, Secret, Target

_NONCE_BYTES: Final = 12
_SECRET_BYTES: Final = 32
_PREFIX: Final = "whsec_"


class Sealer:
    """Seals with the first key and opens with each (AES-256-GCM); without keys it does neither."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = {hashlib.sha256(key).hexdigest()[:16]: AESGCM(key) for key in keys}

    @property
    def key_id(self) -> str | None:
        """The key that seals; None where there is none."""
        return next(iter(self._keys), None)

    @property
    def key_ids(self) -> list[str]:
        """The keys that open."""
        return list(self._keys)

    def seal(self, target: Target, *, community: str, endpoint_id: str) -> Sealed:
        """A target, sealed for its endpoint alone. Raises StopIteration where there is no key."""
        key_id = next(iter(self._keys))
        nonce = secrets.token_bytes(_NONCE_BYTES)
        content = orjson.dumps({"url": target.url, "secrets": [tuple(one) for one in target.secrets]})
        return Sealed(key_id, nonce + self._keys[key_id].encrypt(nonce, content, _place(community, endpoint_id)))

    def open(self, sealed: Sealed, *, community: str, endpoint_id: str) -> Target:
        """What was sealed. Raises NotOpenedError when its key is gone, or somebody changed it."""
        key = self._keys.get(sealed.key_id)
        if key is None:
            raise NotOpenedError(f"it is sealed with the key {sealed.key_id}, which is not among webhook_keys")
        nonce, content = sealed.content[:_NONCE_BYTES], sealed.content[_NONCE_BYTES:]
        try:
            opened = orjson.loads(key.decrypt(nonce, content, _place(community, endpoint_id)))
        except InvalidTag:
            raise NotOpenedError("it is not what was sealed: somebody changed it") from None
        return Target(
            opened["url"],
            tuple(
                Secret(value, None if until is None else datetime.fromisoformat(until))
                for value, until in opened["secrets"]
            ),
        )


class Signed(NamedTuple):
    """The headers that Standard Webhooks ask for."""

    message_id: str
    timestamp: str
    signature: str

    @property
    def headers(self) -> list[tuple[str, str]]:
        """As a request has them."""
        return [
            ("webhook-id", self.message_id),
            ("webhook-timestamp", self.timestamp),
            ("webhook-signature", self.signature),
        ]


def signed(message_id: str, body: bytes, *, by: Sequence[str], at: datetime) -> Signed:
    """The signatures of a message by each secret that is in force, the newest first."""
    timestamp = str(int(at.timestamp()))
    content = f"{message_id}.{timestamp}.".encode() + body
    return Signed(message_id, timestamp, " ".join(f"v1,{_signature(secret, content)}" for secret in by))


def new_secret() -> str:
    """A secret as receivers take it."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


@lru_cache(maxsize=8)
def sealer_of(keys: str) -> Sealer:
    """The sealer with the keys of the setting `webhook_keys`."""
    return Sealer(webhook_keys(keys))


def _signature(secret: str, content: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    return base64.b64encode(hmac.digest(key, content, "sha256")).decode()


def _place(community: str, endpoint_id: str) -> bytes:
    return f"webhook|{community}|{endpoint_id}".encode()
