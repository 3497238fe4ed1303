"""What ingest's own errors become when they reach its API."""

from services.ingest.access.api import UNKNOWN_KEY
from services.ingest.access.domain import UnknownKeyError
from services.ingest.communities.api.routes import (
    COMMUNITY_EXISTS,
    STALE_REVISION,
    TOO_MANY_CHANGES,
    UNKNOWN_COMMUNITY,
)
from services.ingest.communities.domain.communities import (
    CommunityExistsError,
    StaleRevisionError,
    UnknownCommunityError,
)
from services.ingest.members.api import DIFFERENT_MEMBERS
from services.ingest.members.domain import DifferentMembersError
from shared.calendars import TooManyChangesError
from shared.http import ErrorTable, Problem

ERRORS: ErrorTable = {
    DifferentMembersError: lambda error: Problem(
        DIFFERENT_MEMBERS,
        f"They belong to {', '.join(error.member_ids)}. Members that both have a history cannot be made one",
    ),
    UnknownKeyError: lambda error: Problem(UNKNOWN_KEY, f"GET /v1/communities/{error.community}/keys lists them"),
    UnknownCommunityError: lambda error: Problem(
        UNKNOWN_COMMUNITY, f"Nobody declared {error.community}: POST /v1/communities, or `plaudit community add`"
    ),
    CommunityExistsError: lambda error: Problem(
        COMMUNITY_EXISTS, f"{error}: PATCH /v1/communities/{error.community} changes it"
    ),
    StaleRevisionError: lambda error: Problem(
        STALE_REVISION, f"{error}: GET /v1/communities/{error.community}, and change what it is now"
    ),
    TooManyChangesError: lambda error: Problem(TOO_MANY_CHANGES, str(error)),
}
