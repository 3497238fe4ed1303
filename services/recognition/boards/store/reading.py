"""The SQL by which boards are read: pages, neighbours, results and prizes."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import NamedTuple

from asyncpg import Record

from services.recognition.boards.domain.kept import Cut, KeptBoard
from services.recognition.boards.domain.places import Entry, Late, Place, Result, ResultEntry, Score
from services.recognition.boards.domain.prizes import Won
from shared.calendars import Span
from shared.contracts.fields import Uuid
from shared.contracts.programme.boards import Period
from shared.postgres import Connection

_PAGE = """
    select page.*, n.name
    from (
        select community, member_id, points, reached_at from board_scores
        where board_no = $1 and starts_on = $2 and is_shown{bound}
            and (-points, reached_at, member_id) {beyond} (-$3::bigint, $4::timestamptz, $5::uuid)
        order by -points {way}, reached_at {way}, member_id {way} limit $6
    ) page
    left join followed_members n using (community, member_id)
    order by -page.points {way}, page.reached_at {way}, page.member_id {way}
"""
_BELOW = _PAGE.format(beyond=">", way="asc", bound=" and -points < 0")
# Whoever is above somebody has points. To say so makes PostgreSQL go backwards from the lowest of all: of three
# million members it took 190 ms, without it a few.
_ABOVE = _PAGE.format(beyond="<", way="desc", bound="")
_FIRST = """
    select page.*, n.name
    from (
        select community, member_id, points, reached_at from board_scores
        where board_no = $1 and starts_on = $2 and is_shown and -points < 0
        order by -points, reached_at, member_id limit $3
    ) page
    left join followed_members n using (community, member_id)
    order by -page.points, page.reached_at, page.member_id
"""
#: Who is on no board now is in no results either; who is merged is shown as who stays.
_STILL_SHOWN = """
    not exists (
        select from followed_members f
        where f.community = r.community and f.member_id = coalesce(m.head_id, r.member_id) and f.off_boards)
    and not exists (
        select from merges om join followed_members f on f.community = om.community and f.member_id = om.member_id
        where om.community = r.community and om.head_id = coalesce(m.head_id, r.member_id)
            and f.off_boards and not f.bot)
    and not exists (
        select from suspensions s left join merges sm on sm.community = s.community and sm.member_id = s.member_id
        where s.community = r.community and s.is_applied
            and coalesce(sm.head_id, s.member_id) = coalesce(m.head_id, r.member_id))
