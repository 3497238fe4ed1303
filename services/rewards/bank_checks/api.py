"""Routes of the daily check of ledger, payouts and bank, and of the items that differ."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from services.rewards.bank_checks import domain, handlers, store
from services.rewards.bank_checks.domain import (
    ITEMS_PER_DAY_MAX_COUNT,
    REASON_MAX_CHARS,
    DayPlace,
    ItemPlace,
    ItemState,
)
from services.rewards.payouts.api import Deed, deeds
from services.rewards.payouts.domain import Actor
from shared.contracts.texts import Line as TextLine
from shared.http import (
    Conn,
    Day,
    Limit,
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
from shared.postgres import Connection

UNKNOWN_ITEM = ProblemType("unknown-bank-check-item", 404, "Difference not found")
ITEM_REFUSED = ProblemType("bank-check-item-refused", 409, "The difference does not wait any more")
DAY_NOT_OVER = ProblemType("bank-check-day-not-over", 409, "The day cannot be checked")

router = APIRouter(tags=["bank messages"])

_STATES = tuple(state.value for state in ItemState)
ItemStateName = Literal[_STATES]  # type: ignore[valid-type]
Reader = Annotated[Principal, requires(Scope.PAYOUTS_READ)]
Payer = Annotated[Principal, requires(Scope.PAYOUTS_WRITE)]
_LEDGER = "What left the account at the bank by the ledger's entries, in minor units; what came back is negative"
_PAYOUTS = "The same by the states and amounts of payouts"
_BANK = "The same by lines of the bank's files; null while there are none in the currency"


class BankCheckDay(BaseModel):
    """A day's money in a currency as ledger, payouts and bank say it."""

    day: date = Field(description="The community's")
    currency: str = Field(examples=["EUR"])
    payouts_count: int = Field(description="Payouts of which any of the three says something that day")
    ledger_minor: int = Field(description=_LEDGER)
    payouts_minor: int = Field(description=_PAYOUTS)
    bank_minor: int | None = Field(description=_BANK)
    differences_count: int = Field(description="Payouts of which they do not say the same")
    checked_at: datetime


class BankCheckItem(BaseModel):
    """A payout of which ledger, payouts and bank do not say the same on a day."""

    item_id: UUID
    day: date
    payout_id: UUID
    currency: str = Field(examples=["EUR"])
    ledger_minor: int = Field(description=_LEDGER)
    payouts_minor: int = Field(description=_PAYOUTS)
    bank_minor: int | None = Field(description=_BANK)
    state: ItemStateName = Field(
        description="open: waits; explained: somebody said why; gone: a later check found all three the same"
    )
    found_at: datetime
    age_seconds: int = Field(description="For how long it has been, or was, open", examples=[86_400])
    looked: Deed | None = Field(description="Who looks at it, and since when")
    decided: Deed | None = Field(description="Who explained it")
    reason: str | None = Field(examples=["The bank booked its charges with it"])


class BankCheckRequest(RequestBody):
    """Which day is checked."""

    day: Day = Field(description="One that is over in the community's zone", examples=["2026-01-31"])


class ExplainRequest(RequestBody):
    """Why the three differ."""

    reason: TextLine = Field(max_length=REASON_MAX_CHARS, examples=["The bank booked its charges with it"])


class BankCheckDone(BaseModel):
    """What the check of a day found."""

    day: date
    days: list[BankCheckDay] = Field(description="One of each currency in which any of the three says something")
    differences: list[BankCheckItem] = Field(description=f"At most {ITEMS_PER_DAY_MAX_COUNT} of each currency")


@router.post(
    "/v1/bank-checks",
    summary="Check a day of ledger, payouts and bank",
    responses=problem_responses(DAY_NOT_OVER),
)
async def post_check(principal: Payer, tx: Tx, request: BankCheckRequest) -> BankCheckDone:
    """Each day is checked by itself once it is over; this does it now. What differs becomes an item, once."""
    found = await handlers.check_day(tx, community=principal.community, day=request.day)
    items = await store.page_of_items(
        tx.conn,
        community=principal.community,
        state=ItemState.OPEN,
        day=request.day,
        after=None,
        limit=ITEMS_PER_DAY_MAX_COUNT,
    )
    return BankCheckDone(
        day=request.day,
        days=[_day(domain.CheckedDay(one, tx.now)) for one in found.sums],
        differences=await _items(tx.conn, items, community=principal.community),
    )


