"""The SQL of restatements: what was asked and decided, and how far each is."""

from collections.abc import Collection
from dataclasses import fields
from datetime import datetime
from typing import Any

import orjson
from asyncpg import Record

from services.scoring.backtests.domain.summing import Asked
from services.scoring.backtests.store.backtests import Ranges
from services.scoring.programmes.domain.publication import Author
from services.scoring.programmes.store.versions import author_of
from services.scoring.restatements.domain.restatements import (
    OPEN,
    STANDS,
    Restatement,
    RestatementFailure,
    RestatementPlace,
    RestatementState,
)
from shared.postgres import Connection

_AUTHORS = ("asked_by", "submitted_by", "approved_by", "reversal_asked_by", "reversal_approved_by")
_PLAIN = tuple(
    one.name for one in fields(Restatement) if one.name not in {*_AUTHORS, "asked", "result", "state", "failure"}
)
_COLUMNS = (
    *_PLAIN,
    *(f"{name}{part}" for name in _AUTHORS for part in ("_person", "", "_credential")),
    *("since", "until", "audience", "result", "state", "failure"),
)


async def lock_asking(conn: Connection, *, community: str) -> None:
    """Let no other transaction ask for, approve or reverse a restatement of the community until this one ends."""
    await conn.execute("select pg_advisory_xact_lock(hashtext('restatements asked'), hashtext($1))", community)


async def put_restatement(conn: Connection, restatement: Restatement) -> None:
    """Store a restatement that is new, or how one is that is locked."""
    values = ", ".join(f"${place}" for place in range(1, len(_COLUMNS) + 1))
    updated = ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS)
    await conn.execute(
        f"""
        insert into restatements ({", ".join(_COLUMNS)}) values ({values})
        on conflict (community, restatement_id) do update set {updated}
        """,  # noqa: S608 -- the columns are constants
        *_values(restatement),
    )


def _values(restatement: Restatement) -> list[Any]:
    found: list[Any] = [getattr(restatement, name) for name in _PLAIN]
    for name in _AUTHORS:
        author: Author | None = getattr(restatement, name)
        found += author or (None, None, None)
    result = None if restatement.result is None else orjson.dumps(restatement.result).decode()
    return [*found, *_asked(restatement), result, restatement.state, restatement.failure]


def _asked(restatement: Restatement) -> tuple[datetime, datetime, str | None]:
    asked = restatement.asked
    return asked.since, asked.until, asked.audience


async def find_restatement(conn: Connection, *, community: str, restatement_id: str) -> Restatement | None:
    """A restatement as it is."""
    row = await conn.fetchrow(
        "select * from restatements where community = $1 and restatement_id = $2", community, restatement_id
    )
    return None if row is None else _restatement(row)


async def lock_restatement(conn: Connection, *, community: str, restatement_id: str) -> Restatement | None:
    """A restatement as it is, locked until the transaction ends."""
    row = await conn.fetchrow(
        "select * from restatements where community = $1 and restatement_id = $2 for update",
        community,
        restatement_id,
    )
    return None if row is None else _restatement(row)


async def page_of_restatements(
    conn: Connection, *, community: str, after: RestatementPlace | None, limit: int
) -> list[Restatement]:
    """Restatements of a community, what was asked last first, beginning after one."""
    rows = await conn.fetch(
        """
        select * from restatements
        where community = $1 and ($2::timestamptz is null or (asked_at, restatement_id) < ($2, $3::uuid))
        order by asked_at desc, restatement_id desc limit $4
        """,
        community,
        *(after or (None, None)),
        limit,
    )
    return [_restatement(row) for row in rows]


async def count_open(conn: Connection, *, community: str) -> int:
    """How many restatements of a community are worked out, wait for somebody, or are posted or taken back."""
    count: int = await conn.fetchval(
        "select count(*) from restatements where community = $1 and state = any($2::text[])",
        community,
        _named(OPEN),
    )
    return count


