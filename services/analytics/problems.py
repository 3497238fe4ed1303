"""Every kind of problem that analytics answers beside those of all services."""

from shared.http import ProblemType

AWARD_NOT_ARRIVED = ProblemType("award-not-arrived", 404, "Award not known")
EVENT_NOT_ARRIVED = ProblemType("event-not-arrived", 404, "Event not known")
PAYOUT_NOT_ARRIVED = ProblemType("payout-not-arrived", 404, "Payout not known")
INVALID_DAYS = ProblemType("invalid-days", 422, "The days are not valid")
UNSTORABLE_TEXT = ProblemType("unstorable-text", 422, "The text is not valid")
