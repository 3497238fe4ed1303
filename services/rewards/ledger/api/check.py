"""The route that checks the ledger."""

from datetime import UTC, datetime
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from services.rewards.ledger.store.check import FINDINGS_MAX_COUNT, check_ledger
from services.rewards.settings import Settings
from shared.http import PROBLEMS, Principal, requires
from shared.postgres import begin

router = APIRouter(tags=["ledger"])


class CurrencySum(BaseModel):
    """All entries of a currency; the total of a right ledger is 0."""

    currency: str
    entries: int
    total: int


class UnbalancedTransfer(BaseModel):
    """A transfer whose entries do not sum to zero, or that has none."""

    transfer_id: UUID
    currency: str | None
    total: int


class BalanceDifference(BaseModel):
    """A balance that is not the sum of its entries, or belongs to no declared account."""

    account_id: UUID
    owner: UUID | None
    kind: str | None
    currency: str | None
    balance: int
    entries: int


class LotDifference(BaseModel):
    """A member whose lots do not hold what is available or pending."""

    member_id: UUID
    kind: str
    balance: int
    remaining: int


class LedgerCheck(BaseModel):
    """What the check found; every list is empty and every total 0 in a right ledger."""

    balanced: bool = Field(description="True when nothing is wrong")
    checked_at: datetime
    entries_count: int
    sums: list[CurrencySum]
    unbalanced_transfers: list[UnbalancedTransfer] = Field(description=f"At most {FINDINGS_MAX_COUNT}")
    balance_differences: list[BalanceDifference] = Field(description=f"At most {FINDINGS_MAX_COUNT}")
    lot_differences: list[LotDifference] = Field(description=f"At most {FINDINGS_MAX_COUNT}")


@router.get("/v1/ledger/check", summary="Is the ledger right?", responses=PROBLEMS)
async def get_check(request: Request, principal: Principal = requires("payouts:read")) -> LedgerCheck:
    """Computes every balance of the community again from its entries, and says what differs."""
    settings: Settings = request.app.state.settings
    async with begin(request.app.state.pool, snapshot=True) as conn:
        found = await check_ledger(conn, principal.community, settings.ledger_check_seconds)
    return LedgerCheck(
        balanced=found.differences == 0,
        checked_at=datetime.now(UTC),
        entries_count=found.entries_count,
        sums=[CurrencySum(**row) for row in found.sums],
        unbalanced_transfers=[UnbalancedTransfer(**row) for row in found.unbalanced],
        balance_differences=[BalanceDifference(**row) for row in found.balances],
        lot_differences=[LotDifference(**row) for row in found.lots],
    )
