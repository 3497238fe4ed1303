"""Keys of issuers: Ed25519 as multikeys, and the documents of did:web and did:key that have them."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from urllib.parse import quote, unquote, urlsplit

from shared.open_badges.words import Document, UndecidedError, UnreadableError, id_of, listed

_ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_PLACES: Final = {sign: place for place, sign in enumerate(_ALPHABET)}
#: Longer than any key or signature of ours: base58 costs the square of its length.
_BASE58_MAX_CHARS: Final = 128
#: What says that a public key of Ed25519 follows (multicodec 0xed, as a varint).
_ED25519: Final = b"\xed\x01"
_KEY_BYTES: Final = 32
_DID_KEY: Final = "did:key:"
_DID_WEB: Final = "did:web:"
_METHODS_MAX_COUNT: Final = 64
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?")
LOCAL_HOST: Final = "localhost"
_SECOND: Final = "%Y-%m-%dT%H:%M:%SZ"


def base58(data: bytes) -> str:
    """Bytes in the alphabet of Bitcoin, as multibase's `z` means it."""
    number, text = int.from_bytes(data, "big"), ""
    while number:
        number, rest = divmod(number, 58)
        text = _ALPHABET[rest] + text
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


def from_base58(text: str) -> bytes:
    """The bytes of a text. Raises ValueError for one of another alphabet, or too long for a key or signature."""
    if len(text) > _BASE58_MAX_CHARS or not set(text) <= _PLACES.keys():
        raise ValueError("no base58 of a key or signature")
    number = 0
    for sign in text:
        number = number * 58 + _PLACES[sign]
    zeros = len(text) - len(text.lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")


def multikey(public_key: bytes) -> str:
    """A public key of Ed25519 as documents have it: `z6Mk…`."""
    return "z" + base58(_ED25519 + public_key)


def public_key_of(text: Any) -> bytes:
    """The 32 bytes of a multikey. Raises UndecidedError for a key of another kind."""
    try:
        found = from_base58(text[1:]) if isinstance(text, str) and text.startswith("z") else b""
    except ValueError:
        found = b""
    if not found.startswith(_ED25519) or len(found) != len(_ED25519) + _KEY_BYTES:
        raise UndecidedError("its issuer's key is not one of Ed25519")
    return found.removeprefix(_ED25519)


def did_web(url: str) -> str:
    """The did:web whose document stands at `url`, which ends in /did.json. Raises ValueError for what is none."""
    parts = urlsplit(url)
    if not parts.netloc or not parts.path.endswith("/did.json") or parts.query or parts.fragment:
        raise ValueError(f"{url} is no address of a did document")
    path = parts.path.removesuffix("/did.json").removesuffix("/.well-known")
    names = [quote(parts.netloc, safe="."), *path.split("/")[1:]]
    return _DID_WEB + ":".join(names)


def did_url(did: str) -> str:
    """Where the document of a did:web stands: by https, but on this machine.

    Raises UndecidedError for another did, and UnreadableError for one that names no address.
    """
    if not did.startswith(_DID_WEB):
        raise UndecidedError(f"no key is known for {did[:80]!r}: did:web and did:key are looked up")
    host, *names = did.removeprefix(_DID_WEB).split(":")
    host = unquote(host)
    if not _HOST.fullmatch(host) or not all(re.fullmatch(r"[A-Za-z0-9._~%-]{1,200}", one) for one in names):
        raise UnreadableError("its issuer's did:web names no address")
    if {unquote(one) for one in names} & {".", ".."}:
        raise UnreadableError("its issuer's did:web names no address")
    scheme = "http" if host.partition(":")[0] == LOCAL_HOST else "https"
    path = "/".join(names) or ".well-known"
    return f"{scheme}://{host}/{path}/did.json"


def key_in_itself(did: str) -> bytes | None:
    """The public key that a did:key is; None for another did."""
    if not did.startswith(_DID_KEY):
        return None
    return public_key_of(did.removeprefix(_DID_KEY))


class FoundKey(NamedTuple):
    """A public key, and since when nothing that it signs counts; None where all does."""

    public_key: bytes
    revoked_at: datetime | None = None


def did_document(did: str, keys: Sequence[FoundKey]) -> Document:
    """The document of an issuer with these public keys, the newest first: each signs assertions.

    Of one that is somebody else's, too, it says since when, as Controlled Identifiers 1.0 has it (`revoked`).
    """
    names = [f"{did}#{multikey(key.public_key)}" for key in keys]
    return {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": did,
        "verificationMethod": [
            {
                "id": name,
                "type": "Multikey",
                "controller": did,
                "publicKeyMultibase": multikey(key.public_key),
                **({} if key.revoked_at is None else {"revoked": key.revoked_at.strftime(_SECOND)}),
            }
            for name, key in zip(names, keys, strict=True)
        ],
        "assertionMethod": names,
    }


def key_in_document(document: Any, *, did: str, method: str) -> FoundKey:
    """The public key that a did document has under a name, for assertions.

    Raises UndecidedError when the document is another's or has none of that name.
    """
    if not isinstance(document, dict) or document.get("id") != did:
        raise UndecidedError(f"the did document is not that of {did[:120]}")
    asserts = listed(document.get("assertionMethod"))[:_METHODS_MAX_COUNT]
    allowed = {_whole(id_of(one), did) for one in asserts}
    inside = [one for one in asserts if isinstance(one, dict)]
    for one in [*listed(document.get("verificationMethod"))[:_METHODS_MAX_COUNT], *inside]:
        if isinstance(one, dict) and _whole(id_of(one), did) == method and method in allowed:
            return FoundKey(public_key_of(one.get("publicKeyMultibase")), _revoked_at(one))
    raise UndecidedError("its issuer's document has no such key for credentials")


def _revoked_at(method: Mapping[str, Any]) -> datetime | None:
    """Since when a key is nobody's word any more. Raises UndecidedError where that is no time."""
    ends = [method[name] for name in ("revoked", "expires") if method.get(name) is not None]
    try:
        moments = [datetime.fromisoformat(one) for one in ends]
    except (TypeError, ValueError):
        raise UndecidedError("its issuer's document does not say when its key ends") from None
    return min((one.replace(tzinfo=UTC) if one.tzinfo is None else one for one in moments), default=None)


def _whole(name: str | None, did: str) -> str | None:
    return f"{did}{name}" if name is not None and name.startswith("#") else name
