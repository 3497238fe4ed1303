"""What pages say of nudges."""


def _(text: str) -> str:
    """Marks what catalogues translate; it is translated where it is shown."""
    return text


#: By kind, what whoever runs a community calls it.
KINDS = {
    "welcome": _("Welcome"),
    "answered": _("Somebody answered"),
    "streak": _("A streak ends today"),
    "waiting": _("Somebody waits for an answer"),
    "thanks": _("A thank-you"),
}
#: By kind, what a member is told of, as a wish.
MEANT = {
    "welcome": _("A welcome"),
    "answered": _("When somebody answers me"),
    "streak": _("When a streak of mine ends today"),
    "waiting": _("When somebody waits for an answer that I could give"),
    "thanks": _("A thank-you when I have done much"),
}
#: By kind, why a member got one.
OCCASIONS = {
    "welcome": _("You did something here for the first time."),
    "answered": _("Somebody answered what you wrote."),
    "streak": _("A streak of yours was to end on that day."),
    "waiting": _("A question had no answer, and you had answered in its topic before."),
    "thanks": _("You reached a milestone."),
}
#: By verdict: what it says, its tone and icon.
VERDICTS = {
    "more": (_("helps"), "good", "check"),
    "fewer": (_("does harm"), "bad", "alert"),
    "too_small_to_tell": (_("too small to tell"), None, "clock"),
    "nothing_yet": (_("nothing to compare yet"), None, "clock"),
}
