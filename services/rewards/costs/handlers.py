"""What cards cost is booked with what its provider says of the order, in the same transaction.

Call them last: entries of the community's accounts come after those of members (see the README of the ledger).
"""

from dataclasses import replace

from services.rewards.costs.domain import (
    BOUGHT,
    CHARGED,
    TAKEN_BACK,
    Expected,
    back_entries,
    booked,
    bought_entries,
    card_cost,
)
from services.rewards.costs.store import find_cost, put_cost
from services.rewards.ledger.store.entries import post
from services.rewards.providers.domain.contract import Charge
from services.rewards.providers.domain.orders import Order
from services.rewards.quotes.store import find_used_cost
from shared.transaction import Transaction


async def book_cost(tx: Transaction, order: Order, *, charge: Charge | None) -> None:
    """Book what a delivered card cost, once; where its value was booked, what its provider says of it later.

    What was taken back is not bought again: a card is one order, and one cost.
    """
    community, redemption_id = order.community, order.redemption_id
    known = await find_cost(tx.conn, community=community, redemption_id=redemption_id)
    if known is not None and (known.is_said or charge is None or known.taken_back_at is not None):
        return
    quoted = await find_used_cost(tx.conn, community=community, redemption_id=redemption_id)
    cost = card_cost(
        order.card,
        charge,
        community=community,
        redemption_id=redemption_id,
        quoted=None if quoted is None else Expected(*quoted),
        now=tx.now,
    )
    if known is not None:
        cost = replace(cost, booked_at=known.booked_at)
    await put_cost(tx.conn, cost)
    transfer = booked(cost, BOUGHT if known is None else CHARGED, at=tx.now, instead_of=known)
    entries = bought_entries(cost, transfer, instead_of=known)
    if entries:
        await post(tx.conn, [transfer], entries=entries, now=tx.now)


async def take_back_cost(tx: Transaction, order: Order, *, charge: Charge | None) -> None:
    """Book back what a card cost whose provider took it back, once; what it says it kept stays a difference."""
    known = await find_cost(tx.conn, community=order.community, redemption_id=order.redemption_id)
    if known is None or known.taken_back_at is not None:
        return
    cost = known.taken_back(charge, now=tx.now)
    await put_cost(tx.conn, cost)
    transfer = booked(cost, TAKEN_BACK, at=tx.now)
    entries = back_entries(cost, transfer)
    if entries:
        await post(tx.conn, [transfer], entries=entries, now=tx.now)
