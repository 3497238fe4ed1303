"""Notes and decisions on figures: in which state each is, how it may go on, and what an indicator may aim at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from services.ingest.measuring.domain.texts import Sealed
from shared.contracts.facts import DecisionKind
from shared.contracts.fields import Uuid
from shared.contracts.figures import (
    FIGURE_UNITS,
    GOAL_FIGURE,
    UNIT_MAX,
    FigureName,
    IndicatorName,
)

TEXT_MAX_CHARS: Final = 2_000
#: So often at most a decision is reviewed.
REVIEWS_MAX_COUNT: Final = 50
#: So often at most what one indicator aims at is set.
OBJECTIVES_MAX_COUNT: Final = 1_000
#: A figure was seen within so many days, and what was decided is looked at again within so many.
SEEN_MAX_DAYS: Final = 366
REVIEW_MAX_DAYS: Final = 731


class DecisionStep(StrEnum):
    """What became of a decision. A note stands until it is withdrawn."""

    STANDS = "stands"
    KEPT = "kept"
    CHANGED = "changed"
    DROPPED = "dropped"
    WITHDRAWN = "withdrawn"


#: What a review may come to.
OUTCOMES: Final = frozenset({DecisionStep.KEPT, DecisionStep.CHANGED, DecisionStep.DROPPED})
#: How each state may go on. What was dropped is not reviewed any more, and what is withdrawn is gone.
STEPS: Final[Mapping[DecisionStep, frozenset[DecisionStep]]] = {
    DecisionStep.STANDS: OUTCOMES | {DecisionStep.WITHDRAWN},
    DecisionStep.KEPT: OUTCOMES | {DecisionStep.WITHDRAWN},
    DecisionStep.CHANGED: OUTCOMES | {DecisionStep.WITHDRAWN},
    DecisionStep.DROPPED: frozenset({DecisionStep.WITHDRAWN}),
    DecisionStep.WITHDRAWN: frozenset(),
}


class UnknownDecisionError(LookupError):
    """A community has no such note or decision."""


class TooManyDecisionsError(ValueError):
    """As many as may be are there; the text says of what."""


class NoReviewError(ValueError):
    """It is not reviewed: it is a note, or it was dropped or withdrawn."""


class NotAFigureError(ValueError):
    """What was said of a figure does not fit it; `field` names what."""

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(detail)
        self.field = field


@dataclass(frozen=True, slots=True)
class Decide:
    """What somebody notes or decides: the figure they saw, with its value, and when they will look again."""

    decision_id: str
    kind: DecisionKind
    figure: FigureName
    about: str | None
    value: float | None
    seen_on: date | None
    review_on: date | None
    text: str


@dataclass(frozen=True, slots=True)
class Decision:
    """A note or decision as it stands. `value` is in the figure's unit; None where it was not said."""

    community: str
    decision_id: str
    revision: int
    kind: DecisionKind
    figure: FigureName
    about: str | None
    value: float | None
    seen_on: date
    review_on: date | None
    state: DecisionStep
    person_id: str | None
    made_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Review:
    """What a review came to, the how manieth of its decision, and by whom."""

    number: int
    outcome: DecisionStep
    review_on: date | None
    person_id: str | None
    person_name: str | None
    reviewed_at: datetime
    content: Sealed | None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class ShownDecision:
    """A decision with who made it, and what they wrote while it can be read."""

    decision: Decision
    person_name: str | None
    content: Sealed | None
    text: str | None = None


class Reviewed(NamedTuple):
    """What somebody says in a review: what it comes to, why, and when to look again."""

    outcome: DecisionStep
    text: str
    review_on: date | None


class DecisionPlace(NamedTuple):
    """Where a page of decisions ended; their ids have the order in which they were made."""

    decision_id: Uuid


@dataclass(frozen=True, slots=True)
class DecisionsAsked:
    """Which decisions: on these figures (none: on any), of a goal, in a state (None: all but withdrawn).

    With `due_by` those alone that are to be looked at again on that day or before it.
    """

    community: str
    figures: Sequence[FigureName] = ()
    about: str | None = None
    kind: DecisionKind | None = None
    state: DecisionStep | None = None
    due_by: date | None = None


@dataclass(frozen=True, slots=True)
class Objective:
    """What an indicator aims at from a day on: in its unit, the how manieth time that it was set."""

    indicator: IndicatorName
    revision: int
    objective: float
    starts_on: date
    reason: str | None
    person_id: str | None
    person_name: str | None
    set_at: datetime


class ObjectivePlace(NamedTuple):
    """Where a page of objectives ended."""

    indicator: IndicatorName
    revision: int


def check_value(figure: FigureName, value: float, *, field: str) -> None:
    """Refuse a value that the figure cannot have. Raises NotAFigureError."""
    unit = FIGURE_UNITS[figure]
    if value > UNIT_MAX[unit]:
        said = {"share": "a share: 0.62 is 62 %", "count": "a number", "seconds": "in seconds"}[unit]
        raise NotAFigureError(field, f"{figure} is {said}, at most {UNIT_MAX[unit]:,.0f}")


def check_wanted(wanted: Decide, *, today: date) -> None:
    """Refuse what does not fit together. Raises NotAFigureError."""
    if (wanted.figure == GOAL_FIGURE) != (wanted.about is not None):
        detail = "Say which goal" if wanted.about is None else f"Only the figure `{GOAL_FIGURE}` is about one"
        raise NotAFigureError("/about", detail)
    if wanted.value is not None:
        check_value(wanted.figure, wanted.value, field="/value")
    if wanted.seen_on is not None and not today - timedelta(days=SEEN_MAX_DAYS) <= wanted.seen_on <= today:
        raise NotAFigureError("/seen_on", f"A day of the last {SEEN_MAX_DAYS}, up to {today}")
    if wanted.kind == "note" and wanted.review_on is not None:
        raise NotAFigureError("/review_on", "A note is not reviewed; a decision is")
    check_review_on(wanted.review_on, today=today)


def check_review_on(day: date | None, *, today: date) -> None:
    """Refuse a day that is not ahead, or too far. Raises NotAFigureError."""
    if day is not None and not today < day <= today + timedelta(days=REVIEW_MAX_DAYS):
        raise NotAFigureError("/review_on", f"A day after {today}, {REVIEW_MAX_DAYS} days ahead at most")


def check_reviewed(decision: Decision, said: Reviewed, *, today: date) -> None:
    """Refuse a review of what is not reviewed. Raises NoReviewError and NotAFigureError."""
    if decision.kind == "note":
        raise NoReviewError("a note is not reviewed")
    if said.outcome not in STEPS[decision.state]:
        raise NoReviewError(f"it is {decision.state}")
    if said.outcome is DecisionStep.DROPPED and said.review_on is not None:
        raise NotAFigureError("/review_on", "What is dropped is not looked at again")
    check_review_on(said.review_on, today=today)


def check_objective(indicator: IndicatorName, objective: float, *, starts_on: date, today: date) -> None:
    """Refuse an objective that the indicator cannot have, or from a day that is over. Raises NotAFigureError."""
    check_value(indicator, objective, field="/objective")
    if not today <= starts_on <= today + timedelta(days=REVIEW_MAX_DAYS):
        detail = f"{today} or a later day, {REVIEW_MAX_DAYS} days ahead at most: what was judged stays judged"
        raise NotAFigureError("/starts_on", detail)
