"""The SQL of the leaderboards."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.recognition.leaderboards.domain import Board, BoardKey, Place, Score
from shared.contracts.fields import INTEGER_MAX
from shared.postgres import Connection

BEFORE_EVERY_MEMBER = "00000000-0000-0000-0000-000000000000"

# Who wants no part in boards, and who is suspended now, as whoever they are merged into; a bot that is merged into
# a person takes nobody off.
_ABSENT = """
            select coalesce(m.head_id, b.member_id) from followed_members b
            left join merges m on m.community = b.community and m.member_id = b.member_id
            where b.community = $1 and b.off_boards and (m.head_id is null or not b.bot)
            union all
            select coalesce(m.head_id, s.member_id) from suspensions s
            left join merges m on m.community = s.community and m.member_id = s.member_id
            where s.community = $1 and s.stands and s.starts_at <= now() and coalesce(s.ends_at > now(), true)
"""
# Falling magnitude is falling points, coarsely (migrations/0001): PostgreSQL walks the index and sorts no more
# than the magnitudes that the page touches.
_PAGE = """
    select page.member_id, page.points, n.name
    from (
        select community, member_id, points, magnitude from {source}
        and magnitude between 1 and floor(1 + 2 * ln(greatest($2::bigint, 1)::float8))::smallint
        and (points, member_id) < ($2::bigint, $3::uuid)
        and {shown}
        order by magnitude desc, points desc, member_id desc limit $4
    ) page
    left join followed_members n using (community, member_id)
    order by page.points desc, page.member_id desc
"""
# Above: the nearest first, by rising points; magnitude keeps both sides to a range of the index.
_ABOVE = """
    select member_id, points from {source}
    and magnitude >= floor(1 + 2 * ln($2::bigint::float8))::smallint
    and (points, member_id) > ($2::bigint, $3::uuid)
    and {shown}
    order by magnitude, points, member_id limit $4
"""
_MORE = """
    select count(*) from (
        select from {source}
        and magnitude >= floor(1 + 2 * ln($2::bigint::float8))::smallint and points > $2::bigint
        and {shown}
        limit $3) counted
