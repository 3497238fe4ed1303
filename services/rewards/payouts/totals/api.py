"""The route of what persons were paid in a year."""

from datetime import date
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from services.rewards.payouts.totals import store
from services.rewards.payouts.totals.domain import TotalPlace, YearTotal
from shared.followed_communities import load_calendar
from shared.followed_members import load_names
from shared.http import (
    Conn,
    Limit,
    MemberNamed,
    Page,
    Principal,
    Scope,
    Whose,
    after,
    problem_responses,
    requires,
)
from shared.http.problem_types import UNKNOWN_IDENTITY

router = APIRouter(tags=["payouts"])

YEAR_MIN, YEAR_MAX = 2000, 9998


class PayoutTotal(BaseModel):
    """What a person was paid in a year, in one currency."""

    member_id: UUID = Field(description="With everybody who is merged into them")
    member_name: str | None = Field(description="The name to show", examples=["Ada Lovelace"])
    year: int = Field(examples=[2026])
    currency: str = Field(examples=["EUR"])
    paid_count: int = Field(description="Payouts that a bank settled", examples=[11])
    paid_minor: int = Field(description="What these come to", examples=[184_500])
    on_its_way_minor: int = Field(description="What a bank has and has not settled", examples=[0])

    @classmethod
    def of(cls, total: YearTotal, year: int, *, name: str | None) -> Self:
        """A total as it is answered."""
        return cls(
            member_id=UUID(total.member_id),
            member_name=name,
            year=year,
            currency=total.currency,
            paid_count=total.paid_count,
            paid_minor=total.paid_minor,
            on_its_way_minor=total.on_its_way_minor,
        )


@router.get(
    "/v1/payout-totals/{year}",
    summary="What each person was paid in a year",
    responses=problem_responses(UNKNOWN_IDENTITY),
)
async def list_payout_totals(
    principal: Annotated[Principal, requires(Scope.PAYOUTS_READ, reads="member")],
    conn: Conn,
    whose: Whose,
    year: Annotated[int, Path(ge=YEAR_MIN, le=YEAR_MAX, description="Of the community's zone", examples=[2026])],
    place: Annotated[TotalPlace | None, after(TotalPlace)],
    member: Annotated[MemberNamed | None, Query(description="Only this member's: an id or an identity")] = None,
    limit: Limit = 100,
) -> Page[PayoutTotal]:
    """A payout is of the year in which its bank file was written; what came back from the bank is not paid."""
    community = principal.community
    member_id = await whose.asked(conn, community=community, member=member)
    calendar = await load_calendar(conn, community=community)
    found = await store.page_of_totals(
        conn,
        community=community,
        since=calendar.start_of(date(year, 1, 1)),
        until=calendar.start_of(date(year + 1, 1, 1)),
        member_id=member_id,
        after=place,
        limit=limit,
    )
    names = await load_names(conn, community=community, member_ids=[total.member_id for total in found])
    return Page.of(
        found,
        limit,
        item=lambda total: PayoutTotal.of(total, year, name=names.get(total.member_id)),
        place=lambda total: total.place,
    )
