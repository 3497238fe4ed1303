"""What an answer does: the code is given, the points are back, or it stays open; in one transaction with its fact.

Locks are taken in this order: the redemption, its order, the account.
"""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

from services.rewards.costs.handlers import book_cost, take_back_cost
from services.rewards.fulfilment import handlers as fulfilment
from services.rewards.fulfilment.domain import Fulfilment, FulfilmentState
from services.rewards.metrics import CODES_GIVEN, PROVIDER_CALLS
from services.rewards.orders.domain import Became, CallOutcome
from services.rewards.providers.domain.accounts import rest_after
from services.rewards.providers.domain.contract import Answer, Goods, Standing
from services.rewards.providers.domain.orders import Order, Trouble, pause_after
from services.rewards.providers.store import accounts as account_store
from services.rewards.providers.store import orders as store
from services.rewards.quotes.store.quotes import add_requote
from services.rewards.redemptions.domain import Redemption
from services.rewards.redemptions.handlers.ending import fail, fulfil
from services.rewards.redemptions.store import lock_redemption
from services.rewards.refunds.handlers import providers as refunds
from services.rewards.settings import Settings
from services.rewards.vouchers.domain import GivenCode, NewCode, Secret
from services.rewards.vouchers.handlers.sealing import sealer_of
from services.rewards.vouchers.store import add_given, find_code_of, forget_codes, set_sealed
from shared.followed_communities import load_calendar
from shared.followed_members import find_name
from shared.transaction import Transaction


def by_provider(order: Order) -> str:
    """Who brought a redemption on, where its provider did."""
    return f"provider {order.card.provider}"


async def settle(tx: Transaction[Settings], claimed: Order, *, outcome: CallOutcome) -> None:
    """Store what a call for a claimed order came to, and do what follows.

    Nothing happens where somebody else has the order since, because this took too long.
    """
    PROVIDER_CALLS.labels(claimed.card.provider, outcome.became).inc()
    community, redemption_id = claimed.community, claimed.redemption_id
    redemption = await lock_redemption(tx.conn, community=community, redemption_id=redemption_id)
    order = await store.lock_order(tx.conn, community=community, redemption_id=redemption_id)
    if redemption is None or order is None or order.claimed_until != claimed.claimed_until:
        return
    going = await fulfilment.load(tx, community=community, redemption_id=redemption_id)
    await _note_account(tx, order, outcome=outcome)
    if outcome.quote is not None:
        await add_requote(tx.conn, outcome.quote, community=community, redemption_id=redemption_id)
    settled = await _settled_over(tx, redemption, order=order, going=going, claimed=claimed, outcome=outcome)
    if order.hinted_at is not None and claimed.due_at is not None and settled.trouble is None:
        # A webhook that came while the provider was asked may know more than it said.
        called_at = (claimed.claimed_until or tx.now) - lease(tx.settings)
        if order.hinted_at >= called_at:
            settled = replace(settled, due_at=tx.now)
    await store.set_order(tx.conn, settled)


def lease(settings: Settings) -> timedelta:
    """How long whoever claimed an order has it: all calls that it may take, and some time to store the answer."""
    return timedelta(seconds=settings.provider_seconds * 6 + 5)


async def _note_account(tx: Transaction[Settings], order: Order, *, outcome: CallOutcome) -> None:
    community, provider = order.community, order.card.provider
    if outcome.became not in (Became.LATER, Became.UNKNOWN):
        await account_store.note_success(tx.conn, community=community, provider=provider)
        return
    count = await account_store.note_failure(tx.conn, community=community, provider=provider, why=outcome.reason)
    rests_until = rest_after(count, tx.now)
    if rests_until is not None:
        await account_store.set_rest(tx.conn, community=community, provider=provider, until=rests_until)


async def _settled_over(
    tx: Transaction[Settings],
    redemption: Redemption,
    *,
    order: Order,
    going: Fulfilment,
    claimed: Order,
    outcome: CallOutcome,
) -> Order:
    """What an answer comes to; one to a question from before a refund was asked for declines nothing."""
    was_asked = claimed.cancel_asked_at is not None and claimed.reference is not None
    if was_asked or order.cancel_asked_at is None or not going.is_over:
        return await _settled(tx, redemption, order=order, going=going, outcome=outcome)
    unasked = replace(order, cancel_asked_at=None)
    settled = await _settled(tx, redemption, order=unasked, going=going, outcome=outcome)
    if not await refunds.is_asking(tx, redemption):
        return settled
    wait = pause_after(order.tries_count) if settled.reference is None else timedelta()
    return replace(settled, cancel_asked_at=order.cancel_asked_at, due_at=tx.now + wait)


