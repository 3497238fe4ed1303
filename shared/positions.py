"""Up to where a service's database knows what its own topics hold; and whether that went back while it ran.

The relay moves these positions. A process remembers the highest that it saw: a database in which they are lower is
another one than the process began with, such as a backup.
"""

from collections.abc import Iterable, Mapping

import asyncpg
from aiokafka import TopicPartition

from shared.postgres import Connection


class DatabaseWentBackError(Exception):
    """The database knows less than it did: it was restored from a backup while this process ran."""


async def move_up(conn: Connection, positions: Mapping[TopicPartition, int]) -> None:
    """Raise positions, in one order; one that is higher already stays."""
    ordered = sorted(positions)
    await conn.execute(
        """
        insert into own_positions as o (topic, partition, next_offset)
        select * from unnest($1::text[], $2::int[], $3::bigint[])
        on conflict (topic, partition) do update set next_offset = excluded.next_offset
        where excluded.next_offset > o.next_offset
        """,
        [partition.topic for partition in ordered],
        [partition.partition for partition in ordered],
        [positions[partition] for partition in ordered],
    )


async def load(conn: Connection, topics: Iterable[str] | None = None) -> dict[TopicPartition, int]:
    """The position in each partition of these topics, or of all; one that was never written is not there."""
    rows = await conn.fetch(
        "select topic, partition, next_offset from own_positions where $1::text[] is null or topic = any($1)",
        None if topics is None else list(topics),
    )
    return {TopicPartition(row["topic"], row["partition"]): row["next_offset"] for row in rows}


class SeenPositions:
    """The highest positions that this process saw committed."""

    def __init__(self) -> None:
        self._seen: dict[TopicPartition, int] = {}

    def saw(self, positions: Mapping[TopicPartition, int]) -> None:
        """Remember positions that were committed."""
        for partition, position in positions.items():
            self._seen[partition] = max(position, self._seen.get(partition, 0))

    async def check(self, conn: Connection) -> None:
        """Compare with what the database has now. Raises DatabaseWentBackError when one is lower than it was.

        Asked of every new connection: a server that was stopped, or a database that was dropped, has ended all
        connections that there were, so nothing is done in what came in its place.
        """
        if not self._seen:
            return
        seen = dict(self._seen)
        try:
            stored = await load(conn)
        except asyncpg.UndefinedTableError as error:
            raise DatabaseWentBackError(
                "the database is empty: it is being restored while the service runs"
            ) from error
        for partition, position in seen.items():
            if stored.get(partition, 0) < position:
                raise DatabaseWentBackError(
                    f"{partition.topic}/{partition.partition} was known up to {position}, and is up to "
                    f"{stored.get(partition, 0)}: the database was restored while the service ran. The process "
                    "ends, and reads back what is missing when it starts again"
                )
