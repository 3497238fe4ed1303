"""Access keys are stored, and told to every service under our signature, in one transaction."""

import logging

from services.ingest.access import store
from services.ingest.access.domain import AccessKey, UnknownKeyError, never_issued
from services.ingest.settings import Settings
from shared.access_keys.store import put_access_keys
from shared.contracts.facts import ACCESS_KEY_CHANGED, AccessKeyChanged, AccessKeyData
from shared.own_facts import ReadBack
from shared.telemetry import SIGNATURES_OUTDATED
from shared.topics import ACCESS_KEYS
from shared.transaction import Transaction

#: How many facts one turn of the timer signs anew.
SIGNED_ANEW_MAX_COUNT = 1_000
SIGN_ANEW_EVERY_SECONDS = 5.0

log = logging.getLogger(__name__)


async def issue_key(tx: Transaction[Settings], *, key: AccessKey) -> None:
    """Store a new access key and tell every service; the secret itself is known only to whoever asked."""
    await store.add_key(tx.conn, key=key, signed_with=_signed_with(tx))
    _tell(tx, key)


async def revoke_key(tx: Transaction[Settings], *, community: str, key_id: str, even_unknown: bool) -> None:
    """Revoke a key everywhere. Raises UnknownKeyError when there is no such key, unless `even_unknown`.

    A key that we never issued may have come to a service by other ways: every service refuses it from then on.
    """
    key = await store.set_revoked(tx.conn, community=community, key_id=key_id, signed_with=_signed_with(tx))
    if key is None:
        if not even_unknown:
            raise UnknownKeyError(community, key_id)
        key = never_issued(community, key_id)
        await store.add_key(tx.conn, key=key, signed_with=_signed_with(tx))
    _tell(tx, key)


async def sign_anew(tx: Transaction[Settings]) -> None:
    """Tell those access keys again, some at a time, that the present signing key has not signed.

    That is all of them after the signing key was changed, or set for the first time.
    """
    signed_with = _signed_with(tx)
    if signed_with is None:
        return
    keys = await store.lock_keys_signed_otherwise(
        tx.conn, signed_with=signed_with, limit_count=SIGNED_ANEW_MAX_COUNT
    )
    for key in keys:
        _tell(tx, key)
    if keys:
        await store.set_signed_with(tx.conn, keys=keys, signed_with=signed_with)
        log.info("%d access keys are told anew, signed with the key %s", len(keys), signed_with)
    SIGNATURES_OUTDATED.set(await store.count_keys_signed_otherwise(tx.conn, signed_with=signed_with))


async def on_keys_told(tx: Transaction[Settings], facts: list[AccessKeyChanged]) -> None:
    """Take in access keys that were issued or revoked and that the database has forgotten; revoked is for good."""
    await put_access_keys(tx.conn, facts)


READ_BACK = (ReadBack((ACCESS_KEYS,), ACCESS_KEY_CHANGED.adapter, on_keys_told),)


def _signed_with(tx: Transaction[Settings]) -> str | None:
    signer = tx.settings.signer
    return signer.key_id if signer else None


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
