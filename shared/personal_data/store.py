"""The SQL of exports: the rows of a member, whichever table the register says that they are in."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import asyncpg
import orjson

from shared.personal_data.kinds import Held
from shared.postgres import Connection


class HeldRow(NamedTuple):
    """A row of a member's: its table, and its columns but for the hidden ones."""

    held: Held
    row: Mapping[str, Any]

    @property
    def key(self) -> str:
        """What it is known by in its table, as JSON."""
        return orjson.dumps({name: self.row[name] for name in self.held.order.split()}).decode()


class BrokenKeyError(Exception):
    """What a page is to be read on behind is no key of the table."""


async def load_rows(
    conn: Connection,
    held: Held,
    *,
    community: str,
    member_ids: Sequence[str],
    behind: str | None,
    limit_count: int,
) -> Sequence[HeldRow]:
    """Rows of one person's members in a table, in the order of its key, `behind` one as JSON.

    They are at most `limit_count`.

    Raises BrokenKeyError when there can be no such key.
    """
    order = held.order.split()
    mine, before = (", ".join(f"{alias}.{name}" for name in order) for alias in ("t", "b"))
    later = f"and ({mine}) > ({before})" if behind is not None else ""
    whose = held.whose if held.whose.startswith("(") else f"t.{held.whose}"
    sql = f"""
        select to_jsonb(t) - $5::text[]
        from "{held.table}" t, jsonb_populate_record(null::"{held.table}", $3::jsonb) b
        where t.community = $1 and {whose} {later}
        order by {mine} limit $4
    """  # noqa: S608 -- of the register
    try:
        rows = await conn.fetch(sql, community, member_ids, behind or "{}", limit_count, held.hidden.split())
    except asyncpg.DataError as error:
        raise BrokenKeyError from error
    return [HeldRow(held, orjson.loads(row[0])) for row in rows]
