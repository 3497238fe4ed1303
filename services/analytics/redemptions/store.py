"""Redemptions, the states they went through, and the awards that they use."""

from collections.abc import Sequence
from typing import Literal

from shared.contracts.facts import RedemptionChanged, RedemptionData, RedemptionLots, RedemptionLotsGivenBack
from shared.postgres import Connection


async def add_changes(conn: Connection, *, changes: Sequence[RedemptionChanged]) -> None:
    """Store each change of state; the redemption itself has the state of the newest change, and counts in that.

    Its points are those that are spent: of what is refunded in part those that are not back.
    """
    data = [change["data"] for change in changes]
    await conn.execute(
        """
        with new as (
            insert into redemption_states (community, redemption_id, fact_id, state, changed_at)
            select community, redemption_id, fact_id, state, changed_at
            from unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[]) with ordinality
                as f(community, redemption_id, fact_id, state, changed_at, n)
            order by n
            on conflict do nothing
            returning community, redemption_id, fact_id, position
        ),
        newest as (
            select distinct on (f.community, f.redemption_id) f.*
            from new join unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[], $6::uuid[],
                                 $7::text[], $8::bigint[])
                as f(community, redemption_id, fact_id, state, changed_at, member_id, reward_id, points)
                using (community, redemption_id, fact_id)
            order by f.community, f.redemption_id, f.changed_at desc, new.position desc
        ),
        moved as (
            insert into redemptions as r (community, redemption_id, member_id, reward_id, points, state,
                                          changed_at)
            select community, redemption_id, member_id, reward_id, points, state, changed_at from newest
            on conflict (community, redemption_id) do update
            set state = excluded.state, points = excluded.points, changed_at = excluded.changed_at
            where excluded.changed_at >= r.changed_at
            returning community, state, points, old.state as state_before, old.points as points_before
        )
        insert into redemption_counts as c (community, state, number, points)
        select community, state, sum(change), sum(change * points)
        from (
            select community, state, points, 1 as change from moved
            union all
            select community, state_before, points_before, -1 from moved where state_before is not null
        ) changes
        group by 1, 2 having sum(change) <> 0 or sum(change * points) <> 0
        order by 1, 2
        on conflict (community, state) do update
        set number = c.number + excluded.number, points = c.points + excluded.points
        """,
        [change["community"] for change in changes],
        [redemption["redemption_id"] for redemption in data],
        [change["id"] for change in changes],
        [redemption["state"] for redemption in data],
        [change["time"] for change in changes],
        [redemption["member_id"] for redemption in data],
        [redemption["reward_id"] for redemption in data],
        [_spent(redemption) for redemption in data],
    )


def _spent(redemption: RedemptionData) -> int:
    """What stays spent of it; of what is over for another reason what it was for."""
    if redemption["state"] != "partly_refunded":
        return redemption["points"]
    return redemption["points"] - redemption["refunded_points"]


async def add_lots(conn: Connection, *, parts: Sequence[RedemptionLots]) -> None:
    """Store which awards redemptions use; a lot's place in its part is what makes a redelivery harmless."""
    await _add_lots(conn, parts, table="redemption_lots")


async def add_lots_given_back(conn: Connection, *, parts: Sequence[RedemptionLotsGivenBack]) -> None:
    """Store what of the points that redemptions used went back to their awards."""
    await _add_lots(conn, parts, table="redemption_lots_given_back")


async def _add_lots(
    conn: Connection,
    parts: Sequence[RedemptionLots] | Sequence[RedemptionLotsGivenBack],
    *,
    table: Literal["redemption_lots", "redemption_lots_given_back"],
) -> None:
    lots = [
        (
            part["community"],
            part["data"]["redemption_id"],
            part["data"]["part"],
            position,
            lot["award_id"],
            lot["points"],
        )
        for part in parts
        for position, lot in enumerate(part["data"]["lots"])
    ]
    await conn.execute(
        f"""
        insert into {table} (community, redemption_id, part, position, award_id, points)
        select * from unnest($1::text[], $2::uuid[], $3::int[], $4::int[], $5::uuid[], $6::bigint[])
        on conflict do nothing
        """,  # noqa: S608 -- one of two tables
        *([lot[column] for lot in lots] for column in range(6)),
    )
