"""Routes of members' bank details."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.rewards.ledger.api.problems import ALTERED
from services.rewards.ledger.domain.entries import Owner, UnknownMemberError
from services.rewards.ledger.store.balances import load_balances
from services.rewards.payouts.api import Deed, deeds
from services.rewards.payouts.domain import Actor
from services.rewards.payouts.payees import domain, handlers, store
from services.rewards.payouts.payees.domain import BankDetails, NoBankDetailsError, PayeePlace
from shared.bank_accounts import masked
from shared.contracts.fields import Currency, Name
from shared.followed_members import find_name
from shared.http import (
    Conn,
    Limit,
    MemberId,
    Page,
    Principal,
    ProblemType,
    RequestBody,
    Scope,
    Tx,
    after,
    problem_responses,
    requires,
)
from shared.http.problem_types import UNKNOWN_IDENTITY, UNKNOWN_MEMBER

NO_BANK_DETAILS = ProblemType("no-bank-details", 404, "No bank details")
INVALID_BANK_DETAILS = ProblemType("invalid-bank-details", 422, "The bank details are not valid")
UNCONFIRMED = ProblemType("bank-details-unconfirmed", 409, "The bank details have to be confirmed")
#: As people copy it from anywhere, with what stands between the 34 characters that an IBAN has at most.
WRITTEN_MAX_CHARS = 200

router = APIRouter(tags=["members"])


class PayeeDetails(RequestBody):
    """Where a member's money goes."""

    name: Name = Field(description="The account's holder, as people write it", examples=["Zoë Müller"])
    iban: str = Field(
        max_length=WRITTEN_MAX_CHARS,
        description="The account: an IBAN, or of countries without them a clearing system, its member and a "
        "number: `USABA 021000021 123456789` by a US routing number, `JPZGN 0001001 1234567` by a Japanese bank "
        "and branch",
        examples=["DE89 3704 0044 0532 0130 00"],
    )
    bic: str | None = Field(None, max_length=WRITTEN_MAX_CHARS, examples=["COBADEFFXXX"])
    reference: str | None = Field(
        None,
        max_length=WRITTEN_MAX_CHARS,
        description="What payers are asked to say: a QR reference with a QR-IBAN, or a creditor reference "
        "(ISO 11649)",
        examples=["RF18 5390 0754 7034"],
    )
    currency: Currency | None = Field(
        None,
        description="What the member is paid in, one that the programme pays; null for that of its price, or "
        "outside of SEPA for that of the account's country",
        examples=["JPY"],
    )
    confirm_bic_country: bool = Field(
        False, description="The BIC is of another country than the IBAN, and that is meant so"
    )
    confirm_account: bool = Field(
        False, description="A bank sent money back from this account, and it is in order again"
    )

    @property
    def confirmed(self) -> list[str]:
        """What whoever sets them says is no mistake."""
        said = {"confirm_bic_country": self.confirm_bic_country, "confirm_account": self.confirm_account}
        return [field for field, is_said in said.items() if is_said]


class PayeeRefusal(BaseModel):
    """A bank sent money back, for a reason that speaks against the bank details: nothing is paid there."""

    code: str = Field(examples=["AC04"], description="Of ISO 20022")
    name: str = Field(examples=["ClosedAccountNumber"])
    blamed: str = Field(examples=["account"], description="What new details have to differ in")
    payout_id: UUID
    at: datetime


class Payee(BaseModel):
    """A member's bank details, checked; the IBAN in electronic form, of which members see the ends."""

    name: str = Field(description="The account's holder, as people write it", examples=["Zoë Müller"])
    iban: str = Field(examples=["DE89370400440532013000"])
    bic: str | None = Field(None, examples=["COBADEFFXXX"])
    reference: str | None = Field(None, description="What payers are asked to say", examples=["RF18539007547034"])
    currency: str | None = Field(
        None, description="What the member chose to be paid in; null for that of the programme's price"
    )
    member_id: UUID
    bank_name: str = Field(description="The name as it stands in the bank file, in SEPA's characters")
    changed_at: datetime
    changed_by: str = Field(description="The access key or token by which they were set")
    changed_by_person: UUID | None = Field(description="The person who set them; null for details of before")
    revision: int = Field(examples=[2], description="How often they were set, this time included")
    refused: PayeeRefusal | None = Field(None, description="Why nothing is paid to them; null where something is")

    @classmethod
    def of(cls, payee: domain.Payee) -> "Payee":
        """Bank details as they are answered."""
        return Payee(
            member_id=UUID(payee.member_id),
            name=payee.account.name,
            iban=payee.account.iban,
            bic=payee.account.bic,
            reference=payee.account.reference,
            currency=payee.currency,
            bank_name=payee.bank_name,
            changed_at=payee.changed_at,
            changed_by=payee.changed_by.credential,
            changed_by_person=UUID(payee.changed_by.person_id) if payee.changed_by.person_id else None,
            revision=payee.revision,
            refused=_refused(payee.refusal) if payee.refusal else None,
        )