async def find_later(conn: Connection, restatement: Restatement) -> str | None:
    """Another restatement that stands of part of the same time, posted after this one, if there is any."""
    found: str | None = await conn.fetchval(
        """
        select restatement_id::text from restatements
        where community = $1 and restatement_id <> $2 and state = any($3::text[]) and since < $5 and until > $4
          and (posted_at is null or $6::timestamptz is null or posted_at > $6)
        order by posted_at desc nulls first limit 1
        """,
        restatement.community,
        restatement.restatement_id,
        _named(STANDS),
        restatement.asked.since,
        restatement.asked.until,
        restatement.posted_at,
    )
    return found


async def next_to_work_out(conn: Connection, *, lately: datetime, limit: int) -> list[Restatement]:
    """What is to be worked out, one of each community; who had the process least lately comes first.

    That is what is asked for, what was approved, and what is posted as far as it was worked out. What was approved
    waits until no other of the community is posted or taken back: their parts would be told in between.
    """
    rows = await conn.fetch(
        """
        select r.* from (
            select distinct on (community) * from restatements r
            where state = 'computing' or state = 'approved' and not exists (
                select from restatements o where o.community = r.community and o.state in ('posting', 'reversing'))
            or state = 'posting' and not exists (
                select from restatement_parts p
                where p.community = r.community and p.restatement_id = r.restatement_id and not p.is_posted)
            order by community, asked_at, restatement_id) r
        cross join lateral (
            select coalesce(sum(used_seconds), 0) as seconds from restatements
            where community = r.community and asked_at > $2) used
        order by used.seconds, r.asked_at, r.restatement_id limit $1
        """,
        limit,
        lately,
    )
    return [_restatement(row) for row in rows]


async def has_others(conn: Connection, *, community: str) -> bool:
    """Whether another community has a restatement that is worked out, or a backtest that is open."""
    found: bool = await conn.fetchval(
        """
        select exists (select from restatements where state in ('computing', 'approved') and community <> $1)
            or exists (select from backtests where ended_at is null and community <> $1)
        """,
        community,
    )
    return found


async def lock_next_to_post(conn: Connection, *, behind: Collection[str]) -> Restatement | None:
    """A restatement that has a part to be posted or taken back, locked: the one that had its turn least lately.

    Those that come `behind` have theirs where there is no other.
    """
    row = await conn.fetchrow(
        """
        select * from restatements r
        where state in ('posting', 'reversing') and exists (
            select from restatement_parts p
            where p.community = r.community and p.restatement_id = r.restatement_id
              and p.is_posted = (r.state = 'reversing'))
        order by restatement_id = any($1::uuid[]), moved_at limit 1 for update skip locked
        """,
        list(behind),
    )
    return None if row is None else _restatement(row)


async def lock_next_to_tell(conn: Connection) -> tuple[Restatement, str | None] | None:
    """A restatement whose members are to be told of it, locked, and up to which member that is done."""
    row = await conn.fetchrow(
        """
        select * from restatements where state = 'posted' and not is_told
        order by posted_at limit 1 for update skip locked
        """
    )
    if row is None:
        return None
    return _restatement(row), None if row["told_to"] is None else str(row["told_to"])


async def set_told(conn: Connection, restatement: Restatement, *, told_to: str | None) -> None:
    """Note up to which member it was said to them; None says to all."""
    await conn.execute(
        """
        update restatements set told_to = coalesce($3, told_to), is_told = $3::uuid is null
        where community = $1 and restatement_id = $2
        """,
        restatement.community,
        restatement.restatement_id,
        told_to,
    )


async def load_under_way(conn: Connection) -> dict[str, tuple[int, datetime]]:
    """Of each state in which the platform has something to do: how many are in it, and when any of them moved."""
    rows = await conn.fetch(
        """
        select state, count(*) as count, max(moved_at) as moved_at from restatements
        where state in ('computing', 'approved', 'posting', 'reversing') group by state
        """
    )
    return {row["state"]: (row["count"], row["moved_at"]) for row in rows}


async def try_to_hold(conn: Connection, *, community: str) -> bool:
    """Hold the community's restatements for as long as the connection lasts; whether nobody else does."""
    held: bool = await conn.fetchval(
        "select pg_try_advisory_lock(hashtext('restatements'), hashtext($1))", community
    )
    return held


async def let_go(conn: Connection, *, community: str) -> None:
    """Hold the community's restatements no more."""
    await conn.execute("select pg_advisory_unlock(hashtext('restatements'), hashtext($1))", community)


