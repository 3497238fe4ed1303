"""Tokens: what a person who signed in shows for some minutes, verified by each service alone.

A token is a JSON Web Token that ingest signs (Ed25519, which RFC 9864 names so where it was `EdDSA`). It says who
came and for which community, and nothing of what they may do: that is looked up, so that it ends at once where
somebody is disabled or loses a role.
"""

import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import OKPKey
from joserfc.util import urlsafe_b64decode

#: How `alg` is said: no other is taken.
ALGORITHM = "Ed25519"
AUDIENCE = "plaudit"
TOKEN_MAX_CHARS = 2_048
TOKEN_MAX_SECONDS = 600
LEEWAY_MAX_SECONDS = 60
_KID = re.compile(r"[0-9a-f]{16}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class InvalidTokenError(Exception):
    """A token that is none of ours, or not for here; the message says what is wrong with it."""


class EndedTokenError(InvalidTokenError):
    """A token whose time is over."""


@dataclass(frozen=True)
class Claims:
    """What a token says: a person (or a member who signed in), for a community, until a time.

    `unbound_count` is how often the person had been unbound from who they are at a provider: a count, so that no
    clock decides which tokens that ends.
    """

    token_id: str
    community: str
    person_id: str
    member_id: str | None
    issued_at: datetime
    expires_at: datetime
    unbound_count: int = 0


def looks_like_token(secret: str) -> bool:
    """Whether it has the three parts of a token; an access key has none."""
    return secret.count(".") == 2


def signed_token(claims: Claims, *, issuer: str, signing_key: str, verifying_key: str, kid: str) -> str:
    """The token that says so, signed with a pair of keys in base64url."""
    key = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": verifying_key, "d": signing_key})
    issued_at = int(claims.issued_at.timestamp())
    said: dict[str, Any] = {
        "iss": issuer,
        "aud": AUDIENCE,
        "sub": claims.person_id,
        "community": claims.community,
        "iat": issued_at,
        "nbf": issued_at,
        "exp": int(claims.expires_at.timestamp()),
        "jti": claims.token_id,
    }
    if claims.member_id is not None:
        said["member_id"] = claims.member_id
    if claims.unbound_count:
        said["unbound_count"] = claims.unbound_count
    return jwt.encode({"alg": ALGORITHM, "kid": kid}, said, key, algorithms=[ALGORITHM])


def kid_of(token: str) -> str:
    """The id of the key that a token says it was signed with. Raises InvalidTokenError when it says none."""
    if len(token) > TOKEN_MAX_CHARS:
        raise InvalidTokenError(f"It has more than {TOKEN_MAX_CHARS} characters")
    try:
        header = orjson.loads(urlsafe_b64decode(token.partition(".")[0].encode()))
    except (ValueError, binascii.Error) as error:
        raise InvalidTokenError("Its header cannot be read") from error
    if not isinstance(header, dict) or header.get("alg") != ALGORITHM:
        raise InvalidTokenError(f"It is not signed with {ALGORITHM}")
    kid = header.get("kid")
    if not isinstance(kid, str) or not _KID.fullmatch(kid):
        raise InvalidTokenError("It does not say which key signed it")
    return kid


def read_token(token: str, *, verifying_key: str, issuer: str, now: datetime, leeway_seconds: int) -> Claims:
    """What a token says, once its signature and every claim is checked.

    The leeway is for when it was issued: a clock that is ahead only ends it sooner. Raises EndedTokenError for one
    whose time is over, and InvalidTokenError for any other fault.
    """
    key = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": verifying_key})
    try:
        claims = jwt.decode(token, key, algorithms=[ALGORITHM]).claims
        jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=leeway_seconds,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": AUDIENCE},
            sub={"essential": True},
            community={"essential": True},
            iat={"essential": True},
            nbf={"essential": True},
            exp={"essential": True},
            jti={"essential": True},
        ).validate(claims)
    except ExpiredTokenError as error:
        raise EndedTokenError("Sign in again") from error
    except (JoseError, ValueError) as error:
        raise InvalidTokenError(str(error)) from error
    read = _claims(claims)
    if read.expires_at <= now:
        raise EndedTokenError("Sign in again")
    return read


def _claims(said: Mapping[str, Any]) -> Claims:
    member_id = said.get("member_id")
    texts = [said["sub"], said["community"], said["jti"], *([] if member_id is None else [member_id])]
    if not all(isinstance(text, str) for text in texts) or not _UUID.fullmatch(said["sub"]):
        raise InvalidTokenError("A claim is not of its type")
    unbound_count = said.get("unbound_count", 0)
    if type(unbound_count) is not int:
        raise InvalidTokenError("A claim is not of its type")
    if said["exp"] - said["iat"] > TOKEN_MAX_SECONDS:
        raise InvalidTokenError(f"It lasts for more than {TOKEN_MAX_SECONDS} s")
    return Claims(
        token_id=said["jti"],
        community=said["community"],
        person_id=said["sub"],
        member_id=member_id,
        issued_at=datetime.fromtimestamp(said["iat"], UTC),
        expires_at=datetime.fromtimestamp(said["exp"], UTC),
        unbound_count=unbound_count,
    )
