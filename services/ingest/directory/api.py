"""HTTP routes of looking for members. What is typed is in the body: no name stands in an address or a log."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field, StringConstraints

from services.ingest.directory import domain, store
from services.ingest.members.api.identities import Member
from shared.contracts.fields import Name
from shared.http import (
    IN_ANSWER,
    Conn,
    Limit,
    Page,
    Principal,
    RequestBody,
    Scope,
    Shown,
    after,
    problem_responses,
    requires,
)

TEXT_MIN_CHARS = 2

router = APIRouter()


class MembersSought(RequestBody):
    """Whom somebody looks for; nothing is everybody."""

    text: Annotated[Name, StringConstraints(min_length=TEXT_MIN_CHARS)] | None = Field(
        None,
        description="How words of the name begin, or a handle does; `forum:ada` is a handle on that channel",
        examples=["ada"],
    )
    mark: domain.Mark | None = Field(
        None,
        description="Only who is so. unverified: a person of whom no identity was proven, by address, provider or "
        "a token",
    )


@router.post(
    "/v1/members/search",
    summary="Find members by name, handle or what they are",
    responses=problem_responses(),
)
async def post_search(
    principal: Annotated[Principal, requires(Scope.MEMBERS_READ, reads=IN_ANSWER)],
    shown: Shown,
    place: Annotated[domain.FoundPlace | None, after(domain.FoundPlace)],
    conn: Conn,
    body: MembersSought,
    limit: Limit = 100,
) -> Page[Member]:
    """Those who came last are first. Nothing is changed by it; whom it shows is noted as read."""
    wanted = domain.Wanted.of(body.text, body.mark)
    found = await store.page_of_found(
        conn, community=principal.community, wanted=wanted, after=place, limit_count=limit
    )
    shown.of(*(member.member_id for member in found))
    return Page[Member].of(found, limit, item=Member.of, place=domain.FoundPlace.of)


class MarkCount(BaseModel):
    """How many members are so."""

    mark: domain.Mark | None = Field(description="Null: all members")
    count: int = Field(examples=[3764])

    @classmethod
    def of(cls, counts: domain.Counts) -> "MarkCount":
        """A count as the API shows it."""
        return cls(mark=counts.mark, count=counts.number)


class MarkCounts(BaseModel):
    """How many members there are, and of each mark."""

    items: list[MarkCount]


@router.get("/v1/members/counts", summary="How many members there are", responses=problem_responses())
async def get_counts(principal: Annotated[Principal, requires(Scope.MEMBERS_READ)], conn: Conn) -> MarkCounts:
    """All, and those of each mark: exactly, however many there are."""
    counts = await store.count_marks(conn, community=principal.community)
    return MarkCounts(items=[MarkCount.of(one) for one in counts])
