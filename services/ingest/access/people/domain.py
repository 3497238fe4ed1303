"""People, what they are in a community, and who may change that."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from shared.access_keys.principal import OtherCommunityError, Principal
from shared.access_keys.roles import INSTALLATION, INSTALLATION_ROLES, PersonKind, Role
from shared.contracts.fields import Uuid


class UnknownPersonError(Exception):
    """There is no such person in the community."""

    def __init__(self, community: str, person_id: str) -> None:
        super().__init__(f"{community} has no person {person_id}")
        self.community = community


class OwnRolesError(Exception):
    """Nobody changes what they themselves are, nor enables or disables themselves."""


class NotARoleHereError(Exception):
    """The installation has no such role."""

    def __init__(self, roles: Iterable[Role]) -> None:
        self.roles = sorted(roles)
        super().__init__(f"not in the installation: {', '.join(self.roles)}")


@dataclass(frozen=True)
class Person:
    """Somebody who may act, or a service with an account; each change has a higher `revision`.

    `issuer` is the OpenID provider whose subject they are (None: nobody's yet), and `unbound_count` how often they
    were unbound from one.
    """

    person_id: str
    name: str
    kind: PersonKind
    created_at: datetime
    revision: int = 1
    disabled: bool = False
    email: str | None = None
    issuer: str | None = None
    unbound_count: int = 0


@dataclass(frozen=True)
class Appointment:
    """A person in one community: what they are there, and which of its members, as far as anybody said."""

    community: str
    person: Person
    roles: tuple[Role, ...]
    members: tuple[str, ...] = ()


class KeyUse(NamedTuple):
    """How many access keys of a person work in one community, and when one was last used here (None: never)."""

    working_count: int = 0
    last_used_at: datetime | None = None


class PersonPlace(NamedTuple):
    """Where a page of people ended."""

    person_id: Uuid

    @classmethod
    def of(cls, appointment: Appointment) -> "PersonPlace":
        """The place of a person."""
        return cls(appointment.person.person_id)


def ordered_roles(roles: Iterable[Role], community: str) -> tuple[Role, ...]:
    """Roles as they are kept: each once, in the order of their names.

    Raises NotARoleHereError for one that the installation does not have, where the community is that.
    """
    wanted = set(roles)
    if community == INSTALLATION and wanted - INSTALLATION_ROLES:
        raise NotARoleHereError(wanted - INSTALLATION_ROLES)
    return tuple(sorted(wanted))


def check_not_oneself(caller: Principal, person_id: str) -> None:
    """Return when the person is another than the caller. Raises OwnRolesError otherwise."""
    if caller.person_id == person_id:
        raise OwnRolesError


def switched(person: Person, *, communities: Iterable[str], caller: Principal, disabled: bool) -> Person:
    """The person disabled, or enabled again.

    It holds in every community, so the caller's authority must reach each. Raises OtherCommunityError otherwise,
    and OwnRolesError for the caller themselves.
    """
    check_not_oneself(caller, person.person_id)
    _check_reaches_all(caller, communities)
    if person.disabled == disabled:
        return person
    return replace(person, disabled=disabled, revision=person.revision + 1)


def unbound(person: Person, *, communities: Iterable[str], caller: Principal) -> Person:
    """The person as nobody at a provider; the same where they are nobody there.

    It holds in every community, so the caller's authority must reach each. Raises OtherCommunityError otherwise.
    It takes something away and gives nothing, so whoever may do it does it for themselves too.
    """
    _check_reaches_all(caller, communities)
    if person.issuer is None:
        return person
    return replace(person, issuer=None, unbound_count=person.unbound_count + 1, revision=person.revision + 1)


def _check_reaches_all(caller: Principal, communities: Iterable[str]) -> None:
    if any(not caller.may_act_in(community) for community in communities):
        raise OtherCommunityError(
            "They are known in other communities too: an administrator of the installation decides for all, and "
            "you can take their roles in yours"
        )
