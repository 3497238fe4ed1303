"""Signatures within a document (Data Integrity, eddsa-rdfc-2022) and around it (VC-JWT), by Ed25519.

Ed25519Signature2020, which came before, is verified and not made.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from shared import base64url
from shared.open_badges.keys import base58, from_base58
from shared.open_badges.reading import json_object
from shared.open_badges.words import Document, ForgedError, UndecidedError, UnreadableError, id_of

CRYPTOSUITE: Final = "eddsa-rdfc-2022"
_BEFORE: Final = "Ed25519Signature2020"
_PURPOSE: Final = "assertionMethod"
#: What `alg` says: the name that wallets know, and the one of RFC 9864.
ALGORITHM: Final = "EdDSA"
ALGORITHMS: Final = (ALGORITHM, "Ed25519")


def moment(at: datetime) -> str:
    """A time as credentials have it: to the second, in UTC."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def with_proof(document: Document, *, private_key: bytes, method: str, at: datetime) -> Document:
    """A document with a proof in it, by the key that `method` names."""
    config = {
        "type": "DataIntegrityProof",
        "created": moment(at),
        "verificationMethod": method,
        "cryptosuite": CRYPTOSUITE,
        "proofPurpose": _PURPOSE,
    }
    signature = Ed25519PrivateKey.from_private_bytes(private_key).sign(_signed(document, config))
    return {**document, "proof": {**config, "proofValue": "z" + base58(signature)}}


def method_of(proof: Mapping[str, Any]) -> str:
    """The name of the key that a proof says it is by. Raises UndecidedError for a proof of another kind."""
    kind, suite = proof.get("type"), proof.get("cryptosuite")
    if (kind, suite) != ("DataIntegrityProof", CRYPTOSUITE) and kind != _BEFORE:
        raise UndecidedError(f"it is signed by {str(suite or kind)[:60]!r}, which is not verified here")
    method = id_of(proof.get("verificationMethod"))
    if method is None or proof.get("proofPurpose") != _PURPOSE:
        raise ForgedError("its proof is for something else, or names no key")
    return method


def check_proof(document: Document, proof: Mapping[str, Any], *, public_key: bytes) -> None:
    """Check one proof of a document without its proofs. Raises ForgedError where it is not the document's."""
    value = proof.get("proofValue")
    config = {name: said for name, said in proof.items() if name not in ("proofValue", "@context")}
    try:
        signature = from_base58(value[1:]) if isinstance(value, str) and value.startswith("z") else b""
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, _signed(document, config))
    except (InvalidSignature, ValueError) as error:
        if isinstance(error, UnreadableError):
            raise
        raise ForgedError("its signature is not that of what it says") from None


def _signed(document: Document, config: Mapping[str, Any]) -> bytes:
    # JSON-LD brings an HTTP client of its own along, and no process needs it to start.
    from shared.open_badges.canonical import canonical_hash  # noqa: PLC0415

    return canonical_hash({"@context": document["@context"], **config}) + canonical_hash(document)


def as_token(document: Document, *, private_key: bytes, method: str) -> str:
    """A document as a VC-JWT: the payload is all of it, and what a token repeats of it (OB 3.0, section 8.2)."""
    subject = document["credentialSubject"]
    said = {
        **document,
        "iss": id_of(document["issuer"]),
        "jti": document["id"],
        "nbf": int(datetime.fromisoformat(document["validFrom"]).timestamp()),
    }
    if "id" in subject:
        said["sub"] = subject["id"]
    if "validUntil" in document:
        said["exp"] = int(datetime.fromisoformat(document["validUntil"]).timestamp())
    # As RFC 7515 has it, by hand: joserfc warns of `EdDSA`, which is what wallets of today know.
    header = {"alg": ALGORITHM, "typ": "JWT", "kid": method}
    content = f"{base64url.encode(orjson.dumps(header))}.{base64url.encode(orjson.dumps(said))}"
    signature = Ed25519PrivateKey.from_private_bytes(private_key).sign(content.encode())
    return f"{content}.{base64url.encode(signature)}"


def token_parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The header and the payload of a token, believed by nobody yet. Raises UnreadableError for what is none."""
    try:
        header, payload, _ = token.split(".")
        decoded = base64url.decode(header), base64url.decode(payload)
    except ValueError:
        raise UnreadableError("it is no token: three parts in base64url, of which two are JSON") from None
    return json_object(decoded[0]), json_object(decoded[1])


def check_token(token: str, *, public_key: bytes) -> None:
    """Check a token's signature. Raises ForgedError."""
    content, _, signature = token.rpartition(".")
    header, _ = token_parts(token)
    try:
        if "crit" in header:
            raise ValueError("a header that has to be understood is not")
        Ed25519PublicKey.from_public_bytes(public_key).verify(base64url.decode(signature), content.encode())
    except (InvalidSignature, ValueError):
        raise ForgedError("its signature is not that of what it says") from None
