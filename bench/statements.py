"""Which statements are sent to PostgreSQL: a batch of few events costs what its round trips do."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg


@contextmanager
def noted() -> Iterator[list[str]]:
    """The statements that this process sends from here on, in order: one for each round trip.

    The driver's own logging of queries leaves out what is copied in.
    """
    statements: list[str] = []
    connection: Any = asyncpg.Connection
    plain, prepared, copied = connection.execute, connection._do_execute, connection.copy_records_to_table

    async def execute(self: Any, query: str, *args: Any, **more: Any) -> Any:
        if not args:
            statements.append(query)
        return await plain(self, query, *args, **more)

    async def do_execute(self: Any, query: str, *args: Any, **more: Any) -> Any:
        statements.append(query)
        return await prepared(self, query, *args, **more)

    async def copy_records_to_table(self: Any, table: str, **more: Any) -> Any:
        statements.append(f"copy {table} from stdin")
        return await copied(self, table, **more)

    replaced = {
        "execute": (plain, execute),
        "_do_execute": (prepared, do_execute),
        "copy_records_to_table": (copied, copy_records_to_table),
    }
    for name, (_, noting) in replaced.items():
        setattr(connection, name, noting)
    try:
        yield statements
    finally:
        for name, (before, _) in replaced.items():
            setattr(connection, name, before)
