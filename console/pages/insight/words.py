"""The twelve practices in words: what each is, what to do where it is missed, and where."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


@dataclass(frozen=True)
class Practice:
    """A practice: what it is called, what to do where it is red, and the page where that is done."""

    title: str
    remedy: str
    href: str
    action: str


PRACTICES: Final[Mapping[int, Practice]] = {
    1: Practice(
        _("Goals"),
        _("Give each goal an owner; drop those nobody looks at."),
        "/goals",
        _("Goals"),
    ),
    2: Practice(
        _("Knowing the audience"),
        _("See through which channel newcomers come who do not stay, and greet them there."),
        "/insight/retention",
        _("Retention"),
    ),
    3: Practice(
        _("Openness"), _("Say why before a rule changes, and decide appeals first."), "/guidelines", _("Reports")
    ),
    4: Practice(
        _("Several channels"),
        _("Connect a second channel, run a campaign there, and say what belongs where."),
        "/connectors",
        _("Connectors"),
    ),
    5: Practice(
        _("Clear guidelines"),
        _("Decide what waits longest, and write anew what is broken most often."),
        "/guidelines",
        _("Reports"),
    ),
    6: Practice(
        _("Members carry it"),
        _("Thank the few who answer most, and offer the next ones a part in it."),
        "/insight/answers",
        _("Answers"),
    ),
    7: Practice(
        _("Valuable content"),
        _("Write down what is asked again and again, and pin what helped."),
        "/content",
        _("Content"),
    ),
    8: Practice(
        _("Two-way communication"),
        _("Answer who waits longest; newcomers first."),
        "/insight/answers",
        _("Answers"),
    ),
    9: Practice(
        _("Celebrating"),
        _("See who contributed and got nothing; add firsts and milestones."),
        "/celebrations",
        _("Celebrations"),
    ),
    10: Practice(
        _("Looking at figures"),
        _("Put the review into the calendar, and write down what was decided."),
        "/decisions",
        _("Decisions"),
    ),
    11: Practice(
        _("Adapting"),
        _("Look again at what was decided, and say what is kept, changed or dropped."),
        "/decisions?due=true",
        _("To be looked at again"),
    ),
    12: Practice(
        _("Asking for feedback"),
        _("Ask fewer questions at another moment, and tell who answered what came of it."),
        "/surveys",
        _("Surveys"),
    ),
}
