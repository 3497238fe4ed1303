"""The SQL of accepted answers."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from shared.postgres import Connection


class SolutionSaid(NamedTuple):
    """That an event answers a question under an id, or (without one) accepts the answer of that id."""

    community: str
    item_id: str
    channel: str
    host: str
    event_uid: str
    question_id: str | None


async def add_said(conn: Connection, *, said: Sequence[SolutionSaid]) -> None:
    """Keep what events say of answers; what is known stays as it is."""
    await conn.execute(
        """
        insert into solution_events (community, item_id, channel, host, event_uid, question_id)
        select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::text[])
        on conflict do nothing
        """,
        *(list(column) for column in zip(*said, strict=True)),
    )


async def count_solved(
    conn: Connection, *, community: str, bounds: Sequence[datetime], now: datetime, within: timedelta
) -> dict[int, tuple[int, int]]:
    """By the number of the week from 1: questions of a forum whose time for a solution ended in it, and those that
    had an accepted answer by then. The weeks begin at `bounds`, whose last is the last one's end. What is taken
    back is no question, no answer and no acceptance.
    """
    rows = await conn.fetch(
        """
        select width_bucket(q.asked_at + $3::interval, $2::timestamptz[]) as week, count(*)::int as due,
            (count(*) filter (where exists (
                select from response_events i
                join solution_events r on r.community = i.community and r.question_id = i.item_id
                    and r.channel = i.channel and r.host = i.host
                join events reply on reply.community = r.community and reply.event_uid = r.event_uid
                    and reply.retracted_by is null and reply.received_at is not null
                join solution_events a on a.community = r.community and a.item_id = r.item_id
                    and a.channel = r.channel and a.host = r.host and a.question_id is null
                join events accepted on accepted.community = a.community and accepted.event_uid = a.event_uid
                    and accepted.retracted_by is null and accepted.received_at is not null
                where i.community = q.community and i.event_uid = q.question_uid and i.is_question
                    and accepted.event_time between q.asked_at and q.asked_at + $3::interval)))::int as solved
        from response_questions q
        join events asked on asked.community = q.community and asked.event_uid = q.question_uid
        where q.community = $1 and asked.type = 'forum.post.v1'
            and q.asked_at >= $4::timestamptz - $3::interval
            and q.asked_at < least($5::timestamptz, $6::timestamptz) - $3::interval
        group by 1
        """,
        community,
        list(bounds[:-1]),
        within,
        bounds[0],
        bounds[-1],
        now,
    )
    return {row["week"]: (row["due"], row["solved"]) for row in rows}
