"""The kinds of problem that commands about guidelines answer."""

from shared.http import ProblemType

NO_GUIDELINES = ProblemType("no-guidelines", 409, "The programme says nothing of guidelines")
UNKNOWN_CASE = ProblemType("unknown-case", 404, "No such case")
UNKNOWN_CATEGORY = ProblemType("unknown-category", 422, "The guidelines have no such category")
CASE_DECIDED = ProblemType("case-decided", 409, "The case is not in a state for that")
OWN_CASE = ProblemType("own-case", 403, "Another person must do that")
APPEAL_TOO_LATE = ProblemType("appeal-too-late", 409, "The time to appeal has ended")
OTHER_GUIDELINES = ProblemType("other-guidelines", 409, "Another version of the guidelines is in force")
UNKNOWN_SUSPENSION = ProblemType("unknown-suspension", 404, "No such suspension")
