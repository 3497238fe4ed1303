"""A board of millions: `python -m bench.boards --stack NAME --members 10000000`.

Members with points are put into recognition's database of a stack that is there for this alone (`plaudit up
--stack NAME --only postgres`), and their numbers counted. Then pages from the top, from deep within and places are
read as the API does, and awards are added as a batch does, with one fold of what they changed.
"""

import asyncio
import random
import time
from datetime import UTC, date, datetime
from statistics import median, quantiles
from uuid import UUID, uuid4

import asyncpg
import click
import orjson

from bench.factor import measure
from plaudit.stack import load_state
from services.recognition.boards.domain.changes import Change, ScoreKey
from services.recognition.boards.domain.kept import ALL_TIME, KeptBoard
from services.recognition.boards.domain.places import Place, Score, ranked
from services.recognition.boards.store import counting, kept, reading, scores
from shared.contracts.programme import Board
from shared.postgres import database_url, migrate, prepare_database, role_name

READS_COUNT = 100
PAGE_COUNT = 50
BATCH_COUNT = 500
#: Many have few points and few have many, as communities have them: most tie with others.
_LIKE_PEOPLE = "(1 + least(floor(5 * (power(random(), -0.8) - 1)), 1000000000))::bigint"
#: As many different numbers as members: the worst for counting those above.
_ALL_DIFFERENT = "(n * 37)::bigint"
KINDS = {"like people": _LIKE_PEOPLE, "all different": _ALL_DIFFERENT}
_FILL = """
    insert into board_scores (board_no, starts_on, member_id, community, points, reached_at, is_shown)
    select $1, $2, gen_random_uuid(), 'bench', {points}, now() - n * interval '1 second', true
    from generate_series(1, $3::int) as g(n)
"""
_TIMES = """
    insert into board_times (board_no, starts_on, member_id, community, event_time, awards)
    select board_no, starts_on, member_id, community, reached_at, 1 from board_scores where board_no = $1
"""
_COUNT = """
    insert into board_counts (board_no, starts_on, level, bucket, scores, members)
    select board_no, starts_on, level, points >> (8 * level), count(distinct points), count(*)
    from board_scores cross join (values (0), (1), (2)) as l(level)
    where board_no = $1 group by 1, 2, 3, 4
"""


async def _begin(conn: asyncpg.Connection, *, points: str, members_count: int) -> KeptBoard:
    declared = Board(id=f"b{uuid4().hex[:8]}", title="Bench")
    await kept.add_board(
        conn,
        community="bench",
        declared=declared,
        place=1,
        version=1,
        since=datetime.now(UTC),
        is_whole=True,
        is_filled=True,
        final_up_to=date(2026, 1, 1),
    )
    board = next(
        one
        for one in (await kept.load_boards(conn, communities=["bench"]))["bench"]
        if one.board_id == declared.id
    )
    await conn.execute(_FILL.format(points=points), board.board_no, ALL_TIME, members_count)
    await conn.execute(_TIMES, board.board_no)
    await conn.execute(_COUNT, board.board_no)
    await conn.execute("vacuum analyze board_scores")
    await conn.execute("vacuum analyze board_times")
    await conn.execute("vacuum analyze board_counts")
    return board


def _shown(name: str, seconds: list[float], factor: float) -> str:
    most = quantiles(seconds, n=20)[-1]
    return (
        f"{name}: median {median(seconds) * 1000:,.2f} ms, 95 % {most * 1000:,.2f} ms,"
        f" times the factor {most * factor * 1000:,.2f} ms"
    )


async def _some(conn: asyncpg.Connection, board: KeptBoard, count: int) -> list[Score]:
    rows = await conn.fetch(
        "select member_id, points, reached_at from board_scores where board_no = $1 and member_id > $2 limit $3",
        board.board_no,
        UUID(int=random.getrandbits(128)),
        count,
    )
    return [Score(str(row["member_id"]), None, row["points"], row["reached_at"]) for row in rows]


