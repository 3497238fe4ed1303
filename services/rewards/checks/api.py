"""The route that checks the ledger and what stands on it."""

from datetime import UTC, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from services.rewards.checks import store
from services.rewards.checks.domain import Findings, LedgerChecks
from services.rewards.checks.handlers import PARTS_COUNT, ask_for_check, check
from services.rewards.ledger.store.check import FINDINGS_MAX_COUNT
from services.rewards.payouts.api import State
from services.rewards.payouts.seals.domain import SealStep
from services.rewards.settings import Settings
from shared.http import IN_ANSWER, Conn, Principal, Scope, Snapshot, Tx, configured, problem_responses, requires
from shared.http.connected import ConnectedService

router = APIRouter(tags=["ledger"])

_STEPS = tuple(step.value for step in SealStep)
Step = Literal[_STEPS]  # type: ignore[valid-type]


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


class SumDifference(_Finding):
    """A sum of members' accounts in the trial balance that is not that of their balances, or not of as many."""

    kind: str
    currency: str
    amount: int
    balances: int


class TurnoverDifference(_Finding):
    """A quarter of an hour of which the turnover of accounts is not that of their entries."""

    starts_at: datetime = Field(description="When the quarter begins")
    kind: str | None = Field(description="Null where the account is not declared")
    currency: str
    account_id: UUID | None = Field(description="The community's account; null for all members' of the kind")
    debit: int
    credit: int
    entries_debit: int
    entries_credit: int


class AccountDifference(_Finding):
    """An account that does not hold what the payouts and redemptions in their states have on it."""

    owner: UUID | None = Field(description="A member, or null for an account of the community")
    kind: str
    currency: str
    balance: int
    expected: int


class UseDifference(_Finding):
    """A payout or redemption whose points are not those that it took from lots; 0 points: there is none."""

    used_by: UUID
    points: int
    used: int


class StateDifference(_Finding):
    """A payout in another state than the last that it reached by its history."""

    payout_id: UUID
    state: State | None = Field(description="Null for one that is not there any more")
    reached: State | None = Field(description="Null for one without a history")


class SealDifference(_Finding):
    """A payout run that does not fit what was sealed of it."""

    run_id: UUID
    step: Step | None = Field(description="Which seal; null when its state does not fit the seals that it has")
    reason: str


class BlockDifference(_Finding):
    """A block of the chain that does not fit its entries or the block before."""

    number: int | None = Field(description="Null where entries are in no block and wait for none")
    reason: str


class LedgerCheck(BaseModel):
    """What the check found; every list is empty and every total 0 in a right ledger."""

    balanced: bool = Field(description="True when nothing is wrong")
    told_compared: bool = Field(
        description="Whether seals were compared with those on payouts.v1; false while the broker does not answer"
    )
    checked_at: datetime
    entries_count: int
    sums: list[CurrencySum]
    unbalanced_transfers: list[UnbalancedTransfer] = Field(description=f"At most {FINDINGS_MAX_COUNT}")
    balance_differences: list[BalanceDifference] = Field(description=f"At most {FINDINGS_MAX_COUNT}")
    lot_differences: list[LotDifference] = Field(description=f"At most {FINDINGS_MAX_COUNT}")
    sum_differences: list[SumDifference] = Field(description=f"At most {FINDINGS_MAX_COUNT}")
    turnover_differences: list[TurnoverDifference] = Field(description=f"At most {FINDINGS_MAX_COUNT}")
    account_differences: list[AccountDifference] = Field(description=f"At most {FINDINGS_MAX_COUNT}")
    use_differences: list[UseDifference] = Field(description=f"At most {FINDINGS_MAX_COUNT}")
    state_differences: list[StateDifference] = Field(description=f"At most {FINDINGS_MAX_COUNT}")
    seal_differences: list[SealDifference] = Field(description=f"At most {FINDINGS_MAX_COUNT}")
    block_differences: list[BlockDifference] = Field(description=f"At most {FINDINGS_MAX_COUNT}")

    @classmethod
    def of(cls, found: Findings, checked_at: datetime) -> Self:
        """Findings as they are answered."""
        ledger = found.ledger
        return cls(
            balanced=found.differences == 0,
            told_compared=found.is_told_compared,
            checked_at=checked_at,
            entries_count=ledger.entries_count,
            sums=[CurrencySum.model_validate(total) for total in ledger.sums],
            unbalanced_transfers=[UnbalancedTransfer.model_validate(transfer) for transfer in ledger.unbalanced],
            balance_differences=[BalanceDifference.model_validate(balance) for balance in ledger.balances],
            lot_differences=[LotDifference.model_validate(lots) for lots in ledger.lots],
            sum_differences=[SumDifference.model_validate(found) for found in ledger.member_sums],
            turnover_differences=[TurnoverDifference.model_validate(found) for found in ledger.turnovers],
            account_differences=[AccountDifference.model_validate(account) for account in found.accounts],
            use_differences=[UseDifference.model_validate(use) for use in found.uses],
            state_differences=[StateDifference.model_validate(state) for state in found.states],
            seal_differences=[SealDifference.model_validate(seal) for seal in found.seals],
            block_differences=[BlockDifference.model_validate(block) for block in found.blocks],
        )


