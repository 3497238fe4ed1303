"""What the commands of a rebuild do: look, compare, switch, go back, forget."""

import secrets
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

import asyncpg

from plaudit.rebuilds import comparing, databases
from plaudit.rebuilds.comparing import Difference, Digest, TableKept
from plaudit.rebuilds.databases import (
    BEFORE,
    REBUILT,
    RUNNING,
    SERVICE,
    NotReadyError,
    Orders,
    RebuildError,
    connected,
)
from shared.audit import Actor, Commanded, Did
from shared.settings import ServiceSettings
from shared.transaction import Transaction

#: What is still to be read when databases are compared: the running one reads nothing while it is read.
LEFT_MAX_COUNT = 20_000
HOLD_SECONDS = 60.0
REACH_SECONDS = 600.0
#: Of audit entries: whoever has the database's own password.
CREDENTIAL = "postgresql"


@dataclass
class TopicRead:
    """How much of a topic has been read, and how much is left until the running one is reached."""

    topic: str
    read: int = 0
    left: int = 0


@dataclass
class Status:
    """How a rebuild is. `state` is none, stopped, reading or there (where the running one is).

    `is_before_kept` says whether the database that answered before a switch is kept, which takes no erasure.
    """

    state: str
    topics: list[TopicRead] = field(default_factory=list)
    records_read: int = 0
    records_left: int = 0
    share: float = 0.0
    records_per_second: float | None = None
    seconds_left: float | None = None
    started_at: datetime | None = None
    untold: dict[str, int] = field(default_factory=dict)
    is_before_kept: bool = False
    switched_at: datetime | None = None
    #: How far a comparison or switch is, or was killed: held, closed or taken_over; None where there is none.
    step: str | None = None
    #: Whether a command compares or switches just now, and whether the running database lets nobody in.
    is_switching: bool = False
    is_closed: bool = False


@dataclass
class Compared:
    """What comparing found: digests of what must be equal, what differs, and rows that a topic had forgotten."""

    digests: dict[str, Digest]
    differences: list[Difference]
    filled: dict[str, int]
    records: int

    def is_equal_but_for(self, tables: Collection[str]) -> bool:
        """Whether nothing differs but these tables."""
        return {one.table for one in self.differences} <= set(tables)

    def as_json(self) -> dict[str, Any]:
        """For a script."""
        return {
            "equal": not self.differences,
            "records": self.records,
            "tables": comparing.shown(self.digests),
            "differences": [
                {"table": one.table, "running": one.running._asdict(), "rebuilt": one.rebuilt._asdict()}
                for one in self.differences
            ],
            "filled": self.filled,
        }


async def look(admin_url: str) -> Status:
    """How a rebuild is, and whether the database before is kept. Raises RebuildError."""
    async with connected(admin_url) as admin:
        there = await databases.find_databases(admin)
        status = Status("none", is_before_kept=BEFORE in there)
        status.is_switching = await databases.is_switching(admin)
        status.is_closed = RUNNING in there and await databases.is_closed(admin, RUNNING)
        if RUNNING in there and BEFORE in there:
            async with connected(admin_url, RUNNING) as running:
                if await running.fetchval("select to_regclass('rebuild.state') is not null"):
                    status.switched_at = await running.fetchval("select switched_at from rebuild.state")
        if REBUILT not in there:
            return status
        is_read = await databases.is_reading(admin)
    async with connected(admin_url, REBUILT) as rebuilt:
        if not await rebuilt.fetchval("select to_regclass('rebuild.state') is not null"):
            raise RebuildError(f"{REBUILT} was not made to the end: `plaudit rebuild start` goes on.")
        rows = await rebuilt.fetch(
            """
            select r.topic, sum(coalesce(o.next_offset, r.first_offset) - r.first_offset)::bigint as read,
                sum(greatest(0, r.until_offset - coalesce(o.next_offset, r.first_offset)))::bigint as left
            from rebuild.reading r left join consumer_offsets o using (topic, partition)
            group by 1 order by 1
            """
        )
        # A rebuild that was begun before there were steps has no column of them.
        status.step = await rebuilt.fetchval(
            """
            select coalesce(to_jsonb(s) ->> 'step', case when hold or has_cut then 'held' end)
            from rebuild.state s
            """
        )
        [state] = await rebuilt.fetch("select rate, started_at from rebuild.state")
        untold = await rebuilt.fetch("select topic, messages from rebuild.untold order by topic")
    status.topics = [TopicRead(**row) for row in rows]
    status.records_read = sum(topic.read for topic in status.topics)
    status.records_left = sum(topic.left for topic in status.topics)
    status.share = status.records_read / max(1, status.records_read + status.records_left)
    status.state = "stopped" if not is_read else "there" if rows and not status.records_left else "reading"
    status.records_per_second, status.started_at = state["rate"], state["started_at"]
    if state["rate"]:
        status.seconds_left = status.records_left / state["rate"]
    status.untold = {row["topic"]: row["messages"] for row in untold}
    return status


