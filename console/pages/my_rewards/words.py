"""What a member's pages say of what became of what they chose."""

from collections.abc import Mapping
from typing import Any


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


STATE_WORDS = {
    "reserved": _("waits for the community"),
    "confirmed": _("yours"),
    "partly_refunded": _("yours, and some of the points are back"),
    "refunded": _("the points are back"),
    "cancelled": _("cancelled: the points are back"),
    "expired": _("nobody confirmed it in time: the points are back"),
}
ORDERED: str = _("is ordered")
NOT_TO_BE_HAD: str = _("could not be had: the points are back")
WAITS_FOR_ADDRESS: str = _("waits for your address")
TO_BE_SENT: str = _("to be sent")
EVENT_WORDS = {
    "reserved": _("The points were reserved"),
    "confirmed": _("It was given, and the points were spent"),
    "rest_back": _("What was not spent came back"),
    "refunded": _("Points were refunded"),
    "cancelled": _("It was cancelled, and the points came back"),
    "expired": _("Nobody confirmed it in time, and the points came back"),
}
#: Who ended it, where a provider did.
_PROVIDER = "provider "


def said_of(redemption: Mapping[str, Any]) -> str:
    """The state of a redemption as its member reads it, to be translated."""
    state, by = redemption["state"], redemption["fulfilled_by"]
    if state == "reserved" and by == "provider":
        return ORDERED
    if state == "reserved" and by == "hand":
        return WAITS_FOR_ADDRESS if redemption["needs_address"] else TO_BE_SENT
    if state == "cancelled" and str(redemption["changed_by"]).startswith(_PROVIDER):
        return NOT_TO_BE_HAD
    return STATE_WORDS[state]
