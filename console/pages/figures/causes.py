"""Why events were rejected, in words for people, and what whoever sends them can do."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


@dataclass(frozen=True)
class Cause:
    """A cause: what it is called, and what to do. The title is None where there are no words of ours for it."""

    title: str | None
    remedy: str


_UNKNOWN: Final = Cause(
    None, _("Its receipt has the reason. Sent again as it should be, with a new id, it counts.")
)
#: By outcome and how the reason begins.
_CAUSES: Final[Mapping[tuple[str, str], Cause]] = {
    ("conflict", ""): Cause(
        _("Said otherwise than before"),
        _(
            "The platform sent an id that it had used, with other content. What came first counts. Have it give "
            "each event an id of its own; what changed since is told by an event that takes the earlier one back."
        ),
    ),
    ("rejected", "whoever did it wished to be forgotten"): Cause(
        _("From somebody who was forgotten"),
        _("Nothing is to be done here: nothing of theirs is taken any more. Have the platform stop sending it."),
    ),
}


def cause_of(reason: Mapping[str, Any]) -> Cause:
    """The cause behind a reason of analytics'."""
    return next(
        (
            cause
            for (outcome, beginning), cause in _CAUSES.items()
            if reason["outcome"] == outcome and str(reason["reason"]).startswith(beginning)
        ),
        _UNKNOWN,
    )