"""
_ALL_TIME = "members where community = $1"
#: Who is on a board, of those with points: the one place that says it.
_SHOWN = f"member_id not in ({_ABSENT})"
_IN_AUDIENCE = (
    " and member_id in (select a.member_id from followed_audiences a"
    " where a.community = $1 and a.audience_id = ${place} and a.is_in)"
)


async def add_points(conn: Connection, *, points: Mapping[BoardKey, int]) -> None:
    """Add to the boards of weeks and months; `points` is in the order of its keys."""
    await conn.execute(
        """
        insert into board_points as b (community, period, starts_on, member_id, points)
        select * from unnest($1::text[], $2::text[], $3::date[], $4::uuid[], $5::bigint[])
        on conflict (community, period, starts_on, member_id) do update set points = b.points + excluded.points
        """,
        *_columns(points),
    )


async def add_own_points(conn: Connection, *, points: Mapping[BoardKey, int]) -> None:
    """Add to what members have themselves who are one person with others; `points` is in the order of its keys."""
    await conn.execute(
        """
        insert into own_board_points as b (community, period, starts_on, member_id, points)
        select * from unnest($1::text[], $2::text[], $3::date[], $4::uuid[], $5::bigint[])
        on conflict (community, period, starts_on, member_id) do update set points = b.points + excluded.points
        """,
        *_columns(points),
    )


def _columns(points: Mapping[BoardKey, int]) -> tuple[list[Any], ...]:
    return (
        [community for community, _, _, _ in points],
        [period for _, period, _, _ in points],
        [starts_on for _, _, starts_on, _ in points],
        [member_id for _, _, _, member_id in points],
        list(points.values()),
    )


async def regroup(
    conn: Connection, *, community: str, groups: Mapping[str, Sequence[str]], alone: Sequence[str]
) -> None:
    """Have members be on boards as the persons that `groups` say, by who stays; `alone` were one until now."""
    members = [(head_id, member_id) for head_id, group in groups.items() for member_id in group]
    ids = [member_id for _, member_id in members]
    await conn.execute(
        """
        insert into own_board_points (community, period, starts_on, member_id, points)
        select community, period, starts_on, member_id, points from board_points
        where community = $1 and member_id = any($2::uuid[])
        """,
        community,
        alone,
    )
    await conn.execute(
        "delete from board_points where community = $1 and member_id = any($2::uuid[])", community, ids
    )
    await conn.execute(
        """
        insert into board_points (community, period, starts_on, member_id, points)
        select community, period, starts_on, head_id, sum(points)
        from own_board_points join unnest($2::uuid[], $3::uuid[]) as g(head_id, member_id) using (member_id)
        where community = $1 group by 1, 2, 3, 4
        """,
        community,
        [head_id for head_id, _ in members],
        ids,
    )
    await conn.execute(
        "delete from own_board_points where community = $1 and member_id = any($2::uuid[])",
        community,
        [head_id for head_id, group in groups.items() if len(group) == 1],
    )


async def page_of_scores(
    conn: Connection,
    *,
    community: str,
    board: Board | None,
    after: Place | None,
    limit_count: int,
    audience_id: str | None = None,
) -> list[Score]:
    """Members by points of a board, most first; None is the board of all time. Of an audience alone, if named.

    Members with the same points follow one another by falling id, so that a page is one index range.
    """
    bounds = (
        community,
        INTEGER_MAX if after is None else after.points,
        BEFORE_EVERY_MEMBER if after is None else after.member_id,
        limit_count,
    )
    source, more = _source(board, first=5)
    shown, audience = _shown(audience_id, place=5 + len(more))
    rows = await conn.fetch(_PAGE.format(source=source, shown=shown), *bounds, *more, *audience)
    return [Score(str(row["member_id"]), row["name"], row["points"]) for row in rows]


async def find_points(conn: Connection, *, community: str, board: Board | None, member_id: str) -> int | None:
    """A member's points on a board; None where they are on none, or have none above zero."""
    source, more = _source(board, first=3)
    points: int | None = await conn.fetchval(
        f"select points from {source} and member_id = $2::uuid and points > 0"  # noqa: S608 -- from a list here
        f" and $2::uuid not in ({_ABSENT})",
        community,
        member_id,
        *more,
    )
    return points


async def load_above(
    conn: Connection, *, community: str, board: Board | None, below: Score, limit_count: int
) -> list[Score]:
    """The members right above a score of a board, the nearest first."""
    source, more = _source(board, first=5)
    rows = await conn.fetch(
        f"select a.*, n.name from ({_ABOVE.format(source=source, shown=_SHOWN)}) a"  # noqa: S608 -- from a list here
        " left join followed_members n on n.community = $1 and n.member_id = a.member_id"
        " order by a.points, a.member_id",
        community,
        below.points,
        below.member_id,
        limit_count,
        *more,
    )
    return [Score(str(row["member_id"]), row["name"], row["points"]) for row in rows]


async def count_above(
    conn: Connection, *, community: str, board: Board | None, points: int, limit_count: int
) -> int:
    """How many members of a board have more points, up to a limit."""
    source, more = _source(board, first=4)
    counted: int = await conn.fetchval(
        _MORE.format(source=source, shown=_SHOWN), community, points, limit_count, *more
    )
    return counted


def _source(board: Board | None, *, first: int) -> tuple[str, tuple[object, ...]]:
    """Where a board's points are, and the parameters of that from the `first` on."""
    if board is None:
        return _ALL_TIME, ()
    where = f"board_points where community = $1 and period = ${first} and starts_on = ${first + 1}"
    return where, (board.period, board.starts_on)


def _shown(audience_id: str | None, *, place: int) -> tuple[str, tuple[object, ...]]:
    """Who is on a board, and the parameters of that from a place on."""
    return (_SHOWN, ()) if audience_id is None else (_SHOWN + _IN_AUDIENCE.format(place=place), (audience_id,))


async def find_audience_title(conn: Connection, *, community: str, audience_id: str) -> str | None:
    """What an audience of the programme in force is called; None where it has no such."""
    title: str | None = await conn.fetchval(
        """
        select p.audiences ->> $2 from programmes_in_force join programmes p using (community, version)
        where community = $1
        """,
        community,
        audience_id,
    )
    return title
