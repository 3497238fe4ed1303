"""What is refused of notes, decisions and objectives."""

from typing import Final

from services.ingest.decisions import domain
from shared.http import ErrorTable, FieldError, Problem, ProblemType

UNKNOWN_DECISION = ProblemType("unknown-decision", 404, "No such note or decision")
UNKNOWN_INDICATOR = ProblemType("unknown-indicator", 404, "The scorecard has no such indicator")
INVALID_FIGURE = ProblemType("invalid-figure", 422, "What is said of the figure does not fit")
NOT_REVIEWED = ProblemType("not-reviewed", 409, "That is not reviewed")
TOO_MANY_DECISIONS = ProblemType("too-many-decisions", 409, "As many as may be are there")

REFUSALS: Final[ErrorTable] = {
    domain.UnknownDecisionError: lambda _: Problem(
        UNKNOWN_DECISION, "Nothing was done. GET /v1/decisions has those there are"
    ),
    domain.NotAFigureError: lambda error: Problem(
        INVALID_FIGURE, f"Nothing was done: {error}", [FieldError(field=error.field, detail=str(error))]
    ),
    domain.NoReviewError: lambda error: Problem(NOT_REVIEWED, f"Nothing was done: {error}"),
    domain.TooManyDecisionsError: lambda error: Problem(TOO_MANY_DECISIONS, f"Nothing was done: {error}"),
}
