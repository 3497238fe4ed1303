"""Who is who: what ingest does with the identities it sees and is told of."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from operator import itemgetter
from typing import NamedTuple

import uuid_utils

from services.ingest.event_types.handlers import on_their_channels
from services.ingest.members import domain, store
from services.ingest.members.domain import (
    BotBy,
    Dated,
    Email,
    ErasedIdentityError,
    IdentityKey,
    Marks,
    Member,
    MemberKey,
    NamedBy,
    NewMember,
    Owner,
    Proven,
    ProvenBy,
    SaidName,
    ToldIdentity,
    TooManyIdentitiesError,
    declare,
)
from services.ingest.metrics import MEMBERS_IDENTIFIED, MEMBERS_JOINED
from shared.audit import Did
from shared.contracts.facts import (
    MEMBER_IDENTIFIED,
    DatedData,
    KnownIdentity,
    MarkedBy,
    MemberData,
    MemberFact,
    MemberIdentified,
    NameBy,
    Standing,
    StandingData,
)
from shared.contracts.identities import NamedIdentity, identity_hash
from shared.followed_members import merges_told
from shared.merges import find_head, load_heads, put_merges
from shared.postgres import Connection
from shared.settings import ServiceSettings
from shared.topics import MEMBERS
from shared.transaction import Transaction

_BY: Mapping[NamedBy, NameBy] = {
    NamedBy.OTHERS: "others",
    NamedBy.SELF: "self",
    NamedBy.DECLARED: "declared",
}


#: In place of an identity: whose it is was proven.
_PROVEN = IdentityKey("", "", "")
_BY_MARK: Mapping[BotBy, MarkedBy] = {BotBy.PATTERN: "pattern", BotBy.HAND: "hand"}


class Known(NamedTuple):
    """Whose identities are, of those that are somebody's, and which were somebody's who was erased."""

    owners: dict[IdentityKey, Owner]
    erased: set[IdentityKey]


async def who_is_known(tx: Transaction, *, identities: Collection[IdentityKey]) -> Known:
    """Look up identities that were seen. Nearly all are known: only of the others it is asked who was erased."""
    owners = await store.load_owners(tx.conn, identities=identities)
    return Known(owners, await erased_among(tx, identities=[one for one in identities if one not in owners]))


async def erased_among(tx: Transaction, *, identities: Collection[IdentityKey]) -> set[IdentityKey]:
    """Those of identities that were somebody's who was erased."""
    if not identities:
        return set()
    hashes = {(one.community, hash_of(tx, one)): one for one in identities}
    return {hashes[key] for key in await store.load_erased(tx.conn, hashes=hashes)}


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
    renamed = await store.set_names(tx.conn, names=said)
    marked = {
        MemberKey(identity.community, owners[identity].member_id): by
        for identity, by in bots.items()
        if not owners[identity].is_person and owners[identity].bot_by not in (by, BotBy.PLATFORM, BotBy.HAND)
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


async def _add_members(
    tx: Transaction, said: Mapping[IdentityKey, tuple[SaidName | None, datetime]]
) -> dict[IdentityKey, Owner]:
    """Make members of identities that were nobody's, each with the name said of it and when it was seen first."""
    # 1. After a restore some are known by their hashes: they are whose they were.
    hashes = {hash_of(tx, identity): identity for identity in said}
    owners = await store.take_told_identities(tx.conn, hashes=hashes)
    # 2. All others are new. Their ids are random, so that nobody tells an id from a handle.
    new = {
        identity: NewMember(identity.community, _new_member_id(), name, identity.channel, seen_at)
        for identity, (name, seen_at) in said.items()
        if identity not in owners
    }
    await store.add_members(tx.conn, members=list(new.values()))
    owners |= {identity: member.member_id for identity, member in new.items()}
    added = await store.add_identities(tx.conn, owners=owners)
    # 3. Another worker may have been faster: what is stored is what counts.
    late = [MemberKey(one.community, one.member_id) for identity, one in new.items() if identity not in added]
    if late:
        await store.forget_members(tx.conn, keys=late)
    return await store.load_owners(tx.conn, identities=said.keys())


def _new_member_id() -> str:
    """UUIDv7: new members lie together in an index."""
    return str(uuid_utils.uuid7())


def hash_of(tx: Transaction, identity: IdentityKey) -> str:
    """What stands for an identity in members.v1."""
    return identity_hash(tx.settings.identity_key_bytes, identity.community, identity.identity)


async def tell_members(tx: Transaction, *, keys: Collection[MemberKey]) -> None:
    """Tell what members are now."""
    if keys:
        dated = await store.load_dated(tx.conn, keys=sorted(keys))
        for key, member in (await store.load_members(tx.conn, keys=sorted(keys))).items():
            _tell(tx, member, dated=dated.get(key, ()))


async def find_own(
    conn: Connection, settings: ServiceSettings, *, community: str, identity: NamedIdentity
) -> str | None:
    """The id of the member who has an identity itself, whomever it is merged into; None when nobody has it."""
    return await store.find_owner(
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


async def on_members_told(tx: Transaction, facts: list[MemberFact]) -> None:
    """Take in members and merges that were told of and are forgotten here; the highest revision counts."""
    await put_merges(tx.conn, merges=merges_told(facts))
    await _on_identified_told(tx, [fact for fact in facts if fact["type"] == "member.identified.v1"])


async def _on_identified_told(tx: Transaction, facts: list[MemberIdentified]) -> None:
    newest: dict[MemberKey, Member] = {}
    for fact in facts:
        member = _told(fact)
        key = MemberKey(member.community, member.member_id)
        if key not in newest or newest[key].revision < member.revision:
            newest[key] = member
    # Who was erased stays so, whatever was told before.
    for key in await store.load_erased_members(tx.conn, keys=newest):
        del newest[key]
    members = [newest[key] for key in sorted(newest)]
    await store.put_members_as_told(tx.conn, members=members)
    # What the database knows in full is not told again by its hash alone.
    stored = await store.load_members(tx.conn, keys=sorted(newest))
    known = {
        hash_of(tx, IdentityKey(member.community, *identity))
        for member in stored.values()
        for identity in member.identities
    }
    told = [one for member in members for one in member.told if one.hash not in known]
    await store.put_told_identities(tx.conn, told=told)
    dated = [
        (MemberKey(fact["community"], fact["data"]["member_id"]), Dated(**one, travels=True))
        for fact in sorted(facts, key=lambda fact: fact["data"]["revision"])
        if (fact["community"], fact["data"]["member_id"]) in newest
        for one in fact["data"].get("dated", ())
    ]
    await store.put_dated(tx.conn, facts=list({(key, *one[:4]): (key, one) for key, one in dated}.values()))


def _told(fact: MemberIdentified) -> Member:
    data, community = fact["data"], fact["community"]
    return Member(
        community=community,
        member_id=data["member_id"],
        said=_said(data),
        channel=data["channel"],
        first_seen_at=data["first_seen_at"],
        revision=data["revision"],
        identities=(),
        marks=_told_marks(data),
        told=tuple(
            ToldIdentity(community, one["hash"], one["channel"], data["member_id"]) for one in data["identities"]
        ),
    )


def _told_marks(data: MemberData) -> Marks:
    told: StandingData = data.get("standing", {})
    standing: dict[Standing, BotBy | None] = {
        "staff": BotBy(told["staff"]) if "staff" in told else None,
        "departed": BotBy(told["departed"]) if "departed" in told else None,
        "hidden": BotBy(told["hidden"]) if "hidden" in told else None,
    }
    return Marks(
        bot_by=BotBy(data["bot_by"]) if "bot_by" in data else None,
        is_person=data.get("is_person", False),
        off_boards_wish="boards" in data.get("opt_outs", ()),
        earns=not data.get("unearning", False),
        ranks=not data.get("off_boards", False),
    ).with_standing(standing)


def _said(data: MemberData) -> SaidName | None:
    if "name" not in data:
        return None
    by = NamedBy[data.get("name_by", "others").upper()]
    return SaidName(by, data.get("name_at", data["first_seen_at"]), data["name"])


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
    owners = await _owners(tx, keys)
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
        and (known := await _proven_owner(tx, community=community, emails=emails.values(), proven=proven))
        is not None
    ):
        joined_by, member_id = known
        owners = {keys[0]: member_id}
        await store.add_identities(tx.conn, owners=owners)
        await store.raise_revision(tx.conn, key=MemberKey(community, member_id))
        MEMBERS_JOINED.labels(joined_by).inc()
    declaration = declare(keys, owners, new_member_id=_new_member_id())
    made = MemberKey(community, declaration.member_id)
    if declaration.is_new:
        channel = declaration.new_identities[0].channel
        new = NewMember(community, declaration.member_id, said, channel, tx.now)
        await store.add_members(tx.conn, members=[new])
    added = await store.add_identities(
        tx.conn, owners=dict.fromkeys(declaration.new_identities, declaration.member_id)
    )
    if declaration.is_new and len(added) < len(declaration.new_identities):
        # An event or another declaration was faster. Nobody has heard of our member yet: they are theirs.
        owners = {key: owner for key, owner in (await _owners(tx, keys)).items() if owner != made.member_id}
        faster = declare(owners, owners, new_member_id="")
        await store.give_identities(tx.conn, of=made, to=faster.member_id)
        await store.forget_members(tx.conn, keys=[made])
        declaration = replace(declaration, is_new=False, member_id=faster.member_id)
    await store.set_emails(tx.conn, emails=emails)
    subject_hash = None if proven is None else proven.subject_hash
    if joined_by is not None or subject_hash is not None:
        await store.set_proof(tx.conn, keys=keys, joined_by=joined_by, subject_hash=subject_hash)
    # What is stored counts.
    found = await store.load_owners(tx.conn, identities=keys)
    of_heads = await _of_heads(tx.conn, {identity: owner.member_id for identity, owner in found.items()})
    member_id = declare(keys, of_heads, new_member_id="").member_id
    key = MemberKey(community, member_id)
    is_renamed = name is not None and any(
        owner.said is None or name != owner.said.name for owner in found.values()
    )
    is_changed = declaration.is_new
    if not declaration.is_new:
        is_changed = bool(said and await store.set_names(tx.conn, names={key: said}))
        # Readers keep a member's highest revision: a member that was there before needs a higher one.
        if (declaration.new_identities or joined_by) and not is_changed:
            await store.raise_revision(tx.conn, key=key)
            is_changed = True
    member = (await store.load_members(tx.conn, keys=[key])).get(key)
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


async def _proven_owner(
    tx: Transaction, *, community: str, emails: Collection[Email], proven: Proven | None
) -> tuple[ProvenBy, str] | None:
    """Whose identities are that nobody has yet, by what was shown or what platforms have verified."""
    if proven is not None and proven.member_id is not None:
        return proven.by, proven.member_id
    verified = {email.hash for email in emails if email.is_verified}
    if not verified:
        return None
    known = await store.find_owner_by_email(tx.conn, community=community, hashes=verified)
    return None if known is None else (ProvenBy.EMAIL, known)


async def _owners(tx: Transaction, keys: Sequence[IdentityKey]) -> dict[IdentityKey, str]:
    """Whose identities are, or whom these are merged into; those included that are known by their hashes alone."""
    owners = {key: owner.member_id for key, owner in (await store.load_owners(tx.conn, identities=keys)).items()}
    hashes = {hash_of(tx, key): key for key in keys if key not in owners}
    if told := await store.take_told_identities(tx.conn, hashes=hashes):
        await store.add_identities(tx.conn, owners=told)
    return await _of_heads(tx.conn, owners | told)


async def _of_heads(conn: Connection, owners: Mapping[IdentityKey, str]) -> dict[IdentityKey, str]:
    """Whose identities are, each by whom that member is merged into, if it is."""
    merged = await load_heads(conn, keys={(key.community, member_id) for key, member_id in owners.items()})
    return {key: merged.get((key.community, member_id), member_id) for key, member_id in owners.items()}


def _tell(tx: Transaction, member: Member, *, dated: Collection[Dated]) -> None:
    tx.tell(
        MEMBERS,
        MEMBER_IDENTIFIED,
        fact_id=f"{member.member_id}/{member.revision}",
        community=member.community,
        subject=member.member_id,
        data=_data(tx, member, dated=dated),
    )


def _data(tx: Transaction, member: Member, *, dated: Collection[Dated]) -> MemberData:
    data: MemberData = {
        "member_id": member.member_id,
        "identities": sorted(
            (
                *(
                    KnownIdentity(channel=one.channel, hash=hash_of(tx, IdentityKey(member.community, *one)))
                    for one in member.identities
                ),
                *(KnownIdentity(channel=one.channel, hash=one.hash) for one in member.told),
            ),
            key=itemgetter("channel", "hash"),
        ),
        "channel": member.channel,
        "first_seen_at": member.first_seen_at,
        "revision": member.revision,
    }
    if member.said is not None:
        data["name"] = member.said.name
        data["name_by"] = _BY[member.said.by]
        data["name_at"] = member.said.at
    marks = member.marks
    if marks.bot_by is not None:
        data["bot_by"] = marks.bot_by.value
    if marks.is_person:
        data["is_person"] = True
    if marks.standing:
        standing: StandingData = {}
        for name, by in marks.standing.items():
            standing[name] = _BY_MARK[by]
        data["standing"] = standing
    if not marks.ranks:
        data["off_boards"] = True
    if not marks.earns:
        data["unearning"] = True
    if marks.off_boards_wish:
        data["opt_outs"] = ["boards"]
    told: list[DatedData] = [
        {
            "kind": fact.kind,
            "name": fact.name,
            "since": fact.since,
            "said_at": fact.said_at,
            "value": fact.value,
            "source": fact.source,
        }
        for fact in dated
        if fact.travels
    ]
    if told:
        data["dated"] = told
    return data
