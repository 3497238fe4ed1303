"""Whether a delivery is from its platform: signatures as a connector says, over the bytes as they came.

Nothing is read twice: a header that decides and comes twice is refused. What is compared is compared in constant
time, with every secret that is in force, so that a secret can change while deliveries are under way.
"""

import base64
import hashlib
import hmac
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate

from connectors.document import (
    AnyOf,
    Ed25519,
    Hmac,
    InPath,
    NotDelivered,
    Rsa,
    Signature,
    StandardWebhooks,
    Timestamp,
    Token,
    Values,
)

#: Signatures in one header, and secrets in force: more is nobody's need.
SIGNATURES_MAX_COUNT = 10
SECRETS_MAX_COUNT = 4
HEADER_MAX_CHARS = 4_096
#: A certificate as PEM is the longest that there is.
SECRET_MAX_CHARS = 10_000
_PLACE = re.compile(r"\{(?P<what>body|timestamp|crc32|header:(?P<header>[^}]+)|setting:(?P<setting>[^}]+))\}")
_STANDARD: Final = Hmac(
    scheme="hmac",
    header="webhook-signature",
    form="base64",
    values=Values(separator=" ", sign=",", name="v1"),
    timestamp=Timestamp(header="webhook-timestamp"),
    signed="{header:webhook-id}.{timestamp}.{body}",
    key="base64",
    key_prefix="whsec_",
)


@dataclass(frozen=True, slots=True)
class Signed:
    """What came in, as it came: headers in order, the bytes of the body, and what the address and network say."""

    headers: Sequence[tuple[str, str]]
    raw: bytes
    path_secret: str | None = None
    peer: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)


class ForgedError(Exception):
    """A delivery that is not shown to be its platform's; the reason is for logs, never for an answer."""


def verify(signature: Signature, signed: Signed, secrets: Sequence[str], now: datetime) -> None:
    """Return when one of `secrets` fits. Raises ForgedError otherwise, ValueError for what can be no secret."""
    if not secrets or not all(secrets):
        raise ForgedError("no secret is set")
    secrets = secrets[:SECRETS_MAX_COUNT]
    match signature:
        case NotDelivered():
            raise ForgedError("the platform delivers nothing")
        case InPath():
            _check_path(signature, signed, secrets)
        case Token():
            given = _header(signed, signature.header)
            if not given.startswith(signature.prefix):
                raise ForgedError("the token has no prefix")
            _check_any([given.removeprefix(signature.prefix)], secrets)
        case StandardWebhooks():
            known = Timestamp(header="webhook-timestamp", tolerance_seconds=signature.tolerance_seconds)
            _check_hmac(_STANDARD.model_copy(update={"timestamp": known}), signed, secrets, now)
        case Hmac():
            _check_hmac(signature, signed, secrets, now)
        case Ed25519():
            _check_ed25519(signature, signed, secrets, now)
        case Rsa():
            _check_rsa(signature, signed, secrets, now)
        case AnyOf():
            _check_any_of(signature, signed, secrets, now)


def _check_any_of(signature: AnyOf, signed: Signed, secrets: Sequence[str], now: datetime) -> None:
    """A secret that can be none for one way may be one for another: each secret is tried with each."""
    for way in signature.of:
        for secret in secrets:
            try:
                verify(way, signed, [secret], now)
                return
            except (ForgedError, ValueError):
                continue
    raise ForgedError("none of the ways to sign fits")


def check_secret(signature: Signature, secret: str, now: datetime) -> None:
    """Raise ValueError for what can be no secret of a signature; the message says what one is."""
    is_text = secret.isprintable() or isinstance(signature, Rsa)
    if not secret or len(secret) > SECRET_MAX_CHARS or not is_text:
        raise ValueError(f"a secret is text of at most {SECRET_MAX_CHARS} characters")
    match signature:
        case Hmac():
            _key(secret, signature)
        case StandardWebhooks():
            _key(secret, _STANDARD)
        case Ed25519():
            _ed25519_key(secret)
        case Rsa():
            try:
                _public_key(secret, now)
            except ForgedError as error:
                raise ValueError(str(error)) from None
        case AnyOf():
            _check_secret_of_any(signature, secret, now)


