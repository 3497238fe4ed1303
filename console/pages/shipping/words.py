"""What states of goods are called."""

from typing import Final


def _(text: str) -> str:
    """Marks what catalogues translate; it is translated where it is shown."""
    return text


STATE_WORDS: Final = {
    "reserved": _("to be sent"),
    "in_hand": _("in hand"),
    "ordered": _("ordered"),
    "unknown": _("not known yet"),
    "fulfilled": _("sent"),
    "failed": _("cannot be sent"),
    "compensated": _("points are back"),
}
TONES: Final = {
    "reserved": "warn",
    "in_hand": "accent",
    "ordered": "accent",
    "unknown": "warn",
    "fulfilled": "good",
    "failed": "bad",
}
ICONS: Final = {"fulfilled": "check", "failed": "x", "compensated": "undo"}
