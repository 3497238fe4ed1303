"""Each service's copy of the access keys, from access_keys.v1."""

from shared.access_keys.store import put_access_keys
from shared.consumer import Subscription
from shared.contracts.facts import ACCESS_KEY_CHANGED, AccessKeyChanged
from shared.topics import ACCESS_KEYS
from shared.transaction import Transaction


async def on_access_keys(tx: Transaction, changes: list[AccessKeyChanged]) -> None:
    """Keep this service's copy of the access keys."""
    await put_access_keys(tx.conn, changes)


#: What every service but the keys' owner reads.
FOLLOWED_ACCESS_KEYS = Subscription(ACCESS_KEYS, ACCESS_KEY_CHANGED.adapter, on_access_keys)
