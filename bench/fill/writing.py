"""Rows into the five databases by COPY, side by side, in bounded memory."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack
from itertools import islice
from typing import Any

import asyncpg

from bench.fill.rows import OF_EVENTS, OF_MEMBERS, Table
from bench.fill.totals import AFTER, BEFORE, GRANT_DAYS, GRANTS_COLUMNS, WITH_A_PIECE
from bench.fill.world import World
from plaudit.stack import StackState
from services.rewards.ledger.domain.entries import community_account
from shared.postgres import database_url, role_name
from shared.services import SERVICES

#: Events, or members, of which the rows are in memory at once.
PIECE_COUNT = 20_000

Say = Callable[[str], None]
Databases = dict[str, asyncpg.Connection]


async def is_there(state: StackState, community: str) -> bool:
    """Whether any of the databases' tables has something of the community."""
    async with AsyncExitStack() as stack:
        for service, database in (await _connected(state, stack)).items():
            for table in (*OF_MEMBERS, *OF_EVENTS):
                found = table.service == service and await database.fetchval("select to_regclass($1)", table.name)
                if found and "community" in table.columns:
                    query = f"select exists (select from {table.name} where community = $1)"
                    if await database.fetchval(query, community):
                        return True
    return False


async def write(state: StackState, world: World, say: Say) -> None:
    """Write everything of the world. The rows of a piece are committed together in each database."""
    async with AsyncExitStack() as stack:
        databases = await _connected(state, stack)
        for service, statements in BEFORE.items():
            for statement in statements:
                await databases[service].execute(statement)
        issued = community_account(world.community, "points_issued")
        await databases["rewards"].execute(
            "insert into accounts (community, account_id, owner, kind, currency) values ($1, $2, null, $3, $4)",
            *(world.community, issued.account_id, issued.kind, issued.currency),
        )
        await _copy_all(databases, OF_MEMBERS, world, world.members(), world.members_count, "members", say)
        await _copy_all(databases, OF_EVENTS, world, world.done(), world.events_count, "events", say)
        say("totals, boards, days and balances")
        await asyncio.gather(*(_total(databases[service], service, world) for service in SERVICES))
        await _copy_grants(databases, world)
        say("statistics")
        await asyncio.gather(*(database.execute("vacuum analyze") for database in databases.values()))


async def sizes(state: StackState) -> dict[str, int]:
    """The bytes of each service's database."""
    async with AsyncExitStack() as stack:
        databases = await _connected(state, stack)
        query = "select pg_database_size(current_database())"
        return {service: await database.fetchval(query) for service, database in databases.items()}


async def _connected(state: StackState, stack: AsyncExitStack) -> Databases:
    made: Databases = {}
    for service in SERVICES:
        made[service] = await asyncpg.connect(database_url(state.postgres_admin_url, role_name(service)))
        stack.push_async_callback(made[service].close)
        await made[service].execute("set work_mem = '256MB'")
    return made


async def _copy_all(
    databases: Databases,
    tables: Sequence[Table],
    world: World,
    things: Iterable[Any],
    count: int,
    what: str,
    say: Say,
) -> None:
    done = 0
    for piece in _pieces(things):
        await asyncio.gather(*(_copy(databases[service], service, tables, world, piece) for service in SERVICES))
        done += len(piece)
        say(f"{done:,} of {count:,} {what}")


async def _copy(
    database: asyncpg.Connection, service: str, tables: Sequence[Table], world: World, piece: Sequence[Any]
) -> None:
    async with database.transaction():
        for table in tables:
            if table.service == service:
                records = (row for one in piece for row in table.rows(world, one))
                await database.copy_records_to_table(table.name, columns=table.columns, records=records)
        if tables is OF_EVENTS:
            await _run(database, WITH_A_PIECE.get(service, ()), world)


async def _total(database: asyncpg.Connection, service: str, world: World) -> None:
    async with database.transaction():
        await _run(database, AFTER[service], world)


async def _run(database: asyncpg.Connection, statements: Iterable[str], world: World) -> None:
    for statement in statements:
        await database.execute(statement, *([world.community] if "$1" in statement else []))


async def _copy_grants(databases: Databases, world: World) -> None:
    """Analytics has every grant that recognition made."""
    recognition, analytics = databases["recognition"], databases["analytics"]
    columns = ", ".join(GRANTS_COLUMNS)
    query = f"select {columns} from grants where community = $1"
    async with recognition.transaction(readonly=True), analytics.transaction():
        rows = await recognition.cursor(query, world.community)
        while piece := await rows.fetch(PIECE_COUNT):
            await analytics.copy_records_to_table(
                "grants", columns=GRANTS_COLUMNS, records=[tuple(row) for row in piece]
            )
        await analytics.execute(GRANT_DAYS, world.community)


def _pieces(things: Iterable[Any]) -> Iterator[Sequence[Any]]:
    source = iter(things)
    while piece := list(islice(source, PIECE_COUNT)):
        yield piece
