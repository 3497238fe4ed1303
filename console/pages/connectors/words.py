"""What becomes of deliveries and of their events, in words."""

from typing import Final


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


#: By the service's names: the words, their tone and their icon.
OUTCOMES: Final = {
    "mapped": (_("became events"), "good", "check"),
    "no_engagement": (_("counts nothing"), "", "minus"),
    "unmapped": (_("no mapping yet"), "warn", "alert"),
    "invalid": (_("mapping failed"), "bad", "x"),
}
#: What became of events, as receipts count them.
EVENT_COUNTS: Final = {
    "accepted": _("new"),
    "duplicate": _("known already"),
    "conflict": _("unlike what stands"),
    "pending": _("not judged yet"),
}
