"""Digests of tables, which do not depend on the order of rows, and rows that are taken over."""

import tempfile
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import asyncpg

#: The origins of tables, as analytics notes them in the database that is rebuilt.
EQUAL = ("follows", "counted", "waiting", "remembered")
REMEMBERED = "remembered"
WAITING = "waiting"
TAKEN_OVER = "taken over"


class TableKept(NamedTuple):
    """A table, where its rows come from, the columns that are of the moment, and why.

    A row of which all `counts` are 0 is none, where they are named.
    """

    name: str
    origin: str
    moments: tuple[str, ...]
    counts: tuple[str, ...]
    why: str


class Columns(NamedTuple):
    """A table's columns: all that the database does not number or make itself, and those of the primary key."""

    all: tuple[str, ...]
    key: tuple[str, ...]


class Digest(NamedTuple):
    """How many rows there are, and the sum of their hashes."""

    rows: int
    digest: str


class Difference(NamedTuple):
    """A table that is not the same in both: its digest in the running and in the rebuilt database."""

    table: str
    running: Digest
    rebuilt: Digest


async def load_tables(rebuilt: asyncpg.Connection) -> list[TableKept]:
    """What each table is, by the code that is rebuilt with."""
    rows = await rebuilt.fetch("select name, origin, moments, counts, why from rebuild.tables order by name")
    return [
        TableKept(row["name"], row["origin"], tuple(row["moments"]), tuple(row["counts"]), row["why"])
        for row in rows
    ]


async def load_columns(conn: asyncpg.Connection) -> dict[str, Columns]:
    """The columns of each table."""
    rows = await conn.fetch(
        """
        select c.relname as name,
            array_agg(a.attname::text order by a.attnum) filter (where a.attidentity = '' and a.attgenerated = '')
                as columns,
            array_agg(a.attname::text order by a.attnum) filter (where a.attnum = any(i.indkey)) as key
        from pg_class c
        join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        left join pg_index i on i.indrelid = c.oid and i.indisprimary
        where c.relkind in ('r', 'p') and not c.relispartition and c.relnamespace = 'public'::regnamespace
        group by 1
        """
    )
    return {row["name"]: Columns(tuple(row["columns"] or ()), tuple(row["key"] or ())) for row in rows}


async def digest(conn: asyncpg.Connection, table: TableKept, columns: Columns) -> Digest:
    """The digest of a table, without its columns of the moment."""
    is_something = " or ".join(f'"{column}" <> 0' for column in table.counts) or "true"
    compared = [column for column in columns.all if column not in table.moments]
    [row] = await conn.fetch(
        f"""
        select count(*) as rows,
            coalesce(sum(hashtextextended(row({_names(compared)})::text, 0)::numeric), 0)::text as digest
        from "{table.name}" where {is_something}
        """  # noqa: S608 -- names of tables that are there
    )
    return Digest(row["rows"], row["digest"])


async def compare(
    running: asyncpg.Connection, rebuilt: asyncpg.Connection, tables: Sequence[TableKept]
) -> tuple[dict[str, Digest], list[Difference]]:
    """The digests of all tables that must be equal, and those that differ: also those that nobody registered."""
    columns = await load_columns(rebuilt)
    known = {table.name for table in tables}
    digests: dict[str, Digest] = {}
    differences = [
        Difference(name, Digest(-1, "in no list"), Digest(-1, "in no list"))
        for name in sorted(columns.keys() - known)
    ]
    for table in tables:
        if table.origin not in EQUAL:
            continue
        there, here = [await digest(conn, table, columns[table.name]) for conn in (running, rebuilt)]
        digests[table.name] = here
        if there != here:
            differences.append(Difference(table.name, there, here))
    return digests, differences


async def fill(
    source: asyncpg.Connection, target: asyncpg.Connection, tables: Sequence[TableKept]
) -> dict[str, int]:
    """Copy rows of tables whose topics forget, where the target lacks them; return how many, by table."""
    columns = await load_columns(target)
    added: dict[str, int] = {}
    for table in tables:
        if table.origin != REMEMBERED:
            continue
        names = _names(columns[table.name].all)
        async with target.transaction():
            await _copy_aside(source, target, table.name, columns[table.name].all)
            done = await target.execute(
                f'insert into "{table.name}" ({names}) select {names} from taken on conflict do nothing'  # noqa: S608
            )
            await target.execute("drop table taken")
        added[table.name] = int(done.rpartition(" ")[2])
    return added


async def take_over(source: asyncpg.Connection, target: asyncpg.Connection, tables: Sequence[TableKept]) -> None:
    """Let the target have what the source noticed and did: whole tables, and columns of the moment."""
    columns = await load_columns(target)
    for table in tables:
        known = columns[table.name]
        async with target.transaction():
            if table.origin == TAKEN_OVER:
                names = _names(known.all)
                await _copy_aside(source, target, table.name, known.all)
                await target.execute(f'delete from "{table.name}"')  # noqa: S608
                await target.execute(f'insert into "{table.name}" ({names}) select {names} from taken')  # noqa: S608
                await target.execute("drop table taken")
            elif table.moments:
                await _copy_aside(source, target, table.name, (*known.key, *table.moments))
                same = " and ".join(f't."{column}" = s."{column}"' for column in known.key)
                said = ", ".join(f'"{column}" = s."{column}"' for column in table.moments)
                await target.execute(f'update "{table.name}" t set {said} from taken s where {same}')  # noqa: S608
                await target.execute("drop table taken")


async def _copy_aside(
    source: asyncpg.Connection, target: asyncpg.Connection, table: str, columns: Sequence[str]
) -> None:
    """Copy columns of a table into a temporary one, `taken`, by a file: two connections cannot copy at once."""
    await target.execute(
        f'create temporary table taken on commit drop as select {_names(columns)} from "{table}" limit 0'  # noqa: S608
    )
    with tempfile.TemporaryFile() as spool:
        query = f'select {_names(columns)} from "{table}"'  # noqa: S608
        if table == "outbox":
            query += " order by id"
        await source.copy_from_query(query, output=spool, format="binary")
        spool.seek(0)
        await target.copy_to_table("taken", source=spool, columns=list(columns), format="binary")


def _names(columns: Sequence[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)


def shown(digests: Mapping[str, Digest]) -> list[dict[str, str | int]]:
    """Digests for a script."""
    return [{"table": name, "rows": one.rows, "digest": one.digest} for name, one in digests.items()]
