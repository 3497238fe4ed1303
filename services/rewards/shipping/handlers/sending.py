"""Goods are taken in hand, put back, sent, or found to be nothing that can be sent."""

from services.rewards.fulfilment.domain import Fulfilment, FulfilmentState, Parcel, UnknownFulfilmentError
from services.rewards.fulfilment.handlers import advance
from services.rewards.redemptions.domain import UnknownRedemptionError
from services.rewards.redemptions.handlers.ending import fail, fulfil
from services.rewards.redemptions.store import lock_redemption
from services.rewards.shipping import store
from services.rewards.shipping.domain import NoAddressError, NotInYourHandError, ToSend
from shared.access_keys import check_not_about_oneself
from shared.audit import Did
from shared.transaction import Transaction


async def take(tx: Transaction, *, community: str, redemption_id: str, person_id: str, by: str) -> ToSend:
    """Take goods in hand: nobody else sends them then, and their member cannot give them up. Again is the same.

    Raises UnknownFulfilmentError, NoAddressError, AboutYourselfError when they are for whoever takes
    them, and WrongFulfilmentError when somebody else has them or they are over.
    """
    found = await _lock(tx, community=community, redemption_id=redemption_id)
    await check_not_about_oneself(tx.conn, community=community, person_id=person_id, members=[found.member_id])
    if found.fulfilment.held_by == person_id:
        tx.did_nothing()
        return found
    if not found.has_address:
        raise NoAddressError
    taken = found.fulfilment.becoming(FulfilmentState.IN_HAND, by=by, now=tx.now, held_by=person_id)
    return await _did(tx, "fulfilment.take", before=found, now=taken)


async def put_back(tx: Transaction, *, community: str, redemption_id: str, by: str) -> ToSend:
    """Put goods back that somebody has in hand, for others to take. Again changes nothing.

    Raises UnknownFulfilmentError, and WrongFulfilmentError when they are over.
    """
    found = await _lock(tx, community=community, redemption_id=redemption_id)
    if found.fulfilment.state is FulfilmentState.RESERVED:
        tx.did_nothing()
        return found
    back = found.fulfilment.becoming(FulfilmentState.RESERVED, by=by, now=tx.now)
    return await _did(tx, "fulfilment.put_back", before=found, now=back)


async def ship(
    tx: Transaction, *, community: str, redemption_id: str, parcel: Parcel, person_id: str, by: str
) -> ToSend:
    """Note that goods are on their way: the redemption is confirmed, and its points are spent. Again is the same.

    Raises UnknownFulfilmentError, AboutYourselfError, NotInYourHandError, and RedemptionClosedError when it ended
    otherwise.
    """
    found = await _lock(tx, community=community, redemption_id=redemption_id)
    await check_not_about_oneself(tx.conn, community=community, person_id=person_id, members=[found.member_id])
    if found.fulfilment.state is FulfilmentState.FULFILLED:
        tx.did_nothing()
        return found
    if found.fulfilment.held_by != person_id:
        raise NotInYourHandError
    await fulfil(tx, community=community, redemption_id=redemption_id, by=by, parcel=parcel)
    return await _ended(tx, "fulfilment.ship", before=found)


async def cannot(tx: Transaction, *, community: str, redemption_id: str, reason: str, by: str) -> ToSend:
    """Give the points back for goods that cannot be sent; its member reads why. Again is the same.

    Raises UnknownFulfilmentError, and RedemptionClosedError when they were sent.
    """
    found = await _lock(tx, community=community, redemption_id=redemption_id)
    if found.fulfilment.state is FulfilmentState.COMPENSATED:
        tx.did_nothing()
        return found
    await fail(tx, community=community, redemption_id=redemption_id, by=by, reason=reason)
    return await _ended(tx, "fulfilment.cannot", before=found)


async def _lock(tx: Transaction, *, community: str, redemption_id: str) -> ToSend:
    if await lock_redemption(tx.conn, community=community, redemption_id=redemption_id) is None:
        raise UnknownRedemptionError(redemption_id)
    found = await store.find_to_send(tx.conn, community=community, redemption_id=redemption_id)
    if found is None:
        raise UnknownFulfilmentError(redemption_id)
    return found


async def _did(tx: Transaction, command: str, *, before: ToSend, now: Fulfilment) -> ToSend:
    await advance(tx, [now])
    return await _ended(tx, command, before=before)


async def _ended(tx: Transaction, command: str, *, before: ToSend) -> ToSend:
    goods = before.fulfilment
    after = await store.find_to_send(tx.conn, community=goods.community, redemption_id=goods.redemption_id)
    if after is None:
        raise UnknownFulfilmentError(goods.redemption_id)
    tx.did(
        Did(
            command,
            "fulfilment",
            goods.redemption_id,
            before.member_id,
            {"state": goods.state},
            {"state": after.fulfilment.state},
        )
    )
    return after
