"""HTTP routes of codes of vouchers."""

from datetime import UTC, date, datetime
from typing import Annotated, Final, Self
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.rewards.catalogue.api.rewards import UNKNOWN_CATALOGUE_REWARD
from services.rewards.catalogue.domain import UnknownCatalogueRewardError
from services.rewards.catalogue.store import find_reward
from services.rewards.vouchers import store
from services.rewards.vouchers.domain import (
    COLUMNS,
    LINES_MAX_COUNT,
    CodeEntry,
    CodePlace,
    CodesRefusedError,
    CodeState,
    Imported,
    last_day,
)
from services.rewards.vouchers.handlers.codes import import_codes
from shared.calendars import Calendar
from shared.contracts.fields import Slug
from shared.followed_communities import load_calendar
from shared.http import (
    Conn,
    FieldError,
    Limit,
    Page,
    Principal,
    Problem,
    ProblemType,
    RequestBody,
    Scope,
    Tx,
    after,
    problem_responses,
    requires,
)

NO_VOUCHER = ProblemType("no-voucher", 409, "The reward has no codes")
NO_VOUCHER_KEYS = ProblemType("no-voucher-keys", 503, "Codes cannot be sealed or opened here")
TOO_MANY_CODES = ProblemType("too-many-codes", 409, "As many codes wait as may")
CODES_REFUSED = ProblemType("codes-refused", 422, "Lines of the table cannot be taken in")
CSV_MAX_CHARS: Final = 2_000_000
EXAMPLE: Final = "code,pin,expires_on\nEXAMPLE-CODE-1,1234,2030-12-31\nEXAMPLE-CODE-2,,\n"

router = APIRouter(tags=["catalogue"])
Keeper = Annotated[Principal, requires(Scope.REWARDS_WRITE)]


class CodesTable(RequestBody):
    """Codes of a voucher as a table."""

    csv: str = Field(
        max_length=CSV_MAX_CHARS,
        description=f"CSV with a line of headings: {', '.join(COLUMNS)}; the first is needed. `expires_on` is "
        f"the last day on which a code can be used. {LINES_MAX_COUNT:,} lines at most",
        examples=[EXAMPLE],
    )


class CodesImported(BaseModel):
    """What became of a table."""

    added_count: int = Field(description="Codes that can be given from now on", examples=[2])
    known_lines: list[int] = Field(
        description="Lines whose codes were there already: nothing changed", examples=[[]]
    )
    returned_count: int = Field(
        description="Codes that were given before the database was restored: whoever has them sees them again",
        examples=[0],
    )

    @classmethod
    def of(cls, imported: Imported) -> Self:
        """What is answered."""
        return cls(
            added_count=imported.added_count,
            known_lines=list(imported.known_lines),
            returned_count=imported.returned_count,
        )


class CodeShown(BaseModel):
    """A code of a voucher, without what it says: that is shown to whom it was given alone."""

    code_id: UUID
    state: CodeState
    added_at: datetime
    expires_at: datetime | None = Field(description="It cannot be used from then on; null: for good")
    expires_on: date | None = Field(
        description="The last day on which it can be used, by the community's calendar; null: for good"
    )
    redemption_id: UUID | None = Field(description="Whose it is; null while it is nobody's")
    given_at: datetime | None

    @classmethod
    def of(cls, entry: CodeEntry, *, at: datetime, calendar: Calendar) -> Self:
        """A code as it is answered."""
        said = {"state": entry.state(at), "expires_on": last_day(entry.expires_at, calendar)}
        return cls.model_validate(entry._asdict() | said)


@router.post(
    "/v1/catalogue/rewards/{reward_id}/codes",
    summary="Import codes of a voucher",
    responses=problem_responses(
        UNKNOWN_CATALOGUE_REWARD, NO_VOUCHER, TOO_MANY_CODES, CODES_REFUSED, NO_VOUCHER_KEYS
    ),
)
async def post_codes(principal: Keeper, tx: Tx, reward_id: Slug, table: CodesTable) -> CodesImported:
    """All of a table or nothing: what is wrong is said line by line. Sent again it takes nothing in twice.

    Codes are sealed, known by a hash under a key, and in no log.
    """
    imported = await import_codes(tx, community=principal.community, reward_id=reward_id, text=table.csv)
    return CodesImported.of(imported)


@router.get(
    "/v1/catalogue/rewards/{reward_id}/codes",
    summary="Codes of a voucher, those that came last first",
    responses=problem_responses(UNKNOWN_CATALOGUE_REWARD),
)
async def list_codes(
    principal: Annotated[Principal, requires(Scope.REWARDS_READ)],
    conn: Conn,
    reward_id: Slug,
    place: Annotated[CodePlace | None, after(CodePlace)],
    limit: Limit = 100,
) -> Page[CodeShown]:
    """Which are left, given or over; what they say is shown to nobody here."""
    community, at = principal.community, datetime.now(UTC)
    if await find_reward(conn, community=community, reward_id=reward_id) is None:
        raise UnknownCatalogueRewardError(reward_id)
    entries = await store.page_of_codes(conn, community=community, reward_id=reward_id, after=place, limit=limit)
    calendar = await load_calendar(conn, community=community)
    return Page.of(
        entries,
        limit,
        item=lambda entry: CodeShown.of(entry, at=at, calendar=calendar),
        place=lambda entry: (entry.added_at, entry.code_id),
    )


def codes_refused(error: CodesRefusedError) -> Problem:
    """What is wrong with a table, line by line."""
    errors = [FieldError(field="/csv", detail=fault.reason, line=fault.line) for fault in error.faults]
    first = error.faults[0]
    more = f"; {error.count - 1} more lines have faults" if error.count > 1 else ""
    return Problem(CODES_REFUSED, f"Line {first.line}: {first.reason}{more}. Nothing was taken in", errors)
