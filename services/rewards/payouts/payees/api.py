"""Routes of members' bank details."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from schwifty import BIC, IBAN
from schwifty.exceptions import SchwiftyException

from services.rewards.bank_messages.domain import NAME_MAX_CHARS, UnwritableNameError, sepa_text
from services.rewards.ledger.api.members import unknown_member
from services.rewards.ledger.store import entries as ledger_store
from services.rewards.members import store as member_store
from services.rewards.payouts.payees import handlers, store
from shared.contracts.fields import Name
from shared.http import (
    PROBLEMS,
    FieldError,
    Principal,
    Problem,
    requires,
)

router = APIRouter(tags=["members"])


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
        known = await member_store.member(tx.conn, principal.community, member_id)
        if known is None and not await ledger_store.member_balances(tx.conn, principal.community, member_id):
            raise unknown_member(member_id)
        await handlers.put_payee(tx, principal.community, member_id, details.name, iban, bic, principal.key_id)
    return await _stored_payee(request, principal.community, member_id)


@router.get("/v1/payees/{member_id}", summary="A member's bank details", responses=PROBLEMS)
async def get_payee(request: Request, member_id: UUID, principal: Principal = requires("payouts:read")) -> Payee:
    """What payouts of this member are paid to."""
    return await _stored_payee(request, principal.community, member_id)


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
        row = await store.payee(conn, community, member_id)
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
