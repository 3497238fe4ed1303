"""What somebody may ask of a service's deliveries: that they are made again."""

from collections.abc import Sequence
from typing import Final

from shared.audit import Did
from shared.transaction import Transaction
from shared.webhooks import store
from shared.webhooks.domain import Delivery, DeliveryState, SettledDeliveryError, UnknownDeliveryError

#: Deliveries that one request has made again.
REPLAYED_MAX_COUNT: Final = 10_000


async def replay_delivery(tx: Transaction, *, community: str, delivery_id: str) -> Delivery:
    """Have a delivery made again. Raises UnknownDeliveryError, and SettledDeliveryError while it waits."""
    found = await find_delivery(tx, community=community, delivery_id=delivery_id)
    if not await store.replay(tx.conn, community=community, delivery=delivery_id, limit_count=1):
        raise SettledDeliveryError
    tx.did(Did("webhook.replay", "webhook", delivery_id, after={"endpoint_id": found.endpoint_id}))
    return await find_delivery(tx, community=community, delivery_id=delivery_id)


async def replay_all(tx: Transaction, *, community: str, endpoint_id: str, states: Sequence[DeliveryState]) -> int:
    """Have the deliveries to an endpoint made again that are in these states; return how many."""
    count = await store.replay(
        tx.conn, community=community, endpoint_id=endpoint_id, states=states, limit_count=REPLAYED_MAX_COUNT
    )
    tx.did(
        Did(
            "webhook.replay_all",
            "webhook",
            endpoint_id,
            after={"states": list(states), "deliveries_count": count},
        )
    )
    return count


async def find_delivery(tx: Transaction, *, community: str, delivery_id: str) -> Delivery:
    """A delivery. Raises UnknownDeliveryError."""
    found = await store.find_delivery(tx.conn, community=community, delivery=delivery_id)
    if found is None:
        raise UnknownDeliveryError
    return found
