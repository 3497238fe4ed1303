"""The SQL of acts: what others gave, and what of it is withheld."""

from collections.abc import Mapping, Sequence

from asyncpg import Record

from services.scoring.limits.domain.claims import Withheld
from services.scoring.signals.domain.acts import Act, WithheldAct
from services.scoring.signals.domain.cases import (
    CaseKey,
)
from services.scoring.signals.domain.suspicion import Scope
from shared.postgres import Connection


async def add_acts(conn: Connection, *, acts: Sequence[Act]) -> set[str]:
    """Add acts that are not there; returns the awards of those that were not."""
    rows = await conn.fetch(
        """
        insert into signal_acts (community, award_id, member_id, giver_id, window_no, day, event_uid, event_time,
                                 points, is_taken_back, withheld)
        select * from unnest($1::text[], $2::uuid[], $3::uuid[], $4::uuid[], $5::int[], $6::date[], $7::uuid[],
                             $8::timestamptz[], $9::int[], $10::bool[], $11::text[])
        on conflict do nothing returning award_id
        """,
        *(list(column) for column in zip(*acts, strict=True)),
    )
    return {str(row["award_id"]) for row in rows}


async def set_taken_back(conn: Connection, *, words: Mapping[tuple[str, str], bool]) -> list[Act]:
    """Note of acts whether their events are taken back; returns those of which it was otherwise, as they are."""
    rows = await conn.fetch(
        """
        update signal_acts a set is_taken_back = n.is_taken_back
        from unnest($1::text[], $2::uuid[], $3::bool[]) as n(community, event_uid, is_taken_back)
        where a.event_uid = n.event_uid and a.community = n.community and a.is_taken_back <> n.is_taken_back
        returning a.*
        """,
        [community for community, _ in words],
        [uid for _, uid in words],
        list(words.values()),
    )
    return [_act(row) for row in rows]


async def load_mismatched(
    conn: Connection, *, key: CaseKey, scope: Scope | None, why: Withheld | None, limit_count: int
) -> list[WithheldAct]:
    """Acts for a member that should be withheld otherwise than they are, and how (`scope` None: none is).

    Where none is only those are read that are withheld.
    """
    withheld_only = "and withheld is not null" if scope is None else ""
    rows = await conn.fetch(
        f"""
        select * from (
            select a.award_id, a.event_uid, a.event_time, a.withheld,
                case when $4 and coalesce($5 or a.giver_id = any($6::uuid[]), $5) then $7::text end as due
            from signal_acts a where member_id = $3 and window_no = $2 and community = $1 {withheld_only}) w
        where withheld is distinct from due
        order by event_time, award_id limit $8
        """,  # noqa: S608 -- one of two constants
        key.community,
        key.window,
        key.member_id,
        scope is not None,
        scope is not None and scope.givers is None,
        sorted((scope.givers if scope else None) or ()),
        why,
        limit_count,
    )
    return [
        WithheldAct(
            key.community,
            str(row["award_id"]),
            str(row["event_uid"]),
            row["event_time"],
            None if row["due"] is None else Withheld(row["due"]),
        )
        for row in rows
    ]


async def set_withheld(conn: Connection, *, acts: Sequence[WithheldAct]) -> None:
    """Note of acts how they are withheld now."""
    await conn.execute(
        """
        update signal_acts a set withheld = n.withheld
        from unnest($1::text[], $2::uuid[], $3::text[]) as n(community, award_id, withheld)
        where a.award_id = n.award_id and a.community = n.community
        """,
        [act.community for act in acts],
        [act.award_id for act in acts],
        [act.withheld for act in acts],
    )


async def sum_withheld(conn: Connection, *, key: CaseKey) -> tuple[int, int]:
    """What is withheld of a member in a window would come to: points, and awards."""
    row = await conn.fetchrow(
        """
        select coalesce(sum(least(c.room, coalesce(c.ceiling, c.room))), 0)::bigint as points,
            count(*) filter (where least(c.room, coalesce(c.ceiling, c.room)) > 0)::int as awards
        from signal_acts a join claims c using (award_id, community)
        where a.member_id = $3 and a.window_no = $2 and a.community = $1 and a.withheld is not null
            and c.state = 'live'
        """,
        key.community,
        key.window,
        key.member_id,
    )
    return (0, 0) if row is None else (row["points"], row["awards"])


def _act(row: Record) -> Act:
    return Act(
        row["community"],
        str(row["award_id"]),
        str(row["member_id"]),
        None if row["giver_id"] is None else str(row["giver_id"]),
        row["window_no"],
        row["day"],
        str(row["event_uid"]),
        row["event_time"],
        row["points"],
        row["is_taken_back"],
        None if row["withheld"] is None else Withheld(row["withheld"]),
    )