"""


async def page_of_scores(
    conn: Connection, board: KeptBoard, *, stands_on: date, after: Place | None, limit_count: int
) -> list[Score]:
    """Members of a board in their order, beginning after a place."""
    if after is None:
        rows = await conn.fetch(_FIRST, board.board_no, stands_on, limit_count)
    else:
        rows = await conn.fetch(
            _BELOW,
            board.board_no,
            stands_on,
            after.points,
            after.reached_at,
            after.member_id,
            limit_count,
        )
    return [_score(row) for row in rows]


async def count_up_to(
    conn: Connection, board: KeptBoard, *, stands_on: date, place: Place, limit_count: int
) -> int:
    """How many members of a board are before a place or at it, up to a limit."""
    count: int = await conn.fetchval(
        """
        select count(*) from (
            select from board_scores
            where board_no = $1 and starts_on = $2 and is_shown and -points < 0
                and (-points, reached_at, member_id) <= (-$3::bigint, $4::timestamptz, $5::uuid)
            limit $6) found
        """,
        board.board_no,
        stands_on,
        place.points,
        place.reached_at,
        place.member_id,
        limit_count,
    )
    return count


async def load_above(
    conn: Connection, board: KeptBoard, *, stands_on: date, below: Score, limit_count: int
) -> list[Score]:
    """The members right above a score, the nearest first."""
    rows = await conn.fetch(
        _ABOVE, board.board_no, stands_on, below.points, below.reached_at, below.member_id, limit_count
    )
    return [_score(row) for row in rows]


async def find_score(conn: Connection, board: KeptBoard, *, stands_on: date, member_id: str) -> Score | None:
    """What a member has on a board; None where they are not on it."""
    row = await conn.fetchrow(
        """
        select b.member_id, b.points, b.reached_at, n.name from board_scores b
        left join followed_members n using (community, member_id)
        where b.member_id = $3 and b.board_no = $1 and b.starts_on = $2 and b.is_shown and b.points > 0
        """,
        board.board_no,
        stands_on,
        member_id,
    )
    return None if row is None else _score(row)


def _score(row: Record) -> Score:
    return Score(str(row["member_id"]), row["name"], row["points"], row["reached_at"])


async def put_results(
    conn: Connection, board: KeptBoard, *, cut: Cut, entries: Sequence[Entry], members: int, cut_at: datetime
) -> None:
    """Keep the results of a period, in place of any that were not final."""
    key = board.community, board.board_id, board.declared.period, cut.span.starts_on
    await conn.execute(
        """
        insert into board_cuts as c (
            community, board_id, period, starts_on, ends_on, title, cut_at, is_final, is_whole, members)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        on conflict (community, board_id, period, starts_on) do update
        set ends_on = excluded.ends_on, title = excluded.title, cut_at = excluded.cut_at,
            is_final = excluded.is_final, is_whole = excluded.is_whole, members = excluded.members,
            late_awards = case when c.ends_on = excluded.ends_on then c.late_awards else 0 end,
            late_points = case when c.ends_on = excluded.ends_on then c.late_points else 0 end
        """,
        *key,
        cut.span.ends_on,
        board.declared.title,
        cut_at,
        cut.is_final,
        board.is_whole,
        members,
    )
    await conn.execute(
        "delete from board_results where community = $1 and board_id = $2 and period = $3 and starts_on = $4", *key
    )
    await conn.execute(
        """
        insert into board_results (
            community, board_id, period, starts_on, place, member_id, rank, points, reached_at)
        select $1, $2, $3, $4, * from unnest($5::int[], $6::uuid[], $7::int[], $8::bigint[], $9::timestamptz[])
        """,
        *key,
        [entry.place for entry in entries],
        [entry.score.member_id for entry in entries],
        [entry.rank for entry in entries],
        [entry.score.points for entry in entries],
        [entry.score.reached_at for entry in entries],
    )


async def drop_old_results(conn: Connection, board: KeptBoard, *, keep_count: int) -> None:
    """Delete the results of a board but for those of the newest periods of its kind."""
    await conn.execute(
        """
        with old as (
            delete from board_cuts where community = $1 and board_id = $2 and period = $3 and starts_on in (
                select starts_on from board_cuts where community = $1 and board_id = $2 and period = $3
                order by starts_on desc offset $4)
            returning starts_on)
        delete from board_results
        where community = $1 and board_id = $2 and period = $3 and starts_on in (select * from old)
        """,
        board.community,
        board.board_id,
        board.declared.period,
        keep_count,
    )


class ResultPlace(NamedTuple):
    """Where a page of results ended."""

    starts_on: date
    period: Period

    @classmethod
    def of(cls, result: Result) -> "ResultPlace":
        """The place of results."""
        return cls(result.starts_on, result.period)


async def page_of_results(
    conn: Connection, *, community: str, board_id: str, before: ResultPlace | None, limit_count: int
) -> list[Result]:
    """Of which periods of a board, whatever it was of when, there are results, newest first; none of all time."""
    rows = await conn.fetch(
        """
        select * from board_cuts where community = $1 and board_id = $2 and period <> 'all_time'
            and ($3::date is null or (starts_on, period) < ($3, $4::text))
        order by starts_on desc, period desc limit $5
        """,
        community,
        board_id,
        *(before or (None, None)),
        limit_count,
    )
    return [_result(row) for row in rows]


async def find_result(
    conn: Connection, *, community: str, board_id: str, period: Period, starts_on: date
) -> Result | None:
    """The results of the period of that kind that begins on a day; None where there are none."""
    row = await conn.fetchrow(
        "select * from board_cuts where community = $1 and board_id = $2 and period = $3 and starts_on = $4",
        community,
        board_id,
        period,
        starts_on,
    )
    return None if row is None else _result(row)


async def find_kind(conn: Connection, board: KeptBoard, *, starts_on: date) -> Period | None:
    """Of which kind of period there are results that begin on a day: the board's own first, else the shortest."""
    period: Period | None = await conn.fetchval(
        """
        select period from board_cuts
        where community = $1 and board_id = $2 and starts_on = $4 and period <> 'all_time'
        order by period <> $3, ends_on limit 1
        """,
        board.community,
        board.board_id,
        board.declared.period,
        starts_on,
    )
    return period


def _result(row: Record) -> Result:
    return Result(
        row["period"],
        row["starts_on"],
        row["ends_on"],
        row["title"],
        row["cut_at"],
        row["is_final"],
        row["is_whole"],
        row["members"],
        Late(row["late_awards"], row["late_points"]),
    )


async def load_entries(
    conn: Connection, *, community: str, board_id: str, period: Period, starts_on: date
) -> list[ResultEntry]:
    """Who was on a board at its end, of those whom boards show now, with the ranks of then."""
    rows = await conn.fetch(
        f"""
        select r.place, r.rank, coalesce(m.head_id, r.member_id) as member_id, n.name, r.points
        from board_results r
        left join merges m on m.community = r.community and m.member_id = r.member_id
        left join followed_members n
            on n.community = r.community and n.member_id = coalesce(m.head_id, r.member_id)
        where r.community = $1 and r.board_id = $2 and r.period = $3 and r.starts_on = $4 and {_STILL_SHOWN}
        order by r.place
        """,  # noqa: S608 -- from a list here
        community,
        board_id,
        period,
        starts_on,
    )
    return [
        ResultEntry(row["place"], row["rank"], str(row["member_id"]), row["name"], row["points"]) for row in rows
    ]


