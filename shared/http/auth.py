"""Who calls: the credential in a request's Authorization header."""

from typing import Any

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from shared.access_keys import KeyRing, Principal, Refusal, Scope
from shared.http.connected import ConnectedService
from shared.http.problem_types import (
    DISABLED_PERSON,
    EXPIRED_ACCESS_KEY,
    MISSING_ACCESS_KEY,
    MISSING_SCOPE,
    UNKNOWN_ACCESS_KEY,
    ProblemType,
)
from shared.http.problems import Problem
from shared.http.reads import called_by

CHALLENGE = {"WWW-Authenticate": "Bearer"}
#: RFC 6750, section 3.1: what was shown is known, and does not let in any more.
INVALID = {"WWW-Authenticate": 'Bearer error="invalid_token"'}

REFUSED: dict[Refusal, tuple[ProblemType, str, dict[str, str]]] = {
    Refusal.UNKNOWN_KEY: (UNKNOWN_ACCESS_KEY, "The key does not exist or was revoked", CHALLENGE),
    Refusal.EXPIRED_KEY: (EXPIRED_ACCESS_KEY, "Rotate a key before it ends: `plaudit keys rotate`", INVALID),
    Refusal.DISABLED_PERSON: (DISABLED_PERSON, "Nothing of theirs lets in until they are enabled", INVALID),
}


async def authorise(
    ring: KeyRing, authorization: str | None, scope: Scope | None, *, or_bootstrap: bool = False
) -> Principal:
    """The caller behind an Authorization header, if they have the scope (anybody's, for None).

    The bootstrap key has none; `or_bootstrap` lets it in. Raises Problem 401 without a valid credential and 403
    when its person, or the key, lacks the scope.
    """
    scheme, _, secret = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not secret:
        raise Problem(
            MISSING_ACCESS_KEY,
            "Send the header 'Authorization: Bearer <access key>'; `plaudit keys create` makes one",
            headers=CHALLENGE,
        )
    principal = await ring.principal(secret.strip())
    if isinstance(principal, Refusal):
        kind, detail, headers = REFUSED[principal]
        raise Problem(kind, detail, headers=headers)
    if scope is None or scope in principal.scopes or (or_bootstrap and principal.is_bootstrap):
        return principal
    have = ", ".join(sorted(principal.scopes)) or "none"
    raise Problem(MISSING_SCOPE, f"This needs {str(scope)!r}; the key has {have}")


BEARER = HTTPBearer(auto_error=False, description="An access key: plk_…")


def requires(scope: Scope | None, *, or_bootstrap: bool = False, reads: str | None = None) -> Any:
    """What makes a route's parameter the caller, checked for `scope` (any valid credential, for None).

    Written as `Annotated[Principal, requires(Scope.POINTS_READ)]`. An operation that shows personal data of
    members says by `reads` whose: the name of the parameter with the member's id, or IN_ANSWER.
    """

    async def check(
        request: Request,
        service: ConnectedService,
        credentials: HTTPAuthorizationCredentials | None = Depends(BEARER),
    ) -> Principal:
        header = f"{credentials.scheme} {credentials.credentials}" if credentials else None
        principal = await authorise(service.keys, header, scope, or_bootstrap=or_bootstrap)
        called_by(request, principal, reads=reads)
        return principal

    # For whoever asks a route what it declares.
    check.__dict__["reads"] = reads
    return Depends(check)
