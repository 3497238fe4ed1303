"""Members who are declared for the first time, many at once."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from services.ingest.event_types.domain import UnknownChannelError
from services.ingest.event_types.handlers import on_their_channels
from services.ingest.members.domain import Email, FasterError, IdentityKey, MemberKey, NamedBy, NewMember, SaidName
from services.ingest.members.handlers.declaring import owners_of
from services.ingest.members.handlers.resolving import erased_among, new_member_id
from services.ingest.members.handlers.telling import tell_members
from services.ingest.members.store import identities as identities_store
from services.ingest.members.store import members as members_store
from shared.audit import Did
from shared.contracts.identities import NamedIdentity
from shared.transaction import Transaction


class Declared(NamedTuple):
    """Identities that are one person, each with its mail address if one is known, and the name to show."""

    identities: Mapping[NamedIdentity, Email | None]
    name: str | None


class _New(NamedTuple):
    """Somebody declared of whom nothing is known: by the place in the request."""

    place: int
    emails: Mapping[IdentityKey, Email | None]
    name: str | None


async def declare_new(tx: Transaction, *, community: str, wanted: Sequence[Declared]) -> dict[int, str]:
    """Make members of those of whom nothing is known, together; return their ids by their places in `wanted`.

    The others are to be declared one by one: those with an identity that somebody has or had, that two of them
    name, or that is on no known channel, and those with an address that a platform has verified, for that may be
    somebody's. Raises FasterError when somebody has one of the identities since it was looked for.
    """
    unknown = await _of_whom_nothing_is_known(tx, community=community, wanted=wanted)
    if not unknown:
        tx.did_nothing()
        return {}
    made = {one.place: new_member_id() for one in unknown}
    await members_store.add_members(
        tx.conn,
        members=[
            NewMember(
                community,
                made[one.place],
                None if one.name is None else SaidName(NamedBy.DECLARED, tx.now, one.name),
                min(one.emails).channel,
                tx.now,
            )
            for one in unknown
        ],
    )
    owners = {key: made[one.place] for one in unknown for key in one.emails}
    if len(await identities_store.add_identities(tx.conn, owners=owners)) < len(owners):
        raise FasterError
    emails = {key: email for one in unknown for key, email in one.emails.items() if email is not None}
    await identities_store.set_emails(tx.conn, emails=emails)
    await tell_members(tx, keys=[MemberKey(community, member_id) for member_id in made.values()])
    # Neither names nor handles: an entry is kept, and they may have to go.
    after = {
        "members_new": len(unknown),
        "identities_new": len(owners),
        "channels": sorted({key.channel for key in owners}),
        "named": sum(one.name is not None for one in unknown),
    }
    tx.did(Did("community.declare_members", "community", community, after=after))
    return made


async def _of_whom_nothing_is_known(tx: Transaction, *, community: str, wanted: Sequence[Declared]) -> list[_New]:
    candidates: list[_New] = []
    for place, declared in enumerate(wanted):
        if any(email is not None and email.is_verified for email in declared.identities.values()):
            continue
        try:
            identities = await on_their_channels(
                tx.conn, community=community, identities=declared.identities, now=tx.now, are_new=True
            )
        except UnknownChannelError:
            continue
        keys = (IdentityKey(community, *identity) for identity in identities)
        emails = dict(zip(keys, declared.identities.values(), strict=True))
        candidates.append(_New(place, emails, declared.name))
    named = Counter(key for one in candidates for key in one.emails)
    somebodys = set(await owners_of(tx, list(named)))
    somebodys |= await erased_among(tx, identities=[key for key in named if key not in somebodys])
    return [one for one in candidates if not any(key in somebodys or named[key] > 1 for key in one.emails)]
