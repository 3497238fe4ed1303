"""Access keys are stored, and told to every service, in one transaction."""

from typing import Any

from services.ingest.access import store
from shared.topics import ACCESS_KEYS, record_key
from shared.transaction import Transaction

SOURCE = "/plaudit/ingest"


async def issue_access_key(tx: Transaction, community: str, key: dict[str, Any]) -> None:
    """Store a new access key and tell every service; the secret itself is known only to whoever asked."""
    await store.add_access_key(tx.conn, community, key)
    _publish_access_key(tx, community, key | {"revoked": False})


async def revoke_access_key(tx: Transaction, community: str, key_id: str) -> bool:
    """Revoke a key everywhere; False when there is no such key."""
    row = await store.revoke_access_key(tx.conn, community, key_id)
    if row is None:
        return False
    _publish_access_key(tx, community, dict(row))
    return True


def _publish_access_key(tx: Transaction, community: str, key: dict[str, Any]) -> None:
    fact = {
        "specversion": "1.0",
        "id": f"{community}/{key['key_id']}/{'revoked' if key['revoked'] else 'issued'}",
        "source": SOURCE,
        "type": "access_key.changed.v1",
        "time": tx.now,
        "community": community,
        "data": key,
    }
    tx.publish(ACCESS_KEYS, record_key(community, key["key_id"]), fact)
