"""People are tied to the members who they are, and untied; every service is told."""

import logging

from services.ingest.access.people import handlers as people
from services.ingest.access.people import store
from services.ingest.access.people.domain import Appointment, check_not_oneself
from services.ingest.access.ties.domain import MemberTakenError, TooManyTiesError, subject_hash, tied
from services.ingest.members.domain import MemberKey, UnknownMemberError
from services.ingest.members.store import identities as identities_store
from services.ingest.members.store import members as members_store
from services.ingest.settings import Settings
from shared.access_keys import Principal
from shared.audit import Did
from shared.merges import find_head, load_group
from shared.transaction import Transaction

log = logging.getLogger(__name__)


async def tie(
    tx: Transaction[Settings], *, caller: Principal, community: str, person_id: str, member_id: str
) -> Appointment:
    """Say that a person is a member; the same again changes nothing.

    Raises OwnRolesError for the caller themselves, OtherCommunityError, UnknownPersonError, UnknownMemberError,
    MemberTakenError and TooManyTiesError.
    """
    check_not_oneself(caller, person_id)
    before = await people.find_person(tx, caller=caller, community=community, person_id=person_id)
    after = await _tied(tx, before, member_id=member_id)
    _note(tx, before, verb="tie", after=after, member_id=member_id)
    return after


async def tie_oneself(tx: Transaction[Settings], *, caller: Principal, member_id: str) -> Appointment:
    """Say that the caller is a member, who showed so. Raises as `tie`, but nothing about themselves."""
    community = caller.community
    before = await people.find_person(tx, caller=caller, community=community, person_id=caller.person_id)
    after = await _tied(tx, before, member_id=member_id)
    _note(tx, before, verb="tie_oneself", after=after, member_id=member_id)
    return after


async def untie(
    tx: Transaction[Settings], *, caller: Principal, community: str, person_id: str, member_id: str
) -> Appointment:
    """Say that a person is not that member, nor whoever is one with it; the same again changes nothing.

    Raises OwnRolesError for the caller themselves, OtherCommunityError and UnknownPersonError.
    """
    check_not_oneself(caller, person_id)
    before = await people.find_person(tx, caller=caller, community=community, person_id=person_id)
    group = await _group(tx, community=community, member_id=member_id)
    after = await _untied(tx, before, members=group)
    _note(tx, before, verb="untie", after=after, member_id=member_id)
    return after


async def tie_by_subject(
    tx: Transaction[Settings], *, community: str, issuer: str, subject: str, person_id: str
) -> str | None:
    """Tie a person, who just signed in and is locked, to the member of the same subject; return that member's id.

    None where there is none, or nothing changes. Who is tied otherwise stays so: an administrator looks at that.
    """
    hashed = subject_hash(tx.settings.identity_key_bytes, community=community, issuer=issuer, subject=subject)
    owners = await identities_store.find_owners_by_subject(tx.conn, community=community, subject_hash=hashed)
    before = await store.find_appointment(tx.conn, community=community, person_id=person_id)
    if len(owners) != 1 or before is None or owners[0] in before.members:
        return None
    try:
        await _tied(tx, before, member_id=owners[0])
    except (MemberTakenError, TooManyTiesError, UnknownMemberError) as error:
        log.info("%s is not tied to the member of the same subject: %r", person_id, error)
        return None
    return owners[0]


async def forget(tx: Transaction[Settings], *, community: str, member_id: str) -> None:
    """Have nobody be a member who was erased."""
    for person_id in await store.find_tied(tx.conn, community=community, members=[member_id]):
        await store.lock_person(tx.conn, person_id=person_id)
        before = await store.find_appointment(tx.conn, community=community, person_id=person_id)
        if before is not None:
            await _untied(tx, before, members=[member_id])


async def _tied(tx: Transaction[Settings], before: Appointment, *, member_id: str) -> Appointment:
    community = before.community
    # Of two who would be one member the second sees the first.
    await store.lock_ties(tx.conn, community=community)
    if await members_store.find_member(tx.conn, key=MemberKey(community, member_id)) is None:
        raise UnknownMemberError(member_id)
    if member_id in before.members:
        return before
    group = await _group(tx, community=community, member_id=member_id)
    found = await store.find_tied(tx.conn, community=community, members=group)
    members = tied(before.members, member_id, others=set(found) - {before.person.person_id})
    return await people.set_members(tx, appointment=before, members=members)


async def _untied(tx: Transaction[Settings], before: Appointment, *, members: list[str]) -> Appointment:
    left = [one for one in before.members if one not in members]
    if len(left) == len(before.members):
        return before
    return await people.set_members(tx, appointment=before, members=left)


async def _group(tx: Transaction[Settings], *, community: str, member_id: str) -> list[str]:
    head_id = await find_head(tx.conn, community=community, member_id=member_id)
    return await load_group(tx.conn, community=community, head_id=head_id)


def _note(
    tx: Transaction[Settings], before: Appointment, *, verb: str, after: Appointment, member_id: str
) -> None:
    said = [{"members": list(one.members)} for one in (before, after)]
    person_id = before.person.person_id
    tx.did(
        Did(
            f"person.{verb}",
            "person",
            person_id,
            member_id=member_id,
            before=said[0],
            after=said[1],
            community=before.community,
        )
    )
