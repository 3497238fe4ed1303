"""The SQL of sends and of their lines."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from services.rewards.payouts.domain import Actor
from services.rewards.sends.domain import (
    Send,
    SendLine,
    SendLineState,
    SendPlace,
    SendState,
    SendWhy,
)
from shared.postgres import Connection


async def lock_sends(conn: Connection, *, community: str) -> None:
    """Of two who make a send the second sees that the first has."""
    await conn.execute("select pg_advisory_xact_lock(hashtextextended($1, 29))", f"sends {community}")


async def load_known(conn: Connection, *, community: str, member_ids: Collection[str]) -> set[str]:
    """Which of these the service has heard of as members that were not erased."""
    rows = await conn.fetch(
        """
        select member_id::text from followed_members
        where community = $1 and member_id = any($2::uuid[]) and not is_erased
        """,
        community,
        list(member_ids),
    )
    return {row["member_id"] for row in rows}


async def count_open(conn: Connection, *, community: str) -> int:
    """How many sends of a community are neither done nor cancelled."""
    count: int = await conn.fetchval(
        "select count(*) from sends where community = $1 and state in ('draft', 'waiting', 'approved')", community
    )
    return count


async def add_send(conn: Connection, send: Send, *, lines: Sequence[SendLine]) -> None:
    """Add a send with its lines."""
    await conn.execute(
        """
        insert into sends (community, send_id, title, reward_id, state, lines_count, points, starts_at,
            claims_end_at, table_sha256, made_at, made_by_person, made_by, worked_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::text::uuid, $13, $11)
        """,
        send.community,
        send.send_id,
        send.title,
        send.reward_id,
        send.state,
        send.lines_count,
        send.points,
        send.starts_at,
        send.claims_end_at,
        send.table_sha256,
        send.made_at,
        send.made_by.person_id,
        send.made_by.credential,
    )
    await conn.copy_records_to_table(
        "send_lines",
        records=[
            (
                one.community,
                UUID(one.send_id),
                one.line,
                UUID(one.line_id),
                one.reward_id,
                one.member_id and UUID(one.member_id),
                one.recipient_id and UUID(one.recipient_id),
                one.state,
                one.changed_at,
            )
            for one in lines
        ],
        columns=[
            *("community", "send_id", "line", "line_id", "reward_id"),
            *("member_id", "recipient_id", "state", "changed_at"),
        ],
    )


async def find_send(conn: Connection, *, community: str, send_id: str) -> Send | None:
    """A send; None where there is none."""
    row = await conn.fetchrow("select * from sends where community = $1 and send_id = $2", community, send_id)
    return None if row is None else _send(row)


async def lock_send(conn: Connection, *, community: str, send_id: str) -> Send | None:
    """A send, locked: nobody decides it or carries it on meanwhile. None where there is none."""
    row = await conn.fetchrow(
        "select * from sends where community = $1 and send_id = $2 for update", community, send_id
    )
    return None if row is None else _send(row)


async def lock_due(conn: Connection, *, now: datetime) -> Send | None:
    """The send that is to be carried on and waited longest, locked; None without one."""
    row = await conn.fetchrow(
        """
        select * from sends where state = 'approved' and (starts_at is null or starts_at <= $1)
        order by worked_at limit 1 for update skip locked
        """,
        now,
    )
    return None if row is None else _send(row)


async def set_state(conn: Connection, send: Send, *, now: datetime) -> None:
    """Write a send that is locked in its next state, and that it was worked at."""
    by = send.decided_by
    await conn.execute(
        """
        update sends set state = $3, decided_at = $4, decided_by_person = $5::text::uuid, decided_by = $6,
            worked_at = $7
        where community = $1 and send_id = $2
        """,
        send.community,
        send.send_id,
        send.state,
        send.decided_at,
        by and by.person_id,
        by and by.credential,
        now,
    )


async def page_of_sends(conn: Connection, *, community: str, after: SendPlace | None, limit: int) -> list[Send]:
    """Sends of a community, newest first, beginning after a place."""
    rows = await conn.fetch(
        """
        select * from sends
        where community = $1 and ($2::timestamptz is null or (made_at, send_id) < ($2, $3::uuid))
        order by made_at desc, send_id desc limit $4
        """,
        community,
        *(after or (None, None)),
        limit,
    )
    return [_send(row) for row in rows]


async def page_of_lines(
    conn: Connection, *, community: str, send_id: str, state: SendLineState | None, after: int | None, limit: int
) -> list[SendLine]:
    """Lines of a send in their order, of one state where one is given, beginning after a line."""
    rows = await conn.fetch(
        """
        select * from send_lines
        where community = $1 and send_id = $2 and line > $3 and ($4::text is null or state = $4)
        order by line limit $5
        """,
        community,
        send_id,
        after or 0,
        state,
        limit,
    )
    return [_line(row) for row in rows]


async def waiting_lines(conn: Connection, send: Send, *, limit: int) -> list[SendLine]:
    """The next lines of a locked send of which nothing has become yet, locked: nobody claims them meanwhile."""
    rows = await conn.fetch(
        """
        select * from send_lines where community = $1 and send_id = $2 and state = 'waiting' order by line limit $3
        for update
        """,
        send.community,
        send.send_id,
        limit,
    )
    return [_line(row) for row in rows]


async def load_members(conn: Connection, send: Send) -> list[str]:
    """The members on the list of a send."""
    rows = await conn.fetch(
        """
        select member_id::text from send_lines
        where community = $1 and send_id = $2 and member_id is not null
        """,
        send.community,
        send.send_id,
    )
    return [row["member_id"] for row in rows]


async def count_lines(conn: Connection, *, community: str, send_ids: Collection[str]) -> dict[str, dict[str, int]]:
    """How many lines of sends are in each state, by send."""
    rows = await conn.fetch(
        """
        select send_id::text, state, count(*) as lines from send_lines
        where community = $1 and send_id = any($2::uuid[]) group by 1, 2
        """,
        community,
        list(send_ids),
    )
    counted: dict[str, dict[str, int]] = {}
    for row in rows:
        counted.setdefault(row["send_id"], {})[row["state"]] = row["lines"]
    return counted


async def count_rewards(conn: Connection, send: Send) -> dict[str, int]:
    """How many lines of a send give each reward, of those that may give something yet."""
    rows = await conn.fetch(
        """
        select reward_id, count(*) as lines from send_lines
        where community = $1 and send_id = $2 and state in ('waiting', 'offered', 'failed') group by 1 order by 1
        """,
        send.community,
        send.send_id,
    )
    return {row["reward_id"]: row["lines"] for row in rows}


async def find_line(conn: Connection, *, community: str, line_id: str) -> tuple[Send, SendLine] | None:
    """A line and its send; None where there is none."""
    return await _with_send(
        conn,
        await conn.fetchrow("select * from send_lines where community = $1 and line_id = $2", community, line_id),
    )


async def lock_line(conn: Connection, *, community: str, line_id: str) -> tuple[Send, SendLine] | None:
    """A line and its send, the line locked: it is claimed once. None where there is none."""
    return await _with_send(
        conn,
        await conn.fetchrow(
            "select * from send_lines where community = $1 and line_id = $2 for update", community, line_id
        ),
    )


async def _with_send(conn: Connection, row: Record | None) -> tuple[Send, SendLine] | None:
    if row is None:
        return None
    line = _line(row)
    send = await find_send(conn, community=line.community, send_id=line.send_id)
    return None if send is None else (send, line)


async def set_lines(conn: Connection, lines: Sequence[SendLine]) -> None:
    """Write what became of lines that nobody else works at."""
    await conn.execute(
        """
        update send_lines l set state = n.state, why = n.why, redemption_id = n.redemption_id,
            member_id = n.member_id, changed_at = n.changed_at
        from unnest($1::text[], $2::uuid[], $3::int[], $4::text[], $5::text[], $6::uuid[], $7::uuid[],
            $8::timestamptz[]) as n(community, send_id, line, state, why, redemption_id, member_id, changed_at)
        where (l.community, l.send_id, l.line) = (n.community, n.send_id, n.line)
        """,
        [one.community for one in lines],
        [one.send_id for one in lines],
        [one.line for one in lines],
        [one.state for one in lines],
        [one.why for one in lines],
        [one.redemption_id for one in lines],
        [one.member_id for one in lines],
        [one.changed_at for one in lines],
    )


async def end_lines(conn: Connection, send: Send, *, state: SendLineState, now: datetime) -> int:
    """Have all lines that might give something yet come to nothing; how many did."""
    ended: int = await conn.fetchval(
        """
        with ended as (
            update send_lines set state = $3, why = null, changed_at = $4
            where community = $1 and send_id = $2 and state in ('waiting', 'offered', 'failed') returning 1)
        select count(*) from ended
        """,
        send.community,
        send.send_id,
        state,
        now,
    )
    return ended


async def wait_again(conn: Connection, send: Send, *, now: datetime) -> int:
    """Have the lines that failed wait again; how many do."""
    waiting: int = await conn.fetchval(
        """
        with again as (
            update send_lines set state = 'waiting', why = null, changed_at = $3
            where community = $1 and send_id = $2 and state = 'failed' returning 1)
        select count(*) from again
        """,
        send.community,
        send.send_id,
        now,
    )
    return waiting


async def expire_lines(conn: Connection, *, now: datetime, limit: int) -> int:
    """Have offers that nobody claimed in time come to nothing, so many at most; how many did."""
    expired: int = await conn.fetchval(
        """
        with over as (
            select l.community, l.send_id, l.line from send_lines l join sends s using (community, send_id)
            where l.state = 'offered' and s.claims_end_at <= $1 limit $2 for update of l skip locked),
        ended as (
            update send_lines l set state = 'expired', changed_at = $1 from over o
            where (l.community, l.send_id, l.line) = (o.community, o.send_id, o.line) returning 1)
        select count(*) from ended
        """,
        now,
        limit,
    )
    return expired


async def count_failed(conn: Connection) -> int:
    """How many lines failed in sends that are done, of all communities: somebody looks, and tries again."""
    count: int = await conn.fetchval(
        """
        select count(*) from send_lines l join sends s using (community, send_id)
        where l.state = 'failed' and s.state in ('approved', 'done')
        """
    )
    return count


def _send(row: Record) -> Send:
    return Send(
        community=row["community"],
        send_id=str(row["send_id"]),
        title=row["title"],
        reward_id=row["reward_id"],
        state=SendState(row["state"]),
        lines_count=row["lines_count"],
        points=row["points"],
        starts_at=row["starts_at"],
        claims_end_at=row["claims_end_at"],
        table_sha256=row["table_sha256"],
        made_at=row["made_at"],
        made_by=Actor(row["made_by_person"] and str(row["made_by_person"]), row["made_by"]),
        decided_at=row["decided_at"],
        decided_by=(
            None
            if row["decided_by"] is None
            else Actor(row["decided_by_person"] and str(row["decided_by_person"]), row["decided_by"])
        ),
    )


def _line(row: Record) -> SendLine:
    return SendLine(
        community=row["community"],
        send_id=str(row["send_id"]),
        line=row["line"],
        reward_id=row["reward_id"],
        member_id=row["member_id"] and str(row["member_id"]),
        recipient_id=row["recipient_id"] and str(row["recipient_id"]),
        state=SendLineState(row["state"]),
        changed_at=row["changed_at"],
        why=row["why"] and SendWhy(row["why"]),
        redemption_id=row["redemption_id"] and str(row["redemption_id"]),
    )
