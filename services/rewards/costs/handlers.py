"""What cards cost is booked and told with what its provider says of the order, in the same transaction.

Call them last: entries of the community's accounts come after those of members (see the README of the ledger).
"""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

from pydantic import Discriminator, TypeAdapter

from services.rewards.costs.domain import (
    BOUGHT,
    CHARGED,
    TAKEN_BACK,
    CardCost,
    Expected,
    Step,
    back_entries,
    booked,
    bought_entries,
    card_cost,
    cost_fact_id,
    cost_of,
)
from services.rewards.costs.store import find_cost, put_cost
from services.rewards.ledger.store.entries import post
from services.rewards.providers.domain.contract import Charge
from services.rewards.providers.domain.orders import Order, Trouble
from services.rewards.providers.store.orders import lock_order, set_order
from services.rewards.quotes.store.quotes import find_used_cost
from shared.contracts.facts import (
    REDEMPTION_COST_CHANGED,
    RedemptionCostChanged,
    RedemptionCostData,
    RedemptionFact,
)
from shared.own_facts import ReadBack, note_not_rebuilt
from shared.topics import REDEMPTIONS
from shared.transaction import Transaction


async def book_cost(tx: Transaction, order: Order, *, member_id: str, charge: Charge | None) -> None:
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
        cost = replace(cost, booked_at=known.booked_at, refund_unsaid_at=known.refund_unsaid_at)
    await put_cost(tx.conn, cost)
    await _book(tx, cost, at=tx.now, instead_of=known)
    _tell(tx, cost, step=Step.BOUGHT if known is None else Step.CHARGED, member_id=member_id)


async def take_back_cost(tx: Transaction, order: Order, *, member_id: str, charge: Charge | None) -> bool:
    """Book back what a card cost whose provider took it back, once; what it says it kept stays a difference.

    False where it does not say what it refunds: nothing is booked before a person says it.
    """
    known = await find_cost(tx.conn, community=order.community, redemption_id=order.redemption_id)
    if known is None or known.taken_back_at is not None:
        return True
    cost = known.taken_back(charge, now=tx.now)
    if cost.is_refund_unsaid:
        if not known.is_refund_unsaid:
            await put_cost(tx.conn, cost)
            _tell(tx, cost, step=Step.REFUND_UNSAID, member_id=member_id)
        return False
    await _taken_back(tx, cost, member_id=member_id)
    return True


async def say_refunded(tx: Transaction, cost: CardCost, *, minor: int, member_id: str) -> CardCost:
    """Book back a cost of which a person found out what its provider refunded. Raises NotRefundedSoError."""
    found = cost.refunded(minor, now=tx.now)
    await _taken_back(tx, found, member_id=member_id)
    return found


async def _taken_back(tx: Transaction, cost: CardCost, *, member_id: str) -> None:
    await put_cost(tx.conn, cost)
    await _book_back(tx, cost, at=tx.now)
    _tell(tx, cost, step=Step.TAKEN_BACK, member_id=member_id)


async def _book(tx: Transaction, cost: CardCost, *, at: datetime, instead_of: CardCost | None) -> None:
    transfer = booked(cost, BOUGHT if instead_of is None else CHARGED, at=at, instead_of=instead_of)
    entries = bought_entries(cost, transfer, instead_of=instead_of)
    if entries:
        await post(tx.conn, [transfer], entries=entries, now=tx.now)


async def _book_back(tx: Transaction, cost: CardCost, *, at: datetime) -> None:
    transfer = booked(cost, TAKEN_BACK, at=at)
    entries = back_entries(cost, transfer)
    if entries:
        await post(tx.conn, [transfer], entries=entries, now=tx.now)


def _tell(tx: Transaction, cost: CardCost, *, step: Step, member_id: str) -> None:
    data: RedemptionCostData = {
        "redemption_id": cost.redemption_id,
        "step": step.value,
        "currency": cost.currency,
        "charged_minor": cost.charged_minor,
        "expected_minor": cost.expected_minor,
        "fee_minor": cost.fee_minor,
        "discount_minor": cost.discount_minor,
        "is_said": cost.is_said,
        "booked_at": cost.booked_at,
        "kept_minor": cost.kept_minor,
    }
    if cost.taken_back_at is not None:
        data["taken_back_at"] = cost.taken_back_at
    if cost.refund_unsaid_at is not None:
        data["refund_unsaid_at"] = cost.refund_unsaid_at
    tx.tell(
        REDEMPTIONS,
        REDEMPTION_COST_CHANGED,
        fact_id=cost_fact_id(cost.redemption_id, step),
        community=cost.community,
        subject=member_id,
        data=data,
    )


async def on_costs_told(tx: Transaction, facts: list[RedemptionCostChanged]) -> None:
    """Book again what a restored database has forgotten of costs; its orders are there again by then."""
    for fact in facts:
        cost = cost_of(fact)
        order = await lock_order(tx.conn, community=cost.community, redemption_id=cost.redemption_id)
        if order is None:
            await note_not_rebuilt(
                tx,
                community=cost.community,
                subject=f"cost of redemption {cost.redemption_id}",
                reason="the order that it is of is on no topic: book what its provider charged by hand",
            )
            continue
        known = await find_cost(tx.conn, community=cost.community, redemption_id=cost.redemption_id)
        if known is not None and not cost.is_further_than(known):
            continue
        if known is None or (cost.is_said and not known.is_said):
            await _book(tx, cost, at=cost.booked_at if known is None else fact["time"], instead_of=known)
        if cost.taken_back_at is not None:
            await _book_back(tx, cost, at=cost.taken_back_at)
        await put_cost(tx.conn, cost)
        if cost.is_refund_unsaid and order.trouble is None:
            await set_order(tx.conn, replace(order, trouble=Trouble.REFUND_UNSAID))
        elif order.trouble is Trouble.REFUND_UNSAID and not cost.is_refund_unsaid:
            # Somebody found out after the backup: nobody is asked for it again.
            await set_order(tx.conn, replace(order, trouble=None))


_OWN: TypeAdapter[Any] = TypeAdapter(Annotated[RedemptionFact, Discriminator("type")])
READ_BACK = (ReadBack((REDEMPTIONS,), _OWN, on_costs_told, (REDEMPTION_COST_CHANGED.name,), after_inputs=True),)
