"""Signatures on the facts that give authority: access keys and programmes.

A signed fact is a CloudEvent whose last member is `"signature":"<key id>.<signature>"`, an extension. What is
signed (Ed25519, RFC 8032) are the bytes of the fact without that member: so nothing has to be written anew in a
canonical form before it can be checked, and a byte that was changed anywhere breaks it. The id of a key is the
beginning of its SHA-256: several may be in use at once, which is how they are rotated.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shared import base64url

KEY_BYTES = 32
KEY_ID_CHARS = 16
_SIGNED = re.compile(rb',"signature":"(?P<key_id>[0-9a-f]{16})\.(?P<signature>[A-Za-z0-9_-]{86})"}\Z')


class SignatureError(ValueError):
    """A fact that must be signed is not, or not by a key that is trusted; the message says which."""


@dataclass(frozen=True)
class SigningKeys:
    """A new pair, as settings have them: the one that signs, and the one that verifies."""

    signing_key: str
    verifying_key: str


def new_keys() -> SigningKeys:
    """A new pair of keys."""
    key = Ed25519PrivateKey.generate()
    return SigningKeys(
        base64url.encode(key.private_bytes_raw()), base64url.encode(key.public_key().public_bytes_raw())
    )


def derived_keys(signing_key: str, purpose: str) -> SigningKeys:
    """A pair for another purpose that follows from a signing key, and from which that one does not follow.

    Raises ValueError when it is none.
    """
    seed = HKDF(SHA256(), KEY_BYTES, salt=None, info=purpose.encode()).derive(_bytes(signing_key))
    key = Ed25519PrivateKey.from_private_bytes(seed)
    return SigningKeys(base64url.encode(seed), base64url.encode(key.public_key().public_bytes_raw()))


class Signer:
    """Signs facts with one key, in base64url. Raises ValueError when it is none."""

    def __init__(self, signing_key: str) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(_bytes(signing_key))
        self.key_id = key_id_of(base64url.encode(self._key.public_key().public_bytes_raw()))

    def sign(self, fact: bytes) -> bytes:
        """The fact, a JSON object with members, with its signature as the last one."""
        signature = base64url.encode(self._key.sign(fact))
        return b'%b,"signature":"%b.%b"}' % (fact[:-1], self.key_id.encode(), signature.encode())


class Verifier:
    """Checks signatures by the keys that are trusted, each in base64url. Raises ValueError when one is none."""

    def __init__(self, verifying_keys: Sequence[str]) -> None:
        self._keys = {key_id_of(key): Ed25519PublicKey.from_public_bytes(_bytes(key)) for key in verifying_keys}

    def check(self, value: bytes) -> None:
        """Return when a trusted key has signed the whole of the fact. Raises SignatureError otherwise."""
        found = _SIGNED.search(value)
        if found is None:
            raise SignatureError("not signed: whoever wrote this is not known")
        key_id = found["key_id"].decode()
        key = self._keys.get(key_id)
        if key is None:
            raise SignatureError(f"signed with the key {key_id}, which is not among {', '.join(self._keys)}")
        try:
            key.verify(_bytes(found["signature"].decode(), None), value[: found.start()] + b"}")
        except InvalidSignature:
            raise SignatureError(
                f"the signature of the key {key_id} is wrong: this is not what was signed"
            ) from None


def key_id_of(verifying_key: str) -> str:
    """The id of a key, by which signatures name it."""
    return hashlib.sha256(_bytes(verifying_key)).hexdigest()[:KEY_ID_CHARS]


def split_keys(text: str) -> tuple[str, ...]:
    """The keys of a setting that lists them, separated by commas."""
    return tuple(filter(None, (part.strip() for part in text.split(","))))


def _bytes(text: str, size: int | None = KEY_BYTES) -> bytes:
    try:
        raw = base64url.decode(text)
    except ValueError as error:  # binascii.Error is one too
        raise ValueError("a key is 43 characters of base64url, as `plaudit signing-key` makes it") from error
    if size is not None and len(raw) != size:
        raise ValueError(f"a key has {size} bytes, and this one {len(raw)}: `plaudit signing-key` makes one")
    return raw
