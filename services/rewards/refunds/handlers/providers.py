"""What follows for refunds from what a provider says of its order: taken back, or kept."""

from services.rewards.metrics import REFUNDS
from services.rewards.payouts.domain import Actor
from services.rewards.redemptions.domain import Redemption, RedemptionState
from services.rewards.refunds import store
from services.rewards.refunds.domain import (
    Goods,
    Refund,
    RefundState,
    reversal_id,
)
from services.rewards.refunds.handlers.doing import do_refund, is_somebody
from services.rewards.settings import Settings
from shared.transaction import Transaction

ANSWER_MAX_CHARS = 500


async def is_asking(tx: Transaction, redemption: Redemption) -> bool:
    """Whether a refund of a redemption, which is locked, waits for what its provider says."""
    refund = await _find_open(tx, redemption)
    return refund is not None and refund.state is RefundState.ASKING


async def taken_back(tx: Transaction[Settings], redemption: Redemption, *, reason: str, by: str) -> bool:
    """Give the points back of what a provider took back after it had delivered it; again changes nothing.

    A refund that asked for that is done; otherwise all points that are not back are, once. False where people have
    to see to it: they are more than go back by themselves, it was given for nothing, or nobody is there to have
    them.
    """
    if redemption.state is RedemptionState.REFUNDED:
        return True
    actor, answer = Actor(None, by), reason[:ANSWER_MAX_CHARS]
    refund = await _find_open(tx, redemption)
    if not redemption.points or not await is_somebody(tx, redemption):
        return False
    if refund is not None and refund.state is RefundState.ASKING:
        done = await do_refund(tx, redemption, refund=refund, by=actor)
        await store.set_state(tx.conn, done.refund)
        return True
    if redemption.left_points > tx.settings.reversals_alone_max_points:
        return False
    if refund is not None:
        # Somebody was about to decide what is decided by this.
        over = refund.becoming(RefundState.WITHDRAWN, by=actor, now=tx.now, answer=answer)
        await store.set_state(tx.conn, over)
    made = Refund(
        community=redemption.community,
        refund_id=reversal_id(redemption.redemption_id),
        redemption_id=redemption.redemption_id,
        points=redemption.left_points,
        reason=answer,
        goods=Goods.RETURNED,
        asks_provider=False,
        state=RefundState.ASKING,
        asked_at=tx.now,
        asked_by=actor,
    )
    done = await do_refund(tx, redemption, refund=made, by=actor)
    await store.add_refund(tx.conn, done.refund)
    return True


async def kept(tx: Transaction, redemption: Redemption, *, reason: str, by: str) -> None:
    """Note that a provider does not take back what it delivered: a refund that asked for it is declined."""
    refund = await _find_open(tx, redemption)
    if refund is None or refund.state is not RefundState.ASKING:
        return
    answer = reason[:ANSWER_MAX_CHARS] or "it stays delivered"
    declined = refund.becoming(RefundState.DECLINED, by=Actor(None, by), now=tx.now, answer=answer)
    await store.set_state(tx.conn, declined)
    REFUNDS.labels("declined").inc()


async def _find_open(tx: Transaction, redemption: Redemption) -> Refund | None:
    return await store.find_open(tx.conn, community=redemption.community, redemption_id=redemption.redemption_id)
