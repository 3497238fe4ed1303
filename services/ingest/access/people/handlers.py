"""People are stored, and told to every service under our signature, in one transaction."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from services.ingest.access.people import store
from services.ingest.access.people.domain import (
    Appointment,
    Person,
    UnknownPersonError,
    check_not_oneself,
    ordered_roles,
    switched,
    unbound,
)
from services.ingest.metrics import BOOTSTRAP_USES
from services.ingest.settings import Settings
from shared.access_keys import INSTALLATION, Principal, Role, check_reach
from shared.access_keys.store import put_people, put_token_keys
from shared.audit import Did
from shared.contracts.facts import PERSON_CHANGED, PersonChanged, PersonData, TokenKeyChanged
from shared.topics import PEOPLE
from shared.transaction import Transaction

#: How many facts one turn of the timer signs anew.
SIGNED_ANEW_MAX_COUNT = 1_000

log = logging.getLogger(__name__)


async def add_person(
    tx: Transaction[Settings], *, caller: Principal, person: Person, community: str, roles: Sequence[Role]
) -> Appointment:
    """Add a person with what they are in a community, and tell every service.

    Raises OtherCommunityError where the caller's authority does not reach, and NotARoleHereError.
    """
    check_reach(caller, community)
    appointment = Appointment(community, person, ordered_roles(roles, community))
    await store.add_person(tx.conn, person=person)
    await note_bootstrap(tx, caller=caller, community=community, person_id=person.person_id)
    await _put_and_tell(tx, appointment)
    tx.did(_did("add", appointment, after={"kind": person.kind, "roles": appointment.roles}))
    return appointment


async def set_roles(
    tx: Transaction[Settings], *, caller: Principal, community: str, person_id: str, roles: Sequence[Role]
) -> Appointment:
    """Say what a person is in a community, all of it; the same again changes nothing.

    Raises UnknownPersonError for whom the community never had, unless the installation's administrator brings them
    in; OtherCommunityError where the caller's authority does not reach, OwnRolesError for their own roles, and
    NotARoleHereError.
    """
    check_reach(caller, community)
    check_not_oneself(caller, person_id)
    wanted = ordered_roles(roles, community)
    person = await store.lock_person(tx.conn, person_id=person_id)
    before = await store.find_appointment(tx.conn, community=community, person_id=person_id)
    if person is None or (before is None and caller.community != INSTALLATION):
        raise UnknownPersonError(community, person_id)
    roles_before = before.roles if before else ()
    wished = Appointment(community, person, wanted)
    tx.did(_did("set_roles", wished, {"roles": roles_before}, after={"roles": wanted}))
    if before is not None and before.roles == wanted:
        return before
    changed = replace(person, revision=person.revision + 1)
    appointment = replace(wished, person=changed, members=before.members if before else ())
    await store.set_person(tx.conn, person=changed)
    await _put_and_tell(tx, appointment)
    return appointment


async def switch(
    tx: Transaction[Settings], *, caller: Principal, community: str, person_id: str, disabled: bool
) -> Appointment:
    """Disable a person, or enable them again, in every community; the same again changes nothing.

    Raises UnknownPersonError for whom the community never had, OtherCommunityError where the caller's authority
    does not reach every community that has them, and OwnRolesError for the caller themselves.
    """
    check_reach(caller, community)
    person = await store.lock_person(tx.conn, person_id=person_id)
    appointments = await store.load_appointments(tx.conn, person_id=person_id)
    own = next((one for one in appointments if one.community == community), None)
    if person is None or own is None:
        raise UnknownPersonError(community, person_id)
    changed = switched(
        person, communities=[one.community for one in appointments], caller=caller, disabled=disabled
    )
    states = ({"disabled": person.disabled}, {"disabled": changed.disabled})
    did = _did("disable" if disabled else "enable", own, states[0], after=states[1])
    tx.did(_everywhere(did, appointments))
    if changed != person:
        await _put_and_tell_everywhere(tx, changed, appointments=appointments)
    return replace(own, person=changed)


async def unbind(
    tx: Transaction[Settings], *, caller: Principal, community: str, person_id: str, may_return: bool
) -> Appointment:
    """Have a person be nobody at a provider any more, and end their tokens; the same again changes nothing.

    Who they were there becomes them again by email only if they `may_return`. Raises UnknownPersonError for whom
    the community never had, and OtherCommunityError where the caller's authority does not reach every community
    that has them.
    """
    check_reach(caller, community)
    person = await store.lock_person(tx.conn, person_id=person_id)
    appointments = await store.load_appointments(tx.conn, person_id=person_id)
    own = next((one for one in appointments if one.community == community), None)
    if person is None or own is None:
        raise UnknownPersonError(community, person_id)
    changed = unbound(person, communities=[one.community for one in appointments], caller=caller)
    after = {"issuer": changed.issuer, "may_return": may_return}
    tx.did(_everywhere(_did("unbind", own, {"issuer": person.issuer}, after=after), appointments))
    await store.delete_subject(tx.conn, person_id=person_id, at=tx.now, may_return=may_return)
    if changed != person:
        await _put_and_tell_everywhere(tx, changed, appointments=appointments)
    return replace(own, person=changed)


async def set_members(
    tx: Transaction[Settings], *, appointment: Appointment, members: Sequence[str]
) -> Appointment:
    """Say which members of the community a person is, who is locked, all of them."""
    changed = replace(appointment.person, revision=appointment.person.revision + 1)
    tied = replace(appointment, person=changed, members=tuple(sorted(set(members))))
    await store.set_person(tx.conn, person=changed)
    await _put_and_tell(tx, tied)
    return tied


async def find_person(
    tx: Transaction[Settings], *, caller: Principal, community: str, person_id: str
) -> Appointment:
    """A person of a community that the caller's authority reaches, locked until the transaction ends.

    Raises OtherCommunityError and UnknownPersonError.
    """
    check_reach(caller, community)
    await store.lock_person(tx.conn, person_id=person_id)
    appointment = await store.find_appointment(tx.conn, community=community, person_id=person_id)
    if appointment is None:
        raise UnknownPersonError(community, person_id)
    return appointment


async def note_bootstrap(tx: Transaction[Settings], *, caller: Principal, community: str, person_id: str) -> None:
    """Log what the bootstrap key did for a person, and count it where somebody else could have done it."""
    if not caller.is_bootstrap:
        return
    log.warning("the bootstrap key added, or issued the first key of, %s in %s", person_id, community)
    if await store.has_other_administrator(tx.conn, community=community, person_id=person_id):
        BOOTSTRAP_USES.inc()


async def on_people_told(tx: Transaction[Settings], facts: list[PersonChanged | TokenKeyChanged]) -> None:
    """Take in what was told of people and of the keys of tokens and the database has forgotten.

    The highest revision counts, so who was disabled since a backup is so again, and who was unbound since is so
    too. Emails and subjects were told to nobody: they are those of the backup.
    """
    people = [one for one in facts if one["type"] == "person.changed.v1"]
    await store.put_people_as_told(tx.conn, people=people)
    await put_people(tx.conn, people)
    await put_token_keys(tx.conn, [one for one in facts if one["type"] == "token_key.changed.v1"])


async def tell_anew(tx: Transaction[Settings]) -> int:
    """Tell what people are again, some at a time, where the present key has not signed it or nobody told it.

    Return how many are left.
    """
    signed_with = _signed_with(tx)
    appointments = await store.lock_appointments_signed_otherwise(
        tx.conn, signed_with=signed_with, limit_count=SIGNED_ANEW_MAX_COUNT
    )
    for appointment in appointments:
        _tell(tx, appointment)
    if appointments:
        await store.set_signed_with(tx.conn, appointments=appointments, signed_with=signed_with)
        log.info("%d people are told anew, signed with the key %s", len(appointments), signed_with)
    return await store.count_appointments_signed_otherwise(tx.conn, signed_with=signed_with)


def _did(
    verb: str, appointment: Appointment, before: Mapping[str, Any] | None = None, *, after: Mapping[str, Any]
) -> Did:
    person_id, community = appointment.person.person_id, appointment.community
    return Did(f"person.{verb}", "person", person_id, before=before, after=after, community=community)


def _everywhere(did: Did, appointments: Sequence[Appointment]) -> Did:
    """The same in the audit of each community that knows the person: it holds in all of them."""
    return replace(did, also_in=[one.community for one in appointments])


async def _put_and_tell_everywhere(
    tx: Transaction[Settings], changed: Person, *, appointments: Sequence[Appointment]
) -> None:
    await store.set_person(tx.conn, person=changed)
    for appointment in appointments:
        await _put_and_tell(tx, replace(appointment, person=changed))


async def _put_and_tell(tx: Transaction[Settings], appointment: Appointment) -> None:
    await store.put_appointment(tx.conn, appointment=appointment, signed_with=_signed_with(tx))
    _tell(tx, appointment)


def _signed_with(tx: Transaction[Settings]) -> str | None:
    signer = tx.settings.signer
    return signer.key_id if signer else None


def _tell(tx: Transaction, appointment: Appointment) -> None:
    person = appointment.person
    data: PersonData = {
        "person_id": person.person_id,
        "name": person.name,
        "kind": person.kind.value,
        "disabled": person.disabled,
        "revision": person.revision,
        "roles": [role.value for role in appointment.roles],
    }
    if appointment.members:
        data["members"] = list(appointment.members)
    if person.unbound_count:
        data["unbound_count"] = person.unbound_count
    tx.tell(
        PEOPLE,
        PERSON_CHANGED,
        fact_id=f"{appointment.community}/{person.person_id}/{person.revision}",
        community=appointment.community,
        subject=person.person_id,
        data=data,
    )