async def load_ranks_before(
    conn: Connection, board: KeptBoard, *, starts_on: date, member_ids: Collection[str]
) -> dict[str, int] | None:
    """The ranks that these members had in the results of a period; None where there are none of it."""
    key = board.community, board.board_id, board.declared.period, starts_on
    is_there = "select from board_cuts where community = $1 and board_id = $2 and period = $3 and starts_on = $4"
    if await conn.fetchrow(is_there, *key) is None:
        return None
    rows = await conn.fetch(
        """
        select member_id, rank from board_results
        where community = $1 and board_id = $2 and period = $3 and starts_on = $4 and member_id = any($5::uuid[])
        """,
        *key,
        list(member_ids),
    )
    return {str(row["member_id"]): row["rank"] for row in rows}


async def add_late(
    conn: Connection, *, community: str, board_id: str, period: str, starts_on: date, late: Late
) -> None:
    """Note beside final results what came too late for them."""
    await conn.execute(
        """
        update board_cuts set late_awards = late_awards + $5, late_points = late_points + $6
        where community = $1 and board_id = $2 and period = $3 and starts_on = $4
        """,
        community,
        board_id,
        period,
        starts_on,
        *late,
    )


async def add_prizes(conn: Connection, *, community: str, won: Sequence[Won], won_at: Sequence[datetime]) -> None:
    """Keep who won what; what is known already stays."""
    await conn.execute(
        """
        insert into board_prizes (community, prize_id, board_id, board_title, starts_on, ends_on, member_id, prize,
                                  title, rank, points, programme_version, won_at)
        select $1, * from unnest($2::uuid[], $3::text[], $4::text[], $5::date[], $6::date[], $7::uuid[],
                                 $8::text[], $9::text[], $10::int[], $11::bigint[], $12::int[], $13::timestamptz[])
        on conflict do nothing
        """,
        community,
        [one.prize_id for one in won],
        [one.board_id for one in won],
        [one.board_title for one in won],
        [one.span.starts_on for one in won],
        [one.span.ends_on for one in won],
        [one.member_id for one in won],
        [one.prize for one in won],
        [one.title for one in won],
        [one.rank for one in won],
        [one.points for one in won],
        [one.programme_version for one in won],
        list(won_at),
    )


class PrizePlace(NamedTuple):
    """Where a page of a member's prizes ended."""

    starts_on: date
    rank: int
    prize_id: Uuid

    @classmethod
    def of(cls, won: Won) -> "PrizePlace":
        """The place of a prize."""
        return cls(won.span.starts_on, won.rank, won.prize_id)


async def has_prizes(conn: Connection, *, community: str, board_id: str, span: Span) -> bool:
    """Whether prizes of a period of a board were told, which may have been longer or shorter under its name."""
    found: bool = await conn.fetchval(
        """
        select exists (
            select from board_prizes
            where community = $1 and board_id = $2 and starts_on = $3 and ends_on = $4)
        """,
        community,
        board_id,
        *span,
    )
    return found


async def load_prizes(conn: Connection, *, community: str, board_id: str, span: Span) -> list[Won]:
    """The prizes of a period of a board, the first first: its size, and who is tied beyond it, at most."""
    rows = await conn.fetch(
        """
        select * from board_prizes where community = $1 and board_id = $2 and starts_on = $3 and ends_on = $4
        order by rank, member_id, prize
        """,
        community,
        board_id,
        *span,
    )
    return [_won(row) for row in rows]


async def page_of_prizes(
    conn: Connection, *, community: str, member_ids: Sequence[str], after: PrizePlace | None, limit_count: int
) -> list[Won]:
    """The prizes of members, the newest first."""
    rows = await conn.fetch(
        """
        select * from board_prizes
        where community = $1 and member_id = any($2::uuid[]) and ($3::date is null
            or starts_on < $3 or starts_on = $3 and (rank, prize_id) > ($4::bigint, $5::uuid))
        order by starts_on desc, rank, prize_id limit $6
        """,
        community,
        list(member_ids),
        *(after or (None, None, None)),
        limit_count,
    )
    return [_won(row) for row in rows]


def _won(row: Record) -> Won:
    return Won(
        str(row["prize_id"]),
        row["board_id"],
        row["board_title"],
        Span(row["starts_on"], row["ends_on"]),
        str(row["member_id"]),
        row["prize"],
        row["title"],
        row["rank"],
        row["points"],
        row["programme_version"],
    )
