"""What pages call the kinds of surveys."""

from typing import Final


def _(text: str) -> str:
    """Marks what catalogues translate; it is translated where it is shown."""
    return text


KINDS: Final = {
    "nps": _("Net Promoter Score"),
    "csat": _("satisfaction (CSAT)"),
    "ces": _("effort (CES)"),
    "scale": _("a scale"),
    "choice": _("a choice"),
    "text": _("words"),
}
