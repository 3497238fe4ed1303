"""Why something was refused, in words for people, and what to do about it."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


class Cause(NamedTuple):
    """A cause: what it is called, and what to do."""

    title: str
    remedy: str


CAUSES: Final[Mapping[str, Cause]] = {
    "unknown_type": Cause(
        _("Of a type that nobody declared"),
        _("Declare the type in the programme, under events. Then send again what waited for it: it counts."),
    ),
    "not_valid": Cause(
        _("With a field that is wrong"),
        _("Each says which field and why. Mend the platform that sends it, or the event here, and send it again."),
    ),
    "not_readable": Cause(
        _("No JSON"),
        _("What came is no event at all. Look at what it is, and mend what sends it."),
    ),
    "too_large": Cause(
        _("Too large"),
        _("Have the platform leave out what nobody needs, such as long texts, and send it again."),
    ),
    "conflict": Cause(
        _("Said otherwise than before"),
        _("What came first counts. Compare both; what is right is sent again with an id of its own."),
    ),
}


def shown(value: Any) -> str:
    """A value of an event as somebody reads it; nothing for what is not there."""
    return "" if value is None else value if isinstance(value, str) else str(value)
