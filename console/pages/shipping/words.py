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
#: The same of what a provider sees to, where that is said otherwise.
ORDERED_WORDS: Final = STATE_WORDS | {
    "reserved": _("to be ordered"),
    "fulfilled": _("delivered"),
    "failed": _("could not be had"),
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
