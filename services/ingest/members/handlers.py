"""Who is who: what ingest does with the identities it sees and is told of."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from services.ingest.members import store
from services.ingest.members.domain import (
    BotBy,
    Identity,
    IdentityKey,
    Member,
    MemberKey,
    NamedBy,
    NewMember,
    Owner,
    SaidName,
    declare,
    new_member_id,
)
from services.ingest.metrics import MEMBERS_IDENTIFIED
from shared.audit import Did
from shared.contracts.facts import MEMBER_IDENTIFIED, MemberData, MemberIdentified, NameBy
from shared.own_facts import ReadBack
from shared.topics import MEMBERS
from shared.transaction import Transaction

_BY: Mapping[NamedBy, NameBy] = {
    NamedBy.OTHERS: "others",
    NamedBy.SELF: "self",
    NamedBy.DECLARED: "declared",
}


async def resolve(
    tx: Transaction,
    *,
    names: Mapping[IdentityKey, SaidName | None],
    first_seen_at: Mapping[IdentityKey, datetime],
    bots: Mapping[IdentityKey, BotBy],
) -> dict[IdentityKey, Owner]:
    """The member behind every identity that was seen; new ones become members, names are kept current.

    `names` has the name that counts of those said of each identity, None where none was; `first_seen_at` has when
    each was seen first; `bots` are those of which somebody says that they are no person's.
    """
    owners = await store.load_owners(tx.conn, identities=names.keys())
    unknown = [identity for identity in names if identity not in owners]
    if unknown:
        new = {
            identity: NewMember(
                identity.community,
                new_member_id(identity),
                names[identity],
                identity.channel,
                first_seen_at[identity],
            )
            for identity in unknown
        }
        await store.add_members(tx.conn, members=list(new.values()))
        await store.add_identities(
            tx.conn, owners={identity: member.member_id for identity, member in new.items()}
        )
        # Another worker may have been faster: what is stored is what counts.
        owners |= await store.load_owners(tx.conn, identities=unknown)
        MEMBERS_IDENTIFIED.inc(len(unknown))
    said: dict[MemberKey, SaidName] = {}
    for identity, name in names.items():
        owner = owners[identity]
        if name is not None and (owner.said is None or name > owner.said):
            key = MemberKey(identity.community, owner.member_id)
            said[key] = max(name, said.get(key, name))
    renamed = await store.set_names(tx.conn, names=said)
    marked = {
        MemberKey(identity.community, owners[identity].member_id): by
        for identity, by in bots.items()
        if owners[identity].bot_by not in (by, BotBy.PLATFORM)
    }
    await store.set_bots(tx.conn, bots=marked)
    changed = {MemberKey(identity.community, owners[identity].member_id) for identity in unknown}
    await tell_members(tx, keys=changed | renamed | marked.keys())
    if not marked:
        return owners
    return {
        identity: owner._replace(bot_by=marked.get(MemberKey(identity.community, owner.member_id), owner.bot_by))
        for identity, owner in owners.items()
    }


async def tell_members(tx: Transaction, *, keys: Collection[MemberKey]) -> None:
    """Tell what members are now."""
    if keys:
        for member in (await store.load_members(tx.conn, keys=sorted(keys))).values():
            _tell(tx, member)


async def on_members_told(tx: Transaction, facts: list[MemberIdentified]) -> None:
    """Take in members that were told of and that the database has forgotten; the highest revision counts."""
    newest: dict[MemberKey, Member] = {}
    for fact in facts:
        member = _told(fact)
        key = MemberKey(member.community, member.member_id)
        if key not in newest or newest[key].revision < member.revision:
            newest[key] = member
    members = [newest[key] for key in sorted(newest)]
    await store.put_members_as_told(tx.conn, members=members)
    await store.add_identities(
        tx.conn,
        owners={
            IdentityKey(member.community, *identity): member.member_id
            for member in members
            for identity in member.identities
        },
    )


def _told(fact: MemberIdentified) -> Member:
    data = fact["data"]
    return Member(
        community=fact["community"],
        member_id=data["member_id"],
        said=_said(data),
        channel=data["channel"],
        first_seen_at=data["first_seen_at"],
        revision=data["revision"],
        identities=tuple(Identity(one["channel"], one["id"]) for one in data["identities"]),
        bot_by=BotBy(data["bot_by"]) if "bot_by" in data else None,
    )


def _said(data: MemberData) -> SaidName | None:
    if "name" not in data:
        return None
    by = NamedBy[data.get("name_by", "others").upper()]
    return SaidName(by, data.get("name_at", data["first_seen_at"]), data["name"])


READ_BACK = (ReadBack((MEMBERS,), MEMBER_IDENTIFIED.adapter, on_members_told),)


async def declare_identities(
    tx: Transaction, *, community: str, identities: Sequence[Identity], name: str | None
) -> Member:
    """Make identities one person and return the member.

    A declared `name` outweighs what events say, before and after. Raises DifferentMembersError when they
    already are several.
    """
    keys = [IdentityKey(community, *identity) for identity in identities]
    said = None if name is None else SaidName(NamedBy.DECLARED, tx.now, name)
    owners = await store.load_owners(tx.conn, identities=keys)
    declaration = declare(keys, {identity: owner.member_id for identity, owner in owners.items()})
    added: set[MemberKey] = set()
    if declaration.is_new:
        channel = declaration.new_identities[0].channel
        new = NewMember(community, declaration.member_id, said, channel, tx.now)
        added = await store.add_members(tx.conn, members=[new])
    await store.add_identities(tx.conn, owners=dict.fromkeys(declaration.new_identities, declaration.member_id))
    # An event or another declaration may have been faster, and made them somebody else: what is stored counts.
    owners = await store.load_owners(tx.conn, identities=keys)
    member_id = declare(keys, {identity: owner.member_id for identity, owner in owners.items()}).member_id
    key = MemberKey(community, member_id)
    is_renamed = name is not None and any(
        owner.said is None or name != owner.said.name for owner in owners.values()
    )
    is_changed = key in added
    if key not in added:
        is_changed = bool(said and await store.set_names(tx.conn, names={key: said}))
        # Readers keep a member's highest revision: a member that was there before needs a higher one.
        if declaration.new_identities and not is_changed:
            await store.raise_revision(tx.conn, key=key)
            is_changed = True
    member = (await store.load_members(tx.conn, keys=[key]))[key]
    if is_changed:
        _tell(tx, member)
    # Neither names nor handles: an entry is kept, and they may have to go.
    after = {
        "channels": sorted({identity.channel for identity in identities}),
        "identities_new": len(declaration.new_identities),
        "renamed": is_renamed,
    }
    tx.did(Did("member.declare_identities", "member", member_id, member_id, after=after))
    return member


def _tell(tx: Transaction, member: Member) -> None:
    tx.tell(
        MEMBERS,
        MEMBER_IDENTIFIED,
        fact_id=f"{member.member_id}/{member.revision}",
        community=member.community,
        subject=member.member_id,
        data=_data(member),
    )


def _data(member: Member) -> MemberData:
    data: MemberData = {
        "member_id": member.member_id,
        "identities": [{"channel": channel, "id": identity} for channel, identity in member.identities],
        "channel": member.channel,
        "first_seen_at": member.first_seen_at,
        "revision": member.revision,
    }
    if member.said is not None:
        data["name"] = member.said.name
        data["name_by"] = _BY[member.said.by]
        data["name_at"] = member.said.at
    if member.bot_by is not None:
        data["bot_by"] = member.bot_by.value
    return data
