"""What declaring members would do, worked out without doing it."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from services.ingest.event_types.domain import NOTHING_DECLARED, UnknownChannelError
from services.ingest.event_types.handlers import types_of
from services.ingest.members.domain import (
    MEMBER_IDENTITIES_MAX_COUNT,
    DifferentMembersError,
    ErasedIdentityError,
    IdentityKey,
    Member,
    MemberKey,
    TooManyIdentitiesError,
    declare,
)
from services.ingest.members.handlers.declaring import owners_of, proven_owner
from services.ingest.members.handlers.declaring_many import Declared
from services.ingest.members.handlers.resolving import erased_among
from services.ingest.members.store import members as members_store
from shared.contracts.programme.event_types import CHANNELS
from shared.transaction import Transaction

#: Stands for the id of a member whom an earlier declaration of the request would make: a pointer to that.
_EARLIER = "/members/"


class Becomes(StrEnum):
    """What a declaration would do: make a member, change one, or nothing."""

    NEW = "new"
    CHANGED = "changed"
    KNOWN = "known"


class Foreseen(NamedTuple):
    """What would become of a declaration: whose it would be (None for a new one), or why it would be refused."""

    becomes: Becomes | None
    member_id: str | None = None
    refused: Exception | None = None


async def foresee(tx: Transaction, *, community: str, wanted: Sequence[Declared]) -> list[Foreseen]:
    """What each of these would do if they were declared one after the other now; nothing is kept of it.

    The transaction is not to be committed: identities that are known by their hashes alone are taken in meanwhile.
    """
    keyed: dict[int, dict[IdentityKey, None]] = {}
    found: dict[int, Foreseen] = {}
    declared = NOTHING_DECLARED
    if any(identity.channel not in CHANNELS for one in wanted for identity in one.identities):
        declared = (await types_of(tx.conn, communities=[community], now=tx.now))[community]
    for place, one in enumerate(wanted):
        try:
            for number, identity in enumerate(one.identities):
                declared.check_channel(identity.channel, place=number)
            identities = [declared.as_compared(identity) for identity in one.identities]
        except UnknownChannelError as error:
            found[place] = Foreseen(None, refused=error)
            continue
        keyed[place] = dict.fromkeys(IdentityKey(community, *identity) for identity in identities)
    named = sorted({key for keys in keyed.values() for key in keys})
    owners = await owners_of(tx, named)
    erased = await erased_among(tx, identities=[key for key in named if key not in owners])
    members = await members_store.load_members(
        tx.conn, keys=[MemberKey(community, member_id) for member_id in sorted(set(owners.values()))]
    )
    sizes = {key.member_id: len(member.identities) + len(member.told) for key, member in members.items()}
    by_id = {key.member_id: member for key, member in members.items()}
    for place, keys in keyed.items():
        if not erased.isdisjoint(keys):
            found[place] = Foreseen(None, refused=ErasedIdentityError())
            continue
        if not any(key in owners for key in keys):
            emails = [email for email in wanted[place].identities.values() if email is not None]
            proven = await proven_owner(tx, community=community, emails=emails, proven=None)
            if proven is not None:
                owners[next(iter(keys))] = proven[1]
        try:
            found[place] = _declared(place, list(keys), wanted[place].name, owners, sizes, by_id)
        except (DifferentMembersError, TooManyIdentitiesError) as error:
            found[place] = Foreseen(None, refused=error)
    return [found[place] for place in range(len(wanted))]


def _declared(
    place: int,
    keys: Sequence[IdentityKey],
    name: str | None,
    owners: dict[IdentityKey, str],
    sizes: dict[str, int],
    members: Mapping[str, Member],
) -> Foreseen:
    """Take one in as if it were declared: those after it find whose identities are."""
    before = {key: owners[key] for key in keys if key in owners}
    declaration = declare(keys, before, new_member_id=f"{_EARLIER}{place}")
    member_id, new = declaration.member_id, declaration.new_identities
    sizes[member_id] = sizes.get(member_id, 0) + len(new)
    if new and sizes[member_id] > MEMBER_IDENTITIES_MAX_COUNT:
        raise TooManyIdentitiesError
    owners |= dict.fromkeys(new, member_id)
    if declaration.is_new:
        return Foreseen(Becomes.NEW)
    if member_id.startswith(_EARLIER):
        return Foreseen(Becomes.CHANGED)
    member = members.get(member_id)
    is_renamed = name is not None and (member is None or member.name != name)
    return Foreseen(Becomes.CHANGED if new or is_renamed else Becomes.KNOWN, member_id)