@router.get("/v1/bank-checks", summary="Days that were checked, newest first", responses=problem_responses())
async def list_checks(
    principal: Reader,
    conn: Conn,
    place: Annotated[DayPlace | None, after(DayPlace)],
    limit: Limit = 100,
) -> Page[BankCheckDay]:
    """What ledger, payouts and bank say of each, by currency. Days on which none says anything are left out."""
    found = await store.page_of_days(conn, community=principal.community, after=place, limit=limit)
    return Page.of(found, limit, item=_day, place=lambda one: one.place)


@router.get(
    "/v1/bank-check-items",
    summary="What differs between ledger, payouts and bank, newest first",
    responses=problem_responses(),
)
async def list_items(
    principal: Reader,
    conn: Conn,
    place: Annotated[ItemPlace | None, after(ItemPlace)],
    state: Annotated[ItemStateName | None, Query(description="Only those in this state: `open` ones wait")] = None,
    day: Annotated[Day | None, Query(description="Only those of this day")] = None,
    limit: Limit = 100,
) -> Page[BankCheckItem]:
    """Each with its age and who looks at it."""
    found = await store.page_of_items(
        conn,
        community=principal.community,
        state=ItemState(state) if state else None,
        day=day,
        after=place,
        limit=limit,
    )
    shown = await _items(conn, found, community=principal.community)
    by_id = {str(one.item_id): one for one in shown}
    return Page.of(found, limit, item=lambda one: by_id[one.item_id], place=lambda one: one.place)


@router.post(
    "/v1/bank-check-items/{item_id}/look",
    summary="Say that you look at a difference",
    responses=problem_responses(UNKNOWN_ITEM, ITEM_REFUSED),
)
async def look_at(principal: Payer, tx: Tx, item_id: UUID) -> BankCheckItem:
    """Others see who does; somebody else may take it over by the same."""
    by = Actor(principal.person_id, principal.credential)
    item = await handlers.look_at(tx, community=principal.community, item_id=str(item_id), by=by)
    (shown,) = await _items(tx.conn, [item], community=principal.community)
    return shown


@router.post(
    "/v1/bank-check-items/{item_id}/explain",
    summary="Say why ledger, payouts and bank differ",
    responses=problem_responses(UNKNOWN_ITEM, ITEM_REFUSED),
)
async def explain(principal: Payer, tx: Tx, item_id: UUID, request: ExplainRequest) -> BankCheckItem:
    """It waits no more, and moves no money. When a later check finds other amounts it is open again."""
    by = Actor(principal.person_id, principal.credential)
    item = await handlers.explain(tx, request.reason, community=principal.community, item_id=str(item_id), by=by)
    (shown,) = await _items(tx.conn, [item], community=principal.community)
    return shown


def _day(one: domain.CheckedDay) -> BankCheckDay:
    said = one.sum.said
    return BankCheckDay(
        day=one.sum.day,
        currency=one.sum.currency,
        payouts_count=one.sum.payouts_count,
        ledger_minor=said.ledger_minor,
        payouts_minor=said.payouts_minor,
        bank_minor=said.bank_minor,
        differences_count=one.sum.differences_count,
        checked_at=one.checked_at,
    )


async def _items(conn: Connection, items: Sequence[domain.Item], *, community: str) -> list[BankCheckItem]:
    now = datetime.now(UTC)
    looked = [(item.looked_by, item.looked_at) for item in items if item.looked_by and item.looked_at]
    decided = [(item.decided_by, item.decided_at) for item in items if item.decided_by and item.decided_at]
    lookers = iter(await deeds(conn, looked, community=community))
    deciders = iter(await deeds(conn, decided, community=community))
    return [
        BankCheckItem(
            item_id=UUID(item.item_id),
            day=item.day,
            payout_id=UUID(item.difference.payout_id),
            currency=item.difference.currency,
            ledger_minor=item.difference.said.ledger_minor,
            payouts_minor=item.difference.said.payouts_minor,
            bank_minor=item.difference.said.bank_minor,
            state=item.state.value,
            found_at=item.found_at,
            age_seconds=max(int(((item.decided_at or now) - item.found_at).total_seconds()), 0),
            looked=next(lookers) if item.looked_by and item.looked_at else None,
            decided=next(deciders) if item.decided_by and item.decided_at else None,
            reason=item.reason,
        )
        for item in items
    ]
