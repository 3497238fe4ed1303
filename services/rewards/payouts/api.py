"""Routes to read payouts: what is paid, why, and in which state it is."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from asyncpg import Record
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from services.rewards.ledger.api.cursors import time_cursor, uuid_of
from services.rewards.lots import store as lot_store
from services.rewards.payouts import store
from services.rewards.payouts.domain import PAYOUT_STATES, PayoutState
from shared.http import (
    PROBLEMS,
    After,
    Limit,
    Page,
    Principal,
    Problem,
    decode_cursor,
    encode_cursor,
    requires,
)
from shared.postgres import Connection

router = APIRouter(tags=["payouts"])


class Payout(BaseModel):
    """Money for a member's points."""

    payout_id: UUID
    run_id: UUID
    member_id: UUID
    state: PayoutState
    points: int
    amount_minor: int = Field(description="Minor units of the currency")
    currency: str = Field(examples=["EUR"])
    end_to_end_id: str = Field(description="ISO 20022's EndToEndId: stands on the bank statement")
    payee_name: str | None = Field(None, description="Whom it goes to, as the run was made")
    iban: str | None = None
    bic: str | None = None
    reason: str | None = Field(None, description="Why it is held, failed or came back")
    created_at: datetime
    changed_at: datetime


class PayoutChange(BaseModel):
    """A state that a payout reached."""

    state: PayoutState
    changed_at: datetime
    changed_by: str = Field(description="The access key")
    reason: str | None = None


class PaidLot(BaseModel):
    """Points of one award that a payout pays."""

    award_id: UUID
    points: int


class PayoutDetails(Payout):
    """A payout with its history and the first of the awards that it pays."""

    changes: list[PayoutChange]
    lots: list[PaidLot]
    lots_next: str | None = Field(None, description="Give this as `after` to /lots for what follows")


def payout_of(row: Record) -> Payout:
    """A stored payout as it is answered."""
    return Payout(**{name: row[name] for name in Payout.model_fields})


@router.get("/v1/payouts", summary="Payouts, newest first", responses=PROBLEMS)
async def list_payouts(
    request: Request,
    state: Annotated[PayoutState | None, Query(description="Only those in this state")] = None,
    run: Annotated[UUID | None, Query(description="Only those of this run")] = None,
    member: Annotated[UUID | None, Query(description="Only those of this member")] = None,
    limit: Limit = 100,
    after: After = None,
    principal: Principal = requires("payouts:read"),
) -> Page[Payout]:
    """Payouts of the community by state, run or member."""
    place = time_cursor(after, 1)
    async with request.app.state.pool.acquire() as conn:
        rows = await store.page_of_payouts(
            conn, principal.community, state, run, member, (place[0], place[1]) if place else None, limit
        )
    last = rows[-1] if len(rows) == limit else None
    return Page(
        items=[payout_of(row) for row in rows],
        next=last and encode_cursor(last["created_at"], str(last["payout_id"])),
    )


@router.get("/v1/payouts/{payout_id}", summary="A payout, explained", responses=PROBLEMS)
async def get_payout(
    request: Request, payout_id: UUID, principal: Principal = requires("payouts:read")
) -> PayoutDetails:
    """Every state it reached and by whom, and the awards that it pays."""
    async with request.app.state.pool.acquire() as conn:
        row = await store.payout(conn, principal.community, payout_id)
        if row is None:
            raise _unknown(payout_id)
        changes = await store.changes_of(conn, principal.community, payout_id)
        lots = await _lots(conn, principal.community, payout_id, None, 100)
    changes.sort(key=lambda change: (change["changed_at"], PAYOUT_STATES.index(change["state"])))
    return PayoutDetails(
        **payout_of(row).model_dump(),
        changes=[PayoutChange(**change) for change in changes],
        lots=lots.items,
        lots_next=lots.next,
    )


@router.get("/v1/payouts/{payout_id}/lots", summary="The awards that a payout pays", responses=PROBLEMS)
async def get_payout_lots(
    request: Request,
    payout_id: UUID,
    limit: Limit = 100,
    after: After = None,
    principal: Principal = requires("payouts:read"),
) -> Page[PaidLot]:
    """Award ids and points; they sum up to the payout's points once it is reserved."""
    place = decode_cursor(after, str)
    async with request.app.state.pool.acquire() as conn:
        if await store.payout(conn, principal.community, payout_id) is None:
            raise _unknown(payout_id)
        return await _lots(conn, principal.community, payout_id, uuid_of(place[0]) if place else None, limit)


async def _lots(
    conn: Connection, community: str, payout_id: UUID, after: UUID | None, limit: int
) -> Page[PaidLot]:
    rows = await lot_store.page_of_uses(conn, community, payout_id, after, limit)
    return Page(
        items=[PaidLot(**row) for row in rows],
        next=encode_cursor(str(rows[-1]["award_id"])) if len(rows) == limit else None,
    )


def _unknown(payout_id: UUID) -> Problem:
    return Problem(404, "Payout not found", f"There is no payout {payout_id} in this community")
