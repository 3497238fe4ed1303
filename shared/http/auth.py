"""Who calls: the credential in a request's Authorization header."""

import contextlib
import inspect
import math
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from fastapi import Depends, Request, Security
from fastapi.routing import APIRoute
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer
from starlette.datastructures import Headers
from starlette.types import Scope as HttpScope

from shared.access_keys import KeyRing, Principal, Public, Refusal, Scope
from shared.contracts.fields import SLUG_PATTERN
from shared.http.members import MEMBER_ID, canonical, head_of, name_member
from shared.http.problem_types import (
    DISABLED_PERSON,
    EXPIRED_ACCESS_KEY,
    EXPIRED_TOKEN,
    INVALID_TOKEN,
    MISSING_ACCESS_KEY,
    MISSING_SCOPE,
    TOO_MANY_READS,
    UNKNOWN_ACCESS_KEY,
    ProblemType,
)
from shared.http.problems import Problem
from shared.http.reads import called_by
from shared.telemetry import CREDENTIALS_REFUSED, PUBLIC_READS_REFUSED

CHALLENGE = {"WWW-Authenticate": "Bearer"}
#: RFC 6750, section 3.1: what was shown is known, and does not let in any more.
INVALID = {"WWW-Authenticate": 'Bearer error="invalid_token"'}

REFUSED: dict[Refusal, tuple[ProblemType, str, dict[str, str]]] = {
    Refusal.UNKNOWN_KEY: (UNKNOWN_ACCESS_KEY, "The key does not exist or was revoked", CHALLENGE),
    Refusal.EXPIRED_KEY: (EXPIRED_ACCESS_KEY, "Rotate a key before it ends: `plaudit keys rotate`", INVALID),
    Refusal.DISABLED_PERSON: (DISABLED_PERSON, "Nothing of theirs lets in until they are enabled", INVALID),
    Refusal.INVALID_TOKEN: (INVALID_TOKEN, "Ingest did not issue it for here: sign in again", INVALID),
    Refusal.EXPIRED_TOKEN: (EXPIRED_TOKEN, "Sign in again: a token lasts for ten minutes at most", INVALID),
}

for _refusal in Refusal:
    CREDENTIALS_REFUSED.labels(_refusal.value)

TOO_OFTEN, NOT_SHOWN, NOT_PUBLIC = "too_often", "not_shown", "not_public"
for _reason in (TOO_OFTEN, NOT_SHOWN, NOT_PUBLIC):
    PUBLIC_READS_REFUSED.labels(_reason)


async def authorise(
    ring: KeyRing, authorization: str | None, scope: Scope | None, *, or_bootstrap: bool = False
) -> Principal:
    """The caller behind an Authorization header, if they have the scope (anybody's, for None).

    The bootstrap key has none; `or_bootstrap` lets it in. Raises Problem 401 without a valid credential and 403
    when the scope is missing.
    """
    principal = await _authenticated(ring, authorization)
    if _may(principal, scope, or_bootstrap=or_bootstrap):
        return principal
    raise _missing(principal, scope)


async def _authenticated(ring: KeyRing, authorization: str | None) -> Principal:
    scheme, _, secret = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not secret:
        raise Problem(
            MISSING_ACCESS_KEY,
            "Send the header 'Authorization: Bearer <access key>'; `plaudit keys create` makes one",
            headers=CHALLENGE,
        )
    principal = await ring.principal(secret.strip())
    if isinstance(principal, Refusal):
        CREDENTIALS_REFUSED.labels(principal.value).inc()
        kind, detail, headers = REFUSED[principal]
        raise Problem(kind, detail, headers=headers)
    return principal


def _may(principal: Principal, scope: Scope | None, *, or_bootstrap: bool) -> bool:
    return scope is None or scope in principal.scopes or (or_bootstrap and principal.is_bootstrap)


def _missing(principal: Principal, scope: Scope | None) -> Problem:
    if principal.is_publishable:
        PUBLIC_READS_REFUSED.labels(NOT_PUBLIC).inc()
    have = ", ".join(sorted(principal.scopes)) or "none"
    return Problem(MISSING_SCOPE, f"This needs {str(scope)!r}; the {_kind_of(principal)} has {have}")


def _kind_of(principal: Principal) -> str:
    return "token" if principal.credential.startswith("token:") else "key"


BEARER = HTTPBearer(
    auto_error=False,
    description="An access key, plk_…, or a token of POST /v1/tokens, with the scopes that the operation names",
)
#: What lets in beside that, where an operation says so: named for whoever reads the specification.
MEMBER_TOKEN = HTTPBearer(
    auto_error=False, scheme_name="MemberToken", description="A token of the member whom the path names"
)
BOOTSTRAP_KEY = HTTPBearer(
    auto_error=False, scheme_name="BootstrapKey", description="PLAUDIT_ADMIN_KEY of ingest, for the first people"
)

PUBLISHABLE_KEY = HTTPBearer(
    auto_error=False,
    scheme_name="PublishableKey",
    description="An access key with the scope public:read alone, where the community shows this to everybody",
)
#: By which somebody without a credential says whom they visit.
VISITED = "Plaudit-Community"
VISITOR = APIKeyHeader(
    name=VISITED,
    auto_error=False,
    scheme_name="Visitor",
    description="No credential, and the community's id here, where the community shows this to everybody",
)
ANY_MEMBER_TOKEN = HTTPBearer(
    auto_error=False, scheme_name="AnyMemberToken", description="A token of any member of the community"
)


