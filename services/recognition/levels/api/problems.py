"""The kinds of problem that routes of levels answer."""

from shared.http import ProblemType

UNKNOWN_LEVEL = ProblemType("unknown-level", 404, "The programme in force has no such level that can be fixed")
LEVEL_NOT_LOCKED = ProblemType("level-not-locked", 409, "Nobody fixed the member's level")
