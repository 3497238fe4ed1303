"""Who calls: the access key in a request's Authorization header."""

from typing import Any

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from shared.access_keys.ring import KeyRing, Principal
from shared.http.problems import Problem


async def authorise(ring: KeyRing, authorization: str | None, scope: str | None) -> Principal:
    """The caller behind an Authorization header, if the key has the scope (any key, for None).

    Raises Problem 401 without a valid key and 403 when the key lacks the scope.
    """
    challenge = {"WWW-Authenticate": "Bearer"}
    scheme, _, secret = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not secret:
        raise Problem(
            401,
            "No access key",
            "Send the header 'Authorization: Bearer <access key>'; `plaudit keys create` makes one",
            headers=challenge,
        )
    principal = await ring.principal(secret.strip())
    if principal is None:
        raise Problem(401, "Unknown access key", "The key does not exist or was revoked", headers=challenge)
    if scope is not None and scope not in principal.scopes:
        have = ", ".join(sorted(principal.scopes)) or "none"
        raise Problem(403, "The access key lacks a scope", f"This needs {scope!r}; the key has {have}")
    return principal


BEARER = HTTPBearer(auto_error=False, description="An access key: plk_…")


def requires(scope: str | None) -> Any:
    """A route parameter's default: the Principal, checked for `scope` (any valid key, for None)."""

    async def check(
        request: Request,
        credentials: HTTPAuthorizationCredentials | None = Depends(BEARER),
    ) -> Principal:
        header = f"{credentials.scheme} {credentials.credentials}" if credentials else None
        return await authorise(request.app.state.keys, header, scope)

    return Depends(check)
