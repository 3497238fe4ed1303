"""Several rewards at once: all of them are reserved, or none; each is fulfilled or given back by itself."""

from collections import Counter
from collections.abc import Sequence

from services.rewards.catalogue.handlers import find_offer
from services.rewards.quotes.handlers.pricing import quoted
from services.rewards.redemptions import store
from services.rewards.redemptions.domain import (
    OrderItem,
    OtherRequestError,
    PriceChangedError,
    Redemption,
    UnknownRewardError,
    order_id,
    redemption_id,
)
from services.rewards.redemptions.handlers.reserving import Taken, book, check_entitled, reserved, take_one
from services.rewards.settings import Settings
from shared.audit import Did
from shared.merges import find_head
from shared.transaction import Transaction


async def place_order(
    tx: Transaction[Settings],
    items: Sequence[OrderItem],
    *,
    community: str,
    member_id: str,
    points: int,
    idempotency_key: str,
    by: str,
) -> list[Redemption]:
    """Reserve the points of rewards for a member, of all or of none; return a redemption of each piece.

    `points` is what whoever places it saw that all cost. What was placed with this key is the answer again. Raises
    OtherRequestError when that was another order, PriceChangedError when it costs something else by now, and all
    that `reserve` raises, for the order as a whole: limits, stock and points are held against all of its pieces.
    """
    made = order_id(community, idempotency_key)
    # Rewards in one order: of two orders with the same ones neither has what the other waits for.
    wanted = sorted(items)
    known = await store.load_order(tx.conn, community=community, order_id=made)
    if known:
        head_id = await find_head(tx.conn, community=community, member_id=known[0].member_id)
        if head_id != member_id or Counter(one.reward_id for one in known) != Counter(dict(wanted)):
            raise OtherRequestError
        return known
    offers = []
    for item in wanted:
        offer, in_force = await find_offer(tx.conn, community=community, reward_id=item.reward_id, now=tx.now)
        if offer is None:
            raise UnknownRewardError(item.reward_id)
        await check_entitled(
            tx, offer, in_force=in_force, community=community, member_id=member_id, count=item.pieces
        )
        # Whoever places the order says what all of it costs: at another quote than they saw nothing is reserved.
        quote = await quoted(tx, offer, community=community, quote_id=None, takes_current=True)
        offers.append((offer, item.pieces, quote, offer.points if quote is None else quote.points))
    costs = sum(price * count for _, count, _, price in offers)
    if costs != points:
        raise PriceChangedError(asked=points, points=costs)
    taken = []
    for offer, count, quote, price in offers:
        for piece in range(count):
            one = reserved(
                tx,
                offer,
                community=community,
                redemption_id=redemption_id(community, f"{made} {offer.reward_id} {piece}"),
                member_id=member_id,
                points=price,
                by=by,
                order_id=made,
            )
            # The pieces of this order count, too: what was taken for one is not there for the next.
            code = await take_one(tx, offer, redemption=one, before=piece)
            taken.append(Taken(one, offer, code, quote))
    booked = await book(tx, taken)
    said = {"points": costs, "redemptions": len(booked)}
    tx.did(Did("order.place", "order", made, member_id, after=said))
    return booked
