"""Each service's copy of the endpoints, from webhook_endpoints.v1."""

import base64

from shared.consumer import Subscription
from shared.contracts.facts import WEBHOOK_ENDPOINT_CHANGED, WebhookEndpointChanged
from shared.topics import WEBHOOK_ENDPOINTS
from shared.transaction import Transaction
from shared.webhooks import store
from shared.webhooks.domain import Sealed
from shared.webhooks.store import KnownEndpoint


async def on_endpoints(tx: Transaction, changes: list[WebhookEndpointChanged]) -> None:
    """Keep each endpoint as its highest revision says. Of one that was removed the deliveries go."""
    newest: dict[str, WebhookEndpointChanged] = {}
    for change in changes:
        known = newest.get(change["data"]["endpoint_id"])
        if known is None or known["data"]["revision"] < change["data"]["revision"]:
            newest[change["data"]["endpoint_id"]] = change
    for endpoint_id in sorted(newest):
        await store.put_endpoint(tx.conn, endpoint=_known(newest[endpoint_id]))


def _known(change: WebhookEndpointChanged) -> KnownEndpoint:
    data = change["data"]
    sealed = data.get("sealed")
    return KnownEndpoint(
        community=change["community"],
        endpoint_id=data["endpoint_id"],
        name=data["name"],
        revision=data["revision"],
        types=tuple(data["types"]),
        enabled=data["enabled"],
        removed=data["removed"],
        sealed=None if sealed is None else Sealed(sealed["key_id"], base64.b64decode(sealed["content"])),
    )


#: What every service reads but ingest, which has them.
FOLLOWED_WEBHOOKS = Subscription(WEBHOOK_ENDPOINTS, WEBHOOK_ENDPOINT_CHANGED.adapter, on_endpoints)
