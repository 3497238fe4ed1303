"""Journals and their lines."""

from collections.abc import Sequence

from asyncpg import Record

from services.rewards.journals.domain import Journal, JournalLine, JournalPlace, JournalState
from services.rewards.payouts.store import actor_of
from shared.postgres import Connection


def _journal(row: Record, lines: Sequence[Record]) -> Journal:
    return Journal(
        community=row["community"],
        journal_id=str(row["journal_id"]),
        state=JournalState(row["state"]),
        reason=row["reason"],
        lines=[JournalLine(line["kind"], line["currency"], line["amount"]) for line in lines],
        month=row["month"],
        amends=str(row["amends"]) if row["amends"] else None,
        proposed_at=row["proposed_at"],
        proposed_by=actor_of(row["proposed_by_person"], row["proposed_by"]),
        decided_at=row["decided_at"],
        decided_by=actor_of(row["decided_by_person"], row["decided_by"]) if row["decided_by"] else None,
    )


async def add_journal(conn: Connection, journal: Journal) -> bool:
    """Add a journal with its lines; False when it is there already, and stays."""
    status: str = await conn.execute(
        """
        insert into journals (community, journal_id, state, reason, month, amends, proposed_at, proposed_by_person,
                              proposed_by, decided_at, decided_by_person, decided_by)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict do nothing
        """,
        journal.community,
        journal.journal_id,
        journal.state,
        journal.reason,
        journal.month,
        journal.amends,
        journal.proposed_at,
        *journal.proposed_by,
        journal.decided_at,
        *(journal.decided_by or (None, None)),
    )
    if status == "INSERT 0 0":
        return False
    await conn.execute(
        """
        insert into journal_lines (community, journal_id, line, kind, currency, amount)
        select $1, $2, * from unnest($3::int[], $4::text[], $5::text[], $6::bigint[])
        """,
        journal.community,
        journal.journal_id,
        list(range(len(journal.lines))),
        *(list(column) for column in zip(*journal.lines, strict=True)),
    )
    return True


async def set_decided(conn: Connection, journal: Journal) -> None:
    """Set what was decided of a journal, and by whom."""
    await conn.execute(
        """
        update journals set state = $3, decided_at = $4, decided_by_person = $5, decided_by = $6
        where community = $1 and journal_id = $2
        """,
        journal.community,
        journal.journal_id,
        journal.state,
        journal.decided_at,
        *(journal.decided_by or (None, None)),
    )


async def find_journal(conn: Connection, *, community: str, journal_id: str) -> Journal | None:
    """A journal; None when there is none."""
    row = await conn.fetchrow(
        "select * from journals where community = $1 and journal_id = $2", community, journal_id
    )
    if row is None:
        return None
    return _journal(row, await _lines(conn, community=community, journal_ids=[journal_id]))


async def lock_journal(conn: Connection, *, community: str, journal_id: str) -> Journal | None:
    """A journal, locked against other decisions; None when there is none."""
    row = await conn.fetchrow(
        "select * from journals where community = $1 and journal_id = $2 for update", community, journal_id
    )
    if row is None:
        return None
    return _journal(row, await _lines(conn, community=community, journal_ids=[journal_id]))


async def page_of_journals(
    conn: Connection, *, community: str, state: JournalState | None, after: JournalPlace | None, limit: int
) -> list[Journal]:
    """Journals, newest first, in a state where given, beginning after a place."""
    rows = await conn.fetch(
        """
        select * from journals
        where community = $1 and ($2::text is null or state = $2)
          and ($3::timestamptz is null or (proposed_at, journal_id) < ($3, $4::uuid))
        order by proposed_at desc, journal_id desc limit $5
        """,
        community,
        state,
        *(after or (None, None)),
        limit,
    )
    lines: dict[str, list[Record]] = {}
    for line in await _lines(conn, community=community, journal_ids=[row["journal_id"] for row in rows]):
        lines.setdefault(str(line["journal_id"]), []).append(line)
    return [_journal(row, lines[str(row["journal_id"])]) for row in rows]


async def _lines(conn: Connection, *, community: str, journal_ids: Sequence[str]) -> list[Record]:
    return list(
        await conn.fetch(
            """
            select * from journal_lines where community = $1 and journal_id = any($2::uuid[])
            order by journal_id, line
            """,
            community,
            journal_ids,
        )
    )
