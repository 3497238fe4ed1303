"""What a caller may do."""

from collections.abc import Collection, Iterable
from enum import StrEnum


class Scope(StrEnum):
    """What a key may be issued for, and what a route asks for."""

    EVENTS_WRITE = "events:write"
    RECEIPTS_READ = "receipts:read"
    CONNECTORS_WRITE = "connectors:write"
    WEBHOOKS_WRITE = "webhooks:write"
    WEBHOOKS_READ = "webhooks:read"
    MEMBERS_WRITE = "members:write"
    MEMBERS_READ = "members:read"
    MEMBERS_EXPORT = "members:export"
    MEMBERS_ERASE = "members:erase"
    PROGRAMMES_WRITE = "programmes:write"
    PROGRAMMES_APPROVE = "programmes:approve"
    PROGRAMMES_READ = "programmes:read"
    POINTS_READ = "points:read"
    POINTS_WRITE = "points:write"
    POINTS_APPROVE = "points:approve"
    GUIDELINES_READ = "guidelines:read"
    GUIDELINES_WRITE = "guidelines:write"
    RECOGNITION_READ = "recognition:read"
    RECOGNITION_WRITE = "recognition:write"
    REWARDS_READ = "rewards:read"
    REWARDS_WRITE = "rewards:write"
    PAYOUTS_WRITE = "payouts:write"
    PAYOUTS_APPROVE = "payouts:approve"
    PAYOUTS_READ = "payouts:read"
    ANALYTICS_READ = "analytics:read"
    PEOPLE_WRITE = "people:write"
    PEOPLE_READ = "people:read"
    KEYS_WRITE = "keys:write"
    COMMUNITIES_WRITE = "communities:write"
    AUDIT_READ = "audit:read"
    SIGN_IN_WRITE = "sign_in:write"
    OPERATIONS_READ = "operations:read"
    OPERATIONS_WRITE = "operations:write"
    MESSAGES_READ = "messages:read"
    MESSAGES_WRITE = "messages:write"
    PUBLIC_READ = "public:read"


#: Every scope, in the order in which they are shown.
SCOPES: tuple[str, ...] = tuple(scope.value for scope in Scope)
#: What a key gets only when it is asked for by name.
ONLY_IF_ASKED = frozenset(
    {
        Scope.MEMBERS_ERASE,
        Scope.MEMBERS_EXPORT,
        Scope.PAYOUTS_WRITE,
        Scope.PAYOUTS_APPROVE,
        Scope.PAYOUTS_READ,
        Scope.PUBLIC_READ,
    }
)
#: What a key has and nothing beside it: what anybody sees opens nothing else.
ALONE = frozenset({Scope.PUBLIC_READ})


def go_together(scopes: Collection[str]) -> bool:
    """Whether one key may have all of these scopes."""
    return len(set(scopes)) <= 1 or ALONE.isdisjoint(scopes)


def together(scopes: Iterable[str]) -> tuple[str, ...]:
    """Of these scopes all that one key can have at once, in their order."""
    return tuple(scope for scope in scopes if scope not in ALONE)
