"""The SQL of what was booked by day, and of exports with their lines."""

from collections.abc import Sequence
from datetime import date, datetime

from asyncpg import Record

from services.rewards.approvals.domain import Author
from services.rewards.general_ledger.domain.exports import Export, ExportPlace, Grain
from services.rewards.general_ledger.domain.journal import BookedSum, JournalLine
from services.rewards.ledger.domain.entries import POINTS
from shared.postgres import Connection


async def load_booked(
    conn: Connection,
    days: Sequence[date],
    *,
    starts: Sequence[datetime],
    community: str,
    timeout_seconds: float,
) -> list[BookedSum]:
    """What was booked in money on the community's accounts on each of `days`, by kind of transfer and account.

    Budgets are none of it: see wallets. `starts` are the moments at which these days begin, and the one at which
    the last ends. Raises TimeoutError when it takes longer than `timeout_seconds`.
    """
    rows = await conn.fetch(
        """
        select width_bucket(e.recorded_at, $2::timestamptz[]) - 1 as place, t.kind as event, a.kind as account,
               e.currency, sum(e.amount)::bigint as amount
        from accounts a
        join entries e on e.community = a.community and e.account_id = a.account_id
          and e.recorded_at >= $3 and e.recorded_at < $4
        join transfers t on t.community = e.community and t.transfer_id = e.transfer_id
        where a.community = $1 and a.owner is null and a.currency <> $5 and a.kind not like 'wallet%'
        group by 1, 2, 3, 4 having sum(e.amount) <> 0 order by 1, 2, 3, 4
        """,
        community,
        list(starts),
        starts[0],
        starts[-1],
        POINTS,
        timeout=timeout_seconds,
    )
    return [
        BookedSum(days[row["place"]], row["event"], row["account"], row["currency"], row["amount"]) for row in rows
    ]


async def find_last_export(conn: Connection, *, community: str) -> Export | None:
    """The export with the highest number; None before the first."""
    row = await conn.fetchrow(
        "select * from journal_exports where community = $1 order by number desc limit 1", community
    )
    return None if row is None else _export(row)


async def find_export(conn: Connection, *, community: str, number: int) -> Export | None:
    """An export by its number."""
    row = await conn.fetchrow(
        "select * from journal_exports where community = $1 and number = $2", community, number
    )
    return None if row is None else _export(row)


async def page_of_exports(
    conn: Connection, *, community: str, after: ExportPlace | None, limit: int
) -> list[Export]:
    """Exports, newest first, beginning after a place."""
    rows = await conn.fetch(
        """
        select * from journal_exports where community = $1 and ($2::int is null or number < $2)
        order by number desc limit $3
        """,
        community,
        *(after or (None,)),
        limit,
    )
    return [_export(row) for row in rows]


async def add_export(conn: Connection, export: Export, *, lines: Sequence[JournalLine]) -> None:
    """Keep an export and its lines."""
    await conn.execute(
        """
        insert into journal_exports (
            community, number, first_day, last_day, grain, tax_rate, lines_count, made_at, made_by_person, made_by,
            made_by_credential)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        """,
        export.community,
        export.number,
        export.first_day,
        export.last_day,
        export.grain,
        export.tax_rate,
        export.lines_count,
        export.made_at,
        *export.made_by,
    )
    await conn.executemany(
        """
        insert into journal_export_lines (
            community, number, line, day, event, account, account_number, currency, amount)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        [(export.community, export.number, place, *line) for place, line in enumerate(lines, 1)],
    )


async def load_lines(conn: Connection, *, community: str, number: int) -> list[JournalLine]:
    """The lines of an export, in order."""
    rows = await conn.fetch(
        """
        select day, event, account, account_number, currency, amount from journal_export_lines
        where community = $1 and number = $2 order by line
        """,
        community,
        number,
    )
    return [JournalLine(*row) for row in rows]


def _export(row: Record) -> Export:
    person = row["made_by_person"]
    return Export(
        community=row["community"],
        number=row["number"],
        first_day=row["first_day"],
        last_day=row["last_day"],
        grain=Grain(row["grain"]),
        tax_rate=row["tax_rate"],
        lines_count=row["lines_count"],
        made_at=row["made_at"],
        made_by=Author(str(person) if person else None, row["made_by"], row["made_by_credential"]),
    )
