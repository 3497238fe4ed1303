"""Roles, and what each lets a person do: docs/people.md shows the table."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from shared.access_keys.scopes import Scope

#: The installation itself, as a community: a role there is one of the installation.
INSTALLATION: Final = "plaudit"


class Role(StrEnum):
    """What a person is in a community."""

    MEMBER = "member"
    MODERATOR = "moderator"
    MANAGER = "manager"
    FINANCE_MAKER = "finance_maker"
    FINANCE_APPROVER = "finance_approver"
    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"


class PersonKind(StrEnum):
    """Who acts: a person, or a service that an account was made for."""

    PERSON = "person"
    SERVICE = "service"


_READS = frozenset(
    {
        Scope.MEMBERS_READ,
        Scope.RECEIPTS_READ,
        Scope.POINTS_READ,
        Scope.RECOGNITION_READ,
        Scope.ANALYTICS_READ,
        Scope.PUBLIC_READ,
    }
)
_FINANCE_READS = _READS | {Scope.PROGRAMMES_READ, Scope.REWARDS_READ, Scope.PAYOUTS_READ}

#: What each role lets a person do. A member may read what is their own, which takes no scope.
ROLE_SCOPES: Final[Mapping[str, frozenset[Scope]]] = {
    Role.MEMBER: frozenset(),
    Role.MODERATOR: _READS | {Scope.GUIDELINES_READ, Scope.GUIDELINES_WRITE},
    Role.MANAGER: _READS
    | {
        Scope.EVENTS_WRITE,
        Scope.CONNECTORS_WRITE,
        Scope.WEBHOOKS_WRITE,
        Scope.WEBHOOKS_READ,
        Scope.MEMBERS_WRITE,
        Scope.POINTS_WRITE,
        Scope.POINTS_APPROVE,
        Scope.RECOGNITION_WRITE,
        Scope.GUIDELINES_READ,
        Scope.GUIDELINES_WRITE,
        Scope.MESSAGES_READ,
        Scope.MESSAGES_WRITE,
        Scope.PROGRAMMES_READ,
        Scope.PROGRAMMES_WRITE,
        Scope.REWARDS_READ,
        Scope.REWARDS_WRITE,
    },
    Role.FINANCE_MAKER: _FINANCE_READS | {Scope.PAYOUTS_WRITE},
    Role.FINANCE_APPROVER: _FINANCE_READS
    | {Scope.PAYOUTS_APPROVE, Scope.PROGRAMMES_APPROVE, Scope.POINTS_APPROVE},
    Role.OPERATOR: _FINANCE_READS
    | {
        Scope.EVENTS_WRITE,
        Scope.CONNECTORS_WRITE,
        Scope.WEBHOOKS_WRITE,
        Scope.WEBHOOKS_READ,
        Scope.MEMBERS_WRITE,
        Scope.MEMBERS_EXPORT,
        Scope.MEMBERS_ERASE,
        Scope.PEOPLE_READ,
        Scope.AUDIT_READ,
        Scope.SIGN_IN_WRITE,
        Scope.MESSAGES_READ,
        Scope.MESSAGES_WRITE,
        Scope.OPERATIONS_READ,
        Scope.OPERATIONS_WRITE,
    },
    Role.ADMINISTRATOR: frozenset(
        {
            Scope.PEOPLE_WRITE,
            Scope.PEOPLE_READ,
            Scope.KEYS_WRITE,
            Scope.COMMUNITIES_WRITE,
            Scope.AUDIT_READ,
            Scope.SIGN_IN_WRITE,
            Scope.OPERATIONS_READ,
            Scope.PROGRAMMES_READ,
            Scope.MEMBERS_READ,
        }
    ),
}
#: The roles that there are in the installation, and all that they are good for there.
INSTALLATION_ROLES: Final = frozenset({Role.ADMINISTRATOR, Role.OPERATOR})
INSTALLATION_SCOPES: Final = frozenset(
    {
        Scope.PEOPLE_WRITE,
        Scope.PEOPLE_READ,
        Scope.KEYS_WRITE,
        Scope.COMMUNITIES_WRITE,
        Scope.AUDIT_READ,
        Scope.OPERATIONS_READ,
        Scope.OPERATIONS_WRITE,
    }
)


#: What lets somebody decide about members.
DECIDING: Final = frozenset(
    {
        Scope.MEMBERS_WRITE,
        Scope.POINTS_WRITE,
        Scope.POINTS_APPROVE,
        Scope.GUIDELINES_WRITE,
        Scope.RECOGNITION_WRITE,
        Scope.REWARDS_WRITE,
        Scope.PAYOUTS_APPROVE,
    }
)


def scopes_of(roles: Iterable[str], community: str) -> frozenset[Scope]:
    """What these roles let a person do in the community; a role that is not known here gives nothing."""
    scopes = frozenset[Scope]().union(*(ROLE_SCOPES.get(role, ()) for role in roles))
    return scopes & INSTALLATION_SCOPES if community == INSTALLATION else scopes


def decides(roles: Iterable[str], community: str) -> bool:
    """Whether these roles let a person decide about members of the community."""
    return not DECIDING.isdisjoint(scopes_of(roles, community))
