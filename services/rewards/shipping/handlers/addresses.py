"""Where goods are sent: said by their member, opened for whoever sends them, and blanked when that is over."""

from collections.abc import Sequence
from datetime import timedelta

from services.rewards.fulfilment.domain import FulfilledBy, FulfilmentState, UnknownFulfilmentError
from services.rewards.fulfilment.store import find_fulfilment
from services.rewards.metrics import ADDRESSES_UNREADABLE, GOODS_WAIT_SECONDS, GOODS_WAITING
from services.rewards.redemptions.handlers.own import find_own
from services.rewards.redemptions.store import lock_redemption
from services.rewards.settings import Settings
from services.rewards.shipping import store
from services.rewards.shipping.domain import Address, AddressClosedError
from services.rewards.shipping.handlers.sealing import sealer_of
from shared.audit import Did
from shared.postgres import Connection
from shared.transaction import Transaction


async def put_address(
    tx: Transaction[Settings], address: Address, *, community: str, member_id: str, redemption_id: str, by: str
) -> None:
    """Have a member's goods be sent there; what was said before is gone.

    Raises UnknownRedemptionError, UnknownFulfilmentError, AddressClosedError once somebody has them in hand, and
    NoVoucherKeysError.
    """
    await find_own(tx.conn, community=community, member_id=member_id, redemption_id=redemption_id)
    await lock_redemption(tx.conn, community=community, redemption_id=redemption_id)
    goods = await find_fulfilment(tx.conn, community=community, redemption_id=redemption_id)
    if goods is None or goods.by is not FulfilledBy.HAND:
        raise UnknownFulfilmentError(redemption_id)
    if goods.state is not FulfilmentState.RESERVED:
        raise AddressClosedError(goods.state)
    sealed = sealer_of(tx.settings.voucher_keys).seal(address, community=community, redemption_id=redemption_id)
    revision = await store.put_address(tx.conn, sealed, at=tx.now, by=by)
    # Not where: only that it was said.
    tx.did(
        Did("fulfilment.set_address", "fulfilment", redemption_id, member_id, after={"address_revision": revision})
    )


async def open_addresses(
    conn: Connection, redemption_ids: Sequence[str], *, community: str, settings: Settings
) -> dict[str, Address]:
    """Where goods are sent, by redemption, as far as that is known. Raises NoVoucherKeysError."""
    sealer = sealer_of(settings.voucher_keys)
    found = await store.load_addresses(conn, redemption_ids, community=community)
    return {redemption_id: sealer.open(sealed) for redemption_id, sealed in found.items()}


async def look_after_addresses(tx: Transaction[Settings]) -> None:
    """Timer: blank what was kept long enough, and seal anew what another key sealed than the first."""
    before = tx.now - timedelta(days=tx.settings.delivery_address_days)
    await store.blank_old(tx.conn, before=before, at=tx.now, limit=tx.settings.upkeep_max_count)
    sealer = sealer_of(tx.settings.voucher_keys)
    ADDRESSES_UNREADABLE.set(await store.count_sealed_otherwise(tx.conn, key_ids=sealer.key_ids))
    addresses = await store.lock_sealed_by(tx.conn, sealer.key_ids[1:], limit=tx.settings.upkeep_max_count)
    await store.set_sealed(tx.conn, [sealer.anew(address) for address in addresses])


async def count_waiting(tx: Transaction[Settings]) -> None:
    """Timer: count what waits to be sent, and for how long."""
    waiting = await store.find_waiting(tx.conn)
    GOODS_WAITING.set(waiting.number)
    GOODS_WAIT_SECONDS.set(0 if waiting.since is None else (tx.now - waiting.since).total_seconds())
