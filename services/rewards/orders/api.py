"""HTTP routes of orders at providers: for whoever runs the community, and for providers' webhooks."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final, Literal, Self, cast
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from services.rewards.costs.api import OrderCost
from services.rewards.costs.domain import CardCost, NotRefundedSoError
from services.rewards.costs.store import load_costs
from services.rewards.orders.handlers import hooks, people
from services.rewards.orders.handlers.hooks import (
    HooksAtOnce,
    RefusedHookError,
    TooManyHooksError,
    UncheckedHookError,
    UnreadHookError,
)
from services.rewards.providers.domain import orders as domain
from services.rewards.providers.domain.contract import ProviderName, Quote, Webhook
from services.rewards.providers.domain.orders import (
    NotCancellableError,
    NothingProposedError,
    Order,
    OrderFilter,
    OrderKnownError,
    OrderPlace,
    OutcomeOfOrder,
    OwnProposalError,
    UnknownOrderError,
)
from services.rewards.providers.store import orders as store
from services.rewards.quotes.api import OrderQuote
from services.rewards.quotes.store.quotes import load_offered
from services.rewards.redemptions.store import load_titles
from services.rewards.settings import Settings
from services.rewards.vouchers.api import NO_VOUCHER_KEYS
from services.rewards.vouchers.domain import CODE_MAX_CHARS, PIN_MAX_CHARS, Secret
from shared.contracts.fields import MINOR_UNITS_MAX, NO_CONTROL
from shared.http import (
    Conn,
    ErrorTable,
    Limit,
    Page,
    Principal,
    Problem,
    ProblemType,
    RequestBody,
    Scope,
    Tx,
    after,
    problem_responses,
    requires,
)
from shared.http.connected import ConnectedService
from shared.http.problem_types import (
    ABOUT_YOURSELF,
    FENCED,
    INCOMPLETE_REQUEST,
    NOT_AVAILABLE,
    SLOW_REQUEST,
)
from shared.postgres import Connection

UNKNOWN_ORDER = ProblemType("unknown-provider-order", 404, "Nothing is ordered for it")
ORDER_KNOWN = ProblemType("provider-order-known", 409, "Nobody has to find out what became of it")
NOTHING_PROPOSED = ProblemType("no-outcome-proposed", 409, "Nobody said what became of it")
OWN_PROPOSAL = ProblemType("own-outcome", 403, "Somebody else has to confirm it")
ORDER_OVER = ProblemType("provider-order-over", 409, "The order is over")
REFUND_AMOUNT = ProblemType(
    "provider-refund-amount", 409, "What the provider refunded is to be said, up to what it charged"
)
REFUSED_WEBHOOK = ProblemType("refused-webhook", 401, "The webhook was refused")
UNREAD_WEBHOOK = ProblemType("unread-webhook", 400, "The webhook is none of the provider's")
TOO_MANY_WEBHOOKS = ProblemType("too-many-provider-webhooks", 429, "Too many webhooks at once")
UNCHECKED_WEBHOOK = ProblemType(
    "provider-webhook-not-checked", 503, "The provider does not say now whether the webhook is its own"
)
_AT_ONCE = HooksAtOnce()
NOTE_MAX_CHARS: Final = 500
EXAMPLE: Final = "0f4b6a0e-8a43-5d38-9f0c-1f4f6d1c2b3a"

router = APIRouter(tags=["gift cards"])
Keeper = Annotated[Principal, requires(Scope.REWARDS_WRITE)]
Reader = Annotated[Principal, requires(Scope.REWARDS_READ)]
Words = Annotated[str, Field(min_length=1, max_length=NOTE_MAX_CHARS, pattern=NO_CONTROL)]
#: Written out where they stand, as clients know them, not as schemas of their own.
StandingName = Literal["pending", "delivered", "failed", "cancelled", "reversed"]
TroubleName = Literal["other_order", "known_code", "reversed", "delivered_after_all", "refund_unsaid"]
OutcomeName = Literal["delivered", "not_ordered"]


class OutcomeSaid(BaseModel):
    """What somebody found out; another person has to confirm it."""

    outcome: OutcomeName
    reason: str = Field(examples=["Their support says that nothing was ordered"])
    said_by: str = Field(description="The access key or token")
    said_at: datetime

    @classmethod
    def of(cls, proposal: domain.Proposal) -> Self:
        """It as it is answered."""
        return cls(
            outcome=proposal.outcome.value, reason=proposal.reason, said_by=proposal.by, said_at=proposal.at
        )


class ProviderOrder(BaseModel):
    """An order at a provider for a redemption; what was delivered is on its member's page alone."""

    redemption_id: UUID = Field(examples=[EXAMPLE], description="The provider knows the order by it")
    title: str | None = Field(
        examples=["A book"], description="The reward, as it was called when it was chosen; null: it is not kept"
    )
    provider: ProviderName
    product_id: str = Field(examples=["sandbox-books"])
    face_minor: int = Field(examples=[1000])
    currency: str = Field(examples=["EUR"])
    created_at: datetime
    tries_count: int = Field(description="So often it was asked about", examples=[1])
    next_at: datetime | None = Field(description="When its provider is asked again; null for never")
    unknown_since: datetime | None = Field(description="Since when nobody knows whether it was placed")
    reference: str | None = Field(description="By what its provider knows it", examples=["ORDER1"])
    standing: StandingName | None = Field(
        description="How its provider says that it stands; null: it said nothing"
    )
    reason: str = Field(description="What its provider said last", examples=[""])
    trouble: TroubleName | None = Field(description="What only people can put right")
    is_cancel_asked: bool
    said: OutcomeSaid | None = Field(description="What somebody found out, and nobody has confirmed yet")
    quotes: list[OrderQuote] = Field(description="The oldest first; empty where its price follows no provider")
    cost: OrderCost | None = Field(description="What it cost; null before it is delivered")

    @classmethod
    def of(cls, order: Order, *, title: str | None, cost: CardCost | None, quotes: Sequence[Quote]) -> Self:
        """It as it is answered."""
        return cls(
            redemption_id=UUID(order.redemption_id),
            title=title,
            provider=order.card.provider,
            product_id=order.card.product_id,
            face_minor=order.card.face_minor,
            currency=order.card.currency,
            created_at=order.created_at,
            tries_count=order.tries_count,
            next_at=order.due_at,
            unknown_since=order.unknown_since,
            reference=order.reference,
            standing=None if order.standing is None else order.standing.value,
            reason=order.reason,
            trouble=None if order.trouble is None else order.trouble.value,
            is_cancel_asked=order.cancel_asked_at is not None,
            said=OutcomeSaid.of(order.proposal) if order.proposal else None,
            quotes=OrderQuote.all_of(quotes),
            cost=None if cost is None else OrderCost.of(cost),
        )