def _check_secret_of_any(signature: AnyOf, secret: str, now: datetime) -> None:
    """Raise ValueError unless a secret may be one for one of the ways; the message is the last's."""
    *others, last = signature.of
    for way in others:
        try:
            return check_secret(way, secret, now)
        except ValueError:
            continue
    return check_secret(last, secret, now)


def _header(signed: Signed, name: str) -> str:
    """The one value of a header. Raises ForgedError when it is missing, comes twice, is empty or too long."""
    found = [value for given, value in signed.headers if given.lower() == name.lower()]
    if not found:
        raise ForgedError(f"there is no header {name}")
    if len(found) > 1:
        raise ForgedError(f"the header {name} comes {len(found)} times")
    if not found[0] or len(found[0]) > HEADER_MAX_CHARS:
        raise ForgedError(f"the header {name} is empty or too long")
    return found[0]


def _check_any(given: Sequence[str], expected: Sequence[str]) -> None:
    """Raise ForgedError unless one of the texts is one of those expected; all are compared, whichever fits."""
    fits = False
    for one in given:
        for wanted in expected:
            fits |= hmac.compare_digest(_bytes(one), _bytes(wanted))
    if not fits:
        raise ForgedError("the signature is not that of the body")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _check_path(signature: InPath, signed: Signed, secrets: Sequence[str]) -> None:
    _check_any([signed.path_secret or ""], secrets)
    if signature.allow_from:
        try:
            peer = ip_address(signed.peer or "")
        except ValueError:
            raise ForgedError("it is not known where it comes from") from None
        if not any(peer in ip_network(network, strict=False) for network in signature.allow_from):
            raise ForgedError("it comes from elsewhere")


def _check_hmac(signature: Hmac, signed: Signed, secrets: Sequence[str], now: datetime) -> None:
    header = _header(signed, signature.header)
    values = signature.values
    timestamp = None
    if values is None:
        if not header.startswith(signature.prefix):
            raise ForgedError("the signature has another prefix")
        given = [header.removeprefix(signature.prefix)]
    else:
        pairs = [pair.strip().partition(values.sign) for pair in header.split(values.separator)]
        given = [value for name, _, value in pairs if name == values.name]
        if not 1 <= len(given) <= SIGNATURES_MAX_COUNT:
            raise ForgedError("the header has no signature of the version that is checked, or too many")
        if values.timestamp is not None:
            moments = [value for name, _, value in pairs if name == values.timestamp]
            if len(moments) != 1:
                raise ForgedError("the header does not have one timestamp")
            timestamp = moments[0]
    content = _content(signature.signed, signed, _checked_time(signature.timestamp, timestamp, signed, now))
    digest: Callable[[], hashlib._Hash] = getattr(hashlib, signature.hash)
    keys = [_key(secret, signature) for secret in secrets]
    digests = [hmac.new(key, content, digest).digest() for key in keys]
    write = bytes.hex if signature.form == "hex" else _base64
    _check_any(given, [write(digest) for digest in digests])


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _key(secret: str, signature: Hmac) -> bytes:
    plain = secret.removeprefix(signature.key_prefix)
    if signature.key == "text":
        return _bytes(plain)
    try:
        return base64.b64decode(plain, validate=True)
    except ValueError:
        raise ValueError("the secret is not base64") from None


