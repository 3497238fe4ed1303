"""HTTP routes of boards as they stand."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.recognition.boards.api.models import (
    UNKNOWN_BOARD,
    At,
    BoardEntry,
    BoardShown,
    Looker,
    Reader,
    board_seen,
    boards_seen,
    own_id,
    sees_ids,
    sees_names,
)
from services.recognition.boards.domain.places import Place, ranked
from services.recognition.boards.store import counting, reading
from services.recognition.leaderboards.api import INVALID_TIME
from shared.contracts.fields import Slug
from shared.followed_communities import load_calendar
from shared.http import Conn, Limit, Page, Shown, after, next_cursor, problem_responses
from shared.http.problem_types import TOO_MANY_READS

router = APIRouter(tags=["recognition"])


class BoardOfAll(BoardShown):
    """A board, and how many members are on it."""

    members: int = Field(description="Members with points above zero", examples=[1200])


class Boards(BaseModel):
    """The boards of the programme in force, in its order."""

    items: list[BoardOfAll]


class BoardPage(Page[BoardEntry]):
    """Some of the members of a board, most points first; of those with as many who had them earlier."""

    board: BoardShown
    members: int = Field(description="All members with points above zero, listed or not", examples=[1200])


@router.get("/v1/boards", summary="The boards that there are", responses=problem_responses(TOO_MANY_READS))
async def get_boards(principal: Looker, conn: Conn) -> Boards:
    """Those of the programme in force that the caller sees: everybody public ones, and a member those of audiences
    that they are in, too.
    """
    calendar = await load_calendar(conn, community=principal.community)
    items = []
    for seen in await boards_seen(conn, principal, calendar=calendar):
        members = await counting.count_members(conn, board_no=seen.board.board_no, stands_on=seen.stands_on)
        items.append(BoardOfAll(**BoardShown.of(seen).model_dump(), members=members))
    return Boards(items=items)


@router.get(
    "/v1/boards/{board_id}",
    summary="Who is on a board",
    responses=problem_responses(UNKNOWN_BOARD, INVALID_TIME, TOO_MANY_READS),
)
async def get_board(
    principal: Reader,
    board_id: Slug,
    conn: Conn,
    shown: Shown,
    place: Annotated[Place | None, after(Place)],
    at: At = None,
    limit: Limit = 50,
) -> BoardPage:
    """As many as its `size` are listed. Ranks are those of the moment each page is read."""
    calendar = await load_calendar(conn, community=principal.community)
    seen = await board_seen(conn, principal, board_id=board_id, calendar=calendar, at=at)
    board, stands_on = seen.board, seen.stands_on
    # Counted, and not as the cursor says: whoever makes one up sees no more than is listed.
    before = 0
    if place is not None:
        before = await reading.count_up_to(
            conn, board, stands_on=stands_on, place=place, limit_count=board.declared.size
        )
    left = board.declared.size - before
    wanted = min(limit, left)
    scores = (
        await reading.page_of_scores(conn, board, stands_on=stands_on, after=place, limit_count=wanted)
        if wanted
        else []
    )
    entries = ranked(scores, place)
    moved = await seen.moved(conn, {entry.score.member_id: entry.rank for entry in entries})
    own = await own_id(conn, principal)
    shown.of(*(one.score.member_id for one in entries if one.score.member_id != own))
    return BoardPage(
        board=BoardShown.of(seen),
        members=await counting.count_members(conn, board_no=board.board_no, stands_on=stands_on),
        items=[
            BoardEntry(
                rank=entry.rank,
                member_id=UUID(entry.score.member_id) if sees_ids(principal) else None,
                name=entry.score.name if sees_names(principal) else None,
                points=entry.score.points,
                is_self=entry.score.member_id == own,
                moved=moved.get(entry.score.member_id),
            )
            for entry in entries
        ],
        next=next_cursor(entries, wanted, Place.of) if entries and wanted < left else None,
    )
