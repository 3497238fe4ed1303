"""What people do with refunds: ask for one, approve what another asked for, and withdraw what is not done yet."""

from dataclasses import replace

from services.rewards.costs.store import find_cost
from services.rewards.fulfilment.domain import FulfilledBy
from services.rewards.payouts.domain import Actor
from services.rewards.providers.domain.contract import Standing
from services.rewards.providers.domain.orders import Trouble
from services.rewards.providers.store import orders as order_store
from services.rewards.redemptions.domain import Redemption, RedemptionState, UnknownRedemptionError
from services.rewards.redemptions.store import lock_redemption
from services.rewards.refunds import store
from services.rewards.refunds.domain import (
    Goods,
    NotRefundableError,
    OtherRefundError,
    Refund,
    RefundOpenError,
    RefundState,
    RefundStateError,
    UnknownRefundError,
    check_refundable,
    refund_id,
    takes_other_person,
)
from services.rewards.refunds.handlers.doing import do_refund, is_somebody
from services.rewards.refunds.handlers.telling import did
from services.rewards.settings import Settings
from shared.access_keys import check_not_about_oneself
from shared.transaction import Transaction

_TAKEN_BACK = (Standing.REVERSED, Standing.CANCELLED, Standing.FAILED)


async def ask_refund(
    tx: Transaction[Settings],
    *,
    community: str,
    redemption_id: str,
    points: int | None,
    reason: str,
    goods: Goods,
    asks_provider: bool,
    idempotency_key: str,
    by: Actor,
) -> Refund:
    """Refund so many points of a redemption, or all that are not back yet.

    It is done at once; or waits for another person, above what one refunds alone; or for its provider, who is
    asked to take back what it delivered, where all is refunded. What was asked for with this key is the answer
    again.

    Raises UnknownRedemptionError, OtherRefundError, AboutYourselfError, NotRefundableError and RefundOpenError.
    """
    redemption = await _lock(tx, community=community, redemption_id=redemption_id)
    made = refund_id(community, idempotency_key)
    known = await store.find_refund(tx.conn, community=community, refund_id=made)
    if known is not None:
        if (known.redemption_id, known.points) != (redemption_id, points or known.points):
            raise OtherRefundError
        tx.did_nothing()
        return known
    wanted = redemption.left_points if points is None else points
    await _check(tx, redemption, points=wanted, by=by)
    there = await store.find_open(tx.conn, community=community, redemption_id=redemption_id)
    if there is not None:
        raise RefundOpenError(there.state)
    is_asked = asks_provider and wanted == redemption.left_points and await _can_ask(tx, redemption)
    refund = Refund(
        community=community,
        refund_id=made,
        redemption_id=redemption_id,
        points=wanted,
        reason=reason,
        # Whoever delivered it takes it back, or it is not refunded.
        goods=Goods.RETURNED if is_asked else goods,
        asks_provider=is_asked,
        state=RefundState.WAITING,
        asked_at=tx.now,
        asked_by=by,
    )
    if not takes_other_person(redemption, wanted, alone_max_points=tx.settings.refunds_alone_max_points):
        refund = await _go_on(tx, redemption, refund=refund, by=by)
    await store.add_refund(tx.conn, refund)
    tx.did(did("refund", redemption, refund))
    return refund


async def approve_refund(
    tx: Transaction[Settings], *, community: str, redemption_id: str, refund_id: str, by: Actor
) -> Refund:
    """Have a refund that another person asked for be done, or its provider be asked; again changes nothing.

    Raises UnknownRedemptionError, UnknownRefundError, AboutYourselfError, RefundFourEyesError, RefundStateError,
    and NotRefundableError.
    """
    redemption = await _lock(tx, community=community, redemption_id=redemption_id)
    refund = await _find(tx, redemption, refund_id=refund_id)
    if refund.state in (RefundState.ASKING, RefundState.DONE) and refund.decided_by is not None:
        tx.did_nothing()
        return refund
    if refund.state is not RefundState.WAITING:
        raise RefundStateError(refund.state)
    refund.check_other_approves(by)
    await _check(tx, redemption, points=refund.points, by=by)
    approved = await _go_on(tx, redemption, refund=refund, by=by)
    await store.set_state(tx.conn, approved)
    tx.did(did("approve_refund", redemption, approved))
    return approved


