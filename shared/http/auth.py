"""Who calls: the access key in a request's Authorization header."""

from typing import Any

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from shared.access_keys import AdminScope, KeyRing, Principal, Scope
from shared.http.connected import ConnectedService
from shared.http.problem_types import MISSING_ACCESS_KEY, MISSING_SCOPE, UNKNOWN_ACCESS_KEY
from shared.http.problems import Problem


async def authorise(ring: KeyRing, authorization: str | None, scope: Scope | AdminScope | None) -> Principal:
    """The caller behind an Authorization header, if the key has the scope (any key, for None).

    Raises Problem 401 without a valid key and 403 when the key lacks the scope.
    """
    challenge = {"WWW-Authenticate": "Bearer"}
    scheme, _, secret = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not secret:
        raise Problem(
            MISSING_ACCESS_KEY,
            "Send the header 'Authorization: Bearer <access key>'; `plaudit keys create` makes one",
            headers=challenge,
        )
    principal = await ring.principal(secret.strip())
    if principal is None:
        raise Problem(UNKNOWN_ACCESS_KEY, "The key does not exist or was revoked", headers=challenge)
    if scope is not None and scope not in principal.scopes:
        have = ", ".join(sorted(principal.scopes)) or "none"
        raise Problem(MISSING_SCOPE, f"This needs {str(scope)!r}; the key has {have}")
    return principal


BEARER = HTTPBearer(auto_error=False, description="An access key: plk_…")


def requires(scope: Scope | AdminScope | None) -> Any:
    """What makes a route's parameter the caller, checked for `scope` (any valid key, for None).

    Written as `Annotated[Principal, requires(Scope.POINTS_READ)]`.
    """

    async def check(
        service: ConnectedService,
        credentials: HTTPAuthorizationCredentials | None = Depends(BEARER),
    ) -> Principal:
        header = f"{credentials.scheme} {credentials.credentials}" if credentials else None
        return await authorise(service.keys, header, scope)

    return Depends(check)
