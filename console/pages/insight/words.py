"""The twelve practices and their indicators in words: what each is, what to do where it is missed, and where."""

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


@dataclass(frozen=True)
class IndicatorWords:
    """An indicator: what it says, and the page with what it is made of, or that supplies what is missing."""

    title: str
    href: str


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
        "/overview",
        _("Overview"),
    ),
    11: Practice(
        _("Adapting"),
        _("Look at the oldest rule, and try one change."),
        "/campaigns",
        _("Campaigns"),
    ),
    12: Practice(
        _("Asking for feedback"),
        _("Ask fewer questions at another moment, and tell who answered what came of it."),
        "/surveys",
        _("Surveys"),
    ),
}

INDICATORS: Final[Mapping[str, IndicatorWords]] = {
    "goals_complete": IndicatorWords(_("Goals with a target, an owner and a date"), "/goals"),
    "goals_on_pace": IndicatorWords(_("Goals that are on pace"), "/goals"),
    "newcomers_activated": IndicatorWords(_("Newcomers who took part in their first days"), "/insight/retention"),
    "audience_known": IndicatorWords(_("Members of whom an audience is known"), "/members"),
    "changes_noted": IndicatorWords(_("Changes announced with a note before they took effect"), "/programme"),
    "appeals_in_time": IndicatorWords(_("Appeals decided within 7 days"), "/guidelines"),
    "largest_channel": IndicatorWords(_("Activity in the largest channel"), "/insight/activity#mix"),
    "effective_channels": IndicatorWords(_("Channels, as if all were of one size"), "/insight/activity#mix"),
    "reports_in_time": IndicatorWords(_("Reports decided within 24 hours"), "/guidelines"),
    "repeat_offenders": IndicatorWords(_("Members with a second upheld report"), "/guidelines"),
    "answers_absence_factor": IndicatorWords(_("So few give half of the first answers"), "/insight/answers"),
    "questions_solved": IndicatorWords(_("Questions with an accepted answer within 7 days"), "/content"),
    "median_response": IndicatorWords(_("Half of the questions are answered within"), "/insight/answers"),
    "answered_in_time": IndicatorWords(_("Questions answered within 24 hours"), "/insight/answers"),
    "first_question_answered": IndicatorWords(
        _("Members' first questions that were answered"), "/insight/answers"
    ),
    "members_recognised": IndicatorWords(_("Active members who received recognition"), "/celebrations"),
    "decisions_logged": IndicatorWords(_("Decisions that name a figure"), "/overview"),
    "changes_rehearsed": IndicatorWords(_("Changes of rules tried on the past first"), "/programme"),
    "survey_response": IndicatorWords(_("Members who answered of those who were asked"), "/surveys"),
    "ideas_answered": IndicatorWords(_("Suggestions answered within 30 days"), "/ideas"),
}
