"""The SQL of which boards are kept, how far each is, and of what goes."""

from collections.abc import Collection
from datetime import date, datetime
from functools import lru_cache
from typing import Final

from asyncpg import Record

from services.recognition.boards.domain.kept import KeptBoard
from shared.contracts.programme import Board
from shared.postgres import Connection

BOARDS_REMEMBERED_COUNT = 256
#: What a period, or a board, leaves behind, table by table, and by which index: no piece sorts or reads the rest.
_PURGED: Final = {
    "board_scores": "board_no, starts_on, is_shown, -points, reached_at, member_id",
    "own_board_scores": "board_no, starts_on",
    "board_times": "board_no, starts_on, member_id, event_time",
    "board_changes": "board_no, starts_on",
    "board_counts": "board_no, starts_on, level, bucket",
}
BEFORE_EVERY_MEMBER = "00000000-0000-0000-0000-000000000000"


@lru_cache(BOARDS_REMEMBERED_COUNT)
def _declared(text: str) -> Board:
    return Board.model_validate_json(text)


def _kept(row: Record) -> KeptBoard:
    return KeptBoard(
        row["board_no"],
        row["community"],
        row["board_id"],
        _declared(row["declared"]),
        row["version"],
        row["since"],
        row["is_whole"],
        row["is_filled"],
        str(row["filled_up_to"]),
        row["final_up_to"],
        row["cut_up_to"],
    )


async def load_boards(conn: Connection, *, communities: Collection[str]) -> dict[str, list[KeptBoard]]:
    """The boards of communities that have any, in the order of their programmes."""
    rows = await conn.fetch(
        "select * from boards where community = any($1::text[]) and not is_over order by community, place",
        list(communities),
    )
    found: dict[str, list[KeptBoard]] = {}
    for row in rows:
        found.setdefault(row["community"], []).append(_kept(row))
    return found


async def load_waiting(conn: Connection, *, now: datetime) -> list[str]:
    """Communities whose boards are not those of the version in force, are being filled, or have a period over."""
    rows = await conn.fetch(
        """
        select f.community from programmes_in_force f left join board_versions b using (community)
        where b.version is distinct from f.version
        union select community from boards where not is_over and not is_filled
        union select community from boards where not is_over and is_filled and look_at <= $1
        order by 1
        """,
        now,
    )
    return [row["community"] for row in rows]


async def find_stale(conn: Connection, *, community: str) -> int | None:
    """The version in force of a community whose boards are not those of it; None where they are."""
    version: int | None = await conn.fetchval(
        """
        select f.version from programmes_in_force f left join board_versions b using (community)
        where community = $1 and b.version is distinct from f.version
        """,
        community,
    )
    return version


async def put_version(conn: Connection, *, community: str, version: int) -> None:
    """Note that a community's boards are those of a version."""
    await conn.execute(
        """
        insert into board_versions (community, version) values ($1, $2)
        on conflict (community) do update set version = excluded.version
        """,
        community,
        version,
    )


async def has_totals(conn: Connection, *, community: str) -> bool:
    """Whether anybody of a community had an award."""
    found: bool = await conn.fetchval("select exists (select from members where community = $1)", community)
    return found


async def add_board(
    conn: Connection,
    *,
    community: str,
    declared: Board,
    place: int,
    version: int,
    since: datetime,
    is_whole: bool,
    is_filled: bool,
    final_up_to: date,
) -> None:
    """Begin a board."""
    await conn.execute(
        """
        insert into boards (community, board_id, place, declared, audience_id, version, since, is_whole, is_filled,
                            filled_up_to, final_up_to, cut_up_to, look_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $7)
        """,
        community,
        declared.id,
        place,
        declared.model_dump_json(exclude_none=True),
        declared.audience,
        version,
        since,
        is_whole,
        is_filled,
        BEFORE_EVERY_MEMBER,
        final_up_to,
    )


async def set_declared(
    conn: Connection, *, board_no: int, declared: Board, place: int, version: int, now: datetime
) -> None:
    """Have a board be called, sized and ended as another version says."""
    await conn.execute(
        "update boards set declared = $2, place = $3, version = $4, look_at = $5 where board_no = $1",
        board_no,
        declared.model_dump_json(exclude_none=True),
        place,
        version,
        now,
    )


async def end_board(conn: Connection, board: KeptBoard, *, with_results: bool) -> None:
    """Have a board be no more, and its rows go in pieces; its results too, where nothing is called so any more."""
    await conn.execute("update boards set is_over = true where board_no = $1", board.board_no)
    await conn.execute(
        "insert into board_purges (board_no, starts_on) values ($1, null) on conflict do nothing", board.board_no
    )
    if with_results:
        for table in ("board_results", "board_cuts"):
            await conn.execute(
                f"delete from {table} where community = $1 and board_id = $2",  # noqa: S608 -- from a list here
                board.community,
                board.board_id,
            )


