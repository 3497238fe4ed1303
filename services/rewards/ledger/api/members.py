"""Routes about a member: points and statement."""

from datetime import UTC, datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from services.rewards.ledger.domain.balances import point_balances
from services.rewards.ledger.domain.entries import (
    POINTS,
    Owner,
    Span,
    StatementEntry,
    StatementPlace,
    UnknownMemberError,
)
from services.rewards.ledger.store.balances import load_balances, load_due, load_past_balances
from services.rewards.ledger.store.entries import page_of_statement
from shared.followed_members import find_name
from shared.http import (
    Conn,
    Limit,
    MemberId,
    Moment,
    Page,
    Principal,
    Scope,
    Snapshot,
    after,
    problem_responses,
    requires,
)
from shared.http.problem_types import UNKNOWN_IDENTITY, UNKNOWN_MEMBER

router = APIRouter(tags=["members"])

MEMBER_EXAMPLE = "0e6c1f0a-6d3f-5b0e-9a51-6f5c1d2e3f40"


class Balance(BaseModel):
    """A member's points by what they are, and money owed to them."""

    member_id: UUID = Field(examples=[MEMBER_EXAMPLE])
    name: str | None = Field(None, examples=["Ada Lovelace"])
    at: datetime = Field(description="The moment that it is of")
    pending: int = Field(description="Awarded, not available yet")
    available: int = Field(description="To be used; below 0 when points were taken back after they had been used")
    reserved: int = Field(description="Held for a redemption or payout that is not final")
    spent: int = Field(description="Redeemed")
    paid: int = Field(description="Paid out as money")
    expired: int = Field(description="Not used in time")
    payable_minor: dict[str, int] = Field(
        description="Money owed and not yet given to the bank, by currency, in minor units",
        examples=[{"EUR": 1250}],
    )


class StatementLine(BaseModel):
    """One entry on one of the member's accounts, and its cause."""

    transfer_id: UUID
    account: str = Field(description="pending, available, reserved, spent, paid, expired or payable")
    amount: int = Field(description="Credit positive, debit negative; points or minor units")
    currency: str = Field(examples=["PTS"])
    kind: str = Field(description="What happened", examples=["award"])
    cause_id: UUID = Field(description="The award, redemption or payout behind it")
    event_time: datetime
    recorded_at: datetime
    amends: UUID | None = Field(None, description="The transfer of the award that amounts to more or less by this")
    revision: int | None = Field(None, description="Which amendment of the award it is, from 1")
    why: str | None = Field(
        None, description="Why the award was amended: retracted, restored or limit", examples=["retracted"]
    )

    @classmethod
    def of(cls, entry: StatementEntry) -> Self:
        """An entry as it is answered."""
        return cls.model_validate(entry, from_attributes=True)


@router.get(
    "/v1/members/{member_id}/balance",
    summary="A member's points",
    responses=problem_responses(UNKNOWN_IDENTITY, UNKNOWN_MEMBER),
)
async def get_balance(
    principal: Annotated[Principal, requires(Scope.REWARDS_READ, or_own=True, reads="member_id")],
    conn: Snapshot,
    member_id: MemberId,
    at: Annotated[
        Moment | None,
        Query(description="As it was then; of a moment to come: as it will be if nothing happens but time"),
    ] = None,
) -> Balance:
    """Points by what they are: pending, available, reserved, spent, paid, expired.

    Points expire in the second in which their time is over, whenever the books say so.
    """
    owner = Owner(principal.community, str(member_id))
    now = datetime.now(UTC)
    at = at or now
    balances = await load_balances(conn, owner)
    due = await load_due(conn, owner, now=now, at=at)
    has_points = bool(balances)
    if at < now:
        balances = await load_past_balances(conn, owner, at=at)
    known = await find_name(conn, community=owner.community, member_id=owner.member_id)
    if known is None and not has_points:
        raise UnknownMemberError(owner.member_id)
    points = point_balances({found.kind: found.amount for found in balances if found.currency == POINTS}, due)
    return Balance(
        member_id=member_id,
        name=known.name if known else None,
        at=at,
        payable_minor={found.currency: found.amount for found in balances if found.kind == "payable"},
        **points,
    )


@router.get(
    "/v1/members/{member_id}/statement",
    summary="A member's entries, newest first",
    responses=problem_responses(UNKNOWN_IDENTITY, UNKNOWN_MEMBER),
)
async def get_statement(
    principal: Annotated[Principal, requires(Scope.REWARDS_READ, or_own=True, reads="member_id")],
    conn: Conn,
    member_id: MemberId,
    place: Annotated[StatementPlace | None, after(StatementPlace)],
    since: Annotated[Moment | None, Query(alias="from", description="Only what was booked from then on")] = None,
    until: Annotated[Moment | None, Query(alias="to", description="Only what was booked before")] = None,
    limit: Limit = 100,
) -> Page[StatementLine]:
    """Every entry on the member's accounts with its cause; what reversed something names it."""
    owner = Owner(principal.community, str(member_id))
    entries = await page_of_statement(conn, owner, span=Span(since, until), after=place, limit=limit)
    if not entries and place is None:
        known = await find_name(conn, community=owner.community, member_id=owner.member_id)
        if known is None:
            raise UnknownMemberError(owner.member_id)
    return Page.of(entries, limit, item=StatementLine.of, place=lambda entry: entry.place)
