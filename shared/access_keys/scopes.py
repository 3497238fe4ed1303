"""What an access key may do."""

ADMIN_SCOPE = "keys:write"
SCOPES = (
    "events:write",
    "receipts:read",
    "members:write",
    "members:read",
    "programmes:write",
    "programmes:read",
    "points:read",
    "recognition:read",
    "rewards:read",
    "rewards:write",
    "payouts:write",
    "payouts:approve",
    "payouts:read",
    "analytics:read",
)
