"""Routes to read payouts: what is paid, why, and in which state it is."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from services.rewards.ledger.domain.entries import UnknownMemberError
from services.rewards.lots.domain.lots import LotUse, UsePlace
from services.rewards.lots.store import page_of_uses
from services.rewards.payouts import domain, store
from services.rewards.payouts.domain import PayoutFilter, PayoutPlace, PayoutState, UnknownPayoutError
from services.rewards.rates.domain.exchange import Exchange as KeptRate
from shared.access_keys import load_standings
from shared.followed_members import find_name, load_names
from shared.http import (
    IN_ANSWER,
    Conn,
    Limit,
    MemberId,
    MemberNamed,
    Page,
    Principal,
    ProblemType,
    Scope,
    Shown,
    Whose,
    after,
    next_cursor,
    problem_responses,
    requires,
)
from shared.http.problem_types import UNKNOWN_IDENTITY, UNKNOWN_MEMBER

#: Lots that a payout shows by itself; a page of /lots shows more.
LOTS_SHOWN_COUNT = 100

UNKNOWN_PAYOUT = ProblemType("unknown-payout", 404, "Payout not found")

router = APIRouter(tags=["payouts"])

#: Written out where it stands, as clients know it, not as a schema of its own.
_STATES = tuple(state.value for state in PayoutState)
State = Literal[_STATES]  # type: ignore[valid-type]


class Deed(BaseModel):
    """Who did something, by what, and when."""

    at: datetime
    person_id: UUID | None = Field(description="Null where nobody is known whose access key it was")
    person_name: str | None = Field(examples=["Ada"])
    credential: str = Field(examples=["742a0960b22c"], description="The id of the access key, or of the token")


async def deeds(conn: Conn, done: Sequence[tuple[domain.Actor, datetime]], *, community: str) -> list[Deed]:
    """What people did, as it is answered, in this order."""
    standings = await load_standings(conn, [actor for actor, _ in done], community=community)
    return [
        Deed(
            at=at,
            person_id=UUID(standing.person_id) if standing.person_id else None,
            person_name=standing.name,
            credential=standing.credential,
        )
        for standing, (_, at) in zip(standings, done, strict=True)
    ]


class Exchange(BaseModel):
    """The rate at which a price is paid in another currency, as it was when the run was made."""

    price_currency: str = Field(examples=["EUR"])
    currency: str = Field(examples=["JPY"])
    price_units: str = Field(
        description="Units of the price's currency that one of the policy's base is", examples=["1"]
    )
    units: str = Field(description="Units that are paid for as much", examples=["163.21"])
    rate: str = Field(
        description="Units that are paid for one of the price, without the spread", examples=["163.21"]
    )
    spread_basis_points: int = Field(description="What is taken off, in hundredths of a percent")
    rate_policy_id: UUID = Field(description="The policy of rates that two people approved")
    rate_day: date = Field(description="The day that the rate is of")

    @classmethod
    def of(cls, exchange: KeptRate | None) -> Self | None:
        """A kept rate as it is answered."""
        return None if exchange is None else cls(**exchange.said, rate=exchange.rate_text)


class Payout(BaseModel):
    """Money for a member's points."""

    payout_id: UUID
    run_id: UUID
    member_id: UUID
    member_name: str | None = Field(None, description="The name to show", examples=["Ada Lovelace"])
    state: State
    points: int
    amount_minor: int = Field(description="Minor units of the currency")
    computed_points: int | None = Field(
        None, description="What its run computed, where the approval found fewer points and less is paid"
    )
    computed_minor: int | None = Field(None, description="What those would have been worth")
    currency: str = Field(examples=["EUR"])
    end_to_end_id: str = Field(description="ISO 20022's EndToEndId: stands on the bank statement")
    payee_name: str | None = Field(None, description="Whom it goes to, as the run was made")
    payee_bank_name: str | None = Field(
        None, description="That name as the bank file has it, in SEPA's characters", examples=["Zoe Muller"]
    )
    iban: str | None = None
    bic: str | None = None
    payee_reference: str | None = Field(None, description="What the payee asks payers to say")
    exchange: Exchange | None = Field(
        None,
        description="By which rate the price of its points became its currency; null where that is the price's",
    )
    payee_revision: int | None = Field(None, description="Which revision of the member's bank details that is")
    payee_changed_at: datetime | None = None
    payee_changed_by: str | None = Field(None, description="The access key or token by which they were set")
    payee_changed_by_person: UUID | None = Field(None, description="The person who set them")
    receiver_id: UUID | None = Field(
        None, description="The account at a provider that it is paid to; null where it is paid by bank"
    )
    reason: str | None = Field(None, description="Why it is held, failed or came back")
    created_at: datetime
    changed_at: datetime

    @classmethod
    def of(cls, payout: domain.Payout, name: str | None) -> "Payout":
        """A payout as it is answered, with its member's name."""
        return Payout(**_fields(payout, name))


