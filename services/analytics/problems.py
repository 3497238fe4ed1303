"""What analytics' own errors become when they reach its API."""

from services.analytics.audit.api import TOO_MANY_ENTRIES
from services.analytics.audit.domain import TooManyEntriesError
from shared.access_keys import OtherCommunityError
from shared.http import ErrorTable, Problem
from shared.http.problem_types import OTHER_COMMUNITY

ERRORS: ErrorTable = {
    OtherCommunityError: lambda error: Problem(OTHER_COMMUNITY, str(error)),
    TooManyEntriesError: lambda error: Problem(
        TOO_MANY_ENTRIES,
        f"It has more than {error.max_count} entries: ask for less by `from` and `to`, or for one person",
    ),
}
