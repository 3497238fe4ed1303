"""Texts are sealed with AES-256-GCM: the settings' first key seals, each opens what it sealed."""

import hashlib
import secrets
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.ingest.measuring.domain.texts import KeptText, Sealed, UnknownTextError, Written
from services.ingest.settings import text_keys

_NONCE_BYTES: Final = 12
#: How a sealed extension's name begins, as in a header of HTTP; no field of an event has a hyphen.
_EXTENSION: Final = "ce-"


class Sealer:
    """Seals and opens texts. It `seals` nothing where there is no key: texts are then measured and not kept."""

    def __init__(self, keys: list[bytes]) -> None:
        self._keys = {hashlib.blake2b(key, digest_size=8).hexdigest(): AESGCM(key) for key in keys}

    @property
    def key_id(self) -> str | None:
        """The key that seals; None where there is none."""
        return next(iter(self._keys), None)

    @property
    def key_ids(self) -> list[str]:
        """The keys that open."""
        return list(self._keys)

    def seal_bytes(self, content: bytes, *, place: bytes) -> Sealed:
        """Content, sealed for its place alone: moved to another row it does not open."""
        key_id = next(iter(self._keys))
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return Sealed(key_id, nonce + self._keys[key_id].encrypt(nonce, content, place))

    def open_bytes(self, content: Sealed, *, place: bytes) -> bytes | None:
        """The content; None when its key is gone, or somebody changed the row."""
        key = self._keys.get(content.key_id)
        if key is None:
            return None
        try:
            return key.decrypt(content.sealed[:_NONCE_BYTES], content.sealed[_NONCE_BYTES:], place)
        except InvalidTag:
            return None

    def seal(
        self,
        community: str,
        event_uid: str,
        fields: Mapping[str, str],
        extensions: Mapping[str, str | float] = MappingProxyType({}),
    ) -> Sealed:
        """What was written, and the event's extensions, sealed for the event alone."""
        beside = {_EXTENSION + name: value for name, value in extensions.items()}
        return self.seal_bytes(orjson.dumps({**fields, **beside}), place=_place(community, event_uid))

    def open(self, text: KeptText) -> Written:
        """What was written. Raises UnknownTextError when its key is gone, or somebody changed the row."""
        content = self.open_bytes(text.content, place=_place(text.community, text.event_uid))
        if content is None:
            raise UnknownTextError(text.event_uid)
        found = orjson.loads(content)
        return Written(
            text,
            {name: value for name, value in found.items() if not name.startswith(_EXTENSION)},
            {name[len(_EXTENSION) :]: value for name, value in found.items() if name.startswith(_EXTENSION)},
        )


@lru_cache(maxsize=8)
def sealer_of(keys: str) -> Sealer:
    """The sealer with the keys of the setting."""
    return Sealer(text_keys(keys))


def _place(community: str, event_uid: str) -> bytes:
    return f"{community}|{event_uid}".encode()
