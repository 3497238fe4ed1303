"""Access keys are stored, and told to every service, in one transaction."""

from services.ingest.access import store
from services.ingest.access.domain import AccessKey, UnknownKeyError
from shared.contracts.facts import ACCESS_KEY_CHANGED, AccessKeyData
from shared.topics import ACCESS_KEYS
from shared.transaction import Transaction


async def issue_key(tx: Transaction, *, key: AccessKey) -> None:
    """Store a new access key and tell every service; the secret itself is known only to whoever asked."""
    await store.add_key(tx.conn, key=key)
    _tell(tx, key)


async def revoke_key(tx: Transaction, *, community: str, key_id: str) -> None:
    """Revoke a key everywhere. Raises UnknownKeyError when there is no such key."""
    key = await store.set_revoked(tx.conn, community=community, key_id=key_id)
    if key is None:
        raise UnknownKeyError(community, key_id)
    _tell(tx, key)


def _tell(tx: Transaction, key: AccessKey) -> None:
    data: AccessKeyData = {
        "key_id": key.key_id,
        "name": key.name,
        "secret_sha256": key.secret_sha256,
        "scopes": list(key.scopes),
        "revoked": key.revoked,
    }
    tx.tell(
        ACCESS_KEYS,
        ACCESS_KEY_CHANGED,
        fact_id=f"{key.community}/{key.key_id}/{'revoked' if key.revoked else 'issued'}",
        community=key.community,
        subject=key.key_id,
        data=data,
    )
