"""Lineage: from a payout back to the events it pays, and from an event forward to what it led to."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import asyncpg

from shared.contracts.award_ids import award_id_range
from shared.postgres import Connection

_AWARD = """
    a.award_id, a.member_id, a.points, a.rule_id, a.slot, a.programme_id, a.programme_version, a.event_time,
    a.awarded_at, a.event_uid, a.reverses,
    (select r.award_id from awards r where r.community = a.community and r.reverses = a.award_id limit 1)
        as reversed_by
"""
_EVENT = """
    e.event_uid, e.source, e.event_id, e.type, e.channel, e.member_id, e.object_member_id, e.reply_member_id,
    e.target_uid, e.event_time, e.received_at, e.retracted_by
"""


async def find_event(conn: Connection, community: str, uid: UUID) -> asyncpg.Record | None:
    """An event; None when it is not known, even if its retraction is."""
    return await conn.fetchrow(
        f"select {_EVENT} from events e where community = $1 and event_uid = $2 and received_at is not null",  # noqa: S608
        community,
        uid,
    )


async def find_award(conn: Connection, community: str, award_id: UUID) -> asyncpg.Record | None:
    """An award or a reversal."""
    return await conn.fetchrow(
        f"select {_AWARD} from awards a where community = $1 and award_id = $2",  # noqa: S608
        community,
        award_id,
    )


async def awards_of_event(
    conn: Connection, community: str, uid: UUID, event_time: datetime
) -> list[asyncpg.Record]:
    """What an event earned, reversals too; a programme's rules and their slots bound how many there can be."""
    return list(
        await conn.fetch(
            f"select {_AWARD} from awards a"  # noqa: S608
            " where community = $1 and event_uid = $2 and award_id between $3 and $4"
            " order by a.awarded_at, a.rule_id, a.slot, a.points desc",
            community,
            uid,
            *award_id_range(str(uid), event_time),
        )
    )


async def grants_of_awards(
    conn: Connection, community: str, award_ids: Collection[UUID]
) -> dict[UUID, list[asyncpg.Record]]:
    """The badges and levels that awards granted or took back, by award."""
    rows = await conn.fetch(
        """
        select g.award_id, g.grant_id, g.kind, g.name, g.title, g.granted_at, g.reverses,
               (select r.grant_id from grants r
                where r.community = g.community and r.reverses = g.grant_id limit 1) as reversed_by
        from grants g where g.community = $1 and g.award_id = any($2::uuid[])
        order by g.granted_at, g.kind, g.name
        """,
        community,
        list(award_ids),
    )
    return _by_award(rows)


async def payouts_of_awards(
    conn: Connection, community: str, award_ids: Collection[UUID]
) -> dict[UUID, list[asyncpg.Record]]:
    """The payouts that pay awards, with how many points of each, by award."""
    rows = await conn.fetch(
        """
        select l.award_id, l.payout_id, sum(l.points)::bigint as points, p.state, p.end_to_end_id, p.changed_at
        from payout_lots l left join payouts p using (community, payout_id)
        where l.community = $1 and l.award_id = any($2::uuid[])
        group by l.award_id, l.payout_id, p.state, p.end_to_end_id, p.changed_at
        order by p.changed_at, l.payout_id
        """,
        community,
        list(award_ids),
    )
    return _by_award(rows)


def _by_award(rows: list[asyncpg.Record]) -> dict[UUID, list[asyncpg.Record]]:
    found: dict[UUID, list[asyncpg.Record]] = {}
    for row in rows:
        found.setdefault(row["award_id"], []).append(row)
    return found


async def find_payout(conn: Connection, community: str, payout_id: UUID) -> asyncpg.Record | None:
    """A payout in its newest state, and its member's name."""
    return await conn.fetchrow(
        "select p.*, m.name as member_name from payouts p left join members m using (community, member_id)"
        " where community = $1 and payout_id = $2",
        community,
        payout_id,
    )


async def payout_states(conn: Connection, community: str, payout_id: UUID) -> list[asyncpg.Record]:
    """The states of a payout in the order it reached them; a payout has some twenty at most."""
    return list(
        await conn.fetch(
            "select state, changed_by, reason, changed_at from payout_states"
            " where community = $1 and payout_id = $2 order by changed_at, position",
            community,
            payout_id,
        )
    )


async def payout_lots(
    conn: Connection, community: str, payout_id: UUID, after: tuple[int, int], limit_count: int
) -> list[asyncpg.Record]:
    """The lots of a payout after (part, position), each with its award and event where they are known."""
    return list(
        await conn.fetch(
            f"""
            select l.part, l.position, l.award_id as lot_award_id, l.points as lot_points, {_AWARD}, {_EVENT}
            from payout_lots l
            left join awards a on a.community = l.community and a.award_id = l.award_id
            left join events e on e.community = a.community and e.event_uid = a.event_uid
                               and e.received_at is not null
            where l.community = $1 and l.payout_id = $2 and (l.part, l.position) > ($3, $4)
            order by l.part, l.position limit $5
            """,  # noqa: S608
            community,
            payout_id,
            *after,
            limit_count,
        )
    )