async def set_begun(conn: Connection, restatement: Restatement, *, now: datetime) -> None:
    """Note that a process takes it on, once more; of one that broke that is no moving on."""
    await conn.execute(
        """
        update restatements set attempts = attempts + 1, moved_at = $3
        where community = $1 and restatement_id = $2 and ended_at is null
        """,
        restatement.community,
        restatement.restatement_id,
        restatement.moved_at if restatement.broke else now,
    )


async def set_ranges(conn: Connection, restatement: Restatement, *, ranges: Ranges) -> None:
    """Set which part of the log is read."""
    await conn.execute(
        """
        update restatements set begins = $3, ends = $4, records_count = $5
        where community = $1 and restatement_id = $2
        """,
        restatement.community,
        restatement.restatement_id,
        *(orjson.dumps({str(one): at for one, at in sorted(part.items())}).decode() for part in ranges),
        sum(max(0, ranges.ends[one] - begin) for one, begin in ranges.begins.items()),
    )


async def set_part_done(conn: Connection, restatement: Restatement, *, now: datetime) -> None:
    """Note that a part of it is posted, or taken back: others have their turn."""
    await conn.execute(
        """
        update restatements set parts_done = parts_done + 1, moved_at = $3
        where community = $1 and restatement_id = $2
        """,
        restatement.community,
        restatement.restatement_id,
        now,
    )


async def set_state(conn: Connection, restatement: Restatement) -> None:
    """Set which state it is in from now on."""
    await conn.execute(
        """
        update restatements set state = $3, moved_at = $4, posted_at = $5, ended_at = $6, failure = $7,
            waits_for_live = false, attempts = 0
        where community = $1 and restatement_id = $2
        """,
        restatement.community,
        restatement.restatement_id,
        restatement.state,
        restatement.moved_at,
        restatement.posted_at,
        restatement.ended_at,
        restatement.failure,
    )


async def find_ranges(conn: Connection, restatement: Restatement) -> Ranges | None:
    """Which part of the log it reads; None where it has not begun."""
    row = await conn.fetchrow(
        """
        select begins, ends from restatements
        where community = $1 and restatement_id = $2 and begins is not null
        """,
        restatement.community,
        restatement.restatement_id,
    )
    if row is None:
        return None
    begins, ends = ({int(one): at for one, at in orjson.loads(row[name]).items()} for name in ("begins", "ends"))
    return Ranges(begins, ends)


async def set_moved(
    conn: Connection,
    restatement: Restatement,
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
        update restatements
        set read_count = $3, events_count = $4, used_seconds = used_seconds + $5, moved_at = $6,
            waits_for_live = $7, attempts = case when $3 > read_count then 0 else attempts end
        where community = $1 and restatement_id = $2 and state = $8 returning true
        """,
        restatement.community,
        restatement.restatement_id,
        read_count,
        events_count,
        seconds,
        now,
        waits_for_live,
        restatement.state,
    )
    return bool(goes_on)


async def delete_old(conn: Connection, *, before: datetime, limit: int) -> int:
    """Delete restatements that posted nothing and ended before a moment; returns how many."""
    rows = await conn.fetch(
        """
        with old as (
            delete from restatements where ctid = any(array(
                select ctid from restatements
                where ended_at < $1 and state in ('failed', 'cancelled') order by ended_at limit $2))
            returning community, restatement_id)
        , differences as (delete from restatement_differences d using old o
            where d.community = o.community and d.restatement_id = o.restatement_id)
        select restatement_id from old
        """,
        before,
        limit,
    )
    return len(rows)


def _named(states: Collection[RestatementState]) -> list[str]:
    return sorted(state.value for state in states)


def _restatement(row: Record) -> Restatement:
    said: dict[str, Any] = {name: row[name] for name in _PLAIN}
    said |= {name: None if row[name] is None else author_of(row, name) for name in _AUTHORS}
    said["restatement_id"] = str(row["restatement_id"])
    return Restatement(
        **said,
        state=RestatementState(row["state"]),
        asked=Asked(row["since"], row["until"], row["audience"]),
        failure=None if row["failure"] is None else RestatementFailure(row["failure"]),
        result=None if row["result"] is None else orjson.loads(row["result"]),
    )