async def compare(admin_url: str) -> Compared:
    """Have both stand at the same positions, and compare every table.

    The running one reads nothing for a moment, and goes on while the other gets there. Raises NotReadyError.
    """
    await _must_be_near(admin_url)
    async with (
        connected(admin_url) as admin,
        databases.alone(admin),
        connected(admin_url, RUNNING) as running,
        connected(admin_url, RUNNING) as frozen,
        connected(admin_url, REBUILT) as rebuilt,
        _held(rebuilt),
    ):
        tables = await comparing.load_tables(rebuilt)
        async with databases.quiet(running, _waiting(tables)):
            await frozen.execute("begin isolation level repeatable read read only")
            stands = await databases.load_stands(frozen, await _topics(rebuilt))
        compared = await _compare_at(stands, frozen, rebuilt, tables)
        await frozen.execute("rollback")
    return compared


async def switch(admin_url: str, *, may_differ: Collection[str] = ()) -> Compared | None:
    """Let the rebuilt database answer from now on, if every table is equal; the other is kept, and gets no more.

    With differences, but in tables that `may_differ`, nothing is switched. One that was killed is ended by the
    next: None says that it had compared, and that only the names were left to change. Raises NotReadyError.
    """
    async with connected(admin_url) as admin, databases.alone(admin):
        if BEFORE in await databases.find_databases(admin):
            raise RebuildError(
                f"It was switched: {BEFORE} is what answered before. `plaudit rebuild back` undoes that, and "
                "`plaudit rebuild forget` deletes it."
            )
        if await _is_taken_over(admin_url):
            await databases.rename(admin, {RUNNING: BEFORE, REBUILT: RUNNING})
            return None
        await _must_be_near(admin_url)
        try:
            compared = await _prepare(admin_url, admin, may_differ)
            if compared.is_equal_but_for(may_differ):
                # 4. The names, both or none; the service's processes come back to the one that has its name.
                await databases.rename(admin, {RUNNING: BEFORE, REBUILT: RUNNING})
                return compared
        except BaseException:
            await databases.open_to_service(admin, RUNNING)
            raise
        await databases.open_to_service(admin, RUNNING)
    return compared


async def _is_taken_over(admin_url: str) -> bool:
    """Whether a switch was killed when only the names were left to change: since then nobody wrote to either."""
    status = await look(admin_url)
    return status.step == "taken_over" and status.is_closed


async def _prepare(admin_url: str, admin: asyncpg.Connection, may_differ: Collection[str]) -> Compared:
    """Close the running database, have the other get there, and take over what was of the moment."""
    async with (
        connected(admin_url, RUNNING) as running,
        connected(admin_url, REBUILT) as rebuilt,
        _held(rebuilt),
    ):
        tables = await comparing.load_tables(rebuilt)
        async with databases.quiet(running, _waiting(tables)):
            # Said before it is so: whoever finds it closed finds why.
            await databases.set_step(rebuilt, "closed")
            # 1. Nobody writes to the running one any more: what it holds now is all there is.
            await databases.close_to_service(admin, RUNNING)
        stands = await databases.load_stands(running, await _topics(rebuilt))
        # 2. The other gets exactly there.
        compared = await _compare_at(stands, running, rebuilt, tables)
        if compared.is_equal_but_for(may_differ):
            # 3. What was noticed, told and put aside is known there too, all or nothing: nothing is told twice.
            async with rebuilt.transaction():
                await comparing.take_over(running, rebuilt, tables)
                await _note(rebuilt, "analytics.switch", before=RUNNING, after=REBUILT, rows=compared.records)
                await rebuilt.execute("update rebuild.state set switched_at = now()")
                await databases.set_step(rebuilt, "taken_over")
                await databases.order(rebuilt, Orders(ends=True))
        else:
            await databases.set_step(rebuilt, None)
    return compared