async def _settled(
    tx: Transaction[Settings], redemption: Redemption, *, order: Order, going: Fulfilment, outcome: CallOutcome
) -> Order:
    if outcome.answer is not None:
        return await _answered(tx, redemption, order=order, going=going, answer=outcome.answer)
    if going.is_over:
        return await _unanswered_over(tx, redemption, order=order, outcome=outcome)
    if outcome.became is Became.LATER:
        if not order.was_unknown and order.reference is None:
            await _bring(tx, going, to=FulfilmentState.RESERVED, order=order)
        return order.later(outcome.reason, now=tx.now, after_seconds=outcome.after_seconds)
    if outcome.became is Became.OTHER_ORDER:
        await _bring(tx, going, to=FulfilmentState.UNKNOWN, order=order)
        return order.unknown(outcome.reason, now=tx.now).in_trouble(Trouble.OTHER_ORDER, outcome.reason)
    if outcome.became is Became.REFUSED and _is_sure(tx, order):
        await give_up(tx, order, reason=outcome.reason)
        return order.ended(outcome.reason)
    await _bring(tx, going, to=FulfilmentState.UNKNOWN, order=order)
    return order.unknown(outcome.reason, now=tx.now)


async def _unanswered_over(
    tx: Transaction[Settings], redemption: Redemption, *, order: Order, outcome: CallOutcome
) -> Order:
    """An order that is over, of which nobody said whether it is taken back: asked again while a refund waits."""
    if order.cancel_asked_at is None or not await refunds.is_asking(tx, redemption):
        # What cannot be known now is asked again at the next webhook.
        return order.ended(order.reason)
    if outcome.became in (Became.REFUSED, Became.OTHER_ORDER):
        await refunds.kept(tx, redemption, reason=outcome.reason, by=by_provider(order))
        return replace(order.ended(outcome.reason), cancel_asked_at=None)
    return order.later(outcome.reason, now=tx.now, after_seconds=outcome.after_seconds)


def _is_sure(tx: Transaction[Settings], order: Order) -> bool:
    """Whether a refusal says that nothing was ordered: a request of before may still be on its way for a while."""
    if not order.was_unknown:
        return True
    since = order.unknown_since or order.created_at
    return tx.now - since >= timedelta(seconds=tx.settings.provider_settle_seconds)


async def _answered(
    tx: Transaction[Settings], redemption: Redemption, *, order: Order, going: Fulfilment, answer: Answer
) -> Order:
    settled = await _settled_by(tx, redemption, order=order, going=going, answer=answer)
    # Last: the community's accounts are locked after those of members.
    if answer.standing is Standing.DELIVERED and answer.goods is not None:
        await book_cost(tx, order, member_id=redemption.member_id, charge=answer.charge)
    elif answer.standing not in (Standing.DELIVERED, Standing.PENDING):
        is_known = await take_back_cost(tx, order, member_id=redemption.member_id, charge=answer.charge)
        if not is_known and settled.trouble is None:
            return settled.in_trouble(Trouble.REFUND_UNSAID, settled.reason)
    return settled


async def _settled_by(
    tx: Transaction[Settings], redemption: Redemption, *, order: Order, going: Fulfilment, answer: Answer
) -> Order:
    known = order.answered(answer.standing, reference=answer.reference, reason=answer.reason, due_at=None)
    if answer.standing is Standing.DELIVERED and answer.goods is not None:
        return await _delivered(tx, redemption, goods=answer.goods, order=order, going=going, known=known)
    if answer.standing in (Standing.DELIVERED, Standing.PENDING):
        if going.is_over:
            return await _still_there(tx, redemption, known=known, reason=answer.reason)
        await _bring(tx, going, to=FulfilmentState.ORDERED, order=order)
        return replace(known, due_at=tx.now + pause_after(order.tries_count), standing=Standing.PENDING)
    if going.state is FulfilmentState.FULFILLED:
        reason = answer.reason or "it took back what it had delivered"
        if await refunds.taken_back(tx, redemption, reason=reason, by=by_provider(order)):
            return replace(known, cancel_asked_at=None)
        return known.in_trouble(Trouble.REVERSED, reason)
    if not going.is_over:
        await give_up(tx, order, reason=answer.reason or f"it is {answer.standing}")
    return known


