"""The SQL of suggestions, and of what became of them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from services.analytics.ideas.domain import CLOSING, PROMISED_DAYS, SUGGESTED_MAX_COUNT, Suggested
from shared.calendars import Span
from shared.postgres import Connection


class IdeaSaid(NamedTuple):
    """That an event suggests something (no `status`), or says in which state a suggestion is."""

    community: str
    event_uid: str
    channel: str
    host: str
    item_id: str
    status: str | None


async def add_said(conn: Connection, *, said: Sequence[IdeaSaid]) -> None:
    """Keep what events say of suggestions; what is known stays as it is."""
    await conn.execute(
        """
        insert into idea_events (community, event_uid, channel, host, item_id, status)
        select * from unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[])
        on conflict do nothing
        """,
        *(list(column) for column in zip(*said, strict=True)),
    )


#: Suggestions, with when each was first answered and closed. What is taken back is none, and no answer.
_SETTLED = """
    select made.event_time as made_at, coalesce(made.day, made.event_time::date) as made_on,
        moved.answered_at, moved.closed_at
    from idea_events i
    join events made on made.community = i.community and made.event_uid = i.event_uid
    cross join lateral (
        select min(e.event_time) as answered_at,
            min(e.event_time) filter (where c.status = any($2::text[])) as closed_at
        from idea_events c join events e on e.community = c.community and e.event_uid = c.event_uid
        where c.community = i.community and c.item_id = i.item_id and c.channel = i.channel and c.host = i.host
            and c.status is not null and c.status <> 'new' and e.retracted_by is null
            and e.event_time >= made.event_time) moved
    where i.community = $1 and i.status is null and made.retracted_by is null
"""


async def load_suggested(conn: Connection, *, community: str, days: Span, now: datetime) -> list[Suggested]:
    """The suggestions of some days, newest first and not all where they are many.

    How long each waited, or waits, is in whole seconds: to the end of the one in which an answer came.
    """
    rows = await conn.fetch(
        f"""
        select made_on, ceil(extract(epoch from answered_at - made_at))::bigint as answered,
            ceil(extract(epoch from closed_at - made_at))::bigint as closed,
            floor(extract(epoch from greatest($3, made_at) - made_at))::bigint as age
        from ({_SETTLED}) settled where made_on between $4 and $5 order by made_at desc limit $6
        """,  # noqa: S608 -- of the code
        community,
        list(CLOSING),
        now,
        *days,
        SUGGESTED_MAX_COUNT,
    )
    return [Suggested(*row) for row in rows]


async def count_due(
    conn: Connection, *, community: str, bounds: Sequence[datetime], now: datetime
) -> dict[int, tuple[int, int]]:
    """By the number of the week from 1: suggestions whose answer was promised until within it, and those that had
    one by then. The weeks begin at `bounds`, whose last is the last one's end.
    """
    rows = await conn.fetch(
        f"""
        select width_bucket(made_at + $3::interval, $4::timestamptz[]) as week, count(*)::int as due,
            (count(*) filter (where answered_at <= made_at + $3::interval))::int as in_time
        from ({_SETTLED}) settled
        where made_at + $3::interval >= $5 and made_at + $3::interval < least($6, $7::timestamptz) group by 1
        """,  # noqa: S608 -- of the code
        community,
        list(CLOSING),
        timedelta(days=PROMISED_DAYS),
        list(bounds[:-1]),
        bounds[0],
        bounds[-1],
        now,
    )
    return {row["week"]: (row["due"], row["in_time"]) for row in rows}
