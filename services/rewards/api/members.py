"""Routes about a member: points, statement, bank details."""

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from schwifty import BIC, IBAN
from schwifty.exceptions import SchwiftyException

from services.rewards.domain.bank_text import NAME_MAX_CHARS, UnwritableNameError, sepa_text
from services.rewards.domain.ledger import POINTS, point_balances
from services.rewards.handlers import payout_runs
from services.rewards.store import ledger as ledger_store
from services.rewards.store import payouts as payout_store
from services.rewards.store import programmes as programme_store
from services.rewards.store.ledger import StatementPlace
from shared.contracts.fields import Name
from shared.http import (
    PROBLEMS,
    After,
    FieldError,
    Limit,
    Page,
    Principal,
    Problem,
    decode_cursor,
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
        known = await programme_store.member(conn, principal.community, member_id)
    if known is None and not rows:
        raise _unknown(member_id)
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


class PayeeDetails(BaseModel):
    """Where a member's money goes."""

    name: Name = Field(description="The account's holder, as people write it", examples=["Zoë Müller"])
    iban: str = Field(max_length=42, examples=["DE89 3704 0044 0532 0130 00"])
    bic: str | None = Field(None, max_length=11, examples=["COBADEFFXXX"])


class Payee(PayeeDetails):
    """A member's bank details, checked; the IBAN in electronic form."""

    member_id: UUID
    bank_name: str = Field(description="The name as it stands in the bank file, in SEPA's characters")
    changed_at: datetime
    changed_by: str = Field(description="The access key that set them")


@router.put("/v1/payees/{member_id}", summary="Set a member's bank details", responses=PROBLEMS)
async def put_payee(
    request: Request, member_id: UUID, details: PayeeDetails, principal: Principal = requires("payouts:write")
) -> Payee:
    """A payout that an open run held for the lack of bank details becomes eligible."""
    iban, bic = _checked(details)
    async with request.app.state.begin() as tx:
        known = await programme_store.member(tx.conn, principal.community, member_id)
        if known is None and not await ledger_store.member_balances(tx.conn, principal.community, member_id):
            raise _unknown(member_id)
        await payout_runs.put_payee(tx, principal.community, member_id, details.name, iban, bic, principal.key_id)
    return await _stored_payee(request, principal.community, member_id)


@router.get("/v1/payees/{member_id}", summary="A member's bank details", responses=PROBLEMS)
async def get_payee(request: Request, member_id: UUID, principal: Principal = requires("payouts:read")) -> Payee:
    """What payouts of this member are paid to."""
    return await _stored_payee(request, principal.community, member_id)


def time_cursor(after: str | None, ids_count: int) -> list[Any] | None:
    """A cursor of a moment and ids, decoded. Raises Problem 422 for anything else."""
    place = decode_cursor(after, *[str] * (ids_count + 1))
    if place is None:
        return None
    try:
        return [datetime.fromisoformat(place[0]), *(UUID(one) for one in place[1:])]
    except ValueError as error:
        detail = "Use the `next` of the page before, unchanged"
        raise Problem(
            422, "The cursor is not valid", detail, [FieldError(field="after", detail=detail)]
        ) from error


def _unknown(member_id: UUID) -> Problem:
    return Problem(
        404,
        "Member not found",
        f"Nothing is known of member {member_id}; members are those of the community's events",
    )


def _checked(details: PayeeDetails) -> tuple[str, str | None]:
    """IBAN and BIC in electronic form. Raises Problem 422 for what a SEPA bank would not take."""
    errors = []
    iban = bic = None
    try:
        sepa_text(details.name, NAME_MAX_CHARS)
    except UnwritableNameError as error:
        errors.append(FieldError(field="/name", detail=f"{error}; give the name in Latin letters"))
    try:
        iban = IBAN(details.iban)
        if not iban.in_sepa_zone:
            errors.append(FieldError(field="/iban", detail=f"{iban.country_code} is outside of SEPA"))
    except SchwiftyException as error:
        errors.append(FieldError(field="/iban", detail=f"{error}: copy it from the bank's statement"))
    if details.bic is not None:
        try:
            bic = BIC(details.bic)
        except SchwiftyException as error:
            errors.append(FieldError(field="/bic", detail=f"{error}: leave it out when unsure"))
    if errors or iban is None:
        raise Problem(422, "The bank details are not valid", "Nothing was changed; see errors", errors)
    return str(iban), None if bic is None else str(bic)


async def _stored_payee(request: Request, community: str, member_id: UUID) -> Payee:
    async with request.app.state.pool.acquire() as conn:
        row = await payout_store.payee(conn, community, member_id)
    if row is None:
        detail = f"Member {member_id} has none; PUT /v1/payees/{member_id} sets them"
        raise Problem(404, "No bank details", detail)
    return Payee(
        member_id=row["member_id"],
        name=row["name"],
        iban=row["iban"],
        bic=row["bic"],
        bank_name=sepa_text(row["name"], NAME_MAX_CHARS),
        changed_at=row["changed_at"],
        changed_by=row["changed_by"],
    )
