"""The SQL of facts that the database had forgotten, and of what could not be brought back."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from asyncpg import Record

from shared.postgres import Connection
from shared.transaction import Transaction

#: Of all processes of a service one at a time copies or takes in.
READ_BACK_LOCK = 0x6F776E66  # "ownf"
NOT_REBUILT_MAX_COUNT = 100
REASON_MAX_CHARS = 500
OF_ANOTHER_COMMUNITY = "it is of another community; whoever operates the installation is told why"


@dataclass(frozen=True, slots=True)
class Forgotten:
    """A record that lay beyond what the database knows of its topic; `told_at` never falls within a partition."""

    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes
    kind: str
    told_at: datetime
    id: int = 0


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many forgotten facts of a type are still to be taken in, and why not where somebody must decide."""

    topic: str
    kind: str
    count: int
    reason: str | None


@dataclass(frozen=True, slots=True)
class NotRebuilt:
    """Something that the topics do not say."""

    community: str
    subject: str
    reason: str
    noted_at: datetime


async def lock(conn: Connection) -> None:
    """Wait for whoever copies or takes in, until this transaction ends."""
    await conn.execute("select pg_advisory_xact_lock($1)", READ_BACK_LOCK)


async def add(conn: Connection, facts: Sequence[Forgotten]) -> None:
    """Keep forgotten facts until they are taken in; what is there already stays."""
    await conn.execute(
        """
        insert into forgotten_facts (topic, partition, record_offset, key, value, kind, told_at)
        select * from unnest($1::text[], $2::int[], $3::bigint[], $4::bytea[], $5::bytea[], $6::text[],
                             $7::timestamptz[])
        on conflict do nothing
        """,
        [fact.topic for fact in facts],
        [fact.partition for fact in facts],
        [fact.offset for fact in facts],
        [fact.key for fact in facts],
        [fact.value for fact in facts],
        [fact.kind for fact in facts],
        [fact.told_at for fact in facts],
    )


async def drop_published(conn: Connection, facts: Sequence[Forgotten]) -> set[tuple[str, bytes, bytes]]:
    """Delete messages that wait to be published and are in their topics already, byte by byte; return them.

    Published again, an older state of a key would come after a newer one, and compaction would keep the older.
    """
    rows = await conn.fetch(
        """
        delete from outbox o using unnest($1::text[], $2::bytea[], $3::bytea[]) as p(topic, key, value)
        where o.topic = p.topic and o.key = p.key and o.value = p.value
        returning o.topic, o.key, o.value
        """,
        [fact.topic for fact in facts],
        [fact.key for fact in facts],
        [fact.value for fact in facts],
    )
    return {(row["topic"], row["key"], row["value"]) for row in rows}


async def next_of_step(
    conn: Connection, *, topics: Sequence[str], kinds: Sequence[str], step: int, limit: int
) -> list[Forgotten]:
    """The next facts that a step takes, in the order in which they were told, locked."""
    rows = await conn.fetch(
        """
        select * from forgotten_facts
        where topic = any($1) and (cardinality($2::text[]) = 0 or kind = any($2)) and steps_done <= $3
          and reason is null
        order by told_at, id limit $4 for update
        """,
        topics,
        kinds,
        step,
        limit,
    )
    return [_forgotten(row) for row in rows]


async def next_of_nobody(
    conn: Connection, *, topics: Sequence[str], taken: Collection[tuple[str, str]], limit: int
) -> list[Forgotten]:
    """The next records of these topics whose topic and type are not among what is `taken`, locked."""
    rows = await conn.fetch(
        """
        select * from forgotten_facts f
        where topic = any($1) and reason is null and not exists (
            select from unnest($2::text[], $3::text[]) as t(topic, kind)
            where t.topic = f.topic and t.kind = f.kind)
        order by told_at, id limit $4 for update
        """,
        topics,
        [topic for topic, _ in taken],
        [kind for _, kind in taken],
        limit,
    )
    return [_forgotten(row) for row in rows]


def _forgotten(row: Record) -> Forgotten:
    return Forgotten(
        topic=row["topic"],
        partition=row["partition"],
        offset=row["record_offset"],
        key=row["key"],
        value=row["value"],
        kind=row["kind"],
        told_at=row["told_at"],
        id=row["id"],
    )


async def finish_step(conn: Connection, facts: Sequence[Forgotten], *, step: int) -> None:
    """Note that a step is over for these facts, which a later one takes too."""
    await conn.execute(
        "update forgotten_facts set steps_done = $2 where id = any($1)", [fact.id for fact in facts], step + 1
    )


async def delete(conn: Connection, facts: Sequence[Forgotten]) -> None:
    """Forget about facts that were taken in."""
    await conn.execute("delete from forgotten_facts where id = any($1)", [fact.id for fact in facts])


async def set_reason(conn: Connection, fact: Forgotten, *, reason: str) -> None:
    """Note why a fact cannot be taken in."""
    await conn.execute("update forgotten_facts set reason = $2 where id = $1", fact.id, reason[:REASON_MAX_CHARS])


async def is_anything_forgotten(conn: Connection) -> bool:
    """Whether a fact is still to be taken in."""
    found: bool = await conn.fetchval("select exists (select from forgotten_facts)")
    return found


async def count_waiting(conn: Connection, community: str | None = None) -> list[Waiting]:
    """How many facts are still to be taken in, by topic, type and reason; a community is not told others' reasons.

    A reason names what its fact is about. Every key begins with the community.
    """
    rows = await conn.fetch(
        """
        select topic, kind, count(*),
               case when $1::bytea is null or reason is null or substring(key for length($1)) = $1 then reason
                    else $2 end as reason
        from forgotten_facts group by 1, 2, 4 order by 1, 2, 4 nulls first
        """,
        None if community is None else f"{community}|".encode(),
        OF_ANOTHER_COMMUNITY,
    )
    return [Waiting(*row) for row in rows]


async def note_not_rebuilt(tx: Transaction, *, community: str, subject: str, reason: str) -> None:
    """Note something that the topics do not say, once."""
    await tx.conn.execute(
        """
        insert into not_rebuilt (community, subject, reason, noted_at) values ($1, $2, $3, $4)
        on conflict do nothing
        """,
        community,
        subject,
        reason,
        tx.now,
    )


async def load_not_rebuilt(conn: Connection, community: str | None = None) -> list[NotRebuilt]:
    """What could not be brought back, of a community or of all (None), newest first: NOT_REBUILT_MAX_COUNT."""
    rows = await conn.fetch(
        """
        select community, subject, reason, noted_at from not_rebuilt
        where $2::text is null or community = $2 order by id desc limit $1
        """,
        NOT_REBUILT_MAX_COUNT,
        community,
    )
    return [NotRebuilt(*row) for row in rows]
