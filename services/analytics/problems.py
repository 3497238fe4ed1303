"""What analytics' own errors become when they reach its API."""

from services.analytics.audit.api import TOO_MANY_ENTRIES
from services.analytics.audit.domain import TooManyEntriesError
from shared.http import ErrorTable, Problem

ERRORS: ErrorTable = {
    TooManyEntriesError: lambda error: Problem(
        TOO_MANY_ENTRIES,
        f"It has more than {error.max_count} entries: ask for less by `from` and `to`, or for one person",
    ),
}
