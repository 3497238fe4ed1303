"""What pages call wallets, their moves, and what two people decide of them."""

from typing import Final


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


#: By state: what it is called, its tone and icon.
STATES: Final = {
    "open": (_("open"), "good", "check"),
    "frozen": (_("frozen"), "warn", "clock"),
    "closed": (_("closed"), None, "x"),
}
PURPOSES: Final = {
    "community": _("The whole community"),
    "department": _("A department"),
    "campaign": _("A campaign"),
}
MOVES: Final = {
    "fund": _("Came in"),
    "withdraw": _("Went out"),
    "transfer": _("Allotted"),
    "reserve": _("Set aside"),
    "post": _("Spent"),
    "void": _("Freed"),
    "refund": _("Came back"),
}
USES: Final = {
    "redemption": _("a redemption"),
    "payout_run": _("a payout run"),
    "send": _("a send"),
    "campaign": _("points of its campaign"),
}
KINDS: Final = {
    "fund": _("Bring something in"),
    "withdraw": _("Take something out"),
    "transfer": _("Allot to another wallet"),
    "assign": _("Have something paid from it"),
    "unassign": _("Have something not paid from it any more"),
    "thaw": _("Open it again"),
    "close": _("Close it"),
}
SPENDS: Final = {
    "payouts": _("Payouts"),
    "redemptions": _("Redemptions"),
    "campaign": _("Points of its campaign"),
}
DECISIONS: Final = {
    "proposed": (_("waits for another person"), "warn", "clock"),
    "confirmed": (_("done"), "good", "check"),
    "withdrawn": (_("withdrawn"), None, "undo"),
}
