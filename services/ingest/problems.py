"""What ingest's own errors become when they reach its API."""

from services.ingest.access.api import UNKNOWN_KEY
from services.ingest.access.domain import UnknownKeyError
from services.ingest.members.api import DIFFERENT_MEMBERS
from services.ingest.members.domain import DifferentMembersError
from shared.http import ErrorTable, Problem

ERRORS: ErrorTable = {
    DifferentMembersError: lambda error: Problem(
        DIFFERENT_MEMBERS,
        f"They belong to {', '.join(error.member_ids)}. Members that both have a history cannot be made one",
    ),
    UnknownKeyError: lambda error: Problem(UNKNOWN_KEY, f"GET /v1/communities/{error.community}/keys lists them"),
}
