"""What an id token must be (OpenID Connect Core, 3.1.3.7)."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

ID_TOKEN_MAX_CHARS = 16_384
#: An id token is for signing in now, not for keeping.
ISSUED_MAX_SECONDS = 600
SUBJECT_MAX_CHARS = 255


class InvalidIdTokenError(Exception):
    """An id token that lets nobody in; the message says what is wrong with it."""


@dataclass(frozen=True)
class Provider:
    """Who issues id tokens, for whom, and signed how."""

    issuer: str
    client_id: str
    algorithms: tuple[str, ...]


@dataclass(frozen=True)
class Subject:
    """Somebody as the provider knows them; `email` only where it says that it is verified.

    `signed_sha256` is of what of the id token is signed: the signature itself may be written in several ways.
    """

    issuer: str
    subject: str
    email: str | None
    signed_sha256: str


def subject_of(
    id_token: str,
    *,
    provider: Provider,
    keys: KeySet,
    nonce: str | None,
    now: datetime,
    leeway_seconds: int,
) -> Subject:
    """Who an id token says it is, once its signature and every claim is checked. Raises InvalidIdTokenError."""
    try:
        claims = jwt.decode(id_token, keys, algorithms=list(provider.algorithms)).claims
        jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=leeway_seconds,
            iss={"essential": True, "value": provider.issuer},
            aud={"essential": True, "value": provider.client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
        ).validate(claims)
    except (JoseError, ValueError, TypeError) as error:
        raise InvalidIdTokenError(str(error)) from error
    _check(claims, provider, nonce=nonce, issued_after=now.timestamp() - ISSUED_MAX_SECONDS - leeway_seconds)
    email = claims.get("email")
    is_verified = claims.get("email_verified") is True and isinstance(email, str)
    signed_sha256 = hashlib.sha256(id_token.rpartition(".")[0].encode()).hexdigest()
    return Subject(provider.issuer, claims["sub"], email if is_verified else None, signed_sha256)


def _check(claims: Mapping[str, Any], provider: Provider, *, nonce: str | None, issued_after: float) -> None:
    subject, party = claims["sub"], claims.get("azp")
    if not subject or len(subject) > SUBJECT_MAX_CHARS or "\x00" in subject:
        raise InvalidIdTokenError("Its subject is none")
    if party is None and _is_list_of_several(claims["aud"]):
        raise InvalidIdTokenError("It is for several, and does not say who asked for it")
    if party is not None and party != provider.client_id:
        raise InvalidIdTokenError("Another client asked for it")
    if nonce is not None and claims.get("nonce") != nonce:
        raise InvalidIdTokenError("It answers another request: the nonce is not the one that was sent")
    if claims["iat"] < issued_after:
        raise InvalidIdTokenError(f"It was issued more than {ISSUED_MAX_SECONDS} s ago")


def _is_list_of_several(audience: Any) -> bool:
    return isinstance(audience, Collection) and not isinstance(audience, str) and len(audience) > 1
