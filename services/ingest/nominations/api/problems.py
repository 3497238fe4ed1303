"""What is refused of rounds, nominations and votes."""

from typing import Final

from services.ingest.nominations import domain
from shared.http import ErrorTable, Problem, ProblemType

UNKNOWN_ROUND = ProblemType("unknown-nomination-round", 404, "No such round")
UNKNOWN_NOMINATION = ProblemType("unknown-nomination", 404, "No such nomination")
INVALID_ROUND_DAYS = ProblemType("invalid-round-days", 422, "The days of the round do not fit together")
ROUND_NOT_OPEN = ProblemType("nomination-round-not-open", 409, "The round is not open for that")
NOT_OF_AUDIENCE = ProblemType("not-of-audience", 409, "The member is not in the audience that may")
NOT_STANDING = ProblemType("nomination-not-standing", 409, "The member takes no part")
OWN_NOMINATION = ProblemType("own-nomination", 409, "Nobody nominates or votes for themselves")
ALREADY_NOMINATED = ProblemType("already-nominated", 409, "The member is nominated already")
TOO_MANY_NOMINATIONS = ProblemType("too-many-nominations", 409, "As many as may be are there")

REFUSALS: Final[ErrorTable] = {
    domain.UnknownRoundError: lambda _: Problem(UNKNOWN_ROUND, "GET /v1/nomination-rounds has those there are"),
    domain.UnknownNominationError: lambda _: Problem(
        UNKNOWN_NOMINATION, "Nothing was done: it is not there, or another is nominated by it"
    ),
    domain.NotADateError: lambda error: Problem(INVALID_ROUND_DAYS, f"Nothing was done: {error}"),
    domain.NotOpenError: lambda error: Problem(ROUND_NOT_OPEN, f"Nothing was done: {error}"),
    domain.NotOfAudienceError: lambda error: Problem(
        NOT_OF_AUDIENCE, f"Nothing was done: it takes the audience {error}"
    ),
    domain.NotStandingError: lambda _: Problem(
        NOT_STANDING,
        "Nothing was done: they are no member or no person, suspended, or do not stand",
    ),
    domain.OwnNominationError: lambda _: Problem(OWN_NOMINATION, "Nothing was done: it is for another"),
    domain.NominatedError: lambda _: Problem(
        ALREADY_NOMINATED, "Nothing was done: vote for them when votes are given"
    ),
    domain.TooManyNominationsError: lambda error: Problem(TOO_MANY_NOMINATIONS, f"Nothing was done: {error}"),
}
