"""Up to where a service's database knows what its own topics hold; and whether that went back while it ran.

The relay moves these positions, as long as what the broker acknowledges follows on them. A process remembers the
highest that it saw: a database in which they are lower is another one than it began with, such as a backup.
"""

from collections.abc import Collection, Iterable, Mapping

import asyncpg
from aiokafka import TopicPartition

from shared.kafka import Acknowledged
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


async def acknowledge(
    conn: Connection, spans: Mapping[TopicPartition, Acknowledged], *, watched: Collection[str]
) -> tuple[dict[TopicPartition, int], list[TopicPartition]]:
    """Raise positions by what the broker acknowledged; return them, and where something unknown lies before it.

    In a topic that is `watched` a position is raised only over what follows on it. Where it does not, the position
    stays, and what was acknowledged is noted: see `close_gaps`. Call it under the relay's lock.
    """
    ordered = sorted(spans)
    rows = await conn.fetch(
        """
        with told as (
            select t.*, coalesce(o.next_offset, 0) as known,
                   watched and not (is_whole and first = coalesce(o.next_offset, 0)) as is_beyond
            from unnest($1::text[], $2::int[], $3::bigint[], $4::bigint[], $5::boolean[], $6::boolean[])
                as t(topic, partition, first, next, is_whole, watched)
            left join own_positions o using (topic, partition))
        insert into own_positions as o (topic, partition, next_offset, acknowledged_from, acknowledged_to)
        select topic, partition, case when is_beyond then known else greatest(known, next) end,
               case when is_beyond then case when is_whole then first else next end end,
               case when is_beyond then next end
        from told
        on conflict (topic, partition) do update
        set next_offset = excluded.next_offset, acknowledged_from = excluded.acknowledged_from,
            acknowledged_to = excluded.acknowledged_to
        returning topic, partition, next_offset, acknowledged_to
        """,
        [partition.topic for partition in ordered],
        [partition.partition for partition in ordered],
        [spans[partition].first for partition in ordered],
        [spans[partition].next for partition in ordered],
        [spans[partition].is_whole for partition in ordered],
        [partition.topic in watched for partition in ordered],
    )
    moved = {TopicPartition(row["topic"], row["partition"]): row["next_offset"] for row in rows}
    return moved, [
        TopicPartition(row["topic"], row["partition"]) for row in rows if row["acknowledged_to"] is not None
    ]


async def load_gaps(conn: Connection) -> dict[TopicPartition, range]:
    """Where something unknown lies in own topics, with the offsets beyond it that the relay itself has written."""
    rows = await conn.fetch(
        "select topic, partition, acknowledged_from, acknowledged_to from own_positions"
        " where acknowledged_to is not null"
    )
    return {
        TopicPartition(row["topic"], row["partition"]): range(row["acknowledged_from"], row["acknowledged_to"])
        for row in rows
    }


async def close_gaps(conn: Connection) -> None:
    """What lay before what was acknowledged is known now, wherever the positions have got so far."""
    await conn.execute(
        "update own_positions set acknowledged_from = null, acknowledged_to = null"
        " where acknowledged_to <= next_offset"
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