class LedgerChecksShown(BaseModel):
    """The last check that was asked for, and how far the next one is."""

    last: LedgerCheck | None = Field(description="Null while none was made")
    took_seconds: float | None = Field(description="How long the last one took", examples=[0.4])
    asked_at: datetime | None = Field(description="When the next one was asked for; null when none waits")
    started_at: datetime | None = Field(description="Null while it waits for its turn")
    parts_done: int = Field(description="How many parts of the next one are done", examples=[0])
    parts_count: int = Field(description="How many parts a check has", examples=[PARTS_COUNT])
    took_too_long: bool = Field(description="Whether one was given up after the last, for it took too long")

    @classmethod
    def of(cls, checks: LedgerChecks) -> Self:
        """The checks as they are answered."""
        last = checks.last
        return cls(
            last=None if last is None else LedgerCheck.of(last.found, last.checked_at),
            took_seconds=None if last is None else last.took_seconds,
            asked_at=checks.asked_at,
            started_at=checks.started_at,
            parts_done=checks.parts_done,
            parts_count=PARTS_COUNT,
            took_too_long=checks.took_too_long,
        )


@router.post("/v1/ledger/checks", summary="Have the ledger checked", responses=problem_responses())
async def post_checks(principal: Annotated[Principal, requires(Scope.PAYOUTS_READ)], tx: Tx) -> LedgerChecksShown:
    """In the background: `GET` of the same path says how far it is, and what it found.

    While a check waits or is under way, asking again changes nothing.
    """
    return LedgerChecksShown.of(await ask_for_check(tx, community=principal.community))


@router.get("/v1/ledger/checks", summary="The last check of the ledger", responses=problem_responses())
async def get_checks(
    principal: Annotated[Principal, requires(Scope.PAYOUTS_READ, reads=IN_ANSWER)], conn: Conn
) -> LedgerChecksShown:
    """What the last check that was asked for found, of which moment, and how far the next one is."""
    return LedgerChecksShown.of(await store.find_checks(conn, community=principal.community))


@router.get("/v1/ledger/check", summary="Is the ledger right?", responses=problem_responses())
async def get_check(
    principal: Annotated[Principal, requires(Scope.PAYOUTS_READ, reads=IN_ANSWER)],
    conn: Snapshot,
    service: ConnectedService,
    settings: Annotated[Settings, configured(Settings)],
) -> LedgerCheck:
    """Computes every balance of the community again, from its entries and from its payouts and redemptions.

    Compares payouts with their histories, runs with their seals, these with what was told, and blocks of the chain
    with their entries. Says what differs.
    The answer comes when that is done; of a large ledger ask for it by `POST /v1/ledger/checks`.
    """
    found = await check(
        conn,
        service.told,
        community=principal.community,
        timeout_seconds=settings.ledger_check_seconds,
    )
    return LedgerCheck.of(found, datetime.now(UTC))
