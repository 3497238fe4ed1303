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
