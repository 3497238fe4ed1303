"""What figures of liability mean, in words."""

from collections.abc import Mapping
from typing import Any, Final


def _(text: str) -> str:
    """Marks what catalogues translate; it is translated where it is shown."""
    return text


#: What said how many points of a vintage will be used.
ESTIMATED: Final = {
    "ladder": _("chain ladder"),
    "rate": _("rate of the policy"),
    "rate_few_vintages": _("rate: too few vintages for the ladder"),
    "rate_no_factor": _("rate: the ladder has no factor"),
}
#: What whoever reads the figures should know: a title, and what it means.
CAUTIONS: Final = {
    "expected_is_redeemed_so_far": (
        _("The policy expects no more than was used already"),
        _(
            "What was used so far of all points that were ever given is no expectation: of young points most is "
            "still to come. Applied to all that was given it would say that nothing more is owed."
        ),
    ),
    "oldest_is_complete": (
        _("Of the oldest points nothing more is expected"),
        _("The chain ladder has no tail: it takes the oldest vintage for complete, and points of it are left."),
    ),
    "members_owe": (
        _("Members owe points"),
        _("They used points that were taken back since. What they owe is taken off what is outstanding."),
    ),
}
BASES: Final = {
    "cost": _("what using a point costs"),
    "deferral": _("what was deferred when it was earned"),
}
ESTIMATES: Final = {"rate": _("by the rate alone"), "ladder": _("by the chain ladder")}
UNITS: Final = {"month": _("month"), "year": _("year")}
WORDS: Final[Mapping[str, Any]] = {
    "estimated": ESTIMATED,
    "caution_words": CAUTIONS,
    "bases": BASES,
    "estimates": ESTIMATES,
    "units": UNITS,
}
