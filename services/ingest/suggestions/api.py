"""The HTTP route of suggestions."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.ingest.suggestions import domain, store
from shared.http import IN_ANSWER, Conn, Limit, Page, Principal, Scope, after, problem_responses, requires

router = APIRouter()


class SuggestionShown(BaseModel):
    """Two members who may be one person, and why."""

    member_id: str
    other_id: str
    reasons: list[domain.Reason] = Field(
        description="same_email: the same address, by what platforms know; same_name: shown by one name on two "
        "channels; same_handle: the same id on two channels, but for bare numbers"
    )

    @classmethod
    def of(cls, suggestion: domain.Suggestion) -> "SuggestionShown":
        """What is shown of it."""
        return cls(member_id=suggestion.member_id, other_id=suggestion.other_id, reasons=list(suggestion.reasons))


@router.get("/v1/members/suggestions", summary="Members who may be one person", responses=problem_responses())
async def get_suggestions(
    principal: Annotated[Principal, requires(Scope.MEMBERS_READ, reads=IN_ANSWER)],
    conn: Conn,
    place: Annotated[domain.SuggestionPlace | None, after(domain.SuggestionPlace)],
    limit: Limit = 100,
) -> Page[SuggestionShown]:
    """Alike in something that few share, and nobody said that they are one. Nothing follows from it by itself."""
    found = await store.page_of_suggestions(conn, community=principal.community, after=place, limit_count=limit)
    return Page[SuggestionShown].of(found, limit, item=SuggestionShown.of, place=domain.SuggestionPlace.of)
