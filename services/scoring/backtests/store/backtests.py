"""The SQL of backtests: what was asked, how far it is, its pieces, and what became of it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from asyncpg import Pool, Record

from services.scoring.backtests.domain.backtests import (
    Backtest,
    BacktestPlace,
    BacktestState,
    DraftAsked,
    Failure,
    Mover,
)
from services.scoring.backtests.domain.summing import Asked
from services.scoring.programmes.store.versions import author_of
from shared.postgres import Connection
from shared.topics import EVENTS

#: Connections, as whoever runs backtests has them.
BacktestPool = Pool
#: Partition of the log and offset in it.
Offsets = Mapping[int, int]


class Ranges(NamedTuple):
    """Which part of each partition of the log a backtest reads."""

    begins: Offsets
    ends: Offsets


class Waiting(NamedTuple):
    """How many backtests wait and run, and when any of them got on last."""

    queued: int
    running: int
    moved_at: datetime | None


async def lock_asking(conn: Connection, *, community: str) -> None:
    """Let no other transaction ask for a backtest of the community until this one ends."""
    await conn.execute("select pg_advisory_xact_lock(hashtext('backtests asked'), hashtext($1))", community)


async def add_backtest(conn: Connection, backtest: Backtest) -> None:
    """Store a backtest that is new."""
    await conn.execute(
        """
        insert into backtests (community, backtest_id, state, since, until, audience, drafts, asked_at,
            asked_by_person, asked_by, asked_by_credential, moved_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        """,
        backtest.community,
        backtest.backtest_id,
        backtest.state,
        backtest.asked.since,
        backtest.asked.until,
        backtest.asked.audience,
        orjson.dumps([one._asdict() for one in backtest.drafts]).decode(),
        backtest.asked_at,
        *backtest.asked_by,
        backtest.moved_at,
    )


async def find_backtest(conn: Connection, *, community: str, backtest_id: str) -> Backtest | None:
    """A backtest as it is, with who moved most."""
    row = await conn.fetchrow(
        "select * from backtests where community = $1 and backtest_id = $2", community, backtest_id
    )
    if row is None:
        return None
    movers = await conn.fetch(
        "select * from backtest_movers where community = $1 and backtest_id = $2 order by draft, place",
        community,
        backtest_id,
    )
    found = tuple(
        Mover(one["draft"], one["place"], str(one["member_id"]), one["points_before"], one["points_after"])
        for one in movers
    )
    return replace(_backtest(row), movers=found)


async def lock_backtest(conn: Connection, *, community: str, backtest_id: str) -> Backtest | None:
    """A backtest as it is, locked until the transaction ends."""
    row = await conn.fetchrow(
        "select * from backtests where community = $1 and backtest_id = $2 for update", community, backtest_id
    )
    return None if row is None else _backtest(row)


async def page_of_backtests(
    conn: Connection, *, community: str, after: BacktestPlace | None, limit: int
) -> list[Backtest]:
    """Backtests of a community, what was asked last first, beginning after one."""
    rows = await conn.fetch(
        """
        select * from backtests
        where community = $1 and ($2::timestamptz is null or (asked_at, backtest_id) < ($2, $3::uuid))
        order by asked_at desc, backtest_id desc limit $4
        """,
        community,
        *(after or (None, None)),
        limit,
    )
    return [_backtest(row) for row in rows]


async def count_open(conn: Connection, *, community: str) -> int:
    """How many backtests of a community wait or run."""
    count: int = await conn.fetchval(
        "select count(*) from backtests where community = $1 and ended_at is null", community
    )
    return count


async def load_waiting(conn: Connection) -> Waiting:
    """How many backtests wait and run, and when any of them got on last.

    One that waits for its turn behind others is not stuck, nor is one that the live line goes before.
    """
    row = await conn.fetchrow(
        """
        select count(*) filter (where state = 'queued') as queued,
               count(*) filter (where state = 'running') as running,
               max(moved_at) as moved_at
        from backtests where ended_at is null
        """
    )
    assert row is not None  # noqa: S101 -- sums are always a row
    return Waiting(row["queued"], row["running"], row["moved_at"])


async def next_in_turn(conn: Connection, *, lately: datetime, limit: int) -> list[Backtest]:
    """One open backtest of each community, its oldest; communities that had the process least lately come first.

    What has ended counts too, or who always asks for more would always come first.
    """
    rows = await conn.fetch(
        """
        select b.* from (
            select distinct on (community) *
            from backtests where ended_at is null order by community, asked_at, backtest_id) b
        cross join lateral (
            select coalesce(sum(used_seconds), 0) as seconds from backtests
            where community = b.community and asked_at > $2) used
        order by used.seconds, b.asked_at, b.backtest_id limit $1
        """,
        limit,
        lately,
    )
    return [_backtest(row) for row in rows]


async def has_others(conn: Connection, *, community: str) -> bool:
    """Whether another community has a backtest that is open."""
    found: bool = await conn.fetchval(
        "select exists (select from backtests where ended_at is null and community <> $1)", community
    )
    return found


async def try_to_hold(conn: Connection, *, community: str) -> bool:
    """Hold the community's backtests for as long as the connection lasts; whether nobody else does."""
    held: bool = await conn.fetchval("select pg_try_advisory_lock(hashtext('backtests'), hashtext($1))", community)
    return held


async def let_go(conn: Connection, *, community: str) -> None:
    """Hold the community's backtests no more."""
    await conn.execute("select pg_advisory_unlock(hashtext('backtests'), hashtext($1))", community)


async def set_begun(conn: Connection, backtest: Backtest, *, now: datetime) -> None:
    """Note that a process takes it on, once more."""
    await conn.execute(
        """
        update backtests set state = 'running', attempts = attempts + 1, moved_at = $3
        where community = $1 and backtest_id = $2 and ended_at is null
        """,
        backtest.community,
        backtest.backtest_id,
        now,
    )


async def set_ranges(conn: Connection, backtest: Backtest, *, ranges: Ranges) -> None:
    """Set which part of the log is read."""
    await conn.execute(
        """
        update backtests set begins = $3, ends = $4, records_count = $5 where community = $1 and backtest_id = $2
        """,
        backtest.community,
        backtest.backtest_id,
        _json(ranges.begins),
        _json(ranges.ends),
        sum(ranges.ends[partition] - begin for partition, begin in ranges.begins.items()),
    )


async def find_ranges(conn: Connection, backtest: Backtest) -> Ranges | None:
    """Which part of the log it reads; None where it has not begun."""
    row = await conn.fetchrow(
        "select begins, ends from backtests where community = $1 and backtest_id = $2 and begins is not null",
        backtest.community,
        backtest.backtest_id,
    )
    return None if row is None else Ranges(_offsets(row["begins"]), _offsets(row["ends"]))


async def add_piece(conn: Connection, backtest: Backtest, *, piece: int, offsets: Offsets, packed: bytes) -> None:
    """Keep a piece that was found, and where the next one begins."""
    await conn.execute(
        "insert into backtest_pieces values ($1, $2, $3, $4, $5)",
        backtest.community,
        backtest.backtest_id,
        piece,
        _json(offsets),
        packed,
    )


async def load_pieces(conn: Connection, backtest: Backtest) -> list[tuple[Offsets, bytes]]:
    """The pieces that were found so far, in order."""
    rows = await conn.fetch(
        "select offsets, packed from backtest_pieces where community = $1 and backtest_id = $2 order by piece",
        backtest.community,
        backtest.backtest_id,
    )
    return [(_offsets(row["offsets"]), row["packed"]) for row in rows]


async def set_moved(
    conn: Connection,
    backtest: Backtest,
    *,
    read_count: int,
    events_count: int,
    seconds: float,
    now: datetime,
    waits_for_live: bool = False,
) -> bool:
    """Note how far it is, and what time that took; whether it is to go on: nobody cancelled it."""
    goes_on = await conn.fetchval(
        """
        update backtests
        set read_count = $3, events_count = $4, used_seconds = used_seconds + $5, moved_at = $6,
            waits_for_live = $7, attempts = case when $3 > read_count then 0 else attempts end
        where community = $1 and backtest_id = $2 and state = 'running' returning true
        """,
        backtest.community,
        backtest.backtest_id,
        read_count,
        events_count,
        seconds,
        now,
        waits_for_live,
    )
    return bool(goes_on)


async def set_ended(
    conn: Connection, backtest: Backtest, *, result: Mapping[str, Any] | None = None, movers: Sequence[Mover] = ()
) -> None:
    """Set what became of a backtest, which is locked, and who moved; its pieces are of no more use."""
    key = backtest.community, backtest.backtest_id
    await conn.execute(
        """
        update backtests
        set state = $3, ended_at = $4, moved_at = $4, failure = $5, result = $6, waits_for_live = false,
            used_seconds = $7
        where community = $1 and backtest_id = $2
        """,
        *key,
        backtest.state,
        backtest.ended_at,
        backtest.failure,
        None if result is None else orjson.dumps(result).decode(),
        backtest.used_seconds,
    )
    await conn.execute("delete from backtest_pieces where community = $1 and backtest_id = $2", *key)
    if movers:
        await conn.copy_records_to_table("backtest_movers", records=[(*key, *one) for one in movers])


async def load_live_offsets(conn: Connection) -> dict[int, int]:
    """Where the live line stands in each partition of the log."""
    rows = await conn.fetch("select partition, next_offset from consumer_offsets where topic = $1", EVENTS.name)
    return {row["partition"]: row["next_offset"] for row in rows}


async def delete_old(conn: Connection, *, before: datetime, limit: int) -> int:
    """Delete backtests that ended before a moment, with who moved; returns how many."""
    rows = await conn.fetch(
        """
        with old as (
            delete from backtests where ctid = any(array(
                select ctid from backtests where ended_at < $1 order by ended_at limit $2))
            returning community, backtest_id)
        , movers as (delete from backtest_movers m using old o
            where m.community = o.community and m.backtest_id = o.backtest_id)
        select backtest_id from old
        """,
        before,
        limit,
    )
    return len(rows)


def _backtest(row: Record) -> Backtest:
    return Backtest(
        community=row["community"],
        backtest_id=str(row["backtest_id"]),
        state=BacktestState(row["state"]),
        asked=Asked(row["since"], row["until"], row["audience"]),
        drafts=tuple(DraftAsked(**one) for one in orjson.loads(row["drafts"])),
        asked_at=row["asked_at"],
        asked_by=author_of(row, "asked_by"),
        moved_at=row["moved_at"],
        records_count=row["records_count"],
        read_count=row["read_count"],
        events_count=row["events_count"],
        used_seconds=row["used_seconds"],
        attempts=row["attempts"],
        waits_for_live=row["waits_for_live"],
        ended_at=row["ended_at"],
        failure=None if row["failure"] is None else Failure(row["failure"]),
        result=None if row["result"] is None else orjson.loads(row["result"]),
    )


def _json(offsets: Offsets) -> str:
    return orjson.dumps({str(partition): offset for partition, offset in sorted(offsets.items())}).decode()


def _offsets(text: str) -> dict[int, int]:
    return {int(partition): offset for partition, offset in orjson.loads(text).items()}
