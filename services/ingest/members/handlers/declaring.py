"""Identities that somebody says are one person, or that are shown to be somebody."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from services.ingest.event_types.handlers import on_their_channels
from services.ingest.members import domain
from services.ingest.members.domain import (
    Email,
    ErasedIdentityError,
    IdentityKey,
    Member,
    MemberKey,
    NamedBy,
    NewMember,
    Proven,
    ProvenBy,
    SaidName,
    TooManyIdentitiesError,
    declare,
)
from services.ingest.members.handlers.resolving import erased_among, new_member_id
from services.ingest.members.handlers.telling import hash_of, tell_members
from services.ingest.members.store import identities as identities_store
from services.ingest.members.store import members as members_store
from services.ingest.metrics import MEMBERS_JOINED
from shared.audit import Did
from shared.contracts.identities import NamedIdentity
from shared.merges import find_head, load_heads
from shared.postgres import Connection
from shared.transaction import Transaction

#: In place of an identity: whose it is was proven.
_PROVEN = IdentityKey("", "", "")


async def declare_identities(
    tx: Transaction,
    *,
    community: str,
    identities: Mapping[NamedIdentity, Email | None],
    name: str | None,
    proven: Proven | None = None,
) -> Member:
    """Make identities, each with its mail address if one is known, one person and return the member.

    A declared `name` outweighs what events say, before and after. Nobody's identities are whose they are `proven`
    to be, or with an address that was verified, here and where a member has it, that member's. Raises
    DifferentMembersError when they already are several, or another's than was proven, ErasedIdentityError,
    UnknownChannelError and TooManyIdentitiesError.
    """
    keys = [
        IdentityKey(community, *identity)
        for identity in await on_their_channels(
            tx.conn, community=community, identities=identities, now=tx.now, are_new=True
        )
    ]
    emails = {key: email for key, email in zip(keys, identities.values(), strict=True) if email is not None}
    said = None if name is None else SaidName(NamedBy.DECLARED, tx.now, name)
    owners = await owners_of(tx, keys)
    if await erased_among(tx, identities=[key for key in keys if key not in owners]):
        raise ErasedIdentityError
    joined_by: ProvenBy | None = None
    if proven is not None and proven.member_id is not None:
        # The token may be older than a merge.
        head_id = await find_head(tx.conn, community=community, member_id=proven.member_id)
        proven = proven._replace(member_id=head_id)
    if proven is not None and proven.member_id is not None and owners:
        whose = {**owners, _PROVEN: proven.member_id}
        declare(whose, whose, new_member_id="")
    elif (
        not owners
        and (known := await proven_owner(tx, community=community, emails=emails.values(), proven=proven))
        is not None
    ):
        joined_by, member_id = known
        owners = {keys[0]: member_id}
        await identities_store.add_identities(tx.conn, owners=owners)
        await members_store.raise_revision(tx.conn, key=MemberKey(community, member_id))
        MEMBERS_JOINED.labels(joined_by).inc()
    declaration = declare(keys, owners, new_member_id=new_member_id())
    made = MemberKey(community, declaration.member_id)
    if declaration.is_new:
        channel = declaration.new_identities[0].channel
        new = NewMember(community, declaration.member_id, said, channel, tx.now)
        await members_store.add_members(tx.conn, members=[new])
    added = await identities_store.add_identities(
        tx.conn, owners=dict.fromkeys(declaration.new_identities, declaration.member_id)
    )
    if declaration.is_new and len(added) < len(declaration.new_identities):
        # An event or another declaration was faster. Nobody has heard of our member yet: they are theirs.
        owners = {key: owner for key, owner in (await owners_of(tx, keys)).items() if owner != made.member_id}
        faster = declare(owners, owners, new_member_id="")
        await identities_store.give_identities(tx.conn, of=made, to=faster.member_id)
        await members_store.forget_members(tx.conn, keys=[made])
        declaration = replace(declaration, is_new=False, member_id=faster.member_id)
    await identities_store.set_emails(tx.conn, emails=emails)
    subject_hash = None if proven is None else proven.subject_hash
    if joined_by is not None or subject_hash is not None:
        await identities_store.set_proof(tx.conn, keys=keys, joined_by=joined_by, subject_hash=subject_hash)
    # What is stored counts.
    found = await identities_store.load_owners(tx.conn, identities=keys)
    of_heads = await _of_heads(tx.conn, {identity: owner.member_id for identity, owner in found.items()})
    member_id = declare(keys, of_heads, new_member_id="").member_id
    key = MemberKey(community, member_id)
    is_renamed = name is not None and any(
        owner.said is None or name != owner.said.name for owner in found.values()
    )
    is_changed = declaration.is_new
    if not declaration.is_new:
        is_changed = bool(said and await members_store.set_names(tx.conn, names={key: said}))
        # Readers keep a member's highest revision: a member that was there before needs a higher one.
        if (declaration.new_identities or joined_by) and not is_changed:
            await members_store.raise_revision(tx.conn, key=key)
            is_changed = True
    member = (await members_store.load_members(tx.conn, keys=[key])).get(key)
    if member is None:
        # Whoever it was proven to be, or had one of them just now, was erased.
        raise ErasedIdentityError
    is_more = bool(declaration.new_identities) or joined_by is not None
    if is_more and len(member.identities) + len(member.told) > domain.MEMBER_IDENTITIES_MAX_COUNT:
        raise TooManyIdentitiesError
    if is_changed:
        await tell_members(tx, keys=[key])
    # Neither names nor handles: an entry is kept, and they may have to go.
    after = {
        "channels": sorted({identity.channel for identity in identities}),
        "identities_new": len(declaration.new_identities) + (1 if joined_by else 0),
        "joined_by": joined_by,
        "renamed": is_renamed,
    }
    command = "member.declare_identities" if proven is None else "member.link_identity"
    tx.did(Did(command, "member", member_id, member_id, after=after))
    return member


async def proven_owner(
    tx: Transaction, *, community: str, emails: Collection[Email], proven: Proven | None
) -> tuple[ProvenBy, str] | None:
    """Whose identities are that nobody has yet, by what was shown or what platforms have verified."""
    if proven is not None and proven.member_id is not None:
        return proven.by, proven.member_id
    verified = {email.hash for email in emails if email.is_verified}
    if not verified:
        return None
    known = await identities_store.find_owner_by_email(tx.conn, community=community, hashes=verified)
    return None if known is None else (ProvenBy.EMAIL, known)


async def owners_of(tx: Transaction, keys: Sequence[IdentityKey]) -> dict[IdentityKey, str]:
    """Whose identities are, or whom these are merged into; those included that are known by their hashes alone."""
    owners = {
        key: owner.member_id
        for key, owner in (await identities_store.load_owners(tx.conn, identities=keys)).items()
    }
    hashes = {hash_of(tx, key): key for key in keys if key not in owners}
    if told := await identities_store.take_told_identities(tx.conn, hashes=hashes):
        await identities_store.add_identities(tx.conn, owners=told)
    return await _of_heads(tx.conn, owners | told)


async def _of_heads(conn: Connection, owners: Mapping[IdentityKey, str]) -> dict[IdentityKey, str]:
    """Whose identities are, each by whom that member is merged into, if it is."""
    merged = await load_heads(conn, keys={(key.community, member_id) for key, member_id in owners.items()})
    return {key: merged.get((key.community, member_id), member_id) for key, member_id in owners.items()}
