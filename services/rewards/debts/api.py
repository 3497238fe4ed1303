"""The route of debts."""

from datetime import UTC, date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.rewards.debts.domain import Debt, DebtPlace
from services.rewards.debts.handlers import page_of_debts
from services.rewards.settings import Settings
from shared.followed_members import load_names
from shared.http import (
    IN_ANSWER,
    Limit,
    Page,
    Principal,
    Scope,
    Snapshot,
    after,
    configured,
    problem_responses,
    requires,
)

router = APIRouter(tags=["ledger"])


class MemberDebt(BaseModel):
    """Points that a member used and that were taken back since; what comes in pays the oldest of them first."""

    member_id: UUID
    name: str | None = Field(description="The name to show", examples=["Ada Lovelace"])
    account_id: UUID = Field(description="The account on which they are missing")
    points: int = Field(examples=[250])
    days_0_to_30: int = Field(description="Of these, owed for so long", examples=[200])
    days_31_to_60: int = Field(examples=[0])
    days_61_to_90: int = Field(examples=[0])
    days_91_on: int = Field(examples=[50])
    since: date = Field(description="The day of the oldest part")
    is_older: bool = Field(description="It may be older: more entries came since than are looked at")

    @classmethod
    def of(cls, debt: Debt, name: str | None) -> "MemberDebt":
        """A debt as it is answered."""
        first, second, third, last = debt.by_age
        return cls(
            member_id=UUID(debt.member_id),
            name=name,
            account_id=UUID(debt.account_id),
            points=debt.points,
            days_0_to_30=first,
            days_31_to_60=second,
            days_61_to_90=third,
            days_91_on=last,
            since=debt.since,
            is_older=debt.is_older,
        )


@router.get("/v1/debts", summary="Members who owe points, by for how long", responses=problem_responses())
async def list_debts(
    principal: Annotated[Principal, requires(Scope.PAYOUTS_READ, reads=IN_ANSWER)],
    conn: Snapshot,
    settings: Annotated[Settings, configured(Settings)],
    place: Annotated[DebtPlace | None, after(DebtPlace)],
    limit: Limit = 100,
) -> Page[MemberDebt]:
    """In the order of their accounts' ids. Days are the community's."""
    found = await page_of_debts(
        conn,
        community=principal.community,
        now=datetime.now(UTC),
        after=place,
        limit=limit,
        entries_max=settings.debt_entries_max_count,
    )
    names = await load_names(conn, community=principal.community, member_ids=[debt.member_id for debt in found])
    return Page.of(
        found,
        limit,
        item=lambda debt: MemberDebt.of(debt, names.get(debt.member_id)),
        place=lambda debt: debt.place,
    )
