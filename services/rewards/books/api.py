"""Routes of the books: the trial balance, an account's entries, a transfer with all of its entries."""

from datetime import UTC, datetime
from typing import Annotated, Literal, Self, get_args
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from services.rewards.books import domain, store
from services.rewards.books.domain import (
    AccountPlace,
    EntryPlace,
    MemberAccounts,
    UnknownAccountError,
    UnknownTransferError,
)
from services.rewards.clawbacks.store import find_clawback
from services.rewards.ledger.domain.entries import POINTS, MemberKind, Span
from services.rewards.settings import Settings
from shared.followed_members import find_name, load_names
from shared.http import (
    IN_ANSWER,
    Limit,
    Moment,
    Page,
    Principal,
    ProblemType,
    Scope,
    Shown,
    Snapshot,
    after,
    configured,
    problem_responses,
    requires,
)
from shared.postgres import Connection

UNKNOWN_ACCOUNT = ProblemType("unknown-account", 404, "Account not found")
UNKNOWN_TRANSFER = ProblemType("unknown-transfer", 404, "Transfer not found")

router = APIRouter(tags=["ledger"])

#: Written out where it stands, as clients know it, not as a schema of its own.
_KINDS = get_args(MemberKind)
MemberAccountKind = Literal[_KINDS]  # type: ignore[valid-type]

Reader = Annotated[Principal, requires(Scope.PAYOUTS_READ)]
MemberReader = Annotated[Principal, requires(Scope.PAYOUTS_READ, reads=IN_ANSWER)]
At = Annotated[Moment | None, Query(description="By what was booked until then; now without it")]


class AccountSum(BaseModel):
    """What is on all accounts of a kind and currency."""

    model_config = ConfigDict(from_attributes=True)

    kind: str = Field(examples=["available"], description="docs/payouts.md says what each kind means")
    currency: str = Field(examples=["PTS"], description="PTS counts points; money is in minor units")
    account_id: UUID | None = Field(description="The community's account; null for all members' together")
    accounts_count: int
    amount: int = Field(description="Credit positive, debit negative")


class CurrencyTotal(BaseModel):
    """What is on all accounts of a currency together."""

    model_config = ConfigDict(from_attributes=True)

    currency: str = Field(examples=["PTS"])
    total: int = Field(description="0 in a right ledger")


class TrialBalance(BaseModel):
    """What is on every kind of account, and that it sums to zero."""

    at: datetime
    accounts: list[AccountSum]
    totals: list[CurrencyTotal]


class Account(BaseModel):
    """An account with what is on it."""

    account_id: UUID
    member_id: UUID | None = Field(description="Null for an account of the community")
    member_name: str | None = Field(examples=["Ada Lovelace"])
    kind: str = Field(examples=["bank"])
    currency: str = Field(examples=["EUR"])
    amount: int = Field(description="Credit positive, debit negative; points or minor units")

    @classmethod
    def of(cls, account: domain.BookAccount, name: str | None) -> Self:
        """An account as it is answered, with its member's name."""
        return cls(
            account_id=UUID(account.account_id),
            member_id=UUID(account.owner) if account.owner else None,
            member_name=name,
            kind=account.kind,
            currency=account.currency,
            amount=account.amount,
        )


class BookEntry(BaseModel):
    """An entry on an account, and its cause."""

    transfer_id: UUID
    kind: str = Field(description="What happened", examples=["payout_settled"])
    cause_id: UUID = Field(description="The award, redemption or payout behind it")
    event_time: datetime
    recorded_at: datetime
    amount: int = Field(description="Credit positive, debit negative; points or minor units")
    currency: str

    @classmethod
    def of(cls, entry: domain.BookEntry) -> Self:
        """An entry as it is answered."""
        return cls.model_validate(entry, from_attributes=True)


class TransferEntry(BaseModel):
    """An entry of a transfer, with its account."""

    account_id: UUID
    member_id: UUID | None = Field(description="Null for an account of the community")
    account: str = Field(description="The account's kind", examples=["available"])
    amount: int = Field(description="Credit positive, debit negative; points or minor units")
    currency: str = Field(examples=["PTS"])


class Clawback(BaseModel):
    """Points that were used before a transfer took them back: what of them is kept, and by which policy."""

    model_config = ConfigDict(from_attributes=True)

    policy_id: UUID | None = Field(description="The clawback policy in force then; null: none was")
    used_points: int = Field(examples=[250])
    kept_points: int = Field(description="What the member keeps of these; the rest is owed", examples=[0])


class BookTransfer(BaseModel):
    """Why something was booked, and all of its entries, which sum to zero in each currency."""

    transfer_id: UUID
    kind: str = Field(description="What happened", examples=["payout_reserved"])
    cause_id: UUID = Field(description="The award, redemption or payout behind it")
    member_id: UUID | None = Field(description="Whose award, redemption or payout it is")
    member_name: str | None = Field(examples=["Ada Lovelace"])
    event_time: datetime
    recorded_at: datetime
    amends: UUID | None = Field(description="The transfer of the award that amounts to more or less by this")
    revision: int | None = Field(description="Which amendment of the award it is, from 1")
    why: str | None = Field(description="Why: the award was retracted, restored or limited (limit); or a refund")
    clawback: Clawback | None = Field(description="Where it took back points that had been used")
    entries: list[TransferEntry]
    is_whole: bool = Field(
        description="Whether all entries are there; false for an amendment whose award has not arrived: its "
        "member is not known yet"
    )