async def _buffers(conn: asyncpg.Connection, board: KeptBoard, points: int) -> int:
    """How many pages of 8 kB a place reads: the same on any machine, whatever else runs there."""
    rows = await conn.fetch(
        f"explain (analyze, buffers, format json) {counting.POSITIONS}", board.board_no, ALL_TIME, [points, 0]
    )
    (plan,) = orjson.loads(rows[0][0])
    return int(plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"])


async def _measure(conn: asyncpg.Connection, board: KeptBoard, factor: float) -> None:
    tops, deep, places, near = [], [], [], []
    for _ in range(READS_COUNT):
        (own,) = await _some(conn, board, 1)
        began = time.perf_counter()
        ranked(await reading.page_of_scores(conn, board, stands_on=ALL_TIME, after=None, limit_count=PAGE_COUNT))
        tops.append(time.perf_counter() - began)
        here = Place(1, 1, own.points, own.reached_at, own.member_id)
        began = time.perf_counter()
        await reading.page_of_scores(conn, board, stands_on=ALL_TIME, after=here, limit_count=PAGE_COUNT)
        deep.append(time.perf_counter() - began)
        began = time.perf_counter()
        found = await reading.find_score(conn, board, stands_on=ALL_TIME, member_id=own.member_id)
        await counting.load_positions(conn, board_no=board.board_no, stands_on=ALL_TIME, points=[own.points])
        places.append(time.perf_counter() - began)
        assert found is not None
        began = time.perf_counter()
        await reading.load_above(conn, board, stands_on=ALL_TIME, below=own, limit_count=2)
        await reading.page_of_scores(conn, board, stands_on=ALL_TIME, after=here, limit_count=2)
        near.append(time.perf_counter() - began)
    click.echo(f"  pages of memory that the last place read: {await _buffers(conn, board, own.points):,}")
    for name, seconds in (("first page", tops), ("page within", deep), ("place", places), ("neighbours", near)):
        click.echo(f"  {_shown(name, seconds, factor)}")
    batches, folds, waits, back = [], [], [], []
    for _ in range(20):
        some = sorted(await _some(conn, board, BATCH_COUNT), key=lambda one: one.member_id)
        at = datetime.now(UTC)
        changes = {(one.member_id, board.board_no, ALL_TIME): Change(3, at) for one in some}
        took, _ = await _add(conn, board, changes, at=at, awards=1)
        batches.append(took)
        began = time.perf_counter()
        await counting.load_positions(conn, board_no=board.board_no, stands_on=ALL_TIME, points=[some[0].points])
        waits.append(time.perf_counter() - began)
        began = time.perf_counter()
        await counting.fold(conn, limit_count=20_000)
        folds.append(time.perf_counter() - began)
        lost = {key: Change(-3, None) for key in changes}
        took, emptied = await _add(conn, board, lost, at=at, awards=-1)
        began = time.perf_counter()
        await scores.set_reached(conn, keys=emptied, heads={}, owners=set())
        back.append(took + time.perf_counter() - began)
    click.echo(f"  {_shown(f'{BATCH_COUNT} members changed', batches, factor)}")
    click.echo(f"  {_shown('their awards taken back', back, factor)}")
    click.echo(f"  {_shown('place before the fold', waits, factor)}")
    click.echo(f"  {_shown('fold', folds, factor)}")


async def _add(
    conn: asyncpg.Connection, board: KeptBoard, changes: dict[ScoreKey, Change], *, at: datetime, awards: int
) -> tuple[float, list[ScoreKey]]:
    """Add what an event changed for each; return the seconds, and who has no award of it left."""
    began = time.perf_counter()
    emptied = await scores.add(
        conn,
        changes=changes,
        may_begin=[True] * len(changes),
        times={(board.board_no, ALL_TIME, member_id, at): awards for member_id, *_ in changes},
        heads={},
    )
    return time.perf_counter() - began, emptied


async def _run(admin_url: str, kinds: dict[str, str], members_count: int, factor: float) -> None:
    await prepare_database(admin_url, "recognition", uuid4().hex)
    await migrate(admin_url, "recognition")
    conn = await asyncpg.connect(database_url(admin_url, role_name("recognition")))
    for name, points in kinds.items():
        began = time.perf_counter()
        board = await _begin(conn, points=points, members_count=members_count)
        (row,) = await conn.fetch(
            """
            select (select count(*) from board_counts where board_no = $1 and level = 0) as scores,
                (select count(*) from board_counts where board_no = $1 and level = 2) as top,
                pg_total_relation_size('board_scores') + pg_total_relation_size('board_counts') as bytes,
                pg_total_relation_size('board_times') as times_bytes
            """,
            board.board_no,
        )
        click.echo(
            f"{members_count:,} members, {name}: {row['scores']:,} different scores, {row['top']:,} rows on top,"
            f" {row['bytes'] / 1e6:,.0f} MB, {row['times_bytes'] / members_count:,.0f} bytes an event,"
            f" made in {time.perf_counter() - began:,.0f} s"
        )
        await _measure(conn, board, factor)
        for table in ("board_scores", "board_times", "board_counts", "board_changes", "boards"):
            await conn.execute(f"delete from {table}" if table == "boards" else f"truncate {table}")
    await conn.close()


@click.command(epilog="Example: python -m bench.boards --stack bench --members 1000000")
@click.option("--stack", required=True, help="A local stack of PostgreSQL alone that is there for this")
@click.option(
    "--only", type=click.Choice(["like people", "all different"]), help="One kind of numbers of points alone"
)
@click.option("--members", "members_count", type=click.IntRange(min=1), default=1_000_000, show_default=True)
def main(stack: str, only: str | None, members_count: int) -> None:
    """Measure pages and places of a board of so many members."""
    state = load_state(stack)
    factor = measure().factor
    click.echo(f"factor {factor:.2f}")
    kinds = {name: points for name, points in KINDS.items() if only in (None, name)}
    asyncio.run(_run(state.postgres_admin_url, kinds, members_count, factor))


if __name__ == "__main__":
    main()
