"""HTTP routes of signing in: links for platforms, tokens for whoever has a link or an id token."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, model_validator

from services.ingest.access.people.api import PERSON_EXAMPLE, UNKNOWN_PERSON, PersonShown
from services.ingest.access.providers.domain import ID_TOKEN_MAX_CHARS, InvalidIdTokenError
from services.ingest.access.providers.handlers import check_id_token
from services.ingest.access.sign_ins import handlers
from services.ingest.access.sign_ins.domain import (
    DisabledPersonError,
    ExpiredLinkError,
    Link,
    Renewal,
    Tries,
    UnknownIdentityError,
    UnknownLinkError,
    UnknownRenewalError,
    UnknownSubjectError,
    UsedLinkError,
    WithdrawnLinkError,
)
from services.ingest.access.sign_ins.handlers import SignedIn
from services.ingest.members.api.identities import IdentityDeclared
from services.ingest.members.handlers.resolving import find_own
from services.ingest.metrics import SIGN_INS_REFUSED
from services.ingest.settings import Settings
from shared.access_keys import hash_secret, load_clock
from shared.contracts.fields import Slug
from shared.http import (
    Begin,
    Principal,
    Problem,
    ProblemType,
    RequestBody,
    Scope,
    Tx,
    configured,
    problem_responses,
    requires,
)
from shared.http.connected import Connected, ConnectedService
from shared.http.problem_types import (
    DISABLED_PERSON,
    INVALID_REQUEST,
    MALFORMED_JSON,
    MISSING_SCOPE,
    NOT_AVAILABLE,
    OTHER_COMMUNITY,
    REQUEST_TOO_LARGE,
    UNKNOWN_FIELD,
    UNKNOWN_IDENTITY,
)

UNKNOWN_LINK = ProblemType("unknown-link", 401, "There is no such link")
USED_LINK = ProblemType("used-link", 401, "The link was used")
EXPIRED_LINK = ProblemType("expired-link", 401, "The link has expired")
UNKNOWN_RENEWAL = ProblemType("unknown-renewal", 401, "There is no such renewal")
WITHDRAWN_LINK = ProblemType("withdrawn-link", 401, "The link was withdrawn")
INVALID_ID_TOKEN = ProblemType("invalid-id-token", 401, "The id token is not valid")
UNKNOWN_SUBJECT = ProblemType("unknown-subject", 403, "Nobody here is who that says")
TOO_MANY_LINKS = ProblemType("too-many-links", 429, "Too many links for the moment")
TOO_MANY_TRIES = ProblemType("too-many-tries", 429, "Too many tries for the moment")
SIGN_IN_NOT_SET_UP = ProblemType("sign-in-not-set-up", 409, "Nobody can sign in like this here")
PROVIDER_UNAVAILABLE = ProblemType("provider-unavailable", 503, "The provider does not answer")

#: What a refused try is counted as: metrics.py has them all.
REFUSED = {
    UnknownLinkError: "unknown_link",
    UsedLinkError: "used_link",
    ExpiredLinkError: "expired_link",
    UnknownRenewalError: "unknown_renewal",
    WithdrawnLinkError: "withdrawn_link",
    InvalidIdTokenError: "invalid_id_token",
    UnknownSubjectError: "unknown_subject",
    DisabledPersonError: "disabled_person",
}

OwnSettings = Annotated[Settings, configured(Settings)]

router = APIRouter(tags=["sign-in"])
_tries = Tries()


class LinkWanted(RequestBody):
    """For whom a link is: a member, by an identity on a channel, or a person."""

    identity: IdentityDeclared | None = Field(None, examples=[{"channel": "forum", "id": "ada"}])
    person_id: UUID | None = None

    @model_validator(mode="after")
    def _is_for_one(self) -> Self:
        if (self.identity is None) == (self.person_id is None):
            raise ValueError("give identity or person_id, and not both")
        return self


class LinkMade(BaseModel):
    """A link, by its secret: it is shown this once, and signs in once."""

    link: str = Field(description="What POST /v1/tokens takes", examples=["psl_…"])
    expires_at: datetime
    member_id: str | None = Field(None, description="The member who has that identity")
    person_id: str | None = Field(None, examples=[PERSON_EXAMPLE])


class SignIn(RequestBody):
    """How somebody signs in: by a link, by an id token for one community, or again by a renewal."""

    link: str | None = Field(None, max_length=200, examples=["psl_8Yx3vT"])
    id_token: str | None = Field(None, max_length=ID_TOKEN_MAX_CHARS)
    community: Slug | None = Field(None, description="With `id_token`: where they act")
    renewal: str | None = Field(None, max_length=200, examples=["psr_4Jd0sQ"])
    renewable: bool = Field(False, description="Whether the answer is to have a `renewal`, for further tokens")
    nonce: str | None = Field(None, max_length=500, description="With `id_token`: the one sent to the provider")

    @model_validator(mode="after")
    def _is_one_way(self) -> Self:
        if [self.link, self.id_token, self.renewal].count(None) != 2:
            raise ValueError("give one of link, id_token and renewal")
        if self.renewal is not None and self.renewable:
            raise ValueError("renewable goes with link or id_token: a renewal stays what it is")
        if (self.id_token is None) != (self.community is None):
            raise ValueError("community goes with id_token, and id_token with community")
        return self


class TokenIssued(BaseModel):
    """A token, for the header `Authorization: Bearer …` at every service."""

    token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 -- RFC 6750's word
    expires_at: datetime
    community: str
    person_id: str = Field(description="Who acts; of a member who signed in, the member's id")
    member_id: str | None
    renewal: str | None = Field(None, description="What POST /v1/tokens takes for further tokens; shown this once")
    renewal_expires_at: datetime | None = None

    @classmethod
    def of(
        cls, signed_in: SignedIn, *, secret: str | None = None, renewal: Renewal | None = None
    ) -> "TokenIssued":
        """What somebody gets who signed in, with the secret of their renewal where they asked for one."""
        claims = signed_in.claims
        return cls(
            token=signed_in.token,
            expires_at=claims.expires_at,
            community=claims.community,
            person_id=claims.person_id,
            member_id=claims.member_id,
            renewal=secret,
            renewal_expires_at=None if renewal is None else renewal.expires_at,
        )


class Unbinding(RequestBody):
    """How somebody is unbound."""

    may_return: bool = Field(
        False,
        description="Whether who they were there may become them again, by a verified email",
        examples=[False],
    )


@router.post(
    "/v1/sign-in-links",
    status_code=201,
    summary="Make a link to sign in by",
    responses=problem_responses(UNKNOWN_PERSON, UNKNOWN_IDENTITY, TOO_MANY_LINKS, SIGN_IN_NOT_SET_UP),
)
async def post_link(
    caller: Annotated[Principal, requires(Scope.SIGN_IN_WRITE)], tx: Tx, settings: OwnSettings, body: LinkWanted
) -> LinkMade:
    """For a platform's backend: its user, whom it knows by a channel's identity, becomes the member here.

    A link for a person takes `keys:write` too: whoever has it acts as that person.
    """
    member_id = None
    if body.identity is not None:
        # Theirs itself, whomever it is merged into: when the two part, whoever signed in is who they were.
        member_id = await find_own(tx.conn, settings, community=caller.community, identity=body.identity.identity)
        if member_id is None:
            raise UnknownIdentityError
    elif Scope.KEYS_WRITE not in caller.scopes:  # as Link.scopes_to_make has it
        raise Problem(MISSING_SCOPE, f"A link for a person needs {str(Scope.KEYS_WRITE)!r} too")
    secret = f"psl_{secrets.token_urlsafe(24)}"
    link = Link(
        secret_sha256=hash_secret(secret),
        community=caller.community,
        person_id=None if body.person_id is None else str(body.person_id),
        member_id=member_id,
        issued_by=caller.person_id,
        created_at=tx.now,
        expires_at=tx.now + timedelta(seconds=settings.link_seconds),
    )
    link = await handlers.make_link(tx, link=link)
    return LinkMade(link=secret, expires_at=link.expires_at, member_id=link.member_id, person_id=link.person_id)


@router.post(
    "/v1/tokens",
    status_code=201,
    summary="Sign in",
    responses=problem_responses(
        UNKNOWN_LINK,
        USED_LINK,
        EXPIRED_LINK,
        UNKNOWN_RENEWAL,
        WITHDRAWN_LINK,
        INVALID_ID_TOKEN,
        DISABLED_PERSON,
        UNKNOWN_SUBJECT,
        SIGN_IN_NOT_SET_UP,
        TOO_MANY_TRIES,
        PROVIDER_UNAVAILABLE,
        common=(MALFORMED_JSON, REQUEST_TOO_LARGE, INVALID_REQUEST, UNKNOWN_FIELD, NOT_AVAILABLE),
    ),
)
async def post_token(
    request: Request, service: ConnectedService, begin: Begin, settings: OwnSettings, body: SignIn
) -> TokenIssued:
    """Takes no access key: a link that was not used yet, an id token of the provider, or a renewal.

    The token lasts for ten minutes at most. Every service checks it by itself, and what it lets its person do is
    looked up each time. A client that keeps somebody signed in asks for a `renewable` token, and gets further ones
    by the `renewal` of the answer for some hours; no longer once the person is disabled.
    """
    address = request.client.host if request.client else ""
    now = datetime.now(UTC)
    limit = settings.sign_in_tries_max_per_minute
    # Who is signed in stays so, whatever others try from the same address: that of a console is everybody's.
    if body.renewal is None:
        _tries.check(address, now=now, per_minute=limit)
    try:
        return await _issued(service, begin, settings, body, now)
    except tuple(REFUSED) as error:
        SIGN_INS_REFUSED.labels(REFUSED[type(error)]).inc()
        _tries.check(address, now=now, per_minute=limit)
        _tries.failed(address, now=now, per_minute=limit)
        raise


async def _issued(
    service: Connected, begin: Begin, settings: Settings, body: SignIn, now: datetime
) -> TokenIssued:
    # Before there is a transaction: the provider may have to be asked.
    subject = None
    if body.id_token is not None:
        async with service.pool.acquire() as conn:
            now = max(now, await load_clock(conn))  # what has ended by either clock has ended
        subject = await check_id_token(settings, id_token=body.id_token, nonce=body.nonce, now=now)
    async with begin() as tx:
        if body.renewal is not None:
            return TokenIssued.of(await handlers.renew(tx, secret_sha256=hash_secret(body.renewal)))
        if subject is not None:
            signed_in = await handlers.sign_in_by_subject(tx, community=body.community or "", subject=subject)
        else:
            signed_in = await handlers.sign_in_by_link(tx, secret_sha256=hash_secret(body.link or ""))
        if not body.renewable:
            return TokenIssued.of(signed_in)
        secret = f"psr_{secrets.token_urlsafe(24)}"
        renewal = await handlers.make_renewal(tx, signed_in=signed_in, secret_sha256=hash_secret(secret))
        return TokenIssued.of(signed_in, secret=secret, renewal=renewal)


@router.post(
    "/v1/communities/{community}/people/{person_id}/unbind",
    tags=["people"],
    summary="Unbind a person from who they are at a provider",
    responses=problem_responses(OTHER_COMMUNITY, UNKNOWN_PERSON),
)
async def post_unbind(
    caller: Annotated[Principal, requires(Scope.PEOPLE_WRITE)],
    tx: Tx,
    community: Slug,
    person_id: UUID,
    body: Unbinding,
) -> PersonShown:
    """For a provider that is no longer the one, or somebody there who is not them.

    Their tokens end in every community, and the links for them and by them; access keys stay. The next whose
    email the provider has verified as theirs becomes them, but for who they were. Of whom other communities know
    too, the installation's administrator decides.
    """
    appointment = await handlers.unbind(
        tx, caller=caller, community=community, person_id=str(person_id), may_return=body.may_return
    )
    return PersonShown.of(appointment)
