"""What an access key may do."""

from enum import StrEnum


class Scope(StrEnum):
    """What a key may be issued for, and what a route asks for; the administrator's is not among them."""

    EVENTS_WRITE = "events:write"
    RECEIPTS_READ = "receipts:read"
    MEMBERS_WRITE = "members:write"
    MEMBERS_READ = "members:read"
    PROGRAMMES_WRITE = "programmes:write"
    PROGRAMMES_READ = "programmes:read"
    POINTS_READ = "points:read"
    RECOGNITION_READ = "recognition:read"
    REWARDS_READ = "rewards:read"
    REWARDS_WRITE = "rewards:write"
    PAYOUTS_WRITE = "payouts:write"
    PAYOUTS_APPROVE = "payouts:approve"
    PAYOUTS_READ = "payouts:read"
    ANALYTICS_READ = "analytics:read"


class AdminScope(StrEnum):
    """What only the administrator may do; no key is issued for it."""

    KEYS_WRITE = "keys:write"
    OPERATIONS_READ = "operations:read"


#: Every scope that a key can have, in the order in which they are shown.
SCOPES: tuple[str, ...] = tuple(scope.value for scope in Scope)
