"""Tokens: what is taken is what ingest signed for here and now, and nothing that only looks like it."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey

from shared.access_keys.tokens import (
    ALGORITHM,
    TOKEN_MAX_CHARS,
    Claims,
    EndedTokenError,
    InvalidTokenError,
    kid_of,
    looks_like_token,
    read_token,
    signed_token,
)
from shared.signatures import derived_keys, key_id_of, new_keys

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
PERSON = "7b0d4b6e-2f6c-4c8e-9a0f-5f1f4f1f8b11"
OURS, OTHERS = new_keys(), new_keys()
KID = key_id_of(OURS.verifying_key)
SAID: dict[str, Any] = {
    "iss": "plaudit",
    "aud": "plaudit",
    "sub": PERSON,
    "community": "acme",
    "iat": int(NOW.timestamp()),
    "nbf": int(NOW.timestamp()),
    "exp": int(NOW.timestamp()) + 600,
    "jti": "t1",
}


def private(keys: Any) -> OKPKey:
    return OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": keys.verifying_key, "d": keys.signing_key})


def token(claims: dict[str, Any] = SAID, keys: Any = OURS, **header: Any) -> str:
    return jwt.encode({"alg": ALGORITHM, "kid": KID} | header, claims, private(keys), algorithms=[ALGORITHM])


def by_hand(header: dict[str, Any], claims: dict[str, Any], signature: str = "") -> str:
    parts = (base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in (header, claims))
    return ".".join((*parts, signature))


def read(text: str, now: datetime = NOW, leeway_seconds: int = 30) -> Claims:
    kid_of(text)
    return read_token(
        text, verifying_key=OURS.verifying_key, issuer="plaudit", now=now, leeway_seconds=leeway_seconds
    )


def test_what_was_signed_is_read() -> None:
    claims = Claims("t1", "acme", PERSON, None, NOW, NOW + timedelta(minutes=10))
    text = signed_token(
        claims,
        issuer="plaudit",
        signing_key=OURS.signing_key,
        verifying_key=OURS.verifying_key,
        kid=KID,
    )

    assert looks_like_token(text)
    assert len(text) < TOKEN_MAX_CHARS / 2
    assert kid_of(text) == KID
    assert read(text) == claims


HS256 = jwt.encode({"alg": "HS256", "kid": KID}, SAID, OctKey.import_key(OURS.verifying_key), algorithms=["HS256"])
NONE = by_hand({"alg": "none", "kid": KID}, SAID)
FORGED = {
    "no algorithm": NONE,
    "no algorithm, in other letters": by_hand({"alg": "nOnE", "kid": KID}, SAID),
    "the public key as a secret": HS256,
    "ours, said to be the deprecated name": by_hand({"alg": "EdDSA", "kid": KID}, SAID, token().split(".")[2]),
    "signed by another": token(keys=OTHERS),
    "changed": ".".join(
        (token().split(".")[0], token(SAID | {"community": "b"}).split(".")[1], token().split(".")[2])
    ),
    "without a signature": token().rpartition(".")[0] + ".",
    "no key named": by_hand({"alg": ALGORITHM}, SAID, token().split(".")[2]),
    "a key that is a path": token(kid="../../../etc/passwd"),
    "a key that is a number": by_hand({"alg": ALGORITHM, "kid": 7}, SAID),
    "for other readers": token(SAID | {"aud": "bank"}),
    "of another installation": token(SAID | {"iss": "plaudit-staging"}),
    "issued in the future": token(SAID | {"iat": SAID["iat"] + 3_600, "exp": SAID["iat"] + 3_900}),
    "not valid yet": token(SAID | {"nbf": SAID["iat"] + 3_600}),
    "for a year": token(SAID | {"exp": SAID["iat"] + 31_536_000}),
    "for a person that is none": token(SAID | {"sub": "admin"}),
    "for a number": token(SAID | {"member_id": 7}),
    "huge": token(SAID | {"padding": "x" * 100_000}),
    "not JSON": "e30.e30.e30",
    "no token": "a.b.c",
    "nothing": "..",
} | {f"without {name}": token({key: value for key, value in SAID.items() if key != name}) for name in SAID}


@pytest.mark.parametrize("text", FORGED.values(), ids=FORGED)
def test_what_is_none_of_ours_is_refused(text: str) -> None:
    with pytest.raises(InvalidTokenError) as refused:
        read(text)
    assert not isinstance(refused.value, EndedTokenError)


def test_a_token_ends_when_it_says_whatever_the_leeway_and_begins_with_it() -> None:
    assert read(token(), NOW + timedelta(seconds=599))
    with pytest.raises(EndedTokenError):
        read(token(), NOW + timedelta(seconds=600))
    # The clock of who reads it is 30 s behind, and then more.
    assert read(token(), NOW - timedelta(seconds=30))
    with pytest.raises(InvalidTokenError):
        read(token(), NOW - timedelta(seconds=31))


def test_a_key_that_follows_from_another_is_the_same_each_time_and_not_that_one() -> None:
    one, again, other = (derived_keys(OURS.signing_key, purpose) for purpose in ("a", "a", "b"))

    assert one == again
    assert len({one.signing_key, other.signing_key, OURS.signing_key}) == 3
    assert derived_keys(OTHERS.signing_key, "a") != one