async def _delivered(
    tx: Transaction[Settings],
    redemption: Redemption,
    *,
    goods: Goods,
    order: Order,
    going: Fulfilment,
    known: Order,
) -> Order:
    if going.state is FulfilmentState.FULFILLED:
        await _fill_in(tx, order, goods=goods)
        return await _still_there(tx, redemption, known=known, reason=known.reason)
    if going.state is FulfilmentState.COMPENSATED:
        return known.in_trouble(Trouble.DELIVERED_AFTER_ALL, "it delivered what was given up here")
    if await give_goods(tx, redemption, goods=goods, order=order):
        return known
    await _bring(tx, going, to=FulfilmentState.UNKNOWN, order=order)
    reason = "it gave a code that somebody has already"
    return order.unknown(reason, now=tx.now).in_trouble(Trouble.KNOWN_CODE, reason)


async def _still_there(tx: Transaction[Settings], redemption: Redemption, *, known: Order, reason: str) -> Order:
    """An order that its provider has not taken back: a refund that asked for that is declined, or asks again."""
    if known.cancel_asked_at is None or not await refunds.is_asking(tx, redemption):
        return known
    if known.standing is Standing.PENDING:
        return replace(known, due_at=tx.now + pause_after(known.tries_count))
    await refunds.kept(tx, redemption, reason=reason, by=by_provider(known))
    return replace(known, cancel_asked_at=None)


async def _bring(tx: Transaction, going: Fulfilment, *, to: FulfilmentState, order: Order) -> None:
    """Have a fulfilment be in a state, where it is not."""
    if going.state is to or going.is_over:
        return
    await fulfilment.advance(tx, [going.becoming(to, by=by_provider(order), now=tx.now)])


async def give_up(tx: Transaction, order: Order, *, reason: str, by: str | None = None) -> None:
    """Give the points back for what is not delivered, and tell its member why."""
    await fail(
        tx,
        community=order.community,
        redemption_id=order.redemption_id,
        by=by or by_provider(order),
        reason=reason,
    )


async def give_goods(
    tx: Transaction[Settings], redemption: Redemption, *, goods: Goods, order: Order, by: str | None = None
) -> bool:
    """Give what was delivered, sealed, and confirm the redemption; False where somebody has that code already."""
    code_id = str(uuid4())
    sealer = sealer_of(tx.settings.voucher_keys)
    sealed = sealer.seal(Secret(goods.code, goods.pin), community=order.community, code_id=code_id)
    expires_at = None
    if goods.expires_on is not None:
        calendar = await load_calendar(tx.conn, community=order.community)
        expires_at = calendar.start_of(goods.expires_on + timedelta(days=1))
    is_new = await add_given(
        tx.conn,
        NewCode(code_id, sealed, expires_at),
        community=order.community,
        reward_id=redemption.reward_id,
        redemption_id=order.redemption_id,
        given_at=tx.now,
    )
    if not is_new:
        return False
    await fulfil(
        tx,
        community=order.community,
        redemption_id=order.redemption_id,
        by=by or by_provider(order),
        code=GivenCode(code_id, sealed.sealed_by, sealed.code_hash),
    )
    CODES_GIVEN.inc()
    # Of who was erased meanwhile nobody sees what the code says.
    named = await find_name(tx.conn, community=order.community, member_id=redemption.member_id)
    if named is not None and named.is_erased:
        await forget_codes(tx.conn, community=order.community, member_ids=[redemption.member_id], at=tx.now)
    return True


async def _fill_in(tx: Transaction[Settings], order: Order, *, goods: Goods) -> None:
    """Put back what a code says that a restored database lacks, where it is the code that was told."""
    code = await find_code_of(tx.conn, community=order.community, redemption_id=order.redemption_id)
    if code is None or code.content is not None or code.is_forgotten:
        return
    sealer = sealer_of(tx.settings.voucher_keys)
    secret = Secret(goods.code, goods.pin)
    if code.code_hash in sealer.hashes(secret, community=order.community):
        sealed = sealer.seal(secret, community=order.community, code_id=code.code_id)
        await set_sealed(tx.conn, [(code, sealed)])
