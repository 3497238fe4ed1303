"""HTTP route of what declaring members would do."""

from collections import Counter
from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.ingest.members.api.identities import DeclarationRefused, IdentitiesDeclared, ServiceConfigured
from services.ingest.members.handlers.foreseeing import Becomes, Foreseen, foresee
from services.ingest.shares.api import QUOTA_EXCEEDED, WithinShare
from shared.http import Begin, Principal, RequestBody, Scope, problem_responses, requires

#: Asked about by one request: they are looked up together.
FORESEEN_MAX_COUNT = 2_000

router = APIRouter()


class MembersAskedAbout(RequestBody):
    """Members whose declaration is thought of."""

    members: list[IdentitiesDeclared] = Field(
        min_length=1,
        max_length=FORESEEN_MAX_COUNT,
        examples=[[{"identities": [{"channel": "forum", "id": "grace"}], "name": "Grace"}]],
    )


class DeclarationForeseen(BaseModel):
    """What would become of one of several declarations, or why it would be refused."""

    index: int = Field(description="Which of the request's members, from 0", examples=[0])
    becomes: Becomes | None = Field(
        description="new makes a member, changed gives one an identity or name, known does nothing; null: refused",
        examples=["new"],
    )
    member_id: str | None = Field(description="Whose it is; null for a member of this request's own")
    refused: DeclarationRefused | None = Field(examples=[None])


class ManyForeseen(BaseModel):
    """What would become of each declaration, in the order of the request."""

    new: int = Field(examples=[1])
    changed: int = Field(examples=[0])
    known: int = Field(examples=[0])
    refused: int = Field(examples=[0])
    items: list[DeclarationForeseen]


@router.post(
    "/v1/members/declare/preview",
    summary="What declaring many members would do",
    responses=problem_responses(QUOTA_EXCEEDED),
)
async def post_members_declare_preview(
    principal: Annotated[Principal, requires(Scope.MEMBERS_WRITE)],
    _share: WithinShare,
    begin: Begin,
    settings: ServiceConfigured,
    body: MembersAskedAbout,
) -> ManyForeseen:
    """As if they were declared in this order now; nothing is done, and others may declare something meanwhile.

    Where a declaration would be refused for an earlier one of the request, the detail names that by its pointer.
    """
    wanted = [member.declared(settings, principal.community) for member in body.members]
    found: list[Foreseen] = []
    with suppress(_NothingIsKeptError):
        async with begin() as tx:
            found = await foresee(tx, community=principal.community, wanted=wanted)
            raise _NothingIsKeptError
    items = [
        DeclarationForeseen(
            index=index,
            becomes=one.becomes,
            member_id=one.member_id,
            refused=None if one.refused is None else DeclarationRefused.of(one.refused),
        )
        for index, one in enumerate(found)
    ]
    counts = Counter(one.becomes for one in found)
    return ManyForeseen(
        new=counts[Becomes.NEW],
        changed=counts[Becomes.CHANGED],
        known=counts[Becomes.KNOWN],
        refused=counts[None],
        items=items,
    )


class _NothingIsKeptError(Exception):
    """Ends a transaction in which something was worked out."""