async def withdraw_refund(
    tx: Transaction[Settings], *, community: str, redemption_id: str, refund_id: str, by: Actor
) -> Refund:
    """Withdraw a refund that is not done yet; again changes nothing.

    Raises UnknownRedemptionError, UnknownRefundError, and RefundStateError once it is over, and while its provider
    is being asked: what that one answers counts.
    """
    redemption = await _lock(tx, community=community, redemption_id=redemption_id)
    refund = await _find(tx, redemption, refund_id=refund_id)
    if refund.state is RefundState.WITHDRAWN:
        tx.did_nothing()
        return refund
    if refund.state is RefundState.ASKING:
        order = await order_store.lock_order(tx.conn, community=community, redemption_id=redemption_id)
        if order is not None and order.claimed_until is not None and order.claimed_until > tx.now:
            raise RefundStateError(refund.state, "its provider is being asked just now: look again in a moment")
        if order is not None:
            # It may have been cancelled by now: it is asked how the order stands, and not to cancel it any more.
            await order_store.set_order(tx.conn, replace(order, cancel_asked_at=None, due_at=tx.now))
    withdrawn = refund.becoming(RefundState.WITHDRAWN, by=by, now=tx.now)
    await store.set_state(tx.conn, withdrawn)
    tx.did(did("withdraw_refund", redemption, withdrawn))
    return withdrawn


async def _lock(tx: Transaction, *, community: str, redemption_id: str) -> Redemption:
    redemption = await lock_redemption(tx.conn, community=community, redemption_id=redemption_id)
    if redemption is None:
        raise UnknownRedemptionError(redemption_id)
    return redemption


async def _find(tx: Transaction, redemption: Redemption, *, refund_id: str) -> Refund:
    refund = await store.find_refund(tx.conn, community=redemption.community, refund_id=refund_id)
    if refund is None or refund.redemption_id != redemption.redemption_id:
        raise UnknownRefundError
    return refund


async def _check(tx: Transaction, redemption: Redemption, *, points: int, by: Actor) -> None:
    await check_not_about_oneself(
        tx.conn, community=redemption.community, person_id=by.person_id, members=[redemption.member_id]
    )
    check_refundable(redemption, points)
    if not await is_somebody(tx, redemption):
        raise NotRefundableError("Whoever it was for was erased: nobody is there to have the points")


async def _can_ask(tx: Transaction, redemption: Redemption) -> bool:
    """Whether there is a provider to ask who has not taken it back already."""
    if redemption.fulfilled_by is not FulfilledBy.PROVIDER:
        return False
    order = await order_store.find_order(
        tx.conn, community=redemption.community, redemption_id=redemption.redemption_id
    )
    return order is not None and order.standing not in _TAKEN_BACK


async def _go_on(tx: Transaction[Settings], redemption: Redemption, *, refund: Refund, by: Actor) -> Refund:
    """Have the provider asked first where it is to be, or do it."""
    order = None
    if redemption.fulfilled_by is FulfilledBy.PROVIDER:
        order = await order_store.lock_order(
            tx.conn, community=redemption.community, redemption_id=redemption.redemption_id
        )
    if refund.asks_provider and order is not None and order.standing not in _TAKEN_BACK:
        await order_store.set_order(tx.conn, replace(order, cancel_asked_at=tx.now, due_at=tx.now))
        return refund.becoming(RefundState.ASKING, by=by, now=tx.now)
    done = await do_refund(tx, redemption, refund=refund, by=by)
    if (
        order is not None
        and order.trouble is Trouble.REVERSED
        and (done.redemption.state is RedemptionState.REFUNDED)
    ):
        cost = await find_cost(tx.conn, community=order.community, redemption_id=order.redemption_id)
        if cost is not None and cost.is_refund_unsaid:
            await order_store.set_order(tx.conn, order.in_trouble(Trouble.REFUND_UNSAID, order.reason))
        else:
            await order_store.set_order(tx.conn, order.ended(order.reason))
    return done.refund