class OutcomeFound(RequestBody):
    """What somebody found out of an order that nobody knows of."""

    outcome: OutcomeName = Field(examples=["not_ordered"])
    reason: Words = Field(
        description="How they know; its member is told it where nothing was ordered",
        examples=["Their support says that nothing was ordered"],
    )
    code: Annotated[str, Field(min_length=1, max_length=CODE_MAX_CHARS, pattern=NO_CONTROL)] | None = Field(
        None, description="What was delivered, where they have it; it is sealed at once", examples=[None]
    )
    pin: Annotated[str, Field(min_length=1, max_length=PIN_MAX_CHARS, pattern=NO_CONTROL)] | None = Field(
        None, examples=[None]
    )


class PutRight(RequestBody):
    """How something was put right."""

    note: Words = Field(examples=["They were given another card by hand"])
    refunded_minor: int | None = Field(
        None,
        ge=0,
        le=MINOR_UNITS_MAX,
        strict=True,
        description="What its provider refunded, in minor units of what it cost; needed where it does not say so",
        examples=[None],
    )


@router.get("/v1/provider-orders", summary="Orders at providers, the oldest first", responses=problem_responses())
async def list_provider_orders(
    principal: Reader,
    conn: Conn,
    place: Annotated[OrderPlace | None, after(OrderPlace)],
    open: Annotated[  # noqa: A002 -- what it is called in an address
        bool | None, Query(description="Only those that are open, or in trouble; false: only the others")
    ] = None,
    troubled: Annotated[bool | None, Query(description="Only those that people have to put right")] = None,
    limit: Limit = 100,
) -> Page[ProviderOrder]:
    """What is to be ordered, what is on its way, what nobody knows of, and what is over."""
    found = await store.page_of_orders(
        conn, OrderFilter(open, troubled), community=principal.community, after=place, limit=limit
    )
    shown = await _all_shown(conn, found, community=principal.community)
    return Page.of(
        found,
        limit,
        item=lambda order: shown[order.redemption_id],
        place=lambda order: order.place,
    )


