"""The SQL of whose turn it is."""

from collections.abc import Collection
from datetime import timedelta
from enum import StrEnum
from typing import Final

import asyncpg

from shared.postgres import Connection

#: After a failure a community waits for so long, twice as long after each further one, and this long at most.
WAITS_FIRST = timedelta(seconds=5)
WAITS_AT_MOST = timedelta(minutes=10)
#: What ends a turn: a statement's time, here or in the database, or a wait for a lock.
TOOK_TOO_LONG: Final = (TimeoutError, asyncpg.QueryCanceledError, asyncpg.LockNotAvailableError)


class Work(StrEnum):
    """What communities have turns for: members of whom something changed, and all by a new version.

    `TOTALS` is members by what a new version asks of points and awards, `COUNTING` numbers by what it counts,
    `SHOWN` who boards show as suspensions begin and end, `PARKED` awards whose events came later, `ENDED` what
    boards that are over leave, and `BOARDS` all else of boards but adding up; `ANNIVERSARIES` years that are over.
    """

    QUESTS = "quests"
    QUESTS_ANEW = "quests anew"
    BADGES = "badges"
    BADGES_ANEW = "badges anew"
    LEVELS = "levels"
    LEVELS_ANEW = "levels anew"
    TOTALS = "totals"
    COUNTING = "counting"
    SHOWN = "who boards show"
    PARKED = "parked awards"
    ENDED = "ended boards"
    BOARDS = "boards"
    NUDGES = "nudges"
    ANNIVERSARIES = "anniversaries"


async def find_next(conn: Connection, *, waiting: Collection[tuple[Work, str]]) -> tuple[Work, str] | None:
    """Of those that wait for their turn who had theirs the longest ago; None where none may have one yet."""
    row = await conn.fetchrow(
        """
        select work, community from unnest($1::text[], $2::text[]) as w(work, community)
        left join turns t using (work, community)
        where t.again_at is null or t.again_at <= clock_timestamp()
        order by t.had_at nulls first, community, work limit 1
        """,
        [work for work, _ in waiting],
        [community for _, community in waiting],
    )
    return None if row is None else (Work(row["work"]), row["community"])


async def set_had(conn: Connection, *, work: Work, community: str) -> None:
    """Note that a community had its turn."""
    await conn.execute(
        """
        insert into turns (work, community, had_at) values ($1, $2, clock_timestamp())
        on conflict (work, community) do update set had_at = excluded.had_at, failures = 0, again_at = null
        """,
        work,
        community,
    )


async def set_failed(conn: Connection, *, work: Work, community: str) -> None:
    """Note that a community's turn failed: the more often in a row, the longer it waits for its next."""
    await conn.execute(
        """
        insert into turns as t (work, community, had_at, failures, again_at)
        values ($1, $2, clock_timestamp(), 1, clock_timestamp() + $3)
        on conflict (work, community) do update
        set had_at = excluded.had_at, failures = t.failures + 1,
            again_at = excluded.had_at + least($4, $3 * (2 ^ least(t.failures, 20)))
        """,
        work,
        community,
        WAITS_FIRST,
        WAITS_AT_MOST,
    )
