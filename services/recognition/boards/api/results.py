"""HTTP routes of the results of boards."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from services.recognition.boards.api.models import (
    NO_RESULTS,
    UNKNOWN_BOARD,
    BoardShown,
    Looker,
    Reader,
    ResultShown,
    board_seen,
    own_id,
    sees_ids,
    sees_names,
)
from services.recognition.boards.store import reading
from services.recognition.boards.store.reading import ResultPlace
from shared.calendars import Span
from shared.contracts.fields import Slug
from shared.followed_communities import load_calendar
from shared.http import Conn, Limit, Page, Problem, Shown, after, problem_responses
from shared.http.problem_types import TOO_MANY_READS
from shared.merges import load_heads

router = APIRouter(tags=["recognition"])
Kind = Annotated[
    Literal["year", "quarter", "month", "week", "day"] | None,
    Query(description="Where a board was of another kind of period before: of which; its own, if not given"),
]


class ResultEntryShown(BaseModel):
    """A member in results."""

    rank: int = Field(description="As it was: whoever left boards since leaves a hole")
    member_id: UUID | None = Field(description="Null for members, and for everybody where the board is public")
    name: str | None = Field(description="Of now; null too for everybody where names are not public")
    points: int
    is_self: bool = Field(description="Whether it is the member who asks")
    prizes: list[str] = Field(description="Titles of what they won", examples=[["Dinner for two"]])


class BoardResults(BaseModel):
    """The results of a period, of those whom boards show now."""

    board: BoardShown
    result: ResultShown
    items: list[ResultEntryShown]


@router.get(
    "/v1/boards/{board_id}/results",
    summary="Of which periods of a board there are results",
    responses=problem_responses(UNKNOWN_BOARD, TOO_MANY_READS),
)
async def get_results(
    principal: Looker,
    board_id: Slug,
    conn: Conn,
    place: Annotated[ResultPlace | None, after(ResultPlace)],
    limit: Limit = 12,
) -> Page[ResultShown]:
    """The newest first, of every kind of period that the board was of; of all time there are none."""
    calendar = await load_calendar(conn, community=principal.community)
    await board_seen(conn, principal, board_id=board_id, calendar=calendar)
    found = await reading.page_of_results(
        conn, community=principal.community, board_id=board_id, before=place, limit_count=limit
    )
    return Page[ResultShown].of(found, limit, item=ResultShown.of, place=ResultPlace.of)


@router.get(
    "/v1/boards/{board_id}/results/{starts_on}",
    summary="The results of a period of a board",
    responses=problem_responses(UNKNOWN_BOARD, NO_RESULTS, TOO_MANY_READS),
)
async def get_result(
    principal: Reader, board_id: Slug, starts_on: date, conn: Conn, shown: Shown, period: Kind = None
) -> BoardResults:
    """Named by its first day. Final ones never change; who is on no board any more is left out of them."""
    community = principal.community
    calendar = await load_calendar(conn, community=community)
    seen = await board_seen(conn, principal, board_id=board_id, calendar=calendar)
    kind = period or await reading.find_kind(conn, seen.board, starts_on=starts_on)
    result = None
    if kind is not None:
        result = await reading.find_result(
            conn, community=community, board_id=board_id, period=kind, starts_on=starts_on
        )
    if kind is None or result is None:
        raise Problem(NO_RESULTS, f"GET /v1/boards/{board_id}/results has the periods that there are results of")
    entries = await reading.load_entries(
        conn, community=community, board_id=board_id, period=kind, starts_on=starts_on
    )
    span = Span(result.starts_on, result.ends_on)
    won = await reading.load_prizes(conn, community=community, board_id=board_id, span=span)
    heads = await load_heads(conn, keys={(community, one.member_id) for one in won})
    prizes: dict[str, list[str]] = {}
    for one in won:
        prizes.setdefault(heads.get((community, one.member_id), one.member_id), []).append(one.title)
    own = await own_id(conn, principal)
    shown.of(*(one.member_id for one in entries if one.member_id != own))
    return BoardResults(
        board=BoardShown.of(seen),
        result=ResultShown.of(result),
        items=[
            ResultEntryShown(
                rank=entry.rank,
                member_id=UUID(entry.member_id) if sees_ids(principal) else None,
                name=entry.name if sees_names(principal) else None,
                points=entry.points,
                is_self=entry.member_id == own,
                prizes=prizes.get(entry.member_id, []),
            )
            for entry in entries
        ],
    )