@router.get(
    "/v1/provider-orders/{redemption_id}",
    summary="An order at a provider",
    responses=problem_responses(UNKNOWN_ORDER),
)
async def get_provider_order(principal: Reader, conn: Conn, redemption_id: UUID) -> ProviderOrder:
    """How it stands, and what its provider said last."""
    found = await store.find_order(conn, community=principal.community, redemption_id=str(redemption_id))
    if found is None:
        raise UnknownOrderError(str(redemption_id))
    return await _shown(conn, found)


async def _shown(conn: Connection, order: Order) -> ProviderOrder:
    return (await _all_shown(conn, [order], community=order.community))[order.redemption_id]


async def _all_shown(conn: Connection, orders: Sequence[Order], *, community: str) -> dict[str, ProviderOrder]:
    ids = [order.redemption_id for order in orders]
    titles = await load_titles(conn, community=community, redemption_ids=ids)
    costs = await load_costs(conn, community=community, redemption_ids=ids)
    offered = await load_offered(conn, {order.redemption_id: order.card for order in orders}, community=community)
    return {
        one.redemption_id: ProviderOrder.of(
            one,
            title=titles.get(one.redemption_id),
            cost=costs.get(one.redemption_id),
            quotes=offered.get(one.redemption_id, ()),
        )
        for one in orders
    }


@router.post(
    "/v1/provider-orders/{redemption_id}/ask",
    summary="Ask a provider about an order now",
    responses=problem_responses(UNKNOWN_ORDER),
)
async def ask_about_provider_order(principal: Keeper, tx: Tx, redemption_id: UUID) -> ProviderOrder:
    """It is asked within some seconds, by a lane; the answer changes the order."""
    return await _shown(
        tx.conn, await people.ask_again(tx, community=principal.community, redemption_id=str(redemption_id))
    )


@router.post(
    "/v1/provider-orders/{redemption_id}/cancel",
    summary="Cancel an order at a provider",
    responses=problem_responses(UNKNOWN_ORDER, ORDER_OVER),
)
async def cancel_provider_order(principal: Keeper, tx: Tx, redemption_id: UUID) -> ProviderOrder:
    """At once where it was not placed, else if its provider still can: then the points are back by themselves."""
    return await _shown(
        tx.conn,
        await people.cancel_order(
            tx, community=principal.community, redemption_id=str(redemption_id), by=principal.credential
        ),
    )


@router.post(
    "/v1/provider-orders/{redemption_id}/outcome",
    summary="Say what became of an order that nobody knows of",
    responses=problem_responses(UNKNOWN_ORDER, ORDER_KNOWN, ABOUT_YOURSELF, NO_VOUCHER_KEYS),
)
async def say_order_outcome(principal: Keeper, tx: Tx, redemption_id: UUID, found: OutcomeFound) -> ProviderOrder:
    """Nothing follows before another person confirms it. Said again, what was said last counts."""
    secret = Secret(found.code, found.pin) if found.code is not None else None
    return await _shown(
        tx.conn,
        await people.propose(
            tx,
            redemption_id=str(redemption_id),
            outcome=OutcomeOfOrder(found.outcome),
            reason=found.reason,
            secret=secret,
            principal=principal,
        ),
    )


@router.post(
    "/v1/provider-orders/{redemption_id}/outcome/confirm",
    summary="Confirm what another person found out of an order",
    responses=problem_responses(
        UNKNOWN_ORDER, ORDER_KNOWN, NOTHING_PROPOSED, OWN_PROPOSAL, ABOUT_YOURSELF, NO_VOUCHER_KEYS
    ),
)
async def confirm_order_outcome(principal: Keeper, tx: Tx, redemption_id: UUID) -> ProviderOrder:
    """The redemption is confirmed, with the code where there is one, or its points are back."""
    return await _shown(tx.conn, await people.confirm(tx, redemption_id=str(redemption_id), principal=principal))