def _checked_time(timestamp: Timestamp | None, value: str | None, signed: Signed, now: datetime) -> str:
    """The timestamp as it was signed. Raises ForgedError when it lies too far off."""
    if timestamp is None:
        return value or ""
    text = value if timestamp.header is None else _header(signed, timestamp.header)
    if text is None:
        raise ForgedError("there is no timestamp")
    try:
        if timestamp.form == "unix":
            if not re.fullmatch(r"[0-9]{1,12}", text):
                raise ForgedError("the timestamp is no number of seconds")
            seconds = float(text)
        else:
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is None:
                raise ForgedError("the timestamp has no zone")
            seconds = moment.timestamp()
    except (ValueError, OverflowError):
        raise ForgedError("the timestamp is none") from None
    if abs(now.timestamp() - seconds) > timestamp.tolerance_seconds:
        raise ForgedError(f"the timestamp is more than {timestamp.tolerance_seconds} s off")
    return text


def _content(template: str, signed: Signed, timestamp: str) -> bytes:
    """The bytes that are signed."""
    return b"".join(_parts(template, signed, timestamp))


def _parts(template: str, signed: Signed, timestamp: str) -> Iterator[bytes]:
    at = 0
    for place in _PLACE.finditer(template):
        yield template[at : place.start()].encode()
        at = place.end()
        if place["header"]:
            yield _bytes(_header(signed, place["header"]))
        elif place["setting"]:
            yield _bytes(signed.settings.get(place["setting"], ""))
        elif place["what"] == "body":
            yield signed.raw
        elif place["what"] == "crc32":
            yield str(zlib.crc32(signed.raw)).encode()
        else:
            yield _bytes(timestamp)
    yield template[at:].encode()


def _check_ed25519(signature: Ed25519, signed: Signed, secrets: Sequence[str], now: datetime) -> None:
    given = _header(signed, signature.header)
    content = _content(signature.signed, signed, _checked_time(signature.timestamp, None, signed, now))
    if not re.fullmatch(r"[0-9a-fA-F]{128}", given):
        raise ForgedError("the signature is not 64 bytes in hex")
    for secret in secrets:
        key = _ed25519_key(secret)
        try:
            key.verify(bytes.fromhex(given), content)
            return
        except InvalidSignature:
            continue
    raise ForgedError("the signature is not that of the body")


def _ed25519_key(secret: str) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(secret))
    except ValueError:
        raise ValueError("the secret is not a public key of 32 bytes in hex") from None


def _check_rsa(signature: Rsa, signed: Signed, secrets: Sequence[str], now: datetime) -> None:
    if signature.certificate is not None:
        _check_address(_header(signed, signature.certificate.header), signature.certificate.hosts)
    content = _content(signature.signed, signed, _checked_time(signature.timestamp, None, signed, now))
    try:
        given = base64.b64decode(_header(signed, signature.header), validate=True)
    except ValueError:
        raise ForgedError("the signature is not base64") from None
    for secret in secrets:
        try:
            _public_key(secret, now).verify(given, content, PKCS1v15(), SHA256())
            return
        except InvalidSignature:
            continue
    raise ForgedError("the signature is not that of the body")


def _public_key(secret: str, now: datetime) -> RSAPublicKey:
    """The key of a PEM. Raises ValueError where there is none, ForgedError when its certificate is out of date."""
    pem = secret.strip().encode()
    try:
        if b"BEGIN CERTIFICATE" in pem:
            certificate = load_pem_x509_certificate(pem)
            if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
                raise ForgedError("the certificate is not in force")
            key: object = certificate.public_key()
        else:
            key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("the secret is neither a public key nor a certificate as PEM") from None
    if not isinstance(key, RSAPublicKey):
        raise ValueError("the secret is no RSA key")  # noqa: TRY004 -- what was given is text
    return key


def _check_address(address: str, hosts: Sequence[str]) -> None:
    """Raise ForgedError unless a certificate is said to lie at one of the hosts; nothing is fetched."""
    try:
        parts = urlsplit(address)
        place = (parts.scheme, parts.netloc)
    except ValueError:
        raise ForgedError("the certificate's address is none") from None
    if place not in {("https", host) for host in hosts} or not address.isascii():
        raise ForgedError("the certificate lies at another host than the platform's")
