"""The SQL of how many members of boards have how many points: changes are added up, and places told from them."""

from collections.abc import Sequence
from datetime import date

from services.recognition.boards.domain.places import Position
from shared.postgres import Connection

_FOLD = """
    with taken as (
        delete from board_changes
        where ctid = any(array(select ctid from board_changes limit $1 for update skip locked))
        returning *),
    net as (
        select board_no, starts_on, points, sum(members)::bigint as members from taken
        group by 1, 2, 3 having sum(members) <> 0),
    put as (
        insert into board_counts as c (board_no, starts_on, level, bucket, scores, members)
        select board_no, starts_on, 0, points, (members > 0)::int, members from net order by 1, 2, 4
        on conflict (board_no, starts_on, level, bucket) do update
        set members = c.members + excluded.members, scores = (c.members + excluded.members > 0)::int
        returning new.board_no, new.starts_on, new.bucket, new.scores - coalesce(old.scores, 0) as scores,
            new.members - coalesce(old.members, 0) as members, new.members as left_over),
    upper as (
        insert into board_counts as c (board_no, starts_on, level, bucket, scores, members)
        select board_no, starts_on, level, bucket >> (8 * level), sum(scores), sum(members)
        from put cross join (values (1), (2)) as l(level) group by 1, 2, 3, 4 order by 1, 2, 3, 4
        on conflict (board_no, starts_on, level, bucket) do update
        set scores = c.scores + excluded.scores, members = c.members + excluded.members)
    select (select count(*) from taken) as taken, coalesce(
        (select array_agg((board_no, starts_on, bucket)) from put where left_over = 0), '{}') as emptied
"""
_DROP_EMPTIED = """
    delete from board_counts c using unnest($1::int[], $2::date[], $3::bigint[]) as k(board_no, starts_on, bucket)
    where c.board_no = k.board_no and c.starts_on = k.starts_on and c.level = 0 and c.bucket = k.bucket
        and c.members = 0
"""
# Of each number of points what is above it: in its bucket of level 1 number by number, in that of level 2 bucket
# by bucket, and beyond that by whole buckets of level 2. What is not added up yet is added here: of few rows.
POSITIONS = """
    with pending as materialized (
        select p.points, p.members, coalesce(c.members, 0) as counted
        from (
            select points, sum(members)::bigint as members from board_changes
            where board_no = $1 and starts_on = $2 group by 1 having sum(members) <> 0) p
        left join board_counts c
            on c.board_no = $1 and c.starts_on = $2 and c.level = 0 and c.bucket = p.points)
    select q.points,
        (a.scores + b.scores + c.scores + p.scores)::bigint as scores,
        (a.members + b.members + c.members + p.members)::bigint as members,
        coalesce((
            select members from board_counts
            where board_no = $1 and starts_on = $2 and level = 0 and bucket = q.points), 0)
            + coalesce((select members from pending where points = q.points), 0) as with_it
    from unnest($3::bigint[]) as q(points)
    cross join lateral (
        select coalesce(sum(scores), 0) as scores, coalesce(sum(members), 0) as members from board_counts
        where board_no = $1 and starts_on = $2 and level = 2 and bucket > q.points >> 16) a
    cross join lateral (
        select coalesce(sum(scores), 0) as scores, coalesce(sum(members), 0) as members from board_counts
        where board_no = $1 and starts_on = $2 and level = 1
            and bucket > q.points >> 8 and bucket < ((q.points >> 16) + 1) << 8) b
    cross join lateral (
        select coalesce(sum(scores), 0) as scores, coalesce(sum(members), 0) as members from board_counts
        where board_no = $1 and starts_on = $2 and level = 0
            and bucket > q.points and bucket < ((q.points >> 8) + 1) << 8) c
    cross join lateral (
        select coalesce(sum((counted + members > 0)::int - (counted > 0)::int), 0) as scores,
            coalesce(sum(members), 0) as members
        from pending where points > q.points) p
"""


async def fold(conn: Connection, *, limit_count: int) -> int:
    """Add up to so many changes to the numbers of members; return how many there were."""
    (row,) = await conn.fetch(_FOLD, limit_count)
    emptied = row["emptied"]
    if emptied:
        await conn.execute(
            _DROP_EMPTIED, [one[0] for one in emptied], [one[1] for one in emptied], [one[2] for one in emptied]
        )
    taken: int = row["taken"]
    return taken


async def load_positions(
    conn: Connection, *, board_no: int, stands_on: date, points: Sequence[int]
) -> dict[int, Position]:
    """Where numbers of points stand on a board, by the number."""
    rows = await conn.fetch(POSITIONS, board_no, stands_on, [*points, 0])
    members = next(row["members"] for row in rows if row["points"] == 0)
    return {
        row["points"]: Position(row["scores"], row["members"], row["with_it"], members)
        for row in rows
        if row["points"] in points
    }


async def count_members(conn: Connection, *, board_no: int, stands_on: date) -> int:
    """How many members are on a board."""
    return (await load_positions(conn, board_no=board_no, stands_on=stands_on, points=[0]))[0].members
