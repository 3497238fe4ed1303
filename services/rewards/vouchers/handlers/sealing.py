"""Codes are sealed with AES-256-GCM, and known by a hash under a key: the settings' first key seals, all open."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.rewards.settings import voucher_keys
from services.rewards.vouchers.domain import KeptCode, NoCodeError, NoVoucherKeysError, Sealed, Secret

_NONCE_BYTES: Final = 12


class Sealer:
    """Seals codes with the first key and opens with each."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        named = {hashlib.sha256(key).hexdigest()[:16]: key for key in keys}
        self._keys = {key_id: AESGCM(key) for key_id, key in named.items()}
        # Hashes are under a key of their own: what seals is used for that alone.
        self._hash_keys = {key_id: hmac.digest(key, b"voucher hash", "sha256") for key_id, key in named.items()}

    @property
    def key_id(self) -> str:
        """The key that seals. Raises NoVoucherKeysError where there is none."""
        found = next(iter(self._keys), None)
        if found is None:
            raise NoVoucherKeysError("PLAUDIT_VOUCHER_KEYS is empty; `plaudit secrets` makes one")
        return found

    @property
    def key_ids(self) -> list[str]:
        """The keys that open."""
        return list(self._keys)

    def hashes(self, secret: Secret, *, community: str) -> list[bytes]:
        """By what a code may be known here: its hash under each key, that of the first key first."""
        return self.fingerprints(f"{community}|{secret.code}")

    def fingerprints(self, text: str) -> list[bytes]:
        """By what a text may be known where it is sealed: its hash under each key, that of the first key first."""
        return [hmac.digest(key, text.encode(), "sha256") for key in self._hash_keys.values()]

    def seal(self, secret: Secret, *, community: str, code_id: str) -> Sealed:
        """A code, sealed for its row alone. Raises NoVoucherKeysError where there is no key."""
        key_id, nonce = self.key_id, secrets.token_bytes(_NONCE_BYTES)
        content = self._keys[key_id].encrypt(nonce, orjson.dumps(tuple(secret)), _place(community, code_id))
        return Sealed(key_id, nonce + content, self.hashes(secret, community=community)[0])

    def open(self, code: KeptCode) -> Secret:
        """What was sealed. Raises NoCodeError where it is gone, NoVoucherKeysError where its key is."""
        if code.content is None:
            raise NoCodeError
        key = self._keys.get(code.sealed_by)
        if key is None:
            raise NoVoucherKeysError(
                f"PLAUDIT_VOUCHER_KEYS does not have the key {code.sealed_by}, which sealed it"
            )
        nonce, content = code.content[:_NONCE_BYTES], code.content[_NONCE_BYTES:]
        try:
            return Secret(*orjson.loads(key.decrypt(nonce, content, _place(code.community, code.code_id))))
        except InvalidTag:
            raise NoVoucherKeysError("the code is not what was sealed: somebody changed it") from None

    def wrap(self, content: bytes, *, place: str) -> tuple[str, bytes]:
        """Bytes sealed for one place alone, and by which key. Raises NoVoucherKeysError where there is no key."""
        key_id, nonce = self.key_id, secrets.token_bytes(_NONCE_BYTES)
        return key_id, nonce + self._keys[key_id].encrypt(nonce, content, place.encode())

    def unwrap(self, key_id: str, sealed: bytes, *, place: str) -> bytes:
        """Bytes that were sealed for the place. Raises NoVoucherKeysError where no key fits."""
        key = self._keys.get(key_id)
        if key is None:
            raise NoVoucherKeysError(f"PLAUDIT_VOUCHER_KEYS does not have the key {key_id}, which sealed it")
        try:
            return key.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place.encode())
        except InvalidTag:
            raise NoVoucherKeysError("it is not what was sealed: somebody changed it") from None


@lru_cache(maxsize=8)
def sealer_of(keys: str) -> Sealer:
    """The sealer with the keys of the setting `voucher_keys`."""
    return Sealer(voucher_keys(keys))


def _place(community: str, code_id: str) -> bytes:
    return f"voucher|{community}|{code_id}".encode()