async def go_back(admin_url: str) -> None:
    """Let the database answer again that did before the switch, with what was noticed and told since.

    It reads what came in meanwhile. Raises RebuildError.
    """
    async with connected(admin_url) as admin, databases.alone(admin):
        there = await databases.find_databases(admin)
        if BEFORE not in there:
            raise RebuildError("There is nothing to go back to: nothing was switched, or it is forgotten.")
        if REBUILT in there:
            raise RebuildError(f"{REBUILT} is there again: `plaudit rebuild forget --rebuilt` deletes it.")
        async with connected(admin_url, RUNNING) as running, connected(admin_url, BEFORE) as before:
            tables = await comparing.load_tables(running)
            await databases.close_to_service(admin, RUNNING)
            try:
                await comparing.take_over(
                    running, before, [one for one in tables if one.origin == comparing.TAKEN_OVER]
                )
                await _note(before, "analytics.switch_back", before=REBUILT, after=BEFORE, rows=None)
            except BaseException:
                await databases.open_to_service(admin, RUNNING)
                raise
        await databases.rename(admin, {RUNNING: REBUILT, BEFORE: RUNNING})
        await databases.open_to_service(admin, RUNNING)


async def forget(admin_url: str, database: str) -> bool:
    """Delete the database that was before, or the one that is rebuilt; False when there is none."""
    async with connected(admin_url) as admin:
        if database not in await databases.find_databases(admin):
            return False
        await databases.drop(admin, database)
    if database == BEFORE:
        async with connected(admin_url, RUNNING) as running:
            await running.execute("drop schema if exists rebuild cascade")
    return True


async def _must_be_near(admin_url: str) -> None:
    status = await look(admin_url)
    if status.state == "none":
        raise NotReadyError("There is no rebuild: `plaudit rebuild start` begins one.")
    if status.state == "stopped":
        raise NotReadyError("Nobody reads for the rebuild: `plaudit rebuild start` goes on with it.")
    if not status.topics or status.records_left > LEFT_MAX_COUNT:
        raise NotReadyError(
            f"{status.records_left} records are left to be read: `plaudit rebuild status` says for how long."
        )


@asynccontextmanager
async def _held(rebuilt: asyncpg.Connection) -> AsyncIterator[None]:
    """The reader reads nothing but what it is told to while the block lasts, and goes on afterwards."""
    orders_id = await databases.order(rebuilt, Orders(hold=True))
    try:
        await databases.wait_until_done(rebuilt, "held_orders", orders_id, seconds=HOLD_SECONDS)
        yield
    except BaseException:
        await databases.order(rebuilt, Orders())
        await databases.set_step(rebuilt, None)
        raise
    if not await rebuilt.fetchval("select ends from rebuild.state"):
        await databases.order(rebuilt, Orders())


async def _compare_at(
    stands: dict[databases.Place, int],
    running: asyncpg.Connection,
    rebuilt: asyncpg.Connection,
    tables: Sequence[TableKept],
) -> Compared:
    orders_id = await databases.order(rebuilt, Orders(cut=stands))
    await databases.wait_until_done(rebuilt, "reached_orders", orders_id, seconds=REACH_SECONDS)
    filled = await comparing.fill(running, rebuilt, tables)
    digests, differences = await comparing.compare(running, rebuilt, tables)
    return Compared(digests, differences, filled, sum(stands.values()))


def _waiting(tables: Sequence[TableKept]) -> list[str]:
    return [table.name for table in tables if table.origin == comparing.WAITING]


async def _topics(rebuilt: asyncpg.Connection) -> list[str]:
    return [row["topic"] for row in await rebuilt.fetch("select distinct topic from rebuild.reading")]


async def _note(conn: asyncpg.Connection, command: str, *, before: str, after: str, rows: int | None) -> None:
    """Leave an entry in the audit of each community, and have it told once the service is back."""
    communities = [row["community"] for row in await conn.fetch("select distinct community from programmes")]
    if not communities:
        return
    actor = Actor(communities[0], None, CREDENTIAL)
    traceparent = f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
    async with conn.transaction():
        tx = Transaction(conn, datetime.now(UTC), service=SERVICE, settings=ServiceSettings())
        tx.obey(Commanded(command, actor, traceparent))
        tx.did(
            Did(
                command,
                "database",
                RUNNING,
                before={"database": before},
                after={"database": after, "records": rows},
                also_in=communities,
            )
        )
        await tx.store_entry()
        await tx.store_outbox()


def as_json(status: Status) -> dict[str, Any]:
    """For a script."""
    return asdict(status)
