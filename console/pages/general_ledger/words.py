"""Accounts and events of the general ledger in words."""

from typing import Final

from console.pages.ledger.words import ACCOUNTS, TRANSFERS


def _(text: str) -> str:
    """Marks what catalogues translate; it is translated where it is shown."""
    return text


#: Kinds of accounts in money: what they are called, and what a balance on them means.
GL_ACCOUNTS: Final = {
    **ACCOUNTS,
    "points_liability": (_("Liability for points"), _("what points that are not used yet are worth")),
    "points_expense": (_("Expense of points"), _("what points cost when they are earned")),
}
#: What happened: kinds of transfers, and how the liability for points moved.
EVENTS: Final = {
    **TRANSFERS,
    "points_earned": _("Points earned"),
    "points_used": _("Points used"),
    "points_estimate": _("Estimate and breakage"),
}