def _declared(schemes: Sequence[Callable[..., Any]]) -> Callable[..., Awaitable[None]]:
    """What declares these beside the scope, for whoever reads the specification."""

    async def declare(**_: object) -> None:
        """Whoever is let in by them is let in by `requires`."""

    declare.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter(f"scheme_{place}", inspect.Parameter.KEYWORD_ONLY, default=Security(scheme))
            for place, scheme in enumerate(schemes)
        ]
    )
    return declare


def requires(
    scope: Scope | None,
    *,
    or_bootstrap: bool = False,
    or_own: bool = False,
    or_member: bool = False,
    public: Public | None = None,
    reads: str | None = None,
) -> Any:
    """What makes a route's parameter the caller, checked for `scope` (any valid credential, for None).

    Who names a member by an identity has named the id from here on.

    Written as `Annotated[Principal, requires(Scope.POINTS_READ)]`. With `or_bootstrap` the bootstrap key is let in
    too; with `or_own` the member whom the path's `member_id` names, who signed in, with `or_member` any member who
    did; with `public` whoever has a publishable key, or none and names the community in the header
    Plaudit-Community, where it shows that to everybody, and not too often. An operation that shows
    personal data of members says by `reads` whose: the parameter with the member's id, or IN_ANSWER.
    """

    beside = [
        *([MEMBER_TOKEN] if or_own else ()),
        *([ANY_MEMBER_TOKEN] if or_member else ()),
        *([BOOTSTRAP_KEY] if or_bootstrap else ()),
        *([PUBLISHABLE_KEY, VISITOR] if public is not None else ()),
    ]

    async def caller(request: HttpScope, authorization: str | None) -> Principal:
        keys = request["app"].state.connected.keys
        if public is not None and not authorization:
            visitor = await _visitor(keys, request)
            if visitor is not None and public in visitor.public:
                return visitor
        principal = await _authenticated(keys, authorization)
        if _may(principal, scope, or_bootstrap=or_bootstrap):
            await name_member(request, principal.community)
            return principal
        # Who may not learn of others learns nothing of who they are.
        if or_own and principal.member_id is not None:
            with contextlib.suppress(Problem):
                await name_member(request, principal.community)
            own = await head_of(request, principal.community, principal.member_id)
            if own == canonical(request["path_params"][MEMBER_ID]):
                return replace(principal, member_id=own)
        if or_member and principal.member_id is not None:
            return principal
        if public is not None and principal.is_publishable:
            if public in principal.public:
                return principal
            PUBLIC_READS_REFUSED.labels(NOT_SHOWN).inc()
            raise Problem(MISSING_SCOPE, f"{principal.community} does not show its {public} to everybody")
        raise _missing(principal, scope)

    async def check(
        request: Request,
        credentials: HTTPAuthorizationCredentials | None = Security(BEARER, scopes=[scope] if scope else []),
        _beside: object = Depends(_declared(beside)),
    ) -> Principal:
        header = f"{credentials.scheme} {credentials.credentials}" if credentials else None
        principal = await caller(request.scope, header)
        if principal.is_publishable:
            count_visit(request, principal.credential)
        called_by(request, principal, reads=reads)
        return principal

    # For whoever asks a route what it declares, and who may call it.
    check.__dict__["reads"] = reads
    check.__dict__["caller"] = caller
    return Depends(check)


async def _visitor(keys: KeyRing, request: HttpScope) -> Principal | None:
    """Whoever shows no credential and names a community; None where they name none."""
    visited = Headers(scope=request).get(VISITED, "")
    return await keys.visitor(visited) if re.fullmatch(SLUG_PATTERN, visited) else None


def count_visit(request: Request, credential: str) -> None:
    """Raise Problem 429 where what is public was asked for too often, from one address or by one key in all."""
    keys: KeyRing = request.app.state.connected.keys
    wait = keys.visit_wait_seconds(credential, request.client.host if request.client else "")
    if wait > 0:
        PUBLIC_READS_REFUSED.labels(TOO_OFTEN).inc()
        retry_after = {"Retry-After": str(max(1, math.ceil(wait)))}
        raise Problem(
            TOO_MANY_READS, "Ask again later, and keep what was answered for a while", headers=retry_after
        )


def _callers(route: APIRoute) -> list[Callable[..., Awaitable[Principal]]]:
    """What a route requires of who calls: nothing where anybody may."""
    left, found = [route.dependant], []
    while left:
        dependant = left.pop()
        left += dependant.dependencies
        if "caller" in getattr(dependant.call, "__dict__", ()):
            found.append(dependant.call.__dict__["caller"])
    return found


async def check_caller(scope: HttpScope) -> None:
    """Refuse a request that its route would refuse for who calls, before its body is read.

    The route's own dependency does so after that. Raises Problem 401 or 403.
    """
    route = scope.get("route")
    if not isinstance(route, APIRoute):
        return
    for caller in _callers(route):
        await caller(scope, Headers(scope=scope).get("authorization"))
