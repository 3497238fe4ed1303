"""What the driver learns of PostgreSQL's own types, kept for all connections of the process."""

from collections.abc import Collection
from typing import Any

import asyncpg

#: What a database defines for itself has a higher id, and another in each database; those below are the server's.
OWN_TYPES_FROM = 16384


class KnowingConnection(asyncpg.Connection):
    """A connection that asks for a type of PostgreSQL's own only if no connection of the process has.

    The driver asks for each array on each connection anew, with a recursive query that costs 3 ms to plan and
    three round trips: a hundred times while the five services start and their pools grow.
    """

    __slots__ = ()

    async def _introspect_types(self, typeoids: Collection[int], timeout: float | None) -> Any:
        unknown = [oid for oid in typeoids if oid not in _KNOWN]
        if not unknown:
            # What it knows already it passes over; elements stand before the arrays of them.
            return list(_KNOWN.values()), _NO_STATEMENT
        rows, statement = await super()._introspect_types(unknown, timeout)  # type: ignore[misc]
        _KNOWN.update({row["oid"]: row for row in rows if row["oid"] < OWN_TYPES_FROM})
        return [*_KNOWN.values(), *rows], statement


class _NoStatement:
    """In place of the statement that asked: named, for it has replaced none that was prepared without a name."""

    name = "none"


_KNOWN: dict[int, asyncpg.Record] = {}
_NO_STATEMENT = _NoStatement()
