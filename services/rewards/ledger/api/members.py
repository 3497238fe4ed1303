"""Routes about a member: points and statement."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from services.rewards.ledger.api.cursors import time_cursor
from services.rewards.ledger.domain import POINTS, point_balances
from services.rewards.ledger.store import entries as ledger_store
from services.rewards.ledger.store.entries import StatementPlace
from services.rewards.members import store as member_store
from shared.http import (
    PROBLEMS,
    After,
    Limit,
    Page,
    Principal,
    Problem,
    encode_cursor,
    requires,
)

router = APIRouter(tags=["members"])

MEMBER_EXAMPLE = "0e6c1f0a-6d3f-5b0e-9a51-6f5c1d2e3f40"


class Balance(BaseModel):
    """A member's points by what they are, and money owed to them."""

    member_id: UUID = Field(examples=[MEMBER_EXAMPLE])
    name: str | None = Field(None, examples=["Ada Lovelace"])
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
    reverses: UUID | None = Field(None, description="The transfer that this one takes back")


@router.get("/v1/members/{member_id}/balance", summary="A member's points", responses=PROBLEMS)
async def get_balance(
    request: Request, member_id: UUID, principal: Principal = requires("rewards:read")
) -> Balance:
    """Points by what they are: pending, available, reserved, spent, paid, expired."""
    async with request.app.state.pool.acquire() as conn:
        rows = await ledger_store.member_balances(conn, principal.community, member_id)
        known = await member_store.member(conn, principal.community, member_id)
    if known is None and not rows:
        raise unknown_member(member_id)
    points = point_balances({row["kind"]: row["amount"] for row in rows if row["currency"] == POINTS})
    return Balance(
        member_id=member_id,
        name=known["name"] if known else None,
        payable_minor={row["currency"]: row["amount"] for row in rows if row["kind"] == "payable"},
        **points,
    )


@router.get("/v1/members/{member_id}/statement", summary="A member's entries, newest first", responses=PROBLEMS)
async def get_statement(
    request: Request,
    member_id: UUID,
    limit: Limit = 100,
    after: After = None,
    principal: Principal = requires("rewards:read"),
) -> Page[StatementLine]:
    """Every entry on the member's accounts with its cause; what reversed something names it."""
    place = time_cursor(after, 2)
    async with request.app.state.pool.acquire() as conn:
        rows = await ledger_store.page_of_statement(
            conn, principal.community, member_id, StatementPlace(*place) if place else None, limit
        )
    last = rows[-1] if len(rows) == limit else None
    return Page(
        items=[StatementLine(**row) for row in rows],
        next=last and encode_cursor(last["recorded_at"], str(last["transfer_id"]), str(last["account_id"])),
    )


def unknown_member(member_id: UUID) -> Problem:
    return Problem(
        404,
        "Member not found",
        f"Nothing is known of member {member_id}; members are those of the community's events",
    )
