"""Whose the identities are that events name."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

import uuid_utils

from services.ingest.event_types.handlers import on_their_channels
from services.ingest.members.domain import (
    BotBy,
    IdentityKey,
    MemberKey,
    NewMember,
    Owner,
    SaidName,
)
from services.ingest.members.handlers.telling import hash_of, tell_members
from services.ingest.members.store import identities as identities_store
from services.ingest.members.store import members as members_store
from services.ingest.metrics import MEMBERS_IDENTIFIED
from shared.contracts.identities import NamedIdentity, identity_hash
from shared.merges import find_head
from shared.postgres import Connection
from shared.settings import ServiceSettings
from shared.transaction import Transaction


class Known(NamedTuple):
    """Whose identities are, of those that are somebody's, and which were somebody's who was erased."""

    owners: dict[IdentityKey, Owner]
    erased: set[IdentityKey]


async def who_is_known(tx: Transaction, *, identities: Collection[IdentityKey]) -> Known:
    """Look up identities that were seen. Nearly all are known: only of the others it is asked who was erased."""
    owners = await identities_store.load_owners(tx.conn, identities=identities)
    return Known(owners, await erased_among(tx, identities=[one for one in identities if one not in owners]))


async def erased_among(tx: Transaction, *, identities: Collection[IdentityKey]) -> set[IdentityKey]:
    """Those of identities that were somebody's who was erased."""
    if not identities:
        return set()
    hashes = {(one.community, hash_of(tx, one)): one for one in identities}
    return {hashes[key] for key in await identities_store.load_erased(tx.conn, hashes=hashes)}


async def resolve(
    tx: Transaction,
    *,
    known: Mapping[IdentityKey, Owner],
    names: Mapping[IdentityKey, SaidName | None],
    first_seen_at: Mapping[IdentityKey, datetime],
    bots: Mapping[IdentityKey, BotBy],
) -> dict[IdentityKey, Owner]:
    """The member behind every identity that was seen; new ones become members, names are kept current.

    `known` are those that `who_is_known` found. `names` has the name that counts of those said of each identity,
    None where none was; `first_seen_at` has when each was seen first; `bots` are those of which somebody says that
    they are no person's.
    """
    owners = {identity: known[identity] for identity in names if identity in known}
    unknown = [identity for identity in names if identity not in owners]
    if unknown:
        said_of = {identity: (names[identity], first_seen_at[identity]) for identity in unknown}
        owners |= await _add_members(tx, said_of)
        MEMBERS_IDENTIFIED.inc(len(unknown))
    said: dict[MemberKey, SaidName] = {}
    for identity, name in names.items():
        owner = owners[identity]
        if name is not None and (owner.said is None or name > owner.said):
            key = MemberKey(identity.community, owner.member_id)
            said[key] = max(name, said.get(key, name))
    renamed = await members_store.set_names(tx.conn, names=said)
    marked = {
        MemberKey(identity.community, owners[identity].member_id): by
        for identity, by in bots.items()
        if not owners[identity].is_person and owners[identity].bot_by not in (by, BotBy.PLATFORM, BotBy.HAND)
    }
    await members_store.set_bots(tx.conn, bots=marked)
    changed = {MemberKey(identity.community, owners[identity].member_id) for identity in unknown}
    await tell_members(tx, keys=changed | renamed | marked.keys())
    if not marked:
        return owners
    return {
        identity: owner._replace(bot_by=marked.get(MemberKey(identity.community, owner.member_id), owner.bot_by))
        for identity, owner in owners.items()
    }


async def _add_members(
    tx: Transaction, said: Mapping[IdentityKey, tuple[SaidName | None, datetime]]
) -> dict[IdentityKey, Owner]:
    """Make members of identities that were nobody's, each with the name said of it and when it was seen first."""
    # 1. After a restore some are known by their hashes: they are whose they were.
    hashes = {hash_of(tx, identity): identity for identity in said}
    owners = await identities_store.take_told_identities(tx.conn, hashes=hashes)
    # 2. All others are new. Their ids are random, so that nobody tells an id from a handle.
    new = {
        identity: NewMember(identity.community, new_member_id(), name, identity.channel, seen_at)
        for identity, (name, seen_at) in said.items()
        if identity not in owners
    }
    await members_store.add_members(tx.conn, members=list(new.values()))
    owners |= {identity: member.member_id for identity, member in new.items()}
    added = await identities_store.add_identities(tx.conn, owners=owners)
    # 3. Another worker may have been faster: what is stored is what counts.
    late = [MemberKey(one.community, one.member_id) for identity, one in new.items() if identity not in added]
    if late:
        await members_store.forget_members(tx.conn, keys=late)
    made = {identity: Owner(one.member_id, one.said) for identity, one in new.items() if identity in added}
    there = [identity for identity in said if identity not in made]
    return made | (await identities_store.load_owners(tx.conn, identities=there) if there else {})


def new_member_id() -> str:
    """UUIDv7: new members lie together in an index."""
    return str(uuid_utils.uuid7())


async def find_own(
    conn: Connection, settings: ServiceSettings, *, community: str, identity: NamedIdentity
) -> str | None:
    """The id of the member who has an identity itself, whomever it is merged into; None when nobody has it."""
    return await identities_store.find_owner(
        conn,
        identity=IdentityKey(community, *identity),
        identity_hash=identity_hash(settings.identity_key_bytes, community, identity),
    )


async def find_owner(
    conn: Connection, settings: ServiceSettings, *, community: str, identity: NamedIdentity
) -> str | None:
    """The id of the member who has an identity, or whom that one is merged into; None when nobody has it."""
    (identity,) = await on_their_channels(
        conn, community=community, identities=[identity], now=datetime.now(UTC), are_new=False
    )
    found = await find_own(conn, settings, community=community, identity=identity)
    return None if found is None else await find_head(conn, community=community, member_id=found)
