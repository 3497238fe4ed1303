"""What kinds of rewards, and states of codes and links, are called."""

from typing import Final


def _(text: str) -> str:
    """Marks what catalogues translate; it is translated where it is shown."""
    return text


KIND_WORDS: Final = {
    "voucher": _("voucher"),
    "gift_card": _("gift card"),
    "merchandise": _("merchandise"),
    "donation": _("donation"),
    "experience": _("experience"),
    "cash": _("cash"),
    "other": _("something else"),
}
LINK_WORDS: Final = {
    "open": _("open"),
    "used_up": _("used up"),
    "expired": _("over"),
    "revoked": _("revoked"),
}
CODE_WORDS: Final = {"left": _("to be given"), "given": _("given"), "ended": _("over")}
