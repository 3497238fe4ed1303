"""What states of sends and of their lines are called, and why a line failed."""

from typing import Final


def _(text: str) -> str:
    """Marks what catalogues translate; it is translated where it is shown."""
    return text


SEND_WORDS: Final = {
    "draft": _("draft"),
    "waiting": _("waits for another person"),
    "approved": _("under way"),
    "done": _("done"),
    "cancelled": _("called off"),
}
LINE_WORDS: Final = {
    "waiting": _("to be given"),
    "given": _("given"),
    "offered": _("offered by mail"),
    "failed": _("failed"),
    "expired": _("over"),
    "cancelled": _("called off"),
}
WHY_WORDS: Final = {
    "out_of_stock": _("none left"),
    "not_offered": _("not on offer any more"),
    "nobody": _("the member was erased"),
}
TONES: Final = {"given": "good", "done": "good", "failed": "bad", "waiting": "warn", "offered": "info"}
