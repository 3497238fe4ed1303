"""The SQL of ties and totals: who gave whom how much within a window."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date

from asyncpg import Record

from services.scoring.signals.domain.acts import Act
from services.scoring.signals.domain.cases import (
    CaseKey,
)
from services.scoring.signals.domain.ties import STRONG_TIES_MAX_COUNT, Tie, Totals
from services.scoring.signals.store.looks import put_looks
from shared.postgres import Connection

#: Of whom there are more ties and days within a window, one way, is no circle of friends: they are not looked at.
CROWD_MAX_COUNT = 5_000
#: The largest ties to a member that a look reads; the rest is known in all.
RECEIVED_MAX_COUNT = 500


async def add_to_ties(conn: Connection, *, moved: Iterable[tuple[Act, int]]) -> set[CaseKey]:
    """Add acts to ties and totals, or (sign -1) take them away; returns who is looked at for that."""
    ties: dict[tuple[str, int, str, str, date], list[int]] = defaultdict(lambda: [0, 0])
    totals: dict[tuple[str, int, str], list[int]] = defaultdict(lambda: [0, 0])
    keys: set[CaseKey] = set()
    for act, sign in moved:
        keys.add(CaseKey(act.community, act.member_id, act.window))
        if act.giver_id is None:
            # There is a row of whoever got something, by which it is forgotten.
            totals[act.community, act.window, act.member_id][1] += 0
            continue
        keys.add(CaseKey(act.community, act.giver_id, act.window))
        tie = ties[act.community, act.window, act.member_id, act.giver_id, act.day]
        tie[0] += sign * act.points
        tie[1] += sign
        totals[act.community, act.window, act.giver_id][0] += sign * act.points
        totals[act.community, act.window, act.member_id][1] += sign * act.points
    # Each in the order of its keys, so that workers who add to the same ones wait and never in a circle.
    if ties:
        rows = sorted((*key, *sums) for key, sums in ties.items())
        await conn.execute(
            """
            insert into signal_ties as t (community, window_no, receiver_id, giver_id, day, points, acts)
            select * from unnest($1::text[], $2::int[], $3::uuid[], $4::uuid[], $5::date[], $6::bigint[],
                                 $7::int[])
            on conflict (receiver_id, window_no, community, giver_id, day) do update
                set points = t.points + excluded.points, acts = t.acts + excluded.acts
            """,
            *(list(column) for column in zip(*rows, strict=True)),
        )
    if totals:
        sums_of = sorted((*key, *sums) for key, sums in totals.items())
        await conn.execute(
            """
            insert into signal_totals as t (community, window_no, member_id, given, received)
            select * from unnest($1::text[], $2::int[], $3::uuid[], $4::bigint[], $5::bigint[])
            on conflict (community, window_no, member_id) do update
                set given = t.given + excluded.given, received = t.received + excluded.received
            """,
            *(list(column) for column in zip(*sums_of, strict=True)),
        )
    await put_looks(conn, keys=keys)
    return keys


async def find_crowded(conn: Connection, *, community: str, window: int, members: Collection[str]) -> set[str]:
    """Which members gave to, or got of, so many that they are not looked at; no more rows are read for that."""
    rows = await conn.fetch(
        """
        select id from unnest($3::uuid[]) as m(id)
        where (select count(*) from (select from signal_ties where receiver_id = m.id and window_no = $2
                                         and community = $1 limit $4) r) = $4
           or (select count(*) from (select from signal_ties where giver_id = m.id and window_no = $2
                                         and community = $1 limit $4) g) = $4
        """,
        community,
        window,
        list(members),
        CROWD_MAX_COUNT + 1,
    )
    return {str(row["id"]) for row in rows}


async def load_strong_ties(
    conn: Connection, *, community: str, window: int, members: Collection[str], least_acts: int
) -> dict[str, list[Tie]]:
    """Of each member the ties to them and from them, of so many acts; either way one more than counts at most."""
    rows = await conn.fetch(
        """
        select m.id, x.* from unnest($3::uuid[]) as m(id) cross join lateral (
            (select giver_id, receiver_id, sum(points)::bigint as points, sum(acts)::int as acts,
                 max(acts) as peak_acts
             from signal_ties where receiver_id = m.id and window_no = $2 and community = $1
             group by giver_id, receiver_id having sum(acts) >= $4 order by sum(acts) desc, giver_id limit $5)
            union all
            (select giver_id, receiver_id, sum(points)::bigint, sum(acts)::int, max(acts)
             from signal_ties where giver_id = m.id and window_no = $2 and community = $1
             group by giver_id, receiver_id having sum(acts) >= $4 order by sum(acts) desc, receiver_id limit $5)
        ) x
        """,
        community,
        window,
        list(members),
        least_acts,
        STRONG_TIES_MAX_COUNT + 1,
    )
    found: dict[str, list[Tie]] = {member: [] for member in members}
    for row in rows:
        found[str(row["id"])].append(_tie(row))
    return found


async def load_received(conn: Connection, *, key: CaseKey) -> list[Tie]:
    """The largest ties to a member."""
    rows = await conn.fetch(
        """
        select giver_id, receiver_id, sum(points)::bigint as points, sum(acts)::int as acts, max(acts) as peak_acts
        from signal_ties where receiver_id = $3 and window_no = $2 and community = $1
        group by giver_id, receiver_id having sum(points) > 0
        order by sum(points) desc, giver_id limit $4
        """,
        key.community,
        key.window,
        key.member_id,
        RECEIVED_MAX_COUNT,
    )
    return [_tie(row) for row in rows]


async def load_totals(
    conn: Connection, *, community: str, window: int, members: Collection[str]
) -> dict[str, Totals]:
    """What members gave and received in a window."""
    rows = await conn.fetch(
        """
        select member_id, given, received from signal_totals
        where community = $1 and window_no = $2 and member_id = any($3::uuid[])
        """,
        community,
        window,
        list(members),
    )
    return {str(row["member_id"]): Totals(row["given"], row["received"]) for row in rows}


async def count_active(conn: Connection, *, community: str, window: int, most: int) -> int:
    """How many gave or received something in a window, counted up to `most`."""
    count: int = await conn.fetchval(
        """
        select count(*) from (select from signal_totals
                              where community = $1 and window_no = $2 and given + received > 0 limit $3) a
        """,
        community,
        window,
        most,
    )
    return count


async def load_captives(conn: Connection, *, key: CaseKey) -> dict[int, frozenset[str]]:
    """Of the largest givers to a member those who gave to nobody else and received nothing, by day."""
    rows = await conn.fetch(
        """
        select t.giver_id, t.day from signal_ties t
        join (select giver_id, sum(points) as points from signal_ties
              where receiver_id = $3 and window_no = $2 and community = $1
              group by giver_id having sum(points) > 0 order by 2 desc, giver_id limit $4) g using (giver_id)
        join signal_totals s on s.community = $1 and s.window_no = $2 and s.member_id = t.giver_id
        where t.receiver_id = $3 and t.window_no = $2 and t.community = $1 and t.acts > 0
            and s.received = 0 and s.given = g.points
        """,
        key.community,
        key.window,
        key.member_id,
        RECEIVED_MAX_COUNT,
    )
    by_day: dict[int, set[str]] = defaultdict(set)
    for row in rows:
        by_day[row["day"].toordinal()].add(str(row["giver_id"]))
    return {day: frozenset(givers) for day, givers in by_day.items()}


async def load_pairs(conn: Connection, *, key: CaseKey, members: Collection[str]) -> list[Tie]:
    """The ties between members, the largest first: who gave whom how much."""
    rows = await conn.fetch(
        """
        select giver_id, receiver_id, sum(points)::bigint as points, sum(acts)::int as acts, max(acts) as peak_acts
        from signal_ties
        where community = $1 and window_no = $2 and receiver_id = any($3::uuid[]) and giver_id = any($3::uuid[])
        group by giver_id, receiver_id having sum(acts) > 0
        order by sum(points) desc, giver_id, receiver_id limit 200
        """,
        key.community,
        key.window,
        list(members),
    )
    return [_tie(row) for row in rows]


async def delete_old(conn: Connection, *, before: int, limit_count: int) -> int:
    """Forget so many totals of windows before one, with the ties and acts of their members; how many.

    What is withheld is kept: it can still be released.
    """
    count: int = await conn.fetchval(
        """
        with old as (
            delete from signal_totals where (community, window_no, member_id) in (
                select community, window_no, member_id from signal_totals where window_no < $1 limit $2)
            returning community, window_no, member_id),
        ties as (
            delete from signal_ties t using old o
            where t.receiver_id = o.member_id and t.window_no = o.window_no and t.community = o.community),
        acts as (
            delete from signal_acts a using old o
            where a.member_id = o.member_id and a.window_no = o.window_no and a.community = o.community
                and a.withheld is null)
        select count(*) from old
        """,
        before,
        limit_count,
    )
    return count


def _tie(row: Record) -> Tie:
    return Tie(str(row["giver_id"]), str(row["receiver_id"]), row["points"], row["acts"], row["peak_acts"])
