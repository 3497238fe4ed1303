"""What ingest's own errors become when they reach its API."""

from services.ingest.access.keys import api as keys
from services.ingest.access.keys import domain as key_errors
from services.ingest.access.people import api as people
from services.ingest.access.people import domain as people_errors
from services.ingest.members.api import DIFFERENT_MEMBERS
from services.ingest.members.domain import DifferentMembersError
from shared.access_keys import INSTALLATION_ROLES, SCOPES
from shared.http import ErrorTable, FieldError, Problem, ProblemType
from shared.http.problem_types import INVALID_REQUEST


def _of_field(kind: ProblemType, field: str, detail: str) -> Problem:
    return Problem(kind, detail, [FieldError(field=field, detail=detail)])


ERRORS: ErrorTable = {
    DifferentMembersError: lambda error: Problem(
        DIFFERENT_MEMBERS,
        f"They belong to {', '.join(error.member_ids)}. Members that both have a history cannot be made one",
    ),
    people_errors.UnknownPersonError: lambda error: Problem(
        people.UNKNOWN_PERSON, f"GET /v1/communities/{error.community}/people lists them"
    ),
    people_errors.OtherCommunityError: lambda error: Problem(people.OTHER_COMMUNITY, str(error)),
    people_errors.OwnRolesError: lambda _: Problem(people.OWN_ROLES, "Another administrator does that"),
    people_errors.NotARoleHereError: lambda error: _of_field(
        people.NOT_A_ROLE_HERE, "/roles", f"{error}; there are {', '.join(sorted(INSTALLATION_ROLES))}"
    ),
    key_errors.UnknownKeyError: lambda error: Problem(
        keys.UNKNOWN_KEY, f"GET /v1/communities/{error.community}/keys lists them"
    ),
    key_errors.UnknownScopesError: lambda error: _of_field(
        keys.UNKNOWN_SCOPE, "/scopes", f"unknown: {error}; there are {', '.join(SCOPES)}"
    ),
    key_errors.NotTheirScopesError: lambda error: _of_field(
        keys.NOT_THEIR_SCOPES,
        "/scopes",
        f"not theirs: {error}; their roles give {', '.join(error.theirs) or 'none'}",
    ),
    key_errors.NotTheFirstKeyError: lambda _: Problem(
        keys.NOT_THE_FIRST_KEY, "The person has had a key: an administrator issues others, with a key of their own"
    ),
    key_errors.NotUsableKeyError: lambda _: Problem(
        keys.NOT_USABLE_KEY, "It was revoked or has expired: issue a new one"
    ),
    key_errors.EndsBeforeItBeginsError: lambda _: _of_field(
        INVALID_REQUEST, "/expires_at", "It lies in the past: the key would never work"
    ),
}
