"""The route by which a service shows all that it holds of a member, as the register of personal data says it."""

from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter
from pydantic import BaseModel, Field, StringConstraints

from shared.access_keys import Principal, Scope
from shared.http.auth import requires
from shared.http.connected import Conn
from shared.http.members import MemberId
from shared.http.pages import Limit, Page, after
from shared.http.problem_types import INVALID_CURSOR, UNKNOWN_IDENTITY, UNKNOWN_MEMBER
from shared.http.problems import FieldError, Problem, problem_responses
from shared.merges import load_group
from shared.personal_data import HELD
from shared.personal_data.kinds import Erased
from shared.personal_data.store import BrokenKeyError, HeldRow, load_rows

KEY_MAX_CHARS = 700
#: The table of the service that knows who is a member at all.
WHO_THERE_IS = {"ingest": "members"}
#: In this it stands of others that they asked for somebody: it shows nobody.
ASKED = "audit_entries"


class RowPlace(NamedTuple):
    """Where a page of a member's rows ended: the table, and its key as JSON."""

    table: Annotated[str, StringConstraints(max_length=63)]
    key: Annotated[str, StringConstraints(max_length=KEY_MAX_CHARS, pattern=r"^\{.*\}$")]

    @classmethod
    def of(cls, row: HeldRow) -> "RowPlace":
        """The place of a row."""
        return cls(row.held.table, row.key)


class RowShown(BaseModel):
    """Something that is held of a member."""

    table: str = Field(examples=["followed_members"])
    says: str = Field(description="What rows of the table say", examples=["The name to show"])
    erased: Erased = Field(description="What an erasure does with it")
    row: dict[str, Any] = Field(description="The row; secrets, and what is sealed, are left out")

    @classmethod
    def of(cls, row: HeldRow) -> "RowShown":
        """What is shown of a row."""
        return cls(table=row.held.table, says=row.held.says, erased=row.held.erased, row=dict(row.row))


def personal_data_router(service: str) -> APIRouter:
    """The route of a service."""
    router = APIRouter(tags=["members"])
    shows_somebody = [
        one
        for one in HELD.get(service, ())
        if one.table == WHO_THERE_IS.get(service, one.table) and one.table != ASKED
    ]
    # Those whom the others told of are there nearly always.
    shows_somebody.sort(key=lambda one: one.table != "followed_members")
    tables = {one.table: place for place, one in enumerate(HELD.get(service, ()))}

    @router.get(
        "/v1/members/{member_id}/personal-data",
        summary="All that the service holds of a member",
        responses=problem_responses(UNKNOWN_IDENTITY, UNKNOWN_MEMBER, INVALID_CURSOR),
    )
    async def get_personal_data(
        principal: Annotated[Principal, requires(Scope.MEMBERS_EXPORT, or_own=True, reads="member_id")],
        conn: Conn,
        member_id: MemberId,
        place: Annotated[RowPlace | None, after(RowPlace)],
        limit: Limit = 100,
    ) -> Page[RowShown]:
        """Row by row, table by table, of the member and of all who are merged into it; 404 where nothing is held.

        `plaudit member export` gathers what all services hold in one archive.
        """
        community, found = principal.community, list[HeldRow]()
        member_ids = await load_group(conn, community=community, head_id=str(member_id))
        for held in shows_somebody if place is None else ():
            if await load_rows(conn, held, community=community, member_ids=member_ids, behind=None, limit_count=1):
                break
        else:
            if place is None:
                # Else the answer were that somebody asked for them.
                raise Problem(UNKNOWN_MEMBER, f"Nobody here has been {member_id}")
        begin = 0 if place is None else tables.get(place.table, len(tables))
        try:
            for held in HELD.get(service, ())[begin:]:
                behind = place.key if place is not None and place.table == held.table else None
                found += await load_rows(
                    conn,
                    held,
                    community=community,
                    member_ids=member_ids,
                    behind=behind,
                    limit_count=limit - len(found),
                )
                if len(found) == limit:
                    break
        except BrokenKeyError:
            detail = "Give `next` of the page before as it was"
            raise Problem(INVALID_CURSOR, detail, [FieldError(field="after", detail=detail)]) from None
        return Page[RowShown].of(found, limit, item=RowShown.of, place=RowPlace.of)

    return router
