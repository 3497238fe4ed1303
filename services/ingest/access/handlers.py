"""Access keys are stored, and told to every service, in one transaction."""

from services.ingest.access import store
from services.ingest.access.domain import AccessKey, UnknownKeyError
from shared.topics import ACCESS_KEYS, record_key
from shared.transaction import Transaction

SOURCE = "/plaudit/ingest"


async def issue_key(tx: Transaction, *, key: AccessKey) -> None:
    """Store a new access key and tell every service; the secret itself is known only to whoever asked."""
    await store.add_key(tx.conn, key=key)
    _publish(tx, key)


async def revoke_key(tx: Transaction, *, community: str, key_id: str) -> None:
    """Revoke a key everywhere. Raises UnknownKeyError when there is no such key."""
    key = await store.set_revoked(tx.conn, community=community, key_id=key_id)
    if key is None:
        raise UnknownKeyError(f"{community} has no access key {key_id}")
    _publish(tx, key)


def _publish(tx: Transaction, key: AccessKey) -> None:
    fact = {
        "specversion": "1.0",
        "id": f"{key.community}/{key.key_id}/{'revoked' if key.revoked else 'issued'}",
        "source": SOURCE,
        "type": "access_key.changed.v1",
        "time": tx.now,
        "community": key.community,
        "data": {
            "key_id": key.key_id,
            "name": key.name,
            "secret_sha256": key.secret_sha256,
            "scopes": key.scopes,
            "revoked": key.revoked,
        },
    }
    tx.publish(ACCESS_KEYS, record_key(key.community, key.key_id), fact)
