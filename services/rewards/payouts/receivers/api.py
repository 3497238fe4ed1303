"""Routes of how a member is paid: to an account at a provider, or by bank."""

from datetime import datetime
from typing import Annotated, Final, Literal, Self
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field, StringConstraints
from starlette.responses import Response

from services.rewards.ledger.domain.entries import Owner, UnknownMemberError
from services.rewards.ledger.store.balances import load_balances
from services.rewards.payouts.domain import Actor
from services.rewards.payouts.receivers import domain, handlers, store
from services.rewards.payouts.receivers.domain import (
    ADDRESS_MAX_CHARS,
    NAME_MAX_CHARS,
    InvalidReceiverError,
    NoReceiverError,
    ReceiverSet,
    UnconfirmedReceiverError,
)
from services.rewards.payouts.receivers.handlers import open_receiver
from services.rewards.providers.domain.contract import PAYING_OUT, ProviderName
from services.rewards.providers.store.accounts import load_accounts
from services.rewards.settings import Settings
from services.rewards.vouchers.api import NO_VOUCHER_KEYS
from shared.contracts.fields import NO_CONTROL
from shared.followed_members import find_name
from shared.http import (
    Conn,
    ErrorTable,
    FieldError,
    MemberId,
    Principal,
    Problem,
    ProblemType,
    RequestBody,
    Scope,
    Tx,
    configured,
    problem_responses,
    requires,
)
from shared.http.problem_types import UNKNOWN_IDENTITY, UNKNOWN_MEMBER

NO_RECEIVER = ProblemType("paid-by-bank", 404, "The member is paid by bank")
INVALID_RECEIVER = ProblemType("invalid-receiver", 422, "It is no account at the provider")
UNCONFIRMED_RECEIVER = ProblemType("receiver-unconfirmed", 409, "The account has to be confirmed")

router = APIRouter(tags=["payouts by providers"])
InSettings = Annotated[Settings, configured(Settings)]
#: Written out where it stands, as clients know it.
PayingProvider = Literal["sandbox", "paypal", "wise", "stripe"]


Country = Annotated[str, StringConstraints(pattern="^[A-Z]{2}$")]


class ReceiverDetails(RequestBody):
    """An account at a provider that pays out."""

    provider: PayingProvider = Field(examples=["sandbox"])
    name: Annotated[str, Field(min_length=1, max_length=NAME_MAX_CHARS, pattern=NO_CONTROL)] = Field(
        description="Whose account it is", examples=["Zoë Müller"]
    )
    address: Annotated[str, Field(min_length=1, max_length=ADDRESS_MAX_CHARS, pattern=NO_CONTROL)] = Field(
        description="By what the provider knows it: an e-mail address (paypal, wise), acct_… (stripe)",
        examples=["zoe@example.org"],
    )
    country: Country | None = Field(
        None,
        description="Where it is held, by ISO 3166: a payout policy may ask for it, and pay certain ones alone",
        examples=["DE"],
    )
    confirm_account: bool = Field(
        False, description="The provider sent money back from this account, and it is in order again"
    )


class ReceiverRefusal(BaseModel):
    """The provider did not pay there: nothing is paid there before somebody says that it is in order."""

    reason: str = Field(examples=["RETURNED"])
    at: datetime


class ReceiverShown(BaseModel):
    """How a member is paid by a provider. The address shows its ends alone."""

    member_id: UUID
    provider: ProviderName = Field(examples=["sandbox"])
    receiver_id: UUID = Field(description="Names this account, and no other of theirs; payouts name it")
    name: str | None = Field(description="Null once its member was erased", examples=["Zoë Müller"])
    address: str | None = Field(description="Its ends", examples=["z…@example.org"])
    country: str | None = Field(description="Where it is held; null where nobody said so", examples=["DE"])
    changed_at: datetime
    changed_by: str = Field(description="The access key or token by which it was set")
    changed_by_person: UUID | None
    revision: int = Field(examples=[1])
    refused: ReceiverRefusal | None = Field(description="Why nothing is paid there; null where something is")

    @classmethod
    def of(cls, said: ReceiverSet, receiver: domain.Receiver | None) -> Self:
        """It as it is answered."""
        assert said.provider is not None  # noqa: S101 -- who is paid by bank has none
        person = said.changed_by.person_id
        return cls(
            member_id=UUID(said.member_id),
            provider=said.provider,
            receiver_id=UUID(said.receiver_id),
            name=receiver.name if receiver else None,
            address=receiver.masked if receiver else None,
            country=(receiver.country or None) if receiver else None,
            changed_at=said.changed_at,
            changed_by=said.changed_by.credential,
            changed_by_person=UUID(person) if person else None,
            revision=said.revision,
            refused=ReceiverRefusal(reason=said.refusal.reason, at=said.refusal.at) if said.refusal else None,
        )


