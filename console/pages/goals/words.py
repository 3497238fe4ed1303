"""What pages call the metrics, states and parts of goals."""

from typing import Final


def _(text: str) -> str:
    """Marks what catalogues translate; it is translated where it is shown."""
    return text


METRICS: Final = {
    "activities": _("what members do"),
    "mentions": _("shares and mentions elsewhere"),
    "referrals": _("members who brought somebody"),
    "survey_answers": _("answers to surveys"),
    "suggestions": _("suggestions"),
    "suggestions_closed": _("suggestions that were closed"),
    "answers_accepted": _("accepted answers"),
    "resolved_by_members": _("what members resolved for others"),
    "thanks": _("kudos"),
    "new_members": _("new members"),
}
EVERY: Final = {"week": _("each week"), "month": _("each month"), "quarter": _("each quarter")}
#: By state: what it is called, its tone and icon.
STATES: Final = {
    "met": (_("reached"), "good", "check"),
    "on_pace": (_("on pace"), "good", "check"),
    "behind": (_("behind, too early to tell"), "warn", "info"),
    "off_pace": (_("off pace"), "bad", "alert"),
    "missed": (_("missed"), "bad", "alert"),
    "not_yet": (_("begins"), None, "clock"),
    "unmeasured": (_("not measured"), None, "minus"),
}
#: What a goal lacks, and what to do about it.
LACKS: Final = {
    "metric": _("what is counted"),
    "target": _("how much of it"),
    "window": _("until when"),
    "owner": _("who answers for it"),
}
#: Where what a metric counts is seen, for whoever looks at a number.
MADE_OF: Final = {
    "survey_answers": "/surveys",
    "thanks": "/kudos",
    "new_members": "/insight/growth",
    "resolved_by_members": "/insight/answers",
    "answers_accepted": "/insight/answers",
}
EVENTS: Final = "/figures/events?days=30"
