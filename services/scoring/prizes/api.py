"""HTTP route of what came in points with badges, levels and quests."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.scoring.prizes import store
from services.scoring.prizes.domain import terms_of
from services.scoring.programmes.domain.publication import succession
from services.scoring.programmes.store import versions
from shared.http import Conn, Principal, Scope, problem_responses, requires

router = APIRouter(tags=["awards"])


class PrizePointsShown(BaseModel):
    """What badges, levels and quests came to in points, and what bounds that."""

    points: int = Field(description="Given in all, without what was taken back", examples=[1250])
    prizes: int = Field(description="So many grants gave points", examples=[25])
    cut: int = Field(description="So many gave less than they carry, or nothing", examples=[2])
    budget: int | None = Field(description="What all together may give; null: there is no bound", examples=[10000])
    limit_points: int | None = Field(description="What one member may get within a time", examples=[500])
    limit_within: str | None = Field(examples=["month"])


@router.get(
    "/v1/prize-points", summary="Points that came with badges, levels and quests", responses=problem_responses()
)
async def get_prize_points(
    principal: Annotated[Principal, requires(Scope.POINTS_READ)], conn: Conn
) -> PrizePointsShown:
    """By the programme version in force."""
    community, now = principal.community, datetime.now(UTC)
    book = await store.find_book(conn, community=community)
    starts = succession(await versions.load_starts(conn, community=community))
    number = next((start.number for start in reversed(starts) if start.effective_from <= now), None)
    documents = (
        {} if number is None else await versions.load_documents(conn, community=community, numbers=[number])
    )
    terms = terms_of(documents.get(number or 0))
    return PrizePointsShown(
        points=book.points,
        prizes=book.prizes,
        cut=book.cut,
        budget=terms.budget,
        limit_points=None if terms.limit is None else terms.limit.points,
        limit_within=None if terms.limit is None else terms.limit.within,
    )