class PayoutChange(BaseModel):
    """A state that a payout reached."""

    state: State
    changed_at: datetime
    changed_by: str = Field(description="The access key or token")
    person_id: UUID | None = Field(None, description="Who did; null for changes of before")
    outcome_id: UUID | None = Field(None, description="The outcome that two people decided")
    reason: str | None = None

    @classmethod
    def of(cls, change: domain.PastChange) -> Self:
        """A change as it is answered."""
        return cls(
            state=change.state,
            changed_at=change.changed_at,
            changed_by=change.changed_by.credential,
            person_id=UUID(change.changed_by.person_id) if change.changed_by.person_id else None,
            outcome_id=UUID(change.outcome_id) if change.outcome_id else None,
            reason=change.reason,
        )


class PaidLot(BaseModel):
    """Points of one award that a payout pays."""

    award_id: UUID
    points: int

    @classmethod
    def of(cls, use: LotUse) -> Self:
        """A use of a lot as it is answered."""
        return cls.model_validate(use._asdict())


class PayoutPart(BaseModel):
    """Points of a payout that were computed at one rate."""

    points: int
    amount_minor: int
    rate_points: int = Field(description="So many points …")
    rate_minor: int = Field(description="… are worth so many minor units")
    rate_exchange: Exchange | None = Field(
        description="Of the price's currency, which became the payout's at this rate"
    )
    returned_payout_id: UUID | None = Field(description="The payout that paid them before, and came back")

    @classmethod
    def of(cls, part: domain.Part) -> Self:
        """A part as it is answered."""
        return cls(
            points=part.points,
            amount_minor=part.amount_minor,
            rate_points=part.rate.points,
            rate_minor=part.rate.minor,
            rate_exchange=Exchange.of(part.rate.exchange),
            returned_payout_id=UUID(part.returned_payout_id) if part.returned_payout_id else None,
        )


class PayoutDetails(Payout):
    """A payout with its history and the first of the awards that it pays."""

    parts: list[PayoutPart] = Field(description="What it was computed of: what came back keeps its rate")
    changes: list[PayoutChange]
    lots: list[PaidLot]
    lots_next: str | None = Field(None, description="Give this as `after` to /lots for what follows")


def _fields(payout: domain.Payout, name: str | None) -> dict[str, Any]:
    payee, payee_set = payout.payee, payout.payee_set
    return {
        "payout_id": payout.payout_id,
        "run_id": payout.run_id,
        "member_id": payout.member_id,
        "member_name": name,
        "state": payout.state,
        "points": payout.points,
        "amount_minor": payout.amount_minor,
        "computed_points": payout.computed.points if payout.computed else None,
        "computed_minor": payout.computed.amount_minor if payout.computed else None,
        "currency": payout.currency,
        "end_to_end_id": payout.end_to_end_id,
        "payee_name": payee.name if payee else None,
        "payee_bank_name": payee.bank_name if payee else None,
        "iban": payee.iban if payee else None,
        "bic": payee.bic if payee else None,
        "payee_reference": payee.reference if payee else None,
        "exchange": Exchange.of(payout.exchange),
        "payee_revision": payee_set.revision if payee_set else None,
        "payee_changed_at": payee_set.changed_at if payee_set else None,
        "payee_changed_by": payee_set.changed_by.credential if payee_set else None,
        "payee_changed_by_person": payee_set.changed_by.person_id if payee_set else None,
        "receiver_id": payout.receiver_id,
        "reason": payout.reason,
        "created_at": payout.created_at,
        "changed_at": payout.changed_at,
    }


class MemberPayout(BaseModel):
    """Money for a member's points, as they see it."""

    payout_id: UUID
    state: State
    points: int
    amount_minor: int = Field(description="Minor units of the currency")
    currency: str = Field(examples=["EUR"])
    reason: str | None = Field(None, description="Why it is held, failed or came back, and what is needed")
    created_at: datetime
    changed_at: datetime

    @classmethod
    def of(cls, payout: domain.Payout) -> Self:
        """A payout as its member is answered."""
        return cls.model_validate(payout, from_attributes=True)


