"""HTTP routes of a member's places on boards."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from services.recognition.boards.api.models import (
    NEIGHBOURS_MAX_COUNT,
    UNKNOWN_BOARD,
    At,
    BoardEntry,
    BoardPlace,
    BoardShown,
    PrizeShown,
    Seen,
    board_seen,
    boards_seen,
    place_of,
)
from services.recognition.boards.domain.places import Place, Score, ranked
from services.recognition.boards.store import counting, reading
from services.recognition.boards.store.reading import PrizePlace
from services.recognition.leaderboards.api import INVALID_TIME
from shared.contracts.fields import Slug
from shared.followed_communities import load_calendar
from shared.http import Conn, Limit, MemberId, Principal, Scope, after, next_cursor, problem_responses, requires
from shared.http.problem_types import UNKNOWN_IDENTITY
from shared.merges import load_group
from shared.postgres import Connection

Own = Annotated[Principal, requires(Scope.RECOGNITION_READ, or_own=True, reads="member_id")]

#: Prizes on a page, unless it is said how many.
PRIZES_COUNT = 100

router = APIRouter(tags=["recognition"])


class PlaceOnBoard(BaseModel):
    """A board, and where a member stands on it."""

    board: BoardShown
    place: BoardPlace | None = Field(description="Null where they are not on it")


class PlacesOnBoards(BaseModel):
    """Where a member stands on each board, and what they won."""

    items: list[PlaceOnBoard]
    prizes: list[PrizeShown] = Field(description="The newest first, `limit` at most")
    next: str | None = Field(description="Where earlier prizes begin, for `after`; null where these are all")


class PlaceWithNeighbours(PlaceOnBoard):
    """A member's place on a board, and who is right above and below them."""

    neighbours: list[BoardEntry] = Field(description="In the order of the board, the member among them; no ids")


@router.get(
    "/v1/members/{member_id}/boards",
    summary="A member's places on boards, and their prizes",
    responses=problem_responses(UNKNOWN_IDENTITY),
)
async def get_member_boards(
    principal: Own,
    member_id: MemberId,
    conn: Conn,
    place: Annotated[PrizePlace | None, after(PrizePlace)],
    limit: Limit = PRIZES_COUNT,
) -> PlacesOnBoards:
    """Places on those that the caller sees; `limit` and `after` are of the prizes, whatever board they were of."""
    calendar = await load_calendar(conn, community=principal.community)
    items = []
    for seen in await boards_seen(conn, principal, calendar=calendar):
        stands_at, _ = await _place(conn, seen, member_id=str(member_id))
        items.append(PlaceOnBoard(board=BoardShown.of(seen), place=stands_at))
    group = await load_group(conn, community=principal.community, head_id=str(member_id))
    won = await reading.page_of_prizes(
        conn, community=principal.community, member_ids=group, after=place, limit_count=limit
    )
    return PlacesOnBoards(
        items=items,
        prizes=[PrizeShown.of(one, with_id=True) for one in won],
        next=next_cursor(won, limit, PrizePlace.of),
    )


@router.get(
    "/v1/members/{member_id}/boards/{board_id}",
    summary="A member's place on a board, with their neighbours",
    responses=problem_responses(UNKNOWN_BOARD, INVALID_TIME, UNKNOWN_IDENTITY),
)
async def get_member_board(
    principal: Own,
    member_id: MemberId,
    board_id: Slug,
    conn: Conn,
    at: At = None,
    neighbours: Annotated[
        int, Query(ge=0, le=NEIGHBOURS_MAX_COUNT, description="So many above, and as many below")
    ] = 2,
) -> PlaceWithNeighbours:
    """The place is exact, however many are on the board. Of the neighbours there are names alone."""
    calendar = await load_calendar(conn, community=principal.community)
    seen = await board_seen(conn, principal, board_id=board_id, calendar=calendar, at=at)
    place, own = await _place(conn, seen, member_id=str(member_id))
    if place is None or own is None:
        return PlaceWithNeighbours(board=BoardShown.of(seen), place=None, neighbours=[])
    board, stands_on = seen.board, seen.stands_on
    above = await reading.load_above(conn, board, stands_on=stands_on, below=own, limit_count=neighbours)
    here = Place(0, place.rank, own.points, own.reached_at, own.member_id)
    below = await reading.page_of_scores(conn, board, stands_on=stands_on, after=here, limit_count=neighbours)
    ranks = {entry.score.member_id: entry.rank for entry in ranked(below, here)} | {own.member_id: place.rank}
    rank, points = place.rank, own.points
    for score in above:
        if score.points != points:
            rank, points = rank - 1, score.points
        ranks[score.member_id] = rank
    moved = await seen.moved(conn, ranks)
    return PlaceWithNeighbours(
        board=BoardShown.of(seen),
        place=place,
        neighbours=[
            BoardEntry(
                rank=ranks[score.member_id],
                member_id=None,
                name=score.name,
                points=score.points,
                is_self=score.member_id == own.member_id,
                moved=moved.get(score.member_id),
            )
            for score in (*reversed(above), own, *below)
        ],
    )


async def _place(conn: Connection, seen: Seen, *, member_id: str) -> tuple[BoardPlace | None, Score | None]:
    board, stands_on = seen.board, seen.stands_on
    own = await reading.find_score(conn, board, stands_on=stands_on, member_id=member_id)
    if own is None:
        return None, None
    positions = await counting.load_positions(
        conn, board_no=board.board_no, stands_on=stands_on, points=[own.points]
    )
    position = positions[own.points]
    moved = await seen.moved(conn, {member_id: position.rank})
    return place_of(position.rank, own.points, moved.get(member_id), position), own
