"""The problems that the routes of programmes answer with, beside those of every service."""

from shared.http import ProblemType

INVALID_PROGRAMME = ProblemType("invalid-programme", 422, "The programme is not valid")
OTHER_PROGRAMME = ProblemType("other-programme", 409, "The community has another programme")
EFFECTIVE_FROM_REFUSED = ProblemType("effective-from-refused", 422, "The version cannot take effect then")
EVENT_TYPES_CHANGED = ProblemType("event-types-changed", 422, "Events that were accepted would be invalid")
UNKNOWN_VERSION = ProblemType("unknown-version", 404, "No such version")
PROGRAMME_FOUR_EYES = ProblemType("programme-four-eyes", 403, "Another person must approve the programme")
PROPOSAL_DECIDED = ProblemType("programme-not-waiting", 409, "The version does not wait for approval")
NOT_WITHDRAWABLE = ProblemType("programme-not-withdrawable", 409, "The version can not be withdrawn")
CHECK_TOO_SLOW = ProblemType("check-too-slow", 422, "The programme takes too long to check")
CHECKS_BUSY = ProblemType("checks-busy", 503, "Other programmes are being checked")
NOTE_MISSING = ProblemType("programme-note-missing", 422, "Nobody says what the version changes")
BACKTEST_MISSING = ProblemType("backtest-missing", 409, "The programme was not backtested")
UNKNOWN_DRAFT = ProblemType("unknown-draft", 404, "No such draft")
DRAFT_CHANGED = ProblemType("draft-changed", 409, "Somebody else saved the draft")
DRAFT_TAKEN = ProblemType("draft-submitted", 409, "The draft was submitted")
TOO_MANY_DRAFTS = ProblemType("too-many-drafts", 409, "The community has as many drafts as it may")
DRAFT_TOO_LARGE = ProblemType("draft-too-large", 422, "The draft is too large")
