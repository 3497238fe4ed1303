"""Figures that decisions answer, in words, each with the page that it stands on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode


def _(text: str) -> str:
    """Marks what catalogues translate."""
    return text


@dataclass(frozen=True)
class FigureWords:
    """A figure: what it says, and the page that it stands on."""

    title: str
    href: str


FIGURES: Final[Mapping[str, FigureWords]] = {
    "goals_complete": FigureWords(_("Goals with a target, an owner and a date"), "/goals"),
    "goals_on_pace": FigureWords(_("Goals that are on pace"), "/goals"),
    "newcomers_activated": FigureWords(_("Newcomers who took part in their first days"), "/insight/retention"),
    "audience_known": FigureWords(_("Active members of whom an audience is known"), "/programme/audiences"),
    "changes_noted": FigureWords(_("Changes announced with a note before they took effect"), "/programme"),
    "appeals_in_time": FigureWords(_("Appeals decided within 7 days"), "/guidelines"),
    "largest_channel": FigureWords(_("Activity in the largest channel"), "/insight/activity#mix"),
    "effective_channels": FigureWords(_("Channels, as if all were of one size"), "/insight/activity#mix"),
    "reports_in_time": FigureWords(_("Reports decided within 24 hours"), "/guidelines"),
    "repeat_offenders": FigureWords(_("Members with a second upheld report"), "/guidelines"),
    "answers_absence_factor": FigureWords(_("So few give half of the first answers"), "/insight/network"),
    "questions_solved": FigureWords(_("Questions with an accepted answer within 7 days"), "/insight/answers"),
    "median_response": FigureWords(_("Half of the questions are answered within"), "/insight/answers"),
    "answered_in_time": FigureWords(_("Questions answered within 24 hours"), "/insight/answers"),
    "first_question_answered": FigureWords(_("Members' first questions that were answered"), "/insight/answers"),
    "members_recognised": FigureWords(_("Active members whom recognition reached in 90 days"), "/kudos"),
    "decisions_logged": FigureWords(_("Decisions that name a figure"), "/decisions"),
    "decisions_reviewed": FigureWords(_("Decisions looked at again within a week of their day"), "/decisions"),
    "changes_backtested": FigureWords(
        _("Changes that were backtested before they were published"), "/programme/backtests"
    ),
    "survey_response": FigureWords(_("Members who answered of those who were asked"), "/surveys"),
    "ideas_answered": FigureWords(_("Suggestions answered within 30 days"), "/ideas"),
    "active_members": FigureWords(_("Active members of the last 7 days"), "/insight/growth"),
    "new_members": FigureWords(_("New members of the last 7 days"), "/insight/growth"),
    "events": FigureWords(_("Activity of the last 7 days"), "/insight/activity"),
    "goal": FigureWords(_("A goal"), "/goals"),
}
SECONDS: Final = frozenset({"median_response"})
SHARES: Final = (
    frozenset(FIGURES)
    - SECONDS
    - {
        *("effective_channels", "answers_absence_factor", "decisions_logged"),
        *("active_members", "new_members", "events", "goal"),
    }
)
STATES: Final = {
    "stands": (_("stands"), None, "pen"),
    "kept": (_("kept"), "good", "check"),
    "changed": (_("changed"), "accent", "flow"),
    "dropped": (_("dropped"), "warn", "x"),
    "withdrawn": (_("taken back"), None, "undo"),
}


def unit_of(figure: str) -> str:
    """In what a figure is counted."""
    return "share" if figure in SHARES else "seconds" if figure in SECONDS else "count"


def href_of(figure: str, about: str | None) -> str:
    """The page that a figure stands on."""
    if figure == "goal" and about is not None:
        return f"/goals/{about}"
    return FIGURES[figure].href


def deciding_href(figure: str, about: str | None = None) -> str:
    """Where something is decided on a figure."""
    return f"/decisions/new?{urlencode({'figure': figure} | ({} if about is None else {'about': about}))}"
