"""Where a service stands in each partition: rows of its own database, moved with the facts they stand for."""

from collections.abc import Iterable, Mapping

import asyncpg
from aiokafka import TopicPartition

from shared.postgres import Connection, begin


class OffsetConflictError(Exception):
    """The stored offset is not where this worker thought: another worker owns the partition."""


async def move(conn: Connection, *, old: Mapping[TopicPartition, int], new: Mapping[TopicPartition, int]) -> None:
    """Move the offsets of `new` on from `old`, and keep their rows locked until the transaction ends.

    Raises OffsetConflictError when one of them is not at `old`.
    """
    ordered = sorted(new)
    moved = await conn.fetchval(
        """
        with moved as (
            update consumer_offsets o set next_offset = m.new
            from unnest($1::text[], $2::int[], $3::bigint[], $4::bigint[]) as m(topic, partition, old, new)
            where o.topic = m.topic and o.partition = m.partition and o.next_offset = m.old
            returning 1)
        select count(*) from moved
        """,
        [partition.topic for partition in ordered],
        [partition.partition for partition in ordered],
        [old[partition] for partition in ordered],
        [new[partition] for partition in ordered],
    )
    if moved != len(ordered):
        raise OffsetConflictError


async def stored(pool: asyncpg.Pool, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
    """The next offset of each partition that was ever read.

    Waits for a transaction of the partition's last owner that is still on its way (FOR UPDATE).
    """
    wanted = list(partitions)
    async with begin(pool) as conn:
        rows = await conn.fetch(
            """
            select o.topic, o.partition, o.next_offset from consumer_offsets o
            join unnest($1::text[], $2::int[]) as p(topic, partition) using (topic, partition)
            order by 1, 2 for update of o
            """,
            [partition.topic for partition in wanted],
            [partition.partition for partition in wanted],
        )
    return {TopicPartition(row["topic"], row["partition"]): row["next_offset"] for row in rows}


async def were_moved(
    pool: asyncpg.Pool, *, old: Mapping[TopicPartition, int], new: Mapping[TopicPartition, int]
) -> bool:
    """After a transaction whose outcome is unknown: whether it moved the offsets of `new` on from `old` after all.

    Raises OffsetConflictError when they are neither before nor after it.
    """
    found = await stored(pool, new)
    if all(found.get(partition) == offset for partition, offset in new.items()):
        return True
    if all(found.get(partition) == old[partition] for partition in new):
        return False
    raise OffsetConflictError


async def begin_at(pool: asyncpg.Pool, offsets: Mapping[TopicPartition, int]) -> None:
    """Note where partitions that were never read begin; those that were meanwhile stay as they are."""
    async with begin(pool) as conn:
        await conn.executemany(
            """
            insert into consumer_offsets (topic, partition, next_offset) values ($1, $2, $3)
            on conflict do nothing
            """,
            [(partition.topic, partition.partition, offset) for partition, offset in offsets.items()],
        )
