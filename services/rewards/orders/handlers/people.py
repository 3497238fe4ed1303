"""What people do with orders: have them asked about, cancelled, and decide by two what nobody else can know."""

from dataclasses import replace
from typing import Any

import orjson

from services.rewards.costs.domain import NotRefundedSoError
from services.rewards.costs.handlers import book_cost, say_refunded
from services.rewards.costs.store import find_cost
from services.rewards.fulfilment import handlers as fulfilment
from services.rewards.orders.handlers.settling import give_goods, give_up
from services.rewards.providers.domain.contract import Goods
from services.rewards.providers.domain.orders import (
    NotCancellableError,
    NothingProposedError,
    Order,
    OrderKnownError,
    OutcomeOfOrder,
    OwnProposalError,
    Proposal,
    Trouble,
    UnknownOrderError,
)
from services.rewards.providers.store import orders as store
from services.rewards.redemptions.domain import Redemption
from services.rewards.redemptions.handlers.ending import fulfil
from services.rewards.redemptions.store import lock_redemption
from services.rewards.settings import Settings
from services.rewards.vouchers.domain import Secret
from services.rewards.vouchers.handlers.sealing import sealer_of
from shared.access_keys import Principal, check_not_about_oneself
from shared.audit import Did
from shared.transaction import Transaction

_UNDECIDED = (Trouble.OTHER_ORDER, Trouble.KNOWN_CODE)


async def _lock(tx: Transaction, *, community: str, redemption_id: str) -> tuple[Redemption, Order]:
    redemption = await lock_redemption(tx.conn, community=community, redemption_id=redemption_id)
    order = await store.lock_order(tx.conn, community=community, redemption_id=redemption_id)
    if redemption is None or order is None:
        raise UnknownOrderError(redemption_id)
    return redemption, order


def _did(command: str, redemption: Redemption, before: Order, **after: Any) -> Did:
    said = {"standing": before.standing, "trouble": before.trouble, "is_unknown": before.unknown_since is not None}
    return Did(
        f"provider_order.{command}",
        "provider_order",
        redemption.redemption_id,
        redemption.member_id,
        before=said,
        after=after,
    )


async def ask_again(tx: Transaction, *, community: str, redemption_id: str) -> Order:
    """Have a provider asked about an order now. Raises UnknownOrderError."""
    redemption, order = await _lock(tx, community=community, redemption_id=redemption_id)
    asked = replace(order, due_at=tx.now)
    await store.set_order(tx.conn, asked)
    tx.did(_did("ask", redemption, order, due_at=tx.now))
    return asked


async def cancel_order(tx: Transaction, *, community: str, redemption_id: str, by: str) -> Order:
    """Have an order cancelled: at once where it was not placed yet, else if its provider still can.

    Raises UnknownOrderError, and NotCancellableError once it is over.
    """
    redemption, order = await _lock(tx, community=community, redemption_id=redemption_id)
    going = await fulfilment.load(tx, community=community, redemption_id=redemption_id)
    if going.is_over:
        raise NotCancellableError(f"it is {going.state}")
    if order.tries_count == 0:
        await give_up(tx, order, reason="whoever runs the community cancelled it", by=by)
        cancelled = order.ended("it was cancelled before it was ordered")
    else:
        cancelled = replace(order, cancel_asked_at=order.cancel_asked_at or tx.now, due_at=tx.now)
    await store.set_order(tx.conn, cancelled)
    tx.did(_did("cancel", redemption, order, was_placed=order.tries_count > 0))
    return cancelled


async def propose(
    tx: Transaction[Settings],
    *,
    redemption_id: str,
    outcome: OutcomeOfOrder,
    reason: str,
    secret: Secret | None,
    principal: Principal,
) -> Order:
    """Say what became of an order that nobody knows of; another person has to confirm it.

    `secret` is the code that was delivered, where whoever says so has it. Raises UnknownOrderError,
    OrderKnownError where nobody has to find out, AboutYourselfError for one of their own, and NoVoucherKeysError.
    """
    community = principal.community
    redemption, order = await _lock(tx, community=community, redemption_id=redemption_id)
    await check_not_about_oneself(
        tx.conn, community=community, person_id=principal.person_id, members=[redemption.member_id]
    )
    _check_unknown(order)
    proposed = replace(
        order, proposal=Proposal(outcome, reason, principal.credential, principal.person_id, tx.now)
    )
    sealed: tuple[str | None, bytes | None] = (None, None)
    if secret is not None:
        sealer = sealer_of(tx.settings.voucher_keys)
        sealed = sealer.wrap(orjson.dumps(tuple(secret)), place=_place(order))
    await store.set_proposal(tx.conn, proposed, sealed_by=sealed[0], content=sealed[1])
    tx.did(_did("propose", redemption, order, outcome=outcome, reason=reason, has_code=secret is not None))
    return proposed


