"""Routes of payouts at providers, for whoever answers for the money."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from services.rewards.payouts import api
from services.rewards.payouts.domain import Payout
from services.rewards.payouts.remittances import domain, store
from services.rewards.payouts.remittances.domain import (
    WHAT_TO_DO,
    NotCancellableError,
    RemittanceFilter,
    RemittancePlace,
    UnknownRemittanceError,
)
from services.rewards.payouts.remittances.handlers import people
from services.rewards.payouts.remittances.handlers.people import NotPutRightError
from services.rewards.payouts.remittances.store import SaidAnswer
from services.rewards.payouts.store import load_named
from services.rewards.providers.domain.contract import ProviderName
from shared.contracts.fields import NO_CONTROL
from shared.followed_members import load_names
from shared.http import (
    IN_ANSWER,
    Conn,
    ErrorTable,
    Limit,
    Page,
    Principal,
    Problem,
    ProblemType,
    RequestBody,
    Scope,
    Shown,
    Tx,
    after,
    problem_responses,
    requires,
)
from shared.postgres import Connection

UNKNOWN_REMITTANCE = ProblemType("unknown-remittance", 404, "No provider is asked for the payout")
REMITTANCE_OVER = ProblemType("remittance-over", 409, "The payment cannot be taken back")
NOT_PUT_RIGHT = ProblemType("remittance-not-put-right", 409, "There is nothing to put right yet")
NOTE_MAX_CHARS: Final = 500

router = APIRouter(tags=["payouts by providers"])
Payer = Annotated[Principal, requires(Scope.PAYOUTS_WRITE)]
Reader = Annotated[Principal, requires(Scope.PAYOUTS_READ, reads=IN_ANSWER)]
#: Written out where they stand, as clients know them, not as schemas of their own.
StandingName = Literal["sent", "paid", "returned", "failed"]
TroubleName = Literal[
    "other_order", "paid_after_all", "returned_after_all", "refused_after_unknown", "key_over", "no_receiver"
]


class ProviderSaid(BaseModel):
    """What a provider said of a payout at a moment, otherwise than before."""

    said_at: datetime
    standing: StandingName
    words: str = Field(description="The provider's own word for its state", examples=["UNCLAIMED"])
    reason: str = Field(examples=["RECEIVER_UNREGISTERED: This receiver is not registered."])
    amount_minor: int | None = Field(examples=[1500])
    currency: str | None = Field(examples=["EUR"])

    @classmethod
    def of(cls, said: SaidAnswer) -> Self:
        """It as it is answered."""
        return cls(**said._asdict() | {"standing": said.standing.value})


class Remittance(BaseModel):
    """A payout that a provider carries out."""

    payout_id: UUID = Field(description="The provider knows the payment by it")
    run_id: UUID
    member_id: UUID
    member_name: str | None = Field(description="The name to show", examples=["Ada Lovelace"])
    provider: ProviderName
    state: api.State = Field(description="Of the payout")
    amount_minor: int = Field(examples=[1500])
    currency: str = Field(examples=["EUR"])
    created_at: datetime
    tries_count: int = Field(description="So often its provider was asked", examples=[1])
    next_at: datetime | None = Field(description="When its provider is asked again; null for never")
    unknown_since: datetime | None = Field(description="Since when nobody knows whether it was paid")
    reference: str | None = Field(description="By what its provider knows it", examples=["JNAJWX4XWB9V2"])
    standing: StandingName | None = Field(description="How its provider says that it stands; null: nothing yet")
    words: str = Field(description="The provider's own word for that", examples=["UNCLAIMED"])
    reason: str = Field(description="Why, in the provider's words, or why it was not asked")
    fee_minor: int | None = Field(description="What the provider takes beside, as it says; null: it does not")
    leaves_minor: int | None = Field(
        description="What leaves the account there, with the fee; null where its provider does not say"
    )
    gets_minor: int = Field(description="What its member gets")
    trouble: TroubleName | None = Field(description="What only people can put right")
    what_to_do: str | None = Field(description="What they do about it; null where nobody has to do anything")
    is_cancel_asked: bool

    @classmethod
    def of(cls, known: domain.Remittance, payout: Payout, name: str | None) -> Self:
        """It as it is answered."""
        return cls(
            payout_id=UUID(known.payout_id),
            run_id=UUID(known.run_id),
            member_id=UUID(payout.member_id),
            member_name=name,
            provider=known.provider,
            state=payout.state,
            amount_minor=payout.amount_minor,
            currency=payout.currency,
            created_at=known.created_at,
            tries_count=known.tries_count,
            next_at=known.due_at,
            unknown_since=known.unknown_since,
            reference=known.reference,
            standing=known.standing.value if known.standing else None,
            words=known.words,
            reason=known.reason,
            fee_minor=known.fee_minor,
            leaves_minor=None if known.fee_minor is None else payout.amount_minor + known.fee_minor,
            gets_minor=payout.amount_minor,
            trouble=known.trouble.value if known.trouble else None,
            what_to_do=WHAT_TO_DO[known.trouble] if known.trouble else None,
            is_cancel_asked=known.cancel_asked_at is not None,
        )


class RemittanceDetails(Remittance):
    """A payout that a provider carries out, with all that it said."""

    said: list[ProviderSaid] = Field(description="The oldest first")


class RemittancePutRight(RequestBody):
    """How something was put right."""

    note: Annotated[str, Field(min_length=1, max_length=NOTE_MAX_CHARS, pattern=NO_CONTROL)] = Field(
        examples=["PayPal's support says that it was never paid; confirmed as failed"]
    )


@router.get(
    "/v1/remittances",
    summary="Payouts at providers, the oldest first",
    responses=problem_responses(),
)
async def list_remittances(
    principal: Reader,
    conn: Conn,
    place: Annotated[RemittancePlace | None, after(RemittancePlace)],
    open: Annotated[  # noqa: A002 -- what it is called in an address
        bool | None, Query(description="Only those that are on their way or wait for somebody; false: the others")
    ] = None,
    troubled: Annotated[bool | None, Query(description="Only those that people have to put right")] = None,
    run: Annotated[UUID | None, Query(description="Only those of this run")] = None,
    limit: Limit = 100,
) -> Page[Remittance]:
    """What is handed over, on its way, unknown to everybody, paid, or back."""
    community = principal.community
    wanted = RemittanceFilter(open, troubled, str(run) if run else None)
    found = await store.page_of_remittances(conn, wanted, community=community, after=place, limit=limit)
    items = await _all_shown(conn, found, community=community)
    return Page.of(found, limit, item=lambda one: items[one.payout_id], place=lambda one: one.place)


@router.get(
    "/v1/remittances/{payout_id}",
    summary="A payout at a provider, with all that it said",
    responses=problem_responses(UNKNOWN_REMITTANCE),
)
async def get_remittance(principal: Reader, shown: Shown, conn: Conn, payout_id: UUID) -> RemittanceDetails:
    """Each state that the provider named, in its own words, and when."""
    known = await store.find_remittance(conn, community=principal.community, payout_id=str(payout_id))
    if known is None:
        raise UnknownRemittanceError(str(payout_id))
    item = await _shown(conn, known)
    shown.of(str(item.member_id))
    said = await store.load_answers(conn, community=known.community, payout_id=known.payout_id)
    return RemittanceDetails(**item.model_dump(), said=[ProviderSaid.of(one) for one in said])


@router.post(
    "/v1/remittances/{payout_id}/ask",
    summary="Ask a provider about a payout now",
    responses=problem_responses(UNKNOWN_REMITTANCE),
)
async def ask_about_remittance(principal: Payer, tx: Tx, payout_id: UUID) -> Remittance:
    """It is asked within some seconds, by a lane; the answer changes the payout."""
    known = await people.ask_now(tx, community=principal.community, payout_id=str(payout_id))
    return await _shown(tx.conn, known)


@router.post(
    "/v1/remittances/{payout_id}/cancel",
    summary="Take a payout back at its provider",
    responses=problem_responses(UNKNOWN_REMITTANCE, REMITTANCE_OVER),
)
async def cancel_remittance(principal: Payer, tx: Tx, payout_id: UUID) -> Remittance:
    """If its provider still can: then it is owed again. At PayPal that is what nobody claimed yet."""
    known = await people.take_back(tx, community=principal.community, payout_id=str(payout_id))
    return await _shown(tx.conn, known)


@router.post(
    "/v1/remittances/{payout_id}/acknowledge",
    summary="Note that trouble with a payout at a provider was put right",
    responses=problem_responses(UNKNOWN_REMITTANCE, NOT_PUT_RIGHT),
)
async def settle_remittance(principal: Payer, tx: Tx, payout_id: UUID, said: RemittancePutRight) -> Remittance:
    """Once two people said what became of the payout, by an outcome of its run."""
    known = await people.acknowledge(tx, said.note, community=principal.community, payout_id=str(payout_id))
    return await _shown(tx.conn, known)


async def _shown(conn: Connection, known: domain.Remittance) -> Remittance:
    return (await _all_shown(conn, [known], community=known.community))[known.payout_id]


async def _all_shown(
    conn: Connection, found: Sequence[domain.Remittance], *, community: str
) -> dict[str, Remittance]:
    payouts = await load_named(conn, [one.payout_id for one in found], community=community)
    members = [payout.member_id for payout in payouts.values()]
    names = await load_names(conn, community=community, member_ids=members)
    return {
        one.payout_id: Remittance.of(one, payouts[one.payout_id], names.get(payouts[one.payout_id].member_id))
        for one in found
    }


ERRORS: Final[ErrorTable] = {
    UnknownRemittanceError: lambda error: Problem(
        UNKNOWN_REMITTANCE, f"Payout {error.payout_id} is paid by bank, or there is none"
    ),
    NotCancellableError: lambda error: Problem(REMITTANCE_OVER, f"Nothing was done: {error}"),
    NotPutRightError: lambda error: Problem(NOT_PUT_RIGHT, f"Nothing was done: {error}"),
}
