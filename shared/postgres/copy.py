"""COPY for rows of which nearly always all are new."""

from collections.abc import Collection, Sequence
from typing import Any

import asyncpg

from shared.postgres.pool import Connection

#: A copy under a savepoint takes three round trips and an insert one: up to some 70 rows that is the greater cost.
COPY_MIN_COUNT = 64


async def copy_new(
    conn: Connection, table: str, *, columns: Sequence[str], records: Collection[Sequence[Any]]
) -> bool:
    """Copy rows into a table, unless one of them is there already or they are few; whether it did.

    Half the price of an insert that looks for conflicts, for rows of which nearly always all are new. If the
    answer is False nothing was copied, and the caller makes that insert. Comes within a transaction.
    """
    if len(records) < COPY_MIN_COUNT:
        return False
    # The savepoint is let go with the transaction: to release it is a round trip more, in every batch twice.
    await conn.execute("savepoint copied")
    try:
        await conn.copy_records_to_table(table, records=records, columns=columns)
    except asyncpg.UniqueViolationError:
        await conn.execute("rollback to savepoint copied")
        return False
    return True
