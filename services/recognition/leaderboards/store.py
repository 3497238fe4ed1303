"""The SQL of the leaderboards."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

import asyncpg

from services.recognition.leaderboards.domain import Board, Place
from shared.postgres import Connection

BEFORE_EVERY_MEMBER = UUID(int=0)

# Falling magnitude is falling points, coarsely (migrations/0001): PostgreSQL walks the index and sorts no more
# than the magnitudes that the page touches.
_PAGE = """
    select page.member_id, page.points, n.name
    from (
        select community, member_id, points, magnitude from {source}
        and magnitude between 1 and floor(1 + 2 * ln(greatest($2::bigint, 1)::float8))::smallint
        and (points, member_id) < ($2::bigint, $3::uuid)
        order by magnitude desc, points desc, member_id desc limit $4
    ) page
    left join member_names n using (community, member_id)
    order by page.points desc, page.member_id desc
"""
_ALL_TIME_PAGE = _PAGE.format(source="members where community = $1")
_PERIOD_PAGE = _PAGE.format(source="board_points where community = $1 and period = $5 and starts_on = $6")
POINTS_ABOVE_ALL = 2**63 - 1


async def add_board_points(conn: Connection, points: Mapping[Board, int]) -> None:
    """Add to the boards of weeks and months; `points` is in the order of its keys."""
    await conn.execute(
        """
        insert into board_points as b (community, period, starts_on, member_id, points)
        select * from unnest($1::text[], $2::text[], $3::date[], $4::uuid[], $5::bigint[])
        on conflict (community, period, starts_on, member_id) do update set points = b.points + excluded.points
        """,
        [key[0] for key in points],
        [key[1] for key in points],
        [key[2] for key in points],
        [key[3] for key in points],
        list(points.values()),
    )


async def leaderboard_page(
    conn: Connection, community: str, board: tuple[str, date] | None, after: Place, limit_count: int
) -> list[asyncpg.Record]:
    """Members (member_id, points, name) with points, most first; `board` is (period, first day), None is all time.

    Members with the same points follow one another by falling id, so that a page is one index range.
    """
    bounds = (
        community,
        POINTS_ABOVE_ALL if after.points is None else after.points,
        after.member_id or BEFORE_EVERY_MEMBER,
        limit_count,
    )
    if board is None:
        return list(await conn.fetch(_ALL_TIME_PAGE, *bounds))
    return list(await conn.fetch(_PERIOD_PAGE, *bounds, *board))