@router.get("/v1/ledger/accounts", summary="The trial balance", responses=problem_responses())
async def get_trial_balance(
    principal: Reader, conn: Snapshot, settings: Annotated[Settings, configured(Settings)], at: At = None
) -> TrialBalance:
    """What is on members' accounts together by kind, and on each account of the community; Σ = 0 per currency.

    It adds up balances; of a past moment what was booked in each quarter of an hour. GET /v1/ledger/check compares
    both with entries.
    """
    community, now = principal.community, datetime.now(UTC)
    if at is None or at >= now:
        at, sums = now, await store.load_sums(conn, community=community)
    else:
        seconds = settings.ledger_check_seconds
        sums = await store.load_past_sums(conn, community=community, at=at, timeout_seconds=seconds)
    return TrialBalance(
        at=at,
        accounts=[AccountSum.model_validate(found) for found in sums],
        totals=[CurrencyTotal.model_validate(total) for total in domain.totals(sums)],
    )


@router.get("/v1/ledger/accounts/{account_id}", summary="An account", responses=problem_responses(UNKNOWN_ACCOUNT))
async def get_account(principal: MemberReader, shown: Shown, conn: Snapshot, account_id: UUID) -> Account:
    """Whose it is, and what is on it."""
    found = await _find(conn, principal, account_id=account_id)
    if found.owner is not None:
        shown.of(found.owner)
    return Account.of(found, await _name(conn, principal, member_id=found.owner))


@router.get("/v1/ledger/member-accounts", summary="Members' accounts of a kind", responses=problem_responses())
async def list_member_accounts(
    principal: MemberReader,
    conn: Snapshot,
    kind: Annotated[MemberAccountKind, Query(description="Which of a member's accounts")],
    place: Annotated[AccountPlace | None, after(AccountPlace)],
    at: At = None,
    currency: Annotated[str, Query(pattern="^[A-Z]{3}$", description="PTS counts points")] = POINTS,
    limit: Limit = 100,
) -> Page[Account]:
    """What a sum of the trial balance is made of, in the order of the accounts' ids."""
    community = principal.community
    wanted = MemberAccounts(community, kind, currency)
    if at is None or at >= datetime.now(UTC):
        found = await store.page_of_member_accounts(conn, wanted, after=place, limit=limit)
    else:
        found = await store.page_of_past_member_accounts(conn, wanted, at=at, after=place, limit=limit)
    owners = [account.owner for account in found if account.owner]
    names = await load_names(conn, community=community, member_ids=owners)
    return Page.of(
        found,
        limit,
        item=lambda account: Account.of(account, names.get(account.owner or "")),
        place=lambda account: account.place,
    )


@router.get(
    "/v1/ledger/accounts/{account_id}/entries",
    summary="An account's entries, newest first",
    responses=problem_responses(UNKNOWN_ACCOUNT),
)
async def list_account_entries(
    principal: MemberReader,
    shown: Shown,
    conn: Snapshot,
    account_id: UUID,
    place: Annotated[EntryPlace | None, after(EntryPlace)],
    since: Annotated[Moment | None, Query(alias="from", description="Only what was booked from then on")] = None,
    until: Annotated[Moment | None, Query(alias="to", description="Only what was booked before")] = None,
    limit: Limit = 100,
) -> Page[BookEntry]:
    """Each with what it was booked for."""
    found = await _find(conn, principal, account_id=account_id)
    if found.owner is not None:
        shown.of(found.owner)
    entries = await store.page_of_entries(
        conn,
        community=principal.community,
        account_id=str(account_id),
        span=Span(since, until),
        after=place,
        limit=limit,
    )
    return Page.of(entries, limit, item=BookEntry.of, place=lambda entry: entry.place)


@router.get(
    "/v1/ledger/transfers/{transfer_id}",
    summary="A transfer with its entries",
    responses=problem_responses(UNKNOWN_TRANSFER),
)
async def get_transfer(principal: MemberReader, shown: Shown, conn: Snapshot, transfer_id: UUID) -> BookTransfer:
    """Why something was booked, and from where to where."""
    community = principal.community
    transfer = await store.find_transfer(conn, community=community, transfer_id=str(transfer_id))
    if transfer is None:
        raise UnknownTransferError(str(transfer_id))
    if transfer.owner is not None:
        shown.of(transfer.owner)
    sides = await store.load_sides(conn, transfer, community=community)
    clawback = await find_clawback(conn, community=community, transfer_id=str(transfer_id))
    return BookTransfer(
        transfer_id=transfer_id,
        kind=transfer.kind,
        cause_id=UUID(transfer.cause_id),
        member_id=UUID(transfer.owner) if transfer.owner else None,
        member_name=await _name(conn, principal, member_id=transfer.owner),
        event_time=transfer.event_time,
        recorded_at=transfer.recorded_at,
        amends=UUID(transfer.amends) if transfer.amends else None,
        revision=transfer.revision,
        why=transfer.why,
        clawback=None if clawback is None else Clawback.model_validate(clawback),
        entries=[
            TransferEntry(
                account_id=UUID(side.account_id),
                member_id=UUID(side.owner) if side.owner else None,
                account=side.kind,
                amount=side.amount,
                currency=side.currency,
            )
            for side in sides
        ],
        is_whole=domain.is_whole(sides),
    )


async def _find(conn: Connection, principal: Principal, *, account_id: UUID) -> domain.BookAccount:
    found = await store.find_account(conn, community=principal.community, account_id=str(account_id))
    if found is None:
        raise UnknownAccountError(str(account_id))
    return found


async def _name(conn: Connection, principal: Principal, *, member_id: str | None) -> str | None:
    if member_id is None:
        return None
    known = await find_name(conn, community=principal.community, member_id=member_id)
    return known.name if known else None
