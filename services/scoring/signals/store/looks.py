"""The SQL of who is to be looked at."""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from services.scoring.signals.domain.cases import (
    CaseKey,
)
from shared.postgres import Connection


class Look(NamedTuple):
    """Whom to look at, in which turn; with `is_spread` only because of another's ring."""

    key: CaseKey
    turn: int
    is_spread: bool


async def lock_looking(conn: Connection) -> None:
    """Wait until nobody else looks; until the commit nobody else does."""
    await conn.execute("select pg_advisory_xact_lock(hashtext('signal_looks'))")


async def next_looks(conn: Connection, *, limit_count: int) -> list[Look]:
    """Whom to look at next, those who wait for longest first. Nothing is locked."""
    rows = await conn.fetch("select * from signal_looks order by turn limit $1", limit_count)
    return [
        Look(CaseKey(row["community"], str(row["member_id"]), row["window_no"]), row["turn"], row["is_spread"])
        for row in rows
    ]


async def put_looks(conn: Connection, *, keys: Iterable[CaseKey], is_spread: bool = False) -> None:
    """Have members looked at; who is waited for already gets another turn, so that the look sees what is new."""
    rows = sorted((key.community, key.window, key.member_id) for key in set(keys))
    if rows:
        await conn.execute(
            """
            insert into signal_looks as l (community, window_no, member_id, is_spread)
            select *, $4 from unnest($1::text[], $2::int[], $3::uuid[])
            on conflict (community, window_no, member_id) do update
                set turn = nextval('signal_turns'), is_spread = l.is_spread and excluded.is_spread
            """,
            *(list(column) for column in zip(*rows, strict=True)),
            is_spread,
        )


async def put_looks_of_persons(conn: Connection, *, members: Collection[tuple[str, str]], since: int) -> None:
    """Have members looked at in all windows from one on in which they gave or received something."""
    rows = await conn.fetch(
        """
        select t.community, t.member_id, t.window_no from signal_totals t
        join unnest($1::text[], $2::uuid[]) as k(community, member_id) using (community, member_id)
        where t.window_no >= $3
        """,
        [community for community, _ in members],
        [member_id for _, member_id in members],
        since,
    )
    await put_looks(
        conn, keys=[CaseKey(row["community"], str(row["member_id"]), row["window_no"]) for row in rows]
    )


async def delete_looks(conn: Connection, *, looks: Sequence[Look]) -> None:
    """Forget looks that were done, but for those that have another turn by now."""
    await conn.execute(
        """
        delete from signal_looks l using unnest($1::text[], $2::int[], $3::uuid[], $4::bigint[])
            as d(community, window_no, member_id, turn)
        where (l.community, l.window_no, l.member_id, l.turn) = (d.community, d.window_no, d.member_id, d.turn)
        """,
        [look.key.community for look in looks],
        [look.key.window for look in looks],
        [look.key.member_id for look in looks],
        [look.turn for look in looks],
    )
