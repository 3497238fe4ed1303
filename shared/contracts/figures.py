"""Figures that decisions answer: the scorecard's indicators, and what is counted of a week or for a goal."""

from collections.abc import Mapping
from typing import Final, Literal, get_args

FigureUnit = Literal["share", "count", "seconds"]
#: What the scorecard measures of the twelve practices; each has an objective.
IndicatorName = Literal[
    "goals_complete",
    "goals_on_pace",
    "newcomers_activated",
    "audience_known",
    "changes_noted",
    "appeals_in_time",
    "largest_channel",
    "effective_channels",
    "reports_in_time",
    "repeat_offenders",
    "answers_absence_factor",
    "questions_solved",
    "median_response",
    "answered_in_time",
    "first_question_answered",
    "members_recognised",
    "decisions_logged",
    "decisions_reviewed",
    "changes_backtested",
    "survey_response",
    "ideas_answered",
]
#: Beside them what was counted of the last seven days that are over, and of a goal in its window.
FigureName = Literal[IndicatorName, "active_members", "new_members", "events", "goal"]

INDICATOR_NAMES: Final[tuple[IndicatorName, ...]] = get_args(IndicatorName)
FIGURE_NAMES: Final[tuple[FigureName, ...]] = get_args(FigureName)
#: The figure that is of something: a decision on it says of which goal.
GOAL_FIGURE: Final = "goal"
_COUNTS: Final = frozenset(
    {
        "effective_channels",
        "answers_absence_factor",
        "decisions_logged",
        "active_members",
        "new_members",
        "events",
        "goal",
    }
)
_SECONDS: Final = frozenset({"median_response"})
FIGURE_UNITS: Final[Mapping[FigureName, FigureUnit]] = {
    name: "count" if name in _COUNTS else "seconds" if name in _SECONDS else "share" for name in FIGURE_NAMES
}
#: The most that an objective or a value of each unit can be: all, a thousand million, ten years.
UNIT_MAX: Final[Mapping[FigureUnit, float]] = {"share": 1.0, "count": 1e9, "seconds": 315_360_000.0}