async def find_unfilled(conn: Connection, *, community: str) -> KeptBoard | None:
    """A board of a community on which members have not all what they had before; None where all do."""
    row = await conn.fetchrow(
        "select * from boards where community = $1 and not is_filled and not is_over order by board_no limit 1",
        community,
    )
    return None if row is None else _kept(row)


async def page_of_members(conn: Connection, *, community: str, after: str, limit_count: int) -> list[str]:
    """Members with totals in the order of their ids, beginning after one."""
    rows = await conn.fetch(
        "select member_id from members where community = $1 and member_id > $2 order by member_id limit $3",
        community,
        after,
        limit_count,
    )
    return [str(row["member_id"]) for row in rows]


async def set_filled(conn: Connection, *, board_no: int, up_to: str | None) -> None:
    """Note up to which member a board has what was before it; None is all of them."""
    await conn.execute(
        "update boards set filled_up_to = coalesce($2::uuid, filled_up_to), is_filled = $2::uuid is null"
        " where board_no = $1",
        board_no,
        up_to,
    )


async def find_due(conn: Connection, *, community: str, now: datetime) -> KeptBoard | None:
    """A board of a community of which a period may be over; None where none is."""
    row = await conn.fetchrow(
        """
        select * from boards where community = $1 and not is_over and is_filled and look_at <= $2
        order by look_at, board_no limit 1
        """,
        community,
        now,
    )
    return None if row is None else _kept(row)


async def set_cut(
    conn: Connection, *, board_no: int, final_up_to: date, cut_up_to: date, look_at: datetime
) -> None:
    """Note how far a board's results are, and when to look again."""
    await conn.execute(
        "update boards set final_up_to = $2, cut_up_to = $3, look_at = $4 where board_no = $1",
        board_no,
        final_up_to,
        cut_up_to,
        look_at,
    )


async def add_purge(conn: Connection, *, board_no: int, starts_on: date) -> None:
    """Have what members have of a period go, whose results are final."""
    await conn.execute(
        "insert into board_purges (board_no, starts_on) values ($1, $2) on conflict do nothing",
        board_no,
        starts_on,
    )


async def load_ended(conn: Connection) -> list[str]:
    """Communities with rows of periods, or boards, that are over."""
    rows = await conn.fetch(
        "select distinct community from board_purges join boards using (board_no) order by community"
    )
    return [row["community"] for row in rows]


async def purge(conn: Connection, *, community: str, limit_count: int) -> bool:
    """Delete up to so many rows of a table of a period, or board, that is over; whether there was any.

    Who is shown is locked, so nobody else changes what members have there. Whoever adds up changes of it is waited
    for where these are deleted; the numbers go only once none are left, and nobody else locks them by then.
    """
    row = await conn.fetchrow(
        """
        select board_no, starts_on from board_purges join boards using (board_no) where community = $1
        order by 1, 2 limit 1 for update of board_purges skip locked
        """,
        community,
    )
    if row is None:
        return False
    # A period's rows are found by two columns of an index; asked for as "or", all of a board's would be read.
    of, key = "board_no = $2", [row["board_no"]]
    if row["starts_on"] is not None:
        of, key = f"{of} and starts_on = $3", [*key, row["starts_on"]]
    for table, order in _PURGED.items():
        status: str = await conn.execute(
            f"""
            delete from {table} where ctid = any(array(
                select ctid from {table} where {of} order by {order} limit $1 for update))
            """,  # noqa: S608 -- from a list here
            limit_count,
            *key,
        )
        if int(status.rsplit(" ", 1)[1]) == limit_count:
            return True
    await conn.execute(
        "delete from board_purges where board_no = $1 and starts_on is not distinct from $2",
        row["board_no"],
        row["starts_on"],
    )
    await conn.execute(
        "delete from boards where board_no = $1 and is_over and $2::date is null",
        row["board_no"],
        row["starts_on"],
    )
    return True


async def load_channels(conn: Connection, *, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Where events happened that have come, by community and uid."""
    rows = await conn.fetch(
        """
        select community, event_uid, event -> 'data' ->> 'channel' as channel from counted_events
        join unnest($1::text[], $2::uuid[]) as k(community, event_uid) using (community, event_uid)
        where event is not null
        """,
        [community for community, _ in keys],
        [event_uid for _, event_uid in keys],
    )
    return {(row["community"], str(row["event_uid"])): row["channel"] or "" for row in rows}