async def confirm(tx: Transaction[Settings], *, redemption_id: str, principal: Principal) -> Order:
    """Have what another person found out be so: the redemption is confirmed, or the points are back.

    Raises UnknownOrderError, OrderKnownError, NothingProposedError, OwnProposalError, AboutYourselfError.
    """
    community = principal.community
    redemption, order = await _lock(tx, community=community, redemption_id=redemption_id)
    await check_not_about_oneself(
        tx.conn, community=community, person_id=principal.person_id, members=[redemption.member_id]
    )
    _check_unknown(order)
    if order.claimed_until is not None and order.claimed_until > tx.now:
        raise OrderKnownError("its provider is being asked just now: look again in a moment")
    proposal = order.proposal
    if proposal is None:
        raise NothingProposedError
    if proposal.by_person is None or proposal.by_person == principal.person_id:
        raise OwnProposalError
    reason = f"found out by two people: {proposal.reason}"
    if proposal.outcome is OutcomeOfOrder.DELIVERED:
        await _delivered(tx, redemption, order=order, by=principal.credential)
        await book_cost(tx, order, member_id=redemption.member_id, charge=None)
    else:
        await give_up(tx, order, reason=proposal.reason, by=principal.credential)
    ended = replace(order.ended(reason), proposal=None)
    await store.set_order(tx.conn, ended)
    await store.set_proposal(tx.conn, ended)
    tx.did(_did("confirm", redemption, order, outcome=proposal.outcome, proposed_by=proposal.by))
    return ended


async def _delivered(tx: Transaction[Settings], redemption: Redemption, *, order: Order, by: str) -> None:
    sealed = await store.find_proposed(tx.conn, order)
    if sealed is None:
        await fulfil(tx, community=order.community, redemption_id=order.redemption_id, by=by)
        return
    sealer = sealer_of(tx.settings.voucher_keys)
    code, pin = orjson.loads(sealer.unwrap(*sealed, place=_place(order)))
    if not await give_goods(tx, redemption, goods=Goods(code, pin), order=order, by=by):
        raise OrderKnownError("somebody has that code already: propose another, or none")


async def acknowledge(
    tx: Transaction, *, community: str, redemption_id: str, note: str, refunded_minor: int | None = None
) -> Order:
    """Note that what only people could put right was put right.

    `refunded_minor` is what its provider refunded of the card, where it does not say so itself; then it is needed.
    Raises UnknownOrderError, OrderKnownError and NotRefundedSoError.
    """
    redemption, order = await _lock(tx, community=community, redemption_id=redemption_id)
    if order.trouble is None or order.trouble in _UNDECIDED:
        raise OrderKnownError("there is nothing of it that somebody put right")
    settled = order.ended(order.reason)
    await store.set_order(tx.conn, settled)
    said = {} if refunded_minor is None else {"refunded_minor": refunded_minor}
    tx.did(_did("acknowledge", redemption, order, note=note, **said))
    # Last: the community's accounts are locked after all else.
    cost = await find_cost(tx.conn, community=community, redemption_id=redemption_id)
    if refunded_minor is not None:
        if cost is None:
            raise NotRefundedSoError("nothing was booked for it")
        await say_refunded(tx, cost, minor=refunded_minor, member_id=redemption.member_id)
    elif cost is not None and cost.is_refund_unsaid:
        raise NotRefundedSoError("its provider took it back and does not say what it refunds: say it")
    return settled


def _check_unknown(order: Order) -> None:
    if order.unknown_since is None and order.trouble not in _UNDECIDED:
        raise OrderKnownError("its provider says how it stands")


def _place(order: Order) -> str:
    return f"proposal|{order.community}|{order.redemption_id}"
