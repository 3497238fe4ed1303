"""Addresses are sealed with AES-256-GCM under keys derived from those that seal codes of vouchers."""

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
from services.rewards.shipping.domain import Address, SealedAddress
from services.rewards.vouchers.domain import NoVoucherKeysError

_NONCE_BYTES: Final = 12


class AddressSealer:
    """Seals addresses with the first key and opens with each."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        # A key of their own for addresses: what opens one kind opens not the other.
        self._keys = {
            hashlib.sha256(key).hexdigest()[:16]: AESGCM(hmac.digest(key, b"delivery address", "sha256"))
            for key in keys
        }

    @property
    def key_ids(self) -> list[str]:
        """The keys that open; the first seals."""
        return list(self._keys)

    def seal(self, address: Address, *, community: str, redemption_id: str) -> SealedAddress:
        """An address, sealed for its row alone. Raises NoVoucherKeysError where there is no key."""
        key_id, nonce = next(iter(self._keys), None), secrets.token_bytes(_NONCE_BYTES)
        if key_id is None:
            raise NoVoucherKeysError("PLAUDIT_VOUCHER_KEYS is empty; `plaudit secrets` makes one")
        content = self._keys[key_id].encrypt(nonce, orjson.dumps(tuple(address)), _place(community, redemption_id))
        return SealedAddress(community, redemption_id, key_id, nonce + content)

    def open(self, sealed: SealedAddress) -> Address:
        """What was sealed. Raises NoVoucherKeysError where its key is gone, or somebody changed it."""
        key = self._keys.get(sealed.sealed_by)
        if key is None:
            raise NoVoucherKeysError(
                f"PLAUDIT_VOUCHER_KEYS does not have the key {sealed.sealed_by}, which sealed it"
            )
        nonce, content = sealed.content[:_NONCE_BYTES], sealed.content[_NONCE_BYTES:]
        try:
            name, lines, *rest = orjson.loads(
                key.decrypt(nonce, content, _place(sealed.community, sealed.redemption_id))
            )
        except InvalidTag:
            raise NoVoucherKeysError("the address is not what was sealed: somebody changed it") from None
        return Address(name, tuple(lines), *rest)

    def anew(self, sealed: SealedAddress) -> SealedAddress:
        """The same, sealed with the first key."""
        return self.seal(self.open(sealed), community=sealed.community, redemption_id=sealed.redemption_id)


@lru_cache(maxsize=8)
def sealer_of(keys: str) -> AddressSealer:
    """The sealer with the keys of the setting `voucher_keys`."""
    return AddressSealer(voucher_keys(keys))


def _place(community: str, redemption_id: str) -> bytes:
    return f"address|{community}|{redemption_id}".encode()
