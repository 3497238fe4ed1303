"""The SQL of dead letters."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import asyncpg
from aiokafka import TopicPartition

from shared.dead_letters.domain import BEFORE_ALL, DeadLetter, DeadLetterPlace, LetterState
from shared.postgres import Connection


class NewLetter(NamedTuple):
    """A record that was put aside just now."""

    letter_id: str
    community: str | None
    topic: str
    partition: int
    record_offset: int
    key: bytes
    value: bytes
    is_truncated: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many dead letters wait for somebody's decision, and since when."""

    count: int
    oldest_at: datetime | None


async def add_letters(conn: Connection, *, letters: Sequence[NewLetter], now: datetime) -> None:
    """Keep dead letters; one that is known stays as it is."""
    await conn.execute(
        """
        insert into dead_letters (letter_id, community, topic, partition, record_offset, key, value, is_truncated,
                                  reason, dead_at)
        select l.*, $10 from unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::bigint[], $6::bytea[],
                                    $7::bytea[], $8::boolean[], $9::text[]) as l
        on conflict do nothing
        """,
        *([getattr(letter, name) for letter in letters] for name in NewLetter._fields),
        now,
    )


async def page_of_letters(
    conn: Connection,
    *,
    community: str | None,
    state: LetterState | None,
    after: DeadLetterPlace | None,
    limit: int,
) -> list[DeadLetter]:
    """Dead letters of a community, or of all and of none (None), newest first and without their values."""
    place = after or BEFORE_ALL
    rows = await conn.fetch(
        """
        select letter_id::text, community, topic, partition, record_offset, key, ''::bytea as value,
               octet_length(value) as value_bytes, is_truncated, reason, dead_at, state, tries_count, settled_at,
               note
        from dead_letters
        where ($1::text is null or community = $1) and ($2::text is null or state = $2)
          and (dead_at, letter_id) < ($3, $4::uuid)
        order by dead_at desc, letter_id desc limit $5
        """,
        community,
        state,
        place.dead_at,
        place.letter_id,
        limit,
    )
    return [_letter(row) for row in rows]


async def find_letter(conn: Connection, *, community: str | None, letter_id: str) -> DeadLetter | None:
    """A dead letter of a community (None: of any), with its value."""
    row = await conn.fetchrow(
        """
        select letter_id::text, community, topic, partition, record_offset, key, value,
               octet_length(value) as value_bytes, is_truncated, reason, dead_at, state, tries_count, settled_at,
               note
        from dead_letters
        where letter_id = $1::uuid and ($2::text is null or community = $2)
        """,
        letter_id,
        community,
    )
    return None if row is None else _letter(row)


async def lock_letter(conn: Connection, *, letter_id: str) -> None:
    """Lock a dead letter until the transaction ends."""
    await conn.execute("select from dead_letters where letter_id = $1::uuid for update", letter_id)


async def set_state(
    conn: Connection, *, letter_id: str, state: LetterState, settled_at: datetime | None, note: str | None = None
) -> None:
    """Say what became of a dead letter; `note` is why somebody discarded it."""
    await conn.execute(
        "update dead_letters set state = $2, settled_at = $3, note = $4 where letter_id = $1::uuid",
        letter_id,
        state,
        settled_at,
        note,
    )


async def load_asked(conn: Connection, *, partitions: Collection[TopicPartition], limit: int) -> list[DeadLetter]:
    """Those that are to be sent through again, of these partitions, in the order that they were in."""
    rows = await conn.fetch(
        """
        select letter_id::text, community, topic, partition, record_offset, key, value,
               octet_length(value) as value_bytes, is_truncated, reason, dead_at, state, tries_count, settled_at,
               note
        from dead_letters
        join unnest($1::text[], $2::int[]) as p(topic, partition) using (topic, partition)
        where state = 'asked' order by topic, partition, record_offset limit $3
        """,
        [partition.topic for partition in partitions],
        [partition.partition for partition in partitions],
        limit,
    )
    return [_letter(row) for row in rows]


async def set_replayed(conn: Connection, *, letter_id: str, now: datetime) -> bool:
    """Say that a letter went through; False when that was not asked for any more."""
    done = await conn.execute(
        """
        update dead_letters set state = 'replayed', settled_at = $2, tries_count = tries_count + 1
        where letter_id = $1::uuid and state = 'asked'
        """,
        letter_id,
        now,
    )
    return str(done) == "UPDATE 1"


async def set_refused(conn: Connection, *, letter_id: str, reason: str) -> None:
    """Say that a letter did not go through this time either, and why: it waits again."""
    await conn.execute(
        """
        update dead_letters set state = 'waiting', reason = $2, tries_count = tries_count + 1
        where letter_id = $1::uuid and state = 'asked'
        """,
        letter_id,
        reason,
    )


async def count_waiting(conn: Connection, *, community: str | None) -> Waiting:
    """How many of a community's (None: of all) wait for a decision or for their replay."""
    (row,) = await conn.fetch(
        """
        select count(*) as count, min(dead_at) as oldest_at from dead_letters
        where ($1::text is null or community = $1) and state in ('waiting', 'asked')
        """,
        community,
    )
    return Waiting(row["count"], row["oldest_at"])


async def delete_letters(conn: Connection, *, before: datetime, limit: int) -> int:
    """Delete the dead letters from before a moment, so many of them at most; return how many."""
    done = await conn.execute(
        """
        delete from dead_letters where ctid = any(array(
            select ctid from dead_letters where dead_at < $1 order by dead_at limit $2))
        """,
        before,
        limit,
    )
    return int(str(done).removeprefix("DELETE "))


def _letter(row: asyncpg.Record) -> DeadLetter:
    return DeadLetter(
        letter_id=row["letter_id"],
        community=row["community"],
        topic=row["topic"],
        partition=row["partition"],
        record_offset=row["record_offset"],
        key=row["key"],
        value=row["value"],
        value_bytes=row["value_bytes"],
        is_truncated=row["is_truncated"],
        reason=row["reason"],
        dead_at=row["dead_at"],
        state=LetterState(row["state"]),
        tries_count=row["tries_count"],
        settled_at=row["settled_at"],
        note=row["note"],
    )
