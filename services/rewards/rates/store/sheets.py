"""The SQL of files of central banks."""

from datetime import date, datetime

from asyncpg import Record

from services.rewards.approvals.store import author_of
from services.rewards.rates.domain.policies import RateSheet, RateSheetPlace
from shared.postgres import Connection


async def add_sheet(conn: Connection, sheet: RateSheet) -> None:
    """Add a file that was taken."""
    await conn.execute(
        """
        insert into rate_sheets (
            community, sheet_id, base, day, currencies, units, taken_at, taken_by_person, taken_by,
            taken_by_credential)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        """,
        sheet.community,
        sheet.sheet_id,
        sheet.base,
        sheet.day,
        list(sheet.units),
        list(sheet.units.values()),
        sheet.taken_at,
        *sheet.taken_by,
    )


async def find_sheet(conn: Connection, *, community: str, sheet_id: str) -> RateSheet | None:
    """A file as it was taken."""
    row = await conn.fetchrow(
        "select * from rate_sheets where community = $1 and sheet_id = $2", community, sheet_id
    )
    return None if row is None else _sheet(row)


async def find_newest(conn: Connection, *, community: str, base: str, until: date) -> RateSheet | None:
    """The file of the newest day up to one, of two of that day the one taken last."""
    row = await conn.fetchrow(
        """
        select * from rate_sheets where community = $1 and base = $2 and day <= $3
        order by day desc, taken_at desc, sheet_id desc limit 1
        """,
        community,
        base,
        until,
    )
    return None if row is None else _sheet(row)


async def count_taken(conn: Connection, *, community: str, since: datetime) -> int:
    """How many files were taken since a moment."""
    count: int = await conn.fetchval(
        "select count(*) from rate_sheets where community = $1 and taken_at >= $2", community, since
    )
    return count


async def page_of_sheets(
    conn: Connection, *, community: str, after: RateSheetPlace | None, limit: int
) -> list[RateSheet]:
    """Files, that of the newest day first, beginning after a place."""
    rows = await conn.fetch(
        """
        select * from rate_sheets
        where community = $1 and ($2::date is null or (day, taken_at, sheet_id) < ($2, $3::timestamptz, $4::uuid))
        order by day desc, taken_at desc, sheet_id desc limit $5
        """,
        community,
        *(after or (None, None, None)),
        limit,
    )
    return [_sheet(row) for row in rows]


def _sheet(row: Record) -> RateSheet:
    return RateSheet(
        community=row["community"],
        sheet_id=str(row["sheet_id"]),
        base=row["base"],
        day=row["day"],
        units=dict(zip(row["currencies"], row["units"], strict=True)),
        taken_at=row["taken_at"],
        taken_by=author_of(row, "taken_by"),
    )