@router.get(
    "/v1/members/{member_id}/payouts",
    summary="A member's payouts, newest first",
    responses=problem_responses(UNKNOWN_IDENTITY, UNKNOWN_MEMBER),
)
async def list_member_payouts(
    principal: Annotated[Principal, requires(Scope.REWARDS_READ, or_own=True, reads="member_id")],
    conn: Conn,
    member_id: MemberId,
    place: Annotated[PayoutPlace | None, after(PayoutPlace)],
    limit: Limit = 100,
) -> Page[MemberPayout]:
    """What became of each, and what one that is held waits for."""
    wanted = PayoutFilter(member_id=str(member_id))
    payouts = await store.page_of_payouts(conn, wanted, community=principal.community, after=place, limit=limit)
    if not payouts and place is None:
        known = await find_name(conn, community=principal.community, member_id=str(member_id))
        if known is None:
            raise UnknownMemberError(str(member_id))
    return Page.of(payouts, limit, item=MemberPayout.of, place=lambda payout: payout.place)


@router.get("/v1/payouts", summary="Payouts, newest first", responses=problem_responses(UNKNOWN_IDENTITY))
async def list_payouts(
    principal: Annotated[Principal, requires(Scope.PAYOUTS_READ, reads="member")],
    conn: Conn,
    whose: Whose,
    place: Annotated[PayoutPlace | None, after(PayoutPlace)],
    state: Annotated[State | None, Query(description="Only those in this state")] = None,
    run: Annotated[UUID | None, Query(description="Only those of this run")] = None,
    member: Annotated[MemberNamed | None, Query(description="Only this member's: an id or an identity")] = None,
    limit: Limit = 100,
) -> Page[Payout]:
    """Payouts of the community by state, run or member."""
    community = principal.community
    member_id = await whose.asked(conn, community=community, member=member)
    wanted = PayoutFilter(PayoutState(state) if state else None, str(run) if run else None, member_id)
    payouts = await store.page_of_payouts(conn, wanted, community=community, after=place, limit=limit)
    names = await load_names(conn, community=community, member_ids=[payout.member_id for payout in payouts])
    return Page.of(
        payouts,
        limit,
        item=lambda payout: Payout.of(payout, names.get(payout.member_id)),
        place=lambda payout: payout.place,
    )


@router.get("/v1/payouts/{payout_id}", summary="A payout, explained", responses=problem_responses(UNKNOWN_PAYOUT))
async def get_payout(
    principal: Annotated[Principal, requires(Scope.PAYOUTS_READ, reads=IN_ANSWER)],
    shown: Shown,
    conn: Conn,
    payout_id: UUID,
) -> PayoutDetails:
    """Every state it reached and by whom, and the awards that it pays."""
    payout = await store.find_payout(conn, community=principal.community, payout_id=str(payout_id))
    if payout is None:
        raise UnknownPayoutError(str(payout_id))
    shown.of(payout.member_id)
    parts = await store.load_parts(conn, [payout])
    changes = domain.in_order(await store.load_changes(conn, payout))
    uses = await page_of_uses(
        conn,
        community=payout.community,
        used_by=payout.payout_id,
        after=None,
        limit=LOTS_SHOWN_COUNT,
    )
    known = await find_name(conn, community=payout.community, member_id=payout.member_id)
    return PayoutDetails(
        **_fields(payout, known.name if known else None),
        parts=[PayoutPart.of(part) for part in parts.get(payout.payout_id, ())],
        changes=[PayoutChange.of(change) for change in changes],
        lots=[PaidLot.of(use) for use in uses],
        lots_next=next_cursor(uses, LOTS_SHOWN_COUNT, lambda use: use.place),
    )


@router.get(
    "/v1/payouts/{payout_id}/lots",
    summary="The awards that a payout pays",
    responses=problem_responses(UNKNOWN_PAYOUT),
)
async def get_payout_lots(
    principal: Annotated[Principal, requires(Scope.PAYOUTS_READ, reads=IN_ANSWER)],
    shown: Shown,
    conn: Conn,
    payout_id: UUID,
    place: Annotated[UsePlace | None, after(UsePlace)],
    limit: Limit = 100,
) -> Page[PaidLot]:
    """Award ids and points; they sum up to the payout's points once it is reserved."""
    payout = await store.find_payout(conn, community=principal.community, payout_id=str(payout_id))
    if payout is None:
        raise UnknownPayoutError(str(payout_id))
    shown.of(payout.member_id)
    uses = await page_of_uses(conn, community=payout.community, used_by=payout.payout_id, after=place, limit=limit)
    return Page.of(uses, limit, item=PaidLot.of, place=lambda use: use.place)
