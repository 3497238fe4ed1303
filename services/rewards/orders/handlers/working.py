"""The lanes: what is due is claimed and committed, the provider asked outside any transaction, the answer settled.

Of each account only some orders are asked about at once, and one that fails rests: whose provider hangs holds
up nobody else. A process that dies leaves what it claimed to the next once its time is over; as nobody knows what
came of it, the provider is asked first, and the order then placed again under its key.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, NamedTuple

from services.rewards.fulfilment import handlers as fulfilment
from services.rewards.fulfilment.domain import FulfilmentState
from services.rewards.metrics import ORDERS_TROUBLED, ORDERS_UNKNOWN, ORDERS_UNKNOWN_SECONDS
from services.rewards.orders.domain import Became, CallOutcome
from services.rewards.orders.handlers.settling import by_provider, give_up, lease, settle
from services.rewards.providers.domain.accounts import NoSuchProviderError, UnknownAccountError
from services.rewards.providers.domain.contract import (
    Answer,
    LaterError,
    OtherOrderError,
    Provider,
    Quote,
    QuoteEndedError,
    RefusedError,
    UnknownOutcomeOfOrderError,
    Wanted,
)
from services.rewards.providers.domain.orders import Order
from services.rewards.providers.handlers.accounts import keep_tokens, open_credentials, provider_of
from services.rewards.providers.handlers.lanes import Callers, Room, work_at_lanes
from services.rewards.providers.handlers.xoxoday import Tokens
from services.rewards.providers.store import orders as store
from services.rewards.providers.store.accounts import SealedAccount, find_account
from services.rewards.quotes.domain import DearerError, check_not_dearer
from services.rewards.quotes.store.quotes import load_offered
from services.rewards.redemptions.domain import Redemption
from services.rewards.redemptions.store import lock_redemption
from services.rewards.settings import Settings
from services.rewards.vouchers.domain import NoVoucherKeysError
from shared.followed_members import find_name
from shared.service.spec import Begin
from shared.transaction import Transaction

EVERY_SECONDS: Final = 1.0


_SORTED: Final[dict[type[Exception], Became]] = {
    RefusedError: Became.REFUSED,
    UnknownOutcomeOfOrderError: Became.UNKNOWN,
    OtherOrderError: Became.OTHER_ORDER,
}


class Claim(NamedTuple):
    """An order that is this process's to ask about, and the account to ask with.

    `may_place` says whether it is placed where the provider knows none; `was_placed` whether it may know one.
    `quote` is what its provider quoted last for it, where its price follows that; `reserved_at` what it quoted
    when points were reserved.
    """

    order: Order
    account: SealedAccount
    settings: Settings
    may_place: bool
    was_placed: bool
    quote: Quote | None = None
    reserved_at: Quote | None = None


async def order_goods(begin: Begin, until: float) -> None:
    """Errand: work at what is due until a moment of the monotonic clock; calls under way then are waited for."""

    async def keep(claim: Claim, tokens: Tokens) -> None:
        async with begin() as tx:
            order = claim.order
            await keep_tokens(tx, community=order.community, provider=order.card.provider, tokens=tokens)

    async def carry(claim: Claim, callers: Callers) -> None:
        outcome = await _asked(claim, callers, keep=partial(keep, claim))
        async with begin() as tx:
            await settle(tx, claim.order, outcome=outcome)

    await work_at_lanes(
        begin,
        until,
        claim_due=_claim_due,
        account_of=lambda claim: (claim.order.community, claim.order.card.provider),
        carry=carry,
    )


async def _claim_due(tx: Transaction[Settings], room: Room) -> Sequence[Claim | None]:
    due = await store.load_due(tx.conn, now=tx.now, busy=room.busy, of_each=room.of_each, limit=room.limit)
    return [await claim(tx, community=community, redemption_id=order) for community, order in sorted(due)]


async def _asked(claim: Claim, callers: Callers, *, keep: Callable[[Tokens], Awaitable[None]]) -> CallOutcome:
    try:
        client = provider_of(
            claim.account.account,
            open_credentials(claim.account, claim.settings),
            caller=callers.of(claim.order.card.provider, claim.settings),
            keep=keep,
        )
    except (NoSuchProviderError, UnknownAccountError, NoVoucherKeysError) as error:
        return CallOutcome(Became.LATER, reason=str(error))
    return await ask(client, claim)


async def claim(tx: Transaction[Settings], *, community: str, redemption_id: str) -> Claim | None:
    """Claim an order that is due; None where it is not any more, or needs nobody to ask."""
    redemption = await lock_redemption(tx.conn, community=community, redemption_id=redemption_id)
    order = await store.lock_order(tx.conn, community=community, redemption_id=redemption_id)
    if redemption is None or order is None or order.due_at is None or order.due_at > tx.now:
        return None
    if order.claimed_until is not None and order.claimed_until > tx.now:
        return None
    account = await find_account(tx.conn, community=community, provider=order.card.provider)
    if account is None:
        return None
    going = await fulfilment.load(tx, community=community, redemption_id=redemption_id)
    was_placed = order.tries_count > 0
    if not was_placed and (going.is_over or await _is_erased(tx, redemption)):
        if not going.is_over:
            await give_up(tx, order, reason="whoever it was for was erased")
        await store.set_order(tx.conn, order.ended("it was given up before it was ordered"))
        return None
    if not going.is_over and was_placed and order.standing is None and going.state is FulfilmentState.ORDERED:
        # Whoever asked died before the answer was stored.
        order = replace(order, unknown_since=order.claimed_until or tx.now, was_unknown=True)
        going = going.becoming(FulfilmentState.UNKNOWN, by=by_provider(order), now=tx.now)
        await fulfilment.advance(tx, [going])
    elif going.state is FulfilmentState.RESERVED:
        going = going.becoming(FulfilmentState.ORDERED, by=by_provider(order), now=tx.now)
        await fulfilment.advance(tx, [going])
    order = order.claimed(until=tx.now + lease(tx.settings))
    await store.set_order(tx.conn, order)
    offered = await load_offered(tx.conn, {redemption_id: order.card}, community=community)
    quotes = offered.get(redemption_id, [])
    return Claim(
        order,
        account,
        tx.settings,
        may_place=not going.is_over,
        was_placed=was_placed,
        quote=quotes[-1] if quotes else None,
        reserved_at=quotes[0] if quotes else None,
    )


async def _is_erased(tx: Transaction, redemption: Redemption) -> bool:
    named = await find_name(tx.conn, community=redemption.community, member_id=redemption.member_id)
    return named is not None and named.is_erased


async def ask(client: Provider, claim: Claim) -> CallOutcome:
    """Ask a provider about an order, and place it where it was not; outside any transaction."""
    asking = _Asking(client, claim)
    try:
        answer = await asking.answer()
    except LaterError as error:
        outcome = CallOutcome(Became.LATER, reason=error.reason, after_seconds=error.after_seconds)
    except QuoteEndedError as error:
        # Its quotes end before anything can be ordered at them: it is asked again later.
        outcome = CallOutcome(Became.LATER, reason=error.reason)
    except DearerError as error:
        # It is refused here: what the provider knew of it, it was asked for before.
        outcome = CallOutcome(Became.REFUSED, reason=str(error))
    except tuple(_SORTED) as error:
        outcome = CallOutcome(_SORTED[type(error)], reason=str(error))
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        # What one provider answers to one community stops nobody else.
        reason = f"it answered what cannot be read ({type(error).__name__})"
        outcome = CallOutcome(Became.UNKNOWN, reason=reason)
    else:
        outcome = CallOutcome(Became.ANSWERED if answer else Became.NONE, answer, reason="it knows no such order")
    return replace(outcome, quote=asking.again)


class _Asking:
    """Asking about one claim; `again` is what the provider quoted anew on the way."""

    def __init__(self, client: Provider, claim: Claim) -> None:
        self._client = client
        self._claim = claim
        self.again: Quote | None = None

    async def answer(self) -> Answer | None:
        order, wanted = self._claim.order, self._claim.order.wanted._replace(quote=self._claim.quote)
        is_cancelled = order.cancel_asked_at is not None
        if is_cancelled and order.reference is not None:
            return await self._client.cancel(wanted, reference=order.reference)
        answer = await self._client.query(wanted, reference=order.reference) if self._claim.was_placed else None
        if answer is not None or not self._claim.may_place:
            return answer
        if is_cancelled:
            raise RefusedError("it was cancelled, and the provider knows no such order")
        return await self._placed(wanted)

    async def _placed(self, wanted: Wanted) -> Answer:
        """Place it at its quote; where that is over, at another, within what the community bears."""
        if wanted.quote is None:
            return await self._client.order(wanted)
        if not wanted.quote.is_over(datetime.now(UTC)):
            try:
                return await self._client.order(wanted)
            except QuoteEndedError:
                pass
        now = datetime.now(UTC)
        again = await self._client.quote(wanted.card, pay_in=wanted.quote.cost_currency, now=now)
        check_not_dearer(
            again, self._claim.reserved_at or again, max_percent=self._claim.settings.requote_max_percent
        )
        self.again = again
        return await self._client.order(wanted._replace(quote=again))


async def count_standstill(tx: Transaction[Any]) -> None:
    """Timer: count the orders that nobody knows of, and those that only people can put right."""
    found = await store.load_standstill(tx.conn)
    ORDERS_UNKNOWN.set(found.unknown_count)
    ORDERS_TROUBLED.set(found.troubled_count)
    oldest = found.oldest_at
    ORDERS_UNKNOWN_SECONDS.set(0 if oldest is None else max(0.0, (tx.now - oldest).total_seconds()))
