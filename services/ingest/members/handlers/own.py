"""Members are known by their own ids where something of Plaudit's own happens."""

from collections.abc import Collection

from services.ingest.members.domain import IdentityKey, MemberKey
from services.ingest.members.handlers.telling import hash_of, tell_members
from services.ingest.members.store import identities as identities_store
from services.ingest.members.store import members as members_store
from shared.transaction import Transaction


async def own_identities(
    tx: Transaction, *, community: str, member_ids: Collection[str], channel: str, host: str
) -> None:
    """Have members be known by their own ids on a channel, so that events there can name them."""
    owners = {IdentityKey(community, channel, one, host): one for one in sorted(member_ids)}
    # 1. After a restore some are known by their hashes alone: they are whose they were, and told.
    hashes = {hash_of(tx, key): key for key in owners}
    if told := await identities_store.take_told_identities(tx.conn, hashes=hashes):
        await identities_store.add_identities(tx.conn, owners=told)
    # 2. What is nobody's yet is their own.
    new = {key: owner for key, owner in owners.items() if key not in told}
    if added := await identities_store.add_identities(tx.conn, owners=new):
        keys = sorted({MemberKey(community, owners[key]) for key in added})
        for key in keys:
            await members_store.raise_revision(tx.conn, key=key)
        await tell_members(tx, keys=keys)