@router.post(
    "/v1/provider-orders/{redemption_id}/acknowledge",
    summary="Note that trouble with an order was put right",
    responses=problem_responses(UNKNOWN_ORDER, ORDER_KNOWN, REFUND_AMOUNT),
)
async def settle_provider_order(principal: Keeper, tx: Tx, redemption_id: UUID, said: PutRight) -> ProviderOrder:
    """For what a provider took back, perhaps without saying what it refunds, or delivered after all."""
    return await _shown(
        tx.conn,
        await people.acknowledge(
            tx,
            community=principal.community,
            redemption_id=str(redemption_id),
            note=said.note,
            refunded_minor=said.refunded_minor,
        ),
    )


@router.post(
    "/v1/provider-webhooks/{account_id}",
    summary="Deliver a webhook of a provider",
    status_code=202,
    response_class=Response,
    responses={
        202: {"description": "Taken: the order that it is about is asked for"},
        **problem_responses(
            REFUSED_WEBHOOK,
            UNREAD_WEBHOOK,
            TOO_MANY_WEBHOOKS,
            UNCHECKED_WEBHOOK,
            NO_VOUCHER_KEYS,
            FENCED,
            NOT_AVAILABLE,
            SLOW_REQUEST,
            INCOMPLETE_REQUEST,
            common=(),
        ),
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "As the provider sends it: its signature is checked over these bytes",
            "content": {"application/json": {"schema": {"type": "string"}, "example": '{"type": "order.sent"}'}},
        }
    },
)
async def post_provider_webhook(service: ConnectedService, request: Request, account_id: UUID) -> Response:
    """For providers, which show by a signature who they are; an access key is not looked at.

    Nothing of what it says is believed: its order, or payout, is asked for. The same again does nothing.
    """
    settings = cast("Settings", service.settings)
    await service.check_fence()
    body = await request.body()
    with _AT_ONCE.one_more(max_count=settings.provider_webhooks_at_once_max_count):
        async with service.pool.acquire() as conn:
            sealed = await hooks.find_hooked(conn, account_id=str(account_id))
        webhook = Webhook({name.lower(): value for name, value in request.headers.items()}, body)
        read = await hooks.read_hook(sealed, webhook, settings=settings)
        if read is not None:
            async with service.begin() as tx:
                await hooks.take_hook(tx, sealed, read=read)
    return Response(status_code=202)


ERRORS: Final[ErrorTable] = {
    UnknownOrderError: lambda error: Problem(
        UNKNOWN_ORDER, f"Nothing is ordered for redemption {error.redemption_id} in this community"
    ),
    OrderKnownError: lambda error: Problem(ORDER_KNOWN, f"Nothing was done: {error}"),
    NothingProposedError: lambda _: Problem(
        NOTHING_PROPOSED, "POST …/outcome says what became of it; then another person confirms that"
    ),
    OwnProposalError: lambda _: Problem(OWN_PROPOSAL, "Whoever said what became of it does not confirm it"),
    NotRefundedSoError: lambda error: Problem(REFUND_AMOUNT, f"Nothing was done: {error}"),
    NotCancellableError: lambda error: Problem(ORDER_OVER, f"Nothing was done: {error}"),
    RefusedHookError: lambda _: Problem(REFUSED_WEBHOOK, "Its address or signature is none that is known here"),
    TooManyHooksError: lambda _: Problem(
        TOO_MANY_WEBHOOKS, "Nothing was read: send it again in a moment", headers={"Retry-After": "5"}
    ),
    UncheckedHookError: lambda _: Problem(
        UNCHECKED_WEBHOOK, "Nothing was read: send it again later", headers={"Retry-After": "60"}
    ),
    UnreadHookError: lambda _: Problem(UNREAD_WEBHOOK, "It is signed, and cannot be read: nothing was done"),
}
