"""HTTP routes of members and their identities."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from services.ingest.event_types.domain import UnknownChannelError
from services.ingest.members import domain
from services.ingest.members.handlers.declaring import declare_identities
from services.ingest.members.handlers.declaring_many import Declared, declare_new
from services.ingest.members.handlers.resolving import find_owner
from services.ingest.members.store import members as members_store
from services.ingest.shares.api import QUOTA_EXCEEDED, WithinShare
from shared.contracts.channels import compared_id
from shared.contracts.fields import ChannelName, Id, Name, Sha256
from shared.contracts.identities import HOST_MAX_CHARS, Host, NamedIdentity, identity_hash
from shared.contracts.placeholders import is_placeholder
from shared.contracts.texts import if_text, label, plain_id
from shared.http import (
    IN_ANSWER,
    Begin,
    Conn,
    FieldError,
    Limit,
    MemberId,
    Page,
    Principal,
    Problem,
    ProblemType,
    RequestBody,
    Scope,
    Shown,
    after,
    asked_identity,
    configured,
    problem_responses,
    requires,
)
from shared.http.members import TEXT_MAX_CHARS
from shared.http.problem_types import INVALID_REQUEST, UNKNOWN_IDENTITY, UNKNOWN_MEMBER
from shared.http.problems import ErrorTable
from shared.near_names import suggestion
from shared.settings import ServiceSettings

ERASED_IDENTITY = ProblemType("erased-identity", 409, "Whoever had the identity was erased")
TOO_MANY_IDENTITIES = ProblemType("too-many-identities", 409, "The member has too many identities")
DIFFERENT_MEMBERS = ProblemType("different-members", 409, "The identities are different members")
IDENTITIES_MAX_COUNT = 20
#: Declared by one request. Of members who are there already each takes a transaction of its own, some 10 ms.
DECLARED_MAX_COUNT = 200
ServiceConfigured = Annotated[ServiceSettings, configured(ServiceSettings)]

#: Why a declaration is refused, as it is answered: of one alone, and of each of several.
REFUSALS: ErrorTable = {
    domain.DifferentMembersError: lambda error: Problem(
        DIFFERENT_MEMBERS,
        f"They belong to {', '.join(error.member_ids)}. Who is one person all the same is merged: "
        "POST /v1/members/{member_id}/merge, or `plaudit member merge`",
    ),
    domain.TooManyIdentitiesError: lambda error: Problem(
        TOO_MANY_IDENTITIES,
        f"Nothing was done: {error}. Is it one person, or many who post by the account of a bridge?",
    ),
    domain.ErasedIdentityError: lambda error: Problem(
        ERASED_IDENTITY, f"Nothing was done: {error}. Who takes part again does so under another identity"
    ),
    UnknownChannelError: lambda error: _wrong(
        f"/identities/{error.place}/channel", f"{error}; {suggestion(error.channel, error.known)}"
    ),
}

router = APIRouter()


class IdentityModel(BaseModel):
    """Somebody as one channel knows them."""

    channel: ChannelName
    host: Host | None = Field(description="Where the channel is; null where there is one of its kind")
    id: Id


def _somebodys(person_id: str) -> str:
    if is_placeholder(person_id):
        raise PydanticCustomError(
            "placeholder_id",
            "Is what software writes where it knows no id, and nobody's: `{id}`",
            {"id": person_id},
        )
    return person_id


class IdentityDeclared(RequestBody):
    """Somebody as one channel knows them."""

    channel: ChannelName = Field(description="A built-in one, or one that the programme declares")
    host: Annotated[Host, BeforeValidator(if_text(str.lower))] | None = Field(
        None, description="As the events say it, where a community has several channels of the kind"
    )
    id: Annotated[Id, BeforeValidator(if_text(plain_id)), AfterValidator(_somebodys)]

    email_sha256: Sha256 | None = Field(
        None, description="SHA-256 of the mail address in small letters, if it is known; what is kept is keyed"
    )
    email_verified: bool = Field(False, description="Whether the platform has verified the address")

    def email(self, settings: ServiceSettings, community: str) -> domain.Email | None:
        """The address that the platform knows, as it is kept."""
        if self.email_sha256 is None:
            return None
        address = NamedIdentity("email", self.email_sha256)
        return domain.Email(identity_hash(settings.identity_key_bytes, community, address), self.email_verified)

    @property
    def identity(self) -> NamedIdentity:
        """The identity, its id as the channel compares them."""
        return NamedIdentity(self.channel, compared_id(self.channel, self.id), self.host or "")


class IdentitiesDeclared(RequestBody):
    """Identities that are one person."""

    identities: list[IdentityDeclared] = Field(
        min_length=1,
        max_length=IDENTITIES_MAX_COUNT,
        examples=[[{"channel": "code", "id": "github:1"}, {"channel": "chat", "id": "U1"}]],
    )
    name: Annotated[Name, BeforeValidator(if_text(label))] | None = None

    def declared(self, settings: ServiceSettings, community: str) -> Declared:
        """What is declared, the addresses as they are kept."""
        return Declared({one.identity: one.email(settings, community) for one in self.identities}, self.name)


class MembersDeclared(RequestBody):
    """Members, each by identities that are one person."""

    members: list[IdentitiesDeclared] = Field(
        min_length=1,
        max_length=DECLARED_MAX_COUNT,
        examples=[
            [
                {
                    "identities": [{"channel": "code", "id": "github:7"}, {"channel": "chat", "id": "U7"}],
                    "name": "Ada",
                },
                {"identities": [{"channel": "forum", "id": "grace"}]},
            ]
        ],
    )


class DeclarationRefused(BaseModel):
    """Why one of several declarations was refused: what it would have been answered alone."""

    type: str = Field(examples=[DIFFERENT_MEMBERS.uri])
    title: str = Field(examples=[DIFFERENT_MEMBERS.title])
    detail: str
    field: str | None = Field(description="What of the declaration is wrong, as a JSON Pointer", examples=[None])

    @classmethod
    def of(cls, error: Exception) -> "DeclarationRefused":
        """What is said of one of REFUSALS."""
        problem = REFUSALS[type(error)](error)
        wrong = problem.errors[0] if problem.errors else None
        return cls(
            type=problem.type.uri,
            title=problem.type.title,
            detail=wrong.detail if wrong else problem.detail or problem.type.title,
            field=wrong.field if wrong else None,
        )


class MemberDeclared(BaseModel):
    """What became of one of several declarations: the member that it is of, or why it was refused."""

    index: int = Field(description="Which of the request's members, from 0", examples=[0])
    member_id: str | None
    refused: DeclarationRefused | None = Field(examples=[None])


class ManyDeclared(BaseModel):
    """What became of each declaration, in the order of the request."""

    declared: int = Field(examples=[1])
    refused: int = Field(examples=[0])
    items: list[MemberDeclared]


class Member(BaseModel):
    """A member of the community, on every channel."""

    member_id: str
    name: str | None
    identities: list[IdentityModel] = Field(
        description="After a restore some may be missing until they are seen again"
    )
    first_seen_at: datetime
    bot_by: domain.BotBy | None = Field(description="By whose word this is no person; null for a person")
    standing: dict[str, domain.BotBy] = Field(
        description="What else it is in the community, and by whose word", examples=[{"staff": "hand"}]
    )
    earns: bool = Field(description="Whether what it does earns points now, unless it is a bot")
    ranks: bool = Field(description="Whether boards show it, unless it is a bot")
    merged_into: str | None = Field(description="The member whom this one belongs to since they were merged")
    merged_ids: list[str] = Field(
        description="Members who belong to this one; GET /v1/members/{member_id}/merged shows them"
    )

    @classmethod
    def of(cls, member: domain.Member) -> "Member":
        """What is shown of a member."""
        return cls(
            member_id=member.member_id,
            name=member.name,
            identities=[
                IdentityModel(channel=one.channel, host=one.host or None, id=one.id) for one in member.identities
            ],
            first_seen_at=member.first_seen_at,
            bot_by=member.bot_by,
            standing=dict(member.marks.standing),
            earns=member.marks.earns,
            ranks=member.marks.ranks,
            merged_into=member.merged_into,
            merged_ids=list(member.merged_ids),
        )


@router.put(
    "/v1/members/identities",
    summary="Declare identities to be one person",
    responses=problem_responses(DIFFERENT_MEMBERS, ERASED_IDENTITY, TOO_MANY_IDENTITIES, QUOTA_EXCEEDED),
)
async def put_identities(
    principal: Annotated[Principal, requires(Scope.MEMBERS_WRITE)],
    _share: WithinShare,
    begin: Begin,
    settings: ServiceConfigured,
    body: IdentitiesDeclared,
) -> Member:
    """Events of any of these identities then count for one member. Saying it again changes nothing."""

    declared = body.declared(settings, principal.community)
    return Member.of(await _declare(begin, principal.community, declared))


async def _declare(begin: Begin, community: str, declared: Declared) -> domain.Member:
    async def once() -> domain.Member:
        async with begin() as tx:
            return await declare_identities(
                tx, community=community, identities=declared.identities, name=declared.name
            )

    try:
        return await once()
    except domain.DifferentMembersError:
        # It may only be an event that came in between, with a member not yet seen.
        return await once()


@router.post(
    "/v1/members/declare",
    summary="Declare many members at once",
    responses=problem_responses(QUOTA_EXCEEDED),
)
async def post_members_declare(
    principal: Annotated[Principal, requires(Scope.MEMBERS_WRITE)],
    share: WithinShare,
    begin: Begin,
    settings: ServiceConfigured,
    body: MembersDeclared,
    response: Response,
) -> ManyDeclared:
    """As `PUT /v1/members/identities` for each of them; one that is refused keeps none of the others out.

    A body with a field that is not valid is refused whole, and says which. Each member counts as one event of the
    share. Saying it again changes nothing.
    """
    share.take_more(len(body.members) - 1)
    response.headers.update(share.headers())
    wanted = [member.declared(settings, principal.community) for member in body.members]
    made: dict[int, str] = {}
    try:
        async with begin() as tx:
            made = await declare_new(tx, community=principal.community, wanted=wanted)
    except domain.FasterError:
        # An event or another declaration was faster with one of them: none is new for certain.
        made = {}
    items = []
    for index, one in enumerate(wanted):
        member_id, refused = made.get(index), None
        if member_id is None:
            try:
                member_id = (await _declare(begin, principal.community, one)).member_id
            except tuple(REFUSALS) as error:
                refused = DeclarationRefused.of(error)
        items.append(MemberDeclared(index=index, member_id=member_id, refused=refused))
    refused_count = sum(item.refused is not None for item in items)
    return ManyDeclared(declared=len(items) - refused_count, refused=refused_count, items=items)


async def _asked_identity(
    identity: Annotated[
        str | None,
        Query(
            description="Only who has this identity: `channel:id`, or `channel@host:id`",
            examples=["forum:ada"],
            max_length=TEXT_MAX_CHARS,
        ),
    ] = None,
    channel: Annotated[ChannelName | None, Query(description="With `id`: only who has this identity")] = None,
    host: Annotated[str | None, Query(description="With `channel` and `id`", max_length=HOST_MAX_CHARS)] = None,
    id_: Annotated[Id | None, Query(alias="id", description="The identity's id on `channel`")] = None,
) -> NamedIdentity | None:
    if identity is not None:
        if channel is not None or host is not None or id_ is not None:
            raise _wrong("identity", "It says all of it: give no channel, host or id beside it")
        return asked_identity(identity, field="identity")
    if channel is not None and id_ is not None:
        return NamedIdentity(channel, compared_id(channel, id_), (host or "").lower())
    if channel is None and id_ is None and host is None:
        return None
    raise _wrong("id" if id_ is None else "channel", "An identity is a channel and an id: give both")


def _wrong(field: str, detail: str) -> Problem:
    return Problem(INVALID_REQUEST, detail, [FieldError(field=field, detail=detail)])


@router.get("/v1/members", summary="Members of the community", responses=problem_responses())
async def get_members(
    principal: Annotated[Principal, requires(Scope.MEMBERS_READ, reads=IN_ANSWER)],
    shown: Shown,
    conn: Conn,
    place: Annotated[domain.MemberPlace | None, after(domain.MemberPlace)],
    settings: ServiceConfigured,
    identity: Annotated[NamedIdentity | None, Depends(_asked_identity)],
    limit: Limit = 100,
) -> Page[Member]:
    """Members in the order of their ids, each with the identities on every channel.

    Give `identity`, as in `?identity=forum:ada`, for the one member, or none, who has it.
    """
    community = principal.community
    if identity is None:
        members = await members_store.page_of_members(conn, community=community, after=place, limit_count=limit)
        return Page[Member].of(members, limit, item=Member.of, place=domain.MemberPlace.of)
    member_id = await find_owner(conn, settings, community=community, identity=identity)
    shown.of(member_id)
    if member_id is None or (place is not None and member_id <= place.member_id):
        return Page[Member](items=[])
    found = await members_store.find_member(conn, key=domain.MemberKey(community, member_id))
    return Page[Member](items=[] if found is None else [Member.of(found)])


@router.get(
    "/v1/members/{member_id}",
    summary="A member",
    responses=problem_responses(UNKNOWN_MEMBER, UNKNOWN_IDENTITY),
)
async def get_member(
    principal: Annotated[Principal, requires(Scope.MEMBERS_READ, or_own=True, reads="member_id")],
    conn: Conn,
    member_id: MemberId,
) -> Member:
    """By an id, or by an identity, as in `/v1/members/forum:ada`; so in every path of every service."""
    found = await members_store.find_member(conn, key=domain.MemberKey(principal.community, str(member_id)))
    if found is None:
        raise domain.UnknownMemberError(str(member_id))
    return Member.of(found)
