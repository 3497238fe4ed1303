"""Webhooks: each service delivers the facts that it tells to the endpoints that want them."""

from shared.webhooks.addresses import RefusedAddressError
from shared.webhooks.domain import (
    Delivery,
    DeliveryPlace,
    DeliveryState,
    Lane,
    NotOpenedError,
    SettledDeliveryError,
    UnknownDeliveryError,
)
from shared.webhooks.follower import FOLLOWED_WEBHOOKS, on_endpoints

__all__ = [
    "FOLLOWED_WEBHOOKS",
    "Delivery",
    "DeliveryPlace",
    "DeliveryState",
    "Lane",
    "NotOpenedError",
    "RefusedAddressError",
    "SettledDeliveryError",
    "UnknownDeliveryError",
    "on_endpoints",
]
