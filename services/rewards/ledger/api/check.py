"""The route that checks the ledger."""

from datetime import UTC, datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from services.rewards.ledger.domain.check import Findings
from services.rewards.ledger.store.check import FINDINGS_MAX_COUNT, check_ledger
from services.rewards.settings import Settings
from shared.http import Principal, Scope, Snapshot, configured, problem_responses, requires

router = APIRouter(tags=["ledger"])


class _Finding(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class CurrencySum(_Finding):
    """All entries of a currency; the total of a right ledger is 0."""

    currency: str
    entries: int
    total: int


class UnbalancedTransfer(_Finding):
    """A transfer whose entries do not sum to zero, or that has none."""

    transfer_id: UUID
    currency: str | None
    total: int


class BalanceDifference(_Finding):
    """A balance that is not the sum of its entries, or belongs to no declared account."""

    account_id: UUID
    owner: UUID | None
    kind: str | None
    currency: str | None
    balance: int
    entries: int


class LotDifference(_Finding):
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

    @classmethod
    def of(cls, found: Findings, checked_at: datetime) -> Self:
        """Findings as they are answered."""
        return cls(
            balanced=found.differences == 0,
            checked_at=checked_at,
            entries_count=found.entries_count,
            sums=[CurrencySum.model_validate(total) for total in found.sums],
            unbalanced_transfers=[UnbalancedTransfer.model_validate(transfer) for transfer in found.unbalanced],
            balance_differences=[BalanceDifference.model_validate(balance) for balance in found.balances],
            lot_differences=[LotDifference.model_validate(lots) for lots in found.lots],
        )


@router.get("/v1/ledger/check", summary="Is the ledger right?", responses=problem_responses())
async def get_check(
    principal: Annotated[Principal, requires(Scope.PAYOUTS_READ)],
    conn: Snapshot,
    settings: Annotated[Settings, configured(Settings)],
) -> LedgerCheck:
    """Computes every balance of the community again from its entries, and says what differs."""
    found = await check_ledger(conn, community=principal.community, timeout_seconds=settings.ledger_check_seconds)
    return LedgerCheck.of(found, datetime.now(UTC))
