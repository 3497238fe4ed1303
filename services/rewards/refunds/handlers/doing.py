"""A refund is done: points are back in their lots, what paid is back in its wallet, and goods are back or not.

Locks are taken in this order: the redemption, the order at its provider, the wallet, members' points.
"""

from fractions import Fraction
from typing import NamedTuple

from services.rewards.fulfilment import handlers as fulfilment
from services.rewards.fulfilment.domain import FulfilmentState
from services.rewards.fulfilment.store import find_fulfilment
from services.rewards.lots.domain.lots import LOTS_PER_FACT_MAX_COUNT
from services.rewards.lots.handlers.uses import carry_out, note_part_back
from services.rewards.lots.store import count_parts_back
from services.rewards.payouts.domain import Actor
from services.rewards.redemptions.domain import Redemption
from services.rewards.redemptions.store import set_refunded
from services.rewards.refunds import store
from services.rewards.refunds.domain import Refund, RefundState, refund_movement, refunded
from services.rewards.refunds.handlers.telling import tell_refunded
from services.rewards.wallets.handlers.paying import refund_redemption
from shared.followed_members import find_name
from shared.merges import find_head
from shared.transaction import Transaction


class Done(NamedTuple):
    """A refund that is done, and its redemption after it."""

    refund: Refund
    redemption: Redemption


async def do_refund(tx: Transaction, redemption: Redemption, *, refund: Refund, by: Actor) -> Done:
    """Do a refund of a redemption that is locked; whoever calls it stores the refund as it is then.

    Points go back to the lots that were used last, with the grace of these where their time is over; what was owed
    as money is owed again. It is booked now, whatever month the redemption was in, and names what it takes back.
    Raises NotRefundableError and RefundStateError.
    """
    of = {"community": redemption.community, "redemption_id": redemption.redemption_id}
    number = await store.count_done(tx.conn, **of) + 1
    done = refund.becoming(RefundState.DONE, by=by, now=tx.now, number=number, answer=refund.answer)
    said = done.done(number=number)
    after = refunded(redemption, said, now=tx.now)
    # What paid for it first: whoever waits for a wallet holds nobody's points.
    kept = Fraction(after.left_points, after.points)
    await refund_redemption(tx, (after.community, after.redemption_id), kept=kept, by=by.credential)
    movement = refund_movement(redemption, said)
    parts_before = await count_parts_back(tx.conn, movement.use, per_part=LOTS_PER_FACT_MAX_COUNT)
    lots = await note_part_back(tx, movement.use, points=refund.points)
    await set_refunded(tx.conn, after)
    if after.is_returned:
        going = await find_fulfilment(tx.conn, **of)
        if going is not None and going.state is FulfilmentState.FULFILLED:
            back = going.becoming(FulfilmentState.COMPENSATED, by=by.credential, now=tx.now)
            await fulfilment.advance(tx, [back])
    await carry_out(tx, [movement])
    tell_refunded(tx, after, refund=said, lots=lots, before=parts_before)
    return Done(done, after)


async def is_somebody(tx: Transaction, redemption: Redemption) -> bool:
    """Whether there is somebody to have points back: nobody is of whom was erased."""
    community = redemption.community
    head_id = await find_head(tx.conn, community=community, member_id=redemption.member_id)
    named = await find_name(tx.conn, community=community, member_id=head_id)
    return named is None or not named.is_erased
