"""The SQL of digests: kept once a week, and what they say of who waits."""

from datetime import date, datetime
from typing import Any, NamedTuple

import orjson
from asyncpg import Record

from services.analytics.digests.domain import Digest, DigestGoal, Todo, WeekFigures
from services.analytics.goals.domain.pace import GoalState
from shared.calendars import Span
from shared.postgres import Connection


class WeekActivity(NamedTuple):
    """People who were active in a week, and events of theirs."""

    active: int
    events: int


async def has_digest(conn: Connection, *, community: str, week: Span) -> bool:
    """Whether a week has a digest."""
    found: bool = await conn.fetchval(
        "select exists (select from digests where community = $1 and starts_on = $2)", community, week.starts_on
    )
    return found


async def count_waiting(
    conn: Connection, *, community: str, asked_before: datetime, now: datetime
) -> tuple[int, int]:
    """Questions without an answer that were asked before then, in 90 days; and reports that are due."""
    row = await conn.fetchrow(
        """
        select (select count(*) from response_questions where community = $1 and answered_at is null
                    and asked_at < $2 and asked_at >= $2 - interval '90 days')::int as questions,
            (select count(*) from guideline_cases where community = $1 and state in ('open', 'appealed')
                    and due_at <= $3)::int as reports
        """,
        community,
        asked_before,
        now,
    )
    return (row["questions"], row["reports"]) if row else (0, 0)


async def count_activity(conn: Connection, *, community: str, week: Span) -> WeekActivity:
    """People who were active in a week, and events that count. Who is merged is one."""
    row = await conn.fetchrow(
        """
        select count(distinct coalesce(m.head_id, d.member_id)) as active,
            coalesce(sum(d.events), 0)::bigint as events
        from member_days d left join merges m on m.community = d.community and m.member_id = d.member_id
        where d.community = $1 and d.day between $2 and $3 and d.events > 0
        """,
        community,
        *week,
    )
    return WeekActivity(row["active"], row["events"]) if row else WeekActivity(0, 0)


async def count_new_members(conn: Connection, *, community: str, week: Span) -> int:
    """Members whose first event is of a week."""
    found: int = await conn.fetchval(
        """
        select coalesce(sum(people), 0)::bigint from retention_figures
        where community = $1 and figure = 'newcomer' and day between $2 and $3
        """,
        community,
        *week,
    )
    return found


async def add_digest(conn: Connection, *, community: str, digest: Digest) -> bool:
    """Keep the digest of a week; return whether it had none."""
    status: str = await conn.execute(
        """
        insert into digests (community, starts_on, ends_on, made_at, content) values ($1, $2, $3, $4, $5::jsonb)
        on conflict do nothing
        """,
        community,
        *digest.week,
        digest.made_at,
        orjson.dumps(digest.content).decode(),
    )
    return status == "INSERT 0 1"


async def page_of_digests(
    conn: Connection, *, community: str, before: date | None, limit_count: int
) -> list[Digest]:
    """Digests, newest first."""
    rows = await conn.fetch(
        """
        select starts_on, ends_on, made_at, content from digests
        where community = $1 and ($2::date is null or starts_on < $2) order by starts_on desc limit $3
        """,
        community,
        before,
        limit_count,
    )
    return list(map(_digest, rows))


def _digest(row: Record) -> Digest:
    content: dict[str, Any] = orjson.loads(row["content"])
    return Digest(
        Span(row["starts_on"], row["ends_on"]),
        row["made_at"],
        WeekFigures(**content["figures"]),
        [DigestGoal(**{**goal, "state": GoalState(goal["state"])}) for goal in content["goals"]],
        content["red_practices"],
        Todo(content["todo"]),
    )
