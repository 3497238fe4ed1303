"""Routes of members' bank details."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.rewards.ledger.api.members import UNKNOWN_MEMBER
from services.rewards.ledger.api.problems import ALTERED
from services.rewards.ledger.domain.entries import Owner, UnknownMemberError
from services.rewards.ledger.store.entries import load_balances
from services.rewards.payouts.payees import domain, handlers, store
from services.rewards.payouts.payees.domain import BankDetails, NoBankDetailsError
from shared.contracts.fields import Name
from shared.followed_members import find_name
from shared.http import Conn, Principal, ProblemType, RequestBody, Scope, Tx, problem_responses, requires

NO_BANK_DETAILS = ProblemType("no-bank-details", 404, "No bank details")
INVALID_BANK_DETAILS = ProblemType("invalid-bank-details", 422, "The bank details are not valid")

router = APIRouter(tags=["members"])


class PayeeDetails(RequestBody):
    """Where a member's money goes."""

    name: Name = Field(description="The account's holder, as people write it", examples=["Zoë Müller"])
    iban: str = Field(max_length=42, examples=["DE89 3704 0044 0532 0130 00"])
    bic: str | None = Field(None, max_length=11, examples=["COBADEFFXXX"])


class Payee(BaseModel):
    """A member's bank details, checked; the IBAN in electronic form."""

    name: str = Field(description="The account's holder, as people write it", examples=["Zoë Müller"])
    iban: str = Field(examples=["DE89370400440532013000"])
    bic: str | None = Field(None, examples=["COBADEFFXXX"])
    member_id: UUID
    bank_name: str = Field(description="The name as it stands in the bank file, in SEPA's characters")
    changed_at: datetime
    changed_by: str = Field(description="The access key that set them")

    @classmethod
    def of(cls, payee: domain.Payee) -> "Payee":
        """Bank details as they are answered."""
        return Payee(
            member_id=UUID(payee.member_id),
            name=payee.account.name,
            iban=payee.account.iban,
            bic=payee.account.bic,
            bank_name=payee.bank_name,
            changed_at=payee.changed_at,
            changed_by=payee.changed_by,
        )


@router.put(
    "/v1/payees/{member_id}",
    summary="Set a member's bank details",
    responses=problem_responses(UNKNOWN_MEMBER, INVALID_BANK_DETAILS, ALTERED),
)
async def put_payee(
    principal: Annotated[Principal, requires(Scope.PAYOUTS_WRITE)],
    tx: Tx,
    member_id: UUID,
    details: PayeeDetails,
) -> Payee:
    """A payout that an open run held for the lack of bank details becomes eligible."""
    account = domain.checked(BankDetails(details.name, details.iban, details.bic))
    owner = Owner(principal.community, str(member_id))
    known = await find_name(tx.conn, community=owner.community, member_id=owner.member_id)
    if known is None and not await load_balances(tx.conn, owner):
        raise UnknownMemberError(owner.member_id)
    payee = domain.Payee(owner.community, owner.member_id, account, tx.now, principal.credential)
    await handlers.put_payee(tx, payee)
    return Payee.of(payee)


@router.get(
    "/v1/payees/{member_id}",
    summary="A member's bank details",
    responses=problem_responses(NO_BANK_DETAILS),
)
async def get_payee(
    principal: Annotated[Principal, requires(Scope.PAYOUTS_READ, reads="member_id")], conn: Conn, member_id: UUID
) -> Payee:
    """What payouts of this member are paid to."""
    payee = await store.find_payee(conn, community=principal.community, member_id=str(member_id))
    if payee is None:
        raise NoBankDetailsError(str(member_id))
    return Payee.of(payee)
