"""HTTP route of linking an identity to whoever proves that it is theirs."""

from datetime import UTC, datetime
from typing import Annotated, Self

from fastapi import APIRouter
from pydantic import ConfigDict, Field, model_validator

from services.ingest.access.linking import handlers
from services.ingest.access.people.api import UNKNOWN_PERSON, PersonShown
from services.ingest.access.providers.domain import ID_TOKEN_MAX_CHARS
from services.ingest.access.providers.handlers import check_id_token
from services.ingest.access.sign_ins.api import INVALID_ID_TOKEN, PROVIDER_UNAVAILABLE, SIGN_IN_NOT_SET_UP
from services.ingest.access.ties import handlers as ties
from services.ingest.access.ties.api import MEMBER_TAKEN, TOO_MANY_TIES
from services.ingest.members.api.identities import (
    DIFFERENT_MEMBERS,
    ERASED_IDENTITY,
    TOO_MANY_IDENTITIES,
    IdentityDeclared,
    Member,
)
from services.ingest.settings import Settings
from shared.access_keys import Refusal
from shared.http import (
    Begin,
    FieldError,
    Principal,
    Problem,
    ProblemType,
    RequestBody,
    Scope,
    configured,
    problem_responses,
    requires,
)
from shared.http.connected import Connected, ConnectedService
from shared.http.problem_types import UNKNOWN_MEMBER
from shared.merges import find_head

NO_MEMBERS_TOKEN = ProblemType("no-members-token", 422, "The token is no member's of the community")
TOKEN_MAX_CHARS = 4_096

OwnSettings = Annotated[Settings, configured(Settings)]

router = APIRouter(tags=["members"])


class MemberProven(RequestBody):
    """Which member the caller is, and what shows so."""

    member_token: str = Field(
        max_length=TOKEN_MAX_CHARS,
        description="A token of POST /v1/tokens, with which they signed in as that member by a platform",
        examples=["eyJhbGciOiJFZERTQSJ9"],
    )


class IdentityProven(RequestBody):
    """An identity on the channel of whoever calls, and what its holder showed there."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"identity": {"channel": "chat", "id": "U1"}, "member_token": "eyJhbGciOiJFZERTQSJ9"}]
        }
    )

    identity: IdentityDeclared
    member_token: str | None = Field(
        None,
        max_length=TOKEN_MAX_CHARS,
        description="A token of POST /v1/tokens, with which the holder signed in as a member by another platform",
    )
    id_token: str | None = Field(
        None, max_length=ID_TOKEN_MAX_CHARS, description="An id token of the OpenID provider, for its holder"
    )
    nonce: str | None = Field(None, max_length=500, description="With `id_token`: the one sent to the provider")

    @model_validator(mode="after")
    def _is_one_way(self) -> Self:
        if (self.member_token is None) == (self.id_token is None):
            raise ValueError("give member_token or id_token, and not both")
        return self


@router.post(
    "/v1/members/links",
    summary="Link an identity to whoever proves that it is theirs",
    responses=problem_responses(
        DIFFERENT_MEMBERS,
        ERASED_IDENTITY,
        TOO_MANY_IDENTITIES,
        NO_MEMBERS_TOKEN,
        INVALID_ID_TOKEN,
        SIGN_IN_NOT_SET_UP,
        PROVIDER_UNAVAILABLE,
    ),
)
async def post_link(
    principal: Annotated[Principal, requires(Scope.MEMBERS_WRITE)],
    service: ConnectedService,
    begin: Begin,
    settings: OwnSettings,
    body: IdentityProven,
) -> Member:
    """For a platform's backend, whose user shows a token from elsewhere: both are one member from then on.

    By a member's token it is that member's. By an id token it is the member's who has another identity of the same
    subject; the first one of a subject stays who it is, and is known by it. Saying it again changes nothing.
    """
    community, identity = principal.community, body.identity.identity
    email = body.identity.email(settings, community)
    if body.member_token is not None:
        member_id = await _holder(service, body.member_token, community=community)
        async with begin() as tx:
            found = await handlers.link_to_member(
                tx, community=community, identity=identity, email=email, member_id=member_id
            )
        return Member.of(found)
    # Before there is a transaction: the provider may have to be asked.
    subject = await check_id_token(settings, id_token=body.id_token or "", nonce=body.nonce, now=datetime.now(UTC))
    async with begin() as tx:
        found = await handlers.link_by_subject(
            tx, community=community, identity=identity, email=email, subject=subject
        )
    return Member.of(found)


@router.post(
    "/v1/own-members",
    summary="Say which member you are",
    responses=problem_responses(NO_MEMBERS_TOKEN, UNKNOWN_PERSON, UNKNOWN_MEMBER, MEMBER_TAKEN, TOO_MANY_TIES),
    tags=["people"],
)
async def post_own_member(
    principal: Annotated[Principal, requires(Scope.MEMBERS_READ)],
    service: ConnectedService,
    begin: Begin,
    body: MemberProven,
) -> PersonShown:
    """For people with roles, who are members too and show a token of that member's.

    From then on they decide nothing about that member. Only an administrator takes it back.
    """
    member_id = await _holder(service, body.member_token, community=principal.community)
    async with begin() as tx:
        return PersonShown.of(await ties.tie_oneself(tx, caller=principal, member_id=member_id))


async def _holder(service: Connected, member_token: str, *, community: str) -> str:
    """The member whose token it is. Raises Problem 422 for what is no token of a member of the community."""
    holder = await service.keys.principal(member_token)
    if isinstance(holder, Refusal) or holder.member_id is None or holder.community != community:
        detail = "Its holder signs in anew, by a link for a member of this community"
        raise Problem(NO_MEMBERS_TOKEN, detail, [FieldError(field="/member_token", detail=detail)])
    async with service.pool.acquire() as conn:
        return await find_head(conn, community=community, member_id=holder.member_id)
