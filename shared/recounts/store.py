"""The SQL of minutes and of how far their counting is."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from shared.postgres import Connection
from shared.recounts.domain import MINUTE, Minute, Round, Sums

#: Minutes looked at for one turn: where few awards were told, they are hours.
MINUTES_MAX_COUNT = 10_000


async def lock_round(conn: Connection) -> Round:
    """How far the counting is, for this transaction alone."""
    (row,) = await conn.fetch("select * from recount_rounds for update")
    return Round(row["counted_until"], row["recounted_until"], row["began_at"], row["took_seconds"])


async def set_round(conn: Connection, state: Round) -> None:
    """Note how far the counting is."""
    await conn.execute(
        "update recount_rounds set counted_until = $1, recounted_until = $2, began_at = $3, took_seconds = $4",
        state.counted_until,
        state.recounted_until,
        state.began_at,
        state.took_seconds,
    )


async def find_end(conn: Connection, *, since: datetime, until: datetime, rows_max_count: int) -> datetime:
    """Until when minutes from `since` on have at most so many rows, as they were counted last; one at least."""
    rows = await conn.fetch(
        """
        select starts_at, sum(facts) over (order by starts_at)::bigint as facts
        from (select starts_at, sum(facts) as facts from recounted_minutes
              where starts_at >= $1 and starts_at < $2 group by 1 order by 1 limit $3) minutes
        order by 1
        """,
        since,
        until,
        MINUTES_MAX_COUNT,
    )
    for number, row in enumerate(rows):
        if number and row["facts"] > rows_max_count:
            return row["starts_at"]  # type: ignore[no-any-return]
    return rows[-1]["starts_at"] + MINUTE if len(rows) == MINUTES_MAX_COUNT else until


async def count(conn: Connection, query: str, *, since: datetime, until: datetime) -> set[Minute]:
    """Minutes as the service's rows have them, by its query."""
    return {_minute(row) for row in await conn.fetch(query, since, until)}


async def load_minutes(conn: Connection, *, since: datetime, until: datetime) -> set[Minute]:
    """Minutes as they were counted last."""
    rows = await conn.fetch(
        """
        select starts_at, kind, facts, points, digest from recounted_minutes
        where starts_at >= $1 and starts_at < $2
        """,
        since,
        until,
    )
    return {_minute(row) for row in rows}


async def put_minutes(conn: Connection, minutes: Sequence[Minute], *, gone: Sequence[Minute]) -> None:
    """Keep minutes in place of what was counted of them, and none of those that are `gone`."""
    if gone:
        await conn.execute(
            """
            delete from recounted_minutes m using unnest($1::timestamptz[], $2::text[]) as g(starts_at, kind)
            where m.starts_at = g.starts_at and m.kind = g.kind
            """,
            [minute.starts_at for minute in gone],
            [minute.kind for minute in gone],
        )
    if minutes:
        await conn.execute(
            """
            insert into recounted_minutes (starts_at, kind, facts, points, digest)
            select * from unnest($1::timestamptz[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[])
            on conflict (starts_at, kind) do update
            set facts = excluded.facts, points = excluded.points, digest = excluded.digest
            """,
            *zip(*minutes, strict=True),
        )


async def add_to_sums(conn: Connection, changes: Mapping[str, Sums]) -> None:
    """Add to what all minutes of each kind come to."""
    if changes:
        await conn.execute(
            """
            insert into recounted_sums as s (kind, facts, points, digest)
            select * from unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[])
            on conflict (kind) do update
            set facts = s.facts + excluded.facts, points = s.points + excluded.points,
                digest = s.digest + excluded.digest
            """,
            *zip(*((kind, *change) for kind, change in sorted(changes.items())), strict=True),
        )


async def load_sums(conn: Connection) -> dict[str, Sums]:
    """What all minutes come to, by kind."""
    rows = await conn.fetch("select kind, facts, points, digest from recounted_sums")
    return {row["kind"]: Sums(row["facts"], row["points"], row["digest"]) for row in rows}


def _minute(row: object) -> Minute:
    return Minute(*row)  # type: ignore[misc]
