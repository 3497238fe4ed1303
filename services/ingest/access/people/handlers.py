"""People are stored, and told to every service under our signature, in one transaction."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from services.ingest.access.people import store
from services.ingest.access.people.domain import (
    Person,
    Standing,
    UnknownPersonError,
    check_not_oneself,
    check_reach,
    ordered_roles,
    switched,
)
from services.ingest.settings import Settings
from shared.access_keys import INSTALLATION, Principal, Role
from shared.audit import Did
from shared.contracts.facts import PERSON_CHANGED, PersonData
from shared.topics import PEOPLE
from shared.transaction import Transaction

#: How many facts one turn of the timer signs anew.
SIGNED_ANEW_MAX_COUNT = 1_000

log = logging.getLogger(__name__)


async def add_person(
    tx: Transaction[Settings], *, caller: Principal, person: Person, community: str, roles: Sequence[Role]
) -> Standing:
    """Add a person with what they are in a community, and tell every service.

    Raises OtherCommunityError where the caller's authority does not reach, and NotARoleHereError.
    """
    check_reach(caller, community)
    standing = Standing(community, person, ordered_roles(roles, community))
    await store.add_person(tx.conn, person=person)
    await _put_and_tell(tx, standing)
    tx.did(_did("add", standing, after={"kind": person.kind, "roles": standing.roles}))
    return standing


async def set_roles(
    tx: Transaction[Settings], *, caller: Principal, community: str, person_id: str, roles: Sequence[Role]
) -> Standing:
    """Say what a person is in a community, all of it; the same again changes nothing.

    Raises UnknownPersonError for whom the community never had, unless the installation's administrator brings them
    in; OtherCommunityError where the caller's authority does not reach, OwnRolesError for their own roles, and
    NotARoleHereError.
    """
    check_reach(caller, community)
    check_not_oneself(caller, person_id)
    wanted = ordered_roles(roles, community)
    person = await store.lock_person(tx.conn, person_id=person_id)
    before = await store.find_standing(tx.conn, community=community, person_id=person_id)
    if person is None or (before is None and caller.community != INSTALLATION):
        raise UnknownPersonError(community, person_id)
    roles_before = before.roles if before else ()
    tx.did(
        _did("set_roles", Standing(community, person, wanted), {"roles": roles_before}, after={"roles": wanted})
    )
    if before is not None and before.roles == wanted:
        return before
    changed = replace(person, revision=person.revision + 1)
    standing = Standing(community, changed, wanted)
    await store.set_person(tx.conn, person=changed)
    await _put_and_tell(tx, standing)
    return standing


async def switch(
    tx: Transaction[Settings], *, caller: Principal, community: str, person_id: str, disabled: bool
) -> Standing:
    """Disable a person, or enable them again, in every community; the same again changes nothing.

    Raises UnknownPersonError for whom the community never had, OtherCommunityError where the caller's authority
    does not reach every community that has them, and OwnRolesError for the caller themselves.
    """
    check_reach(caller, community)
    person = await store.lock_person(tx.conn, person_id=person_id)
    standings = await store.load_standings(tx.conn, person_id=person_id)
    own = next((one for one in standings if one.community == community), None)
    if person is None or own is None:
        raise UnknownPersonError(community, person_id)
    changed = switched(person, communities=[one.community for one in standings], caller=caller, disabled=disabled)
    states = ({"disabled": person.disabled}, {"disabled": changed.disabled})
    tx.did(_did("disable" if disabled else "enable", own, states[0], after=states[1]))
    if changed != person:
        await store.set_person(tx.conn, person=changed)
        for standing in standings:
            await _put_and_tell(tx, replace(standing, person=changed))
    return replace(own, person=changed)


async def find_person(tx: Transaction[Settings], *, caller: Principal, community: str, person_id: str) -> Standing:
    """A person of a community that the caller's authority reaches, locked until the transaction ends.

    Raises OtherCommunityError and UnknownPersonError.
    """
    check_reach(caller, community)
    await store.lock_person(tx.conn, person_id=person_id)
    standing = await store.find_standing(tx.conn, community=community, person_id=person_id)
    if standing is None:
        raise UnknownPersonError(community, person_id)
    return standing


async def tell_anew(tx: Transaction[Settings]) -> int:
    """Tell what people are again, some at a time, where the present key has not signed it or nobody told it.

    Return how many are left.
    """
    signed_with = _signed_with(tx)
    standings = await store.lock_standings_signed_otherwise(
        tx.conn, signed_with=signed_with, limit_count=SIGNED_ANEW_MAX_COUNT
    )
    for standing in standings:
        _tell(tx, standing)
    if standings:
        await store.set_signed_with(tx.conn, standings=standings, signed_with=signed_with)
        log.info("%d people are told anew, signed with the key %s", len(standings), signed_with)
    return await store.count_standings_signed_otherwise(tx.conn, signed_with=signed_with)


def _did(
    verb: str, standing: Standing, before: Mapping[str, Any] | None = None, *, after: Mapping[str, Any]
) -> Did:
    person_id, community = standing.person.person_id, standing.community
    return Did(f"person.{verb}", "person", person_id, before=before, after=after, community=community)


async def _put_and_tell(tx: Transaction[Settings], standing: Standing) -> None:
    await store.put_standing(tx.conn, standing=standing, signed_with=_signed_with(tx))
    _tell(tx, standing)


def _signed_with(tx: Transaction[Settings]) -> str | None:
    signer = tx.settings.signer
    return signer.key_id if signer else None


def _tell(tx: Transaction, standing: Standing) -> None:
    person = standing.person
    data: PersonData = {
        "person_id": person.person_id,
        "name": person.name,
        "kind": person.kind.value,
        "disabled": person.disabled,
        "revision": person.revision,
        "roles": [role.value for role in standing.roles],
    }
    tx.tell(
        PEOPLE,
        PERSON_CHANGED,
        fact_id=f"{standing.community}/{person.person_id}/{person.revision}",
        community=standing.community,
        subject=person.person_id,
        data=data,
    )