def _refused(refusal: domain.Refusal) -> PayeeRefusal:
    reason = refusal.reason
    return PayeeRefusal(
        code=reason.code, name=reason.name, blamed=reason.blamed, payout_id=UUID(refusal.payout_id), at=refusal.at
    )


class PastPayee(BaseModel):
    """Bank details that a member's money went to, or goes to; who set them and when."""

    revision: int = Field(examples=[2])
    name: str = Field(examples=["Zoë Müller"])
    iban: str = Field(
        examples=["DE89…3000"], description="Its ends: whoever needs the whole of it reads the payee"
    )
    bic: str | None = Field(None, examples=["COBADEFFXXX"])
    reference: str | None = Field(None, examples=["RF18539007547034"])
    currency: str | None = Field(None, examples=["JPY"])
    set: Deed


@router.put(
    "/v1/payees/{member_id}",
    summary="Set a member's bank details",
    responses=problem_responses(UNKNOWN_IDENTITY, UNKNOWN_MEMBER, INVALID_BANK_DETAILS, UNCONFIRMED, ALTERED),
)
async def put_payee(
    principal: Annotated[Principal, requires(Scope.PAYOUTS_WRITE, or_own=True)],
    tx: Tx,
    member_id: MemberId,
    details: PayeeDetails,
) -> Payee:
    """A payout that an open run held for the lack of bank details becomes eligible. Members may set their own.

    What is likely a mistake is asked about: a BIC of another country than the IBAN, an account that a bank sent
    money back from. The problem names the field which says that it is none.
    """
    written = BankDetails(
        *(details.name, details.iban, details.bic, details.confirm_bic_country),
        reference=details.reference,
        currency=details.currency,
    )
    account = domain.checked(written)
    currency = domain.currency_chosen(account, written.currency)
    owner = Owner(principal.community, str(member_id))
    known = await find_name(tx.conn, community=owner.community, member_id=owner.member_id)
    is_known = not known.is_erased if known else bool(await load_balances(tx.conn, owner))
    if not is_known:
        raise UnknownMemberError(owner.member_id)
    by = Actor(principal.person_id, principal.credential)
    payee = domain.Payee(owner.community, owner.member_id, account, tx.now, by, currency=currency)
    return _shown(Payee.of(await handlers.put_payee(tx, payee, confirmed=details.confirmed)), principal)


@router.get(
    "/v1/payees/{member_id}",
    summary="A member's bank details",
    responses=problem_responses(UNKNOWN_IDENTITY, NO_BANK_DETAILS),
)
async def get_payee(
    principal: Annotated[Principal, requires(Scope.PAYOUTS_READ, or_own=True, reads="member_id")],
    conn: Conn,
    member_id: MemberId,
) -> Payee:
    """What payouts of this member are paid to; to the member themselves the IBAN shows its ends alone."""
    payee = await store.find_payee(conn, community=principal.community, member_id=str(member_id))
    if payee is None:
        raise NoBankDetailsError(str(member_id))
    return _shown(Payee.of(payee), principal)


def _shown(payee: Payee, principal: Principal) -> Payee:
    # Whoever finds a phone that is signed in finds no account on it.
    return payee if principal.member_id is None else payee.model_copy(update={"iban": masked(payee.iban)})


@router.get(
    "/v1/payees/{member_id}/history",
    summary="All that a member's bank details ever were",
    responses=problem_responses(UNKNOWN_IDENTITY, NO_BANK_DETAILS),
)
async def get_payee_history(
    principal: Annotated[Principal, requires(Scope.PAYOUTS_READ, reads="member_id")],
    conn: Conn,
    member_id: MemberId,
    place: Annotated[PayeePlace | None, after(PayeePlace)],
    limit: Limit = 100,
) -> Page[PastPayee]:
    """Newest first, with who set them. Nothing of it is ever changed or deleted."""
    community = principal.community
    found = await store.page_of_payees(
        conn, community=community, member_id=str(member_id), after=place, limit=limit
    )
    if not found and place is None:
        raise NoBankDetailsError(str(member_id))
    done = await deeds(conn, [(payee.changed_by, payee.changed_at) for payee in found], community=community)
    shown = dict(zip((payee.revision for payee in found), done, strict=True))
    return Page.of(
        found,
        limit,
        item=lambda payee: PastPayee(
            revision=payee.revision,
            name=payee.account.name,
            iban=masked(payee.account.iban),
            bic=payee.account.bic,
            reference=payee.account.reference,
            currency=payee.currency,
            set=shown[payee.revision],
        ),
        place=lambda payee: PayeePlace(payee.revision),
    )