class PayoutProvider(BaseModel):
    """A provider that members can be paid by."""

    provider: ProviderName = Field(examples=["sandbox"])


class PayoutProviders(BaseModel):
    """All that a community has an account at."""

    items: list[PayoutProvider]


@router.get("/v1/payout-providers", summary="Providers that members can be paid by", responses=problem_responses())
async def list_payout_providers(
    principal: Annotated[Principal, requires(Scope.REWARDS_READ, or_member=True)], conn: Conn
) -> PayoutProviders:
    """Those at which the community has an account."""
    accounts = await load_accounts(conn, community=principal.community)
    paying = [one.provider for one in accounts if one.is_connected and one.provider in PAYING_OUT]
    return PayoutProviders(items=[PayoutProvider(provider=one) for one in paying])


@router.put(
    "/v1/payees/{member_id}/receiver",
    summary="Have a member be paid by a provider",
    responses=problem_responses(
        UNKNOWN_IDENTITY, UNKNOWN_MEMBER, INVALID_RECEIVER, UNCONFIRMED_RECEIVER, NO_VOUCHER_KEYS
    ),
)
async def put_receiver(
    principal: Annotated[Principal, requires(Scope.PAYOUTS_WRITE, or_own=True)],
    tx: Tx,
    member_id: MemberId,
    details: ReceiverDetails,
) -> ReceiverShown:
    """From the next run on: runs by that provider pay them, and runs by bank leave them out.

    It is sealed at once. Members may say so themselves.
    """
    owner = Owner(principal.community, str(member_id))
    provider = ProviderName(details.provider)
    receiver = domain.checked(provider, name=details.name, address=details.address, country=details.country or "")
    known = await find_name(tx.conn, community=owner.community, member_id=owner.member_id)
    if not (not known.is_erased if known else bool(await load_balances(tx.conn, owner))):
        raise UnknownMemberError(owner.member_id)
    said = await handlers.set_receiver(
        tx,
        receiver,
        community=owner.community,
        member_id=owner.member_id,
        provider=provider,
        by=Actor(principal.person_id, principal.credential),
        is_confirmed=details.confirm_account,
    )
    return ReceiverShown.of(said, receiver)


@router.get(
    "/v1/payees/{member_id}/receiver",
    summary="The account at a provider that a member is paid to",
    responses=problem_responses(UNKNOWN_IDENTITY, NO_RECEIVER, NO_VOUCHER_KEYS),
)
async def get_receiver(
    principal: Annotated[Principal, requires(Scope.PAYOUTS_READ, or_own=True, reads="member_id")],
    conn: Conn,
    settings: InSettings,
    member_id: MemberId,
) -> ReceiverShown:
    """Where payouts by their provider go; whoever is paid by bank has none."""
    said = await store.find_receiver(conn, community=principal.community, member_id=str(member_id))
    if said is None:
        raise NoReceiverError(str(member_id))
    receiver = await open_receiver(conn, said.receiver_id, community=said.community, settings=settings)
    return ReceiverShown.of(said, receiver)


@router.delete(
    "/v1/payees/{member_id}/receiver",
    summary="Have a member be paid by bank again",
    status_code=204,
    response_class=Response,
    responses=problem_responses(UNKNOWN_IDENTITY, NO_RECEIVER),
)
async def delete_receiver(
    principal: Annotated[Principal, requires(Scope.PAYOUTS_WRITE, or_own=True)], tx: Tx, member_id: MemberId
) -> Response:
    """From the next run on. What is on its way to the account stays on its way."""
    await handlers.remove_receiver(
        tx,
        community=principal.community,
        member_id=str(member_id),
        by=Actor(principal.person_id, principal.credential),
    )
    return Response(status_code=204)


ERRORS: Final[ErrorTable] = {
    NoReceiverError: lambda error: Problem(
        NO_RECEIVER, f"PUT /v1/payees/{error.member_id}/receiver has them be paid by a provider"
    ),
    InvalidReceiverError: lambda error: Problem(
        INVALID_RECEIVER, str(error), [FieldError(field="/address", detail=str(error))]
    ),
    UnconfirmedReceiverError: lambda error: Problem(
        UNCONFIRMED_RECEIVER, f"{error}: `confirm_account: true` says that it is in order again"
    ),
}
