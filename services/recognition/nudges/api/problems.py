"""Problems of nudges."""

from shared.http import ProblemType

UNKNOWN_NUDGE = ProblemType("unknown-nudge", 404, "No such nudge")
