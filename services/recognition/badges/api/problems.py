"""The kinds of problem that routes of badges answer."""

from shared.http import ProblemType

UNKNOWN_BADGE = ProblemType("unknown-badge", 404, "The programme in force has no such badge")
NOT_BY_HAND = ProblemType("badge-not-by-hand", 409, "The badge is earned, not given by hand")
BADGE_HELD = ProblemType("badge-held", 409, "The member holds the badge already")
BADGE_NOT_HELD = ProblemType("badge-not-held", 409, "The member does not hold the badge")
UNKNOWN_GRANT = ProblemType("unknown-badge-grant", 404, "The limited badge has no such grant")
EDITIONS_GONE = ProblemType("editions-gone", 409, "All numbers of the limited badge are given")
BADGE_NOT_COUNTABLE = ProblemType("badge-not-countable", 422, "It cannot be said before who would hold the badge")
PICTURE_REFUSED = ProblemType("picture-refused", 422, "The picture is not one that is served")
