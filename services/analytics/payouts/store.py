"""Payouts, the states they went through, and the awards that they pay."""

from collections.abc import Sequence
from datetime import datetime

from shared.contracts.facts import PayoutChanged, PayoutLots
from shared.postgres import Connection


async def add_payouts(conn: Connection, payouts: Sequence[PayoutChanged]) -> None:
    """Store each change of state, and who made it; the payout itself has the state of the newest change."""
    data = [one["data"] for one in payouts]
    await conn.execute(
        """
        with new as (
            insert into payout_states (community, payout_id, fact_id, state, changed_by, reason, changed_at)
            select community, payout_id, fact_id, state, changed_by, reason, changed_at
            from unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[])
                with ordinality as f(community, payout_id, fact_id, state, changed_by, reason, changed_at, n)
            order by n
            on conflict do nothing
            returning community, payout_id, fact_id, position
        ),
        newest as (
            select distinct on (f.community, f.payout_id) f.*
            from new join unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $7::timestamptz[], $8::uuid[],
                                 $9::uuid[], $10::bigint[], $11::bigint[], $12::text[], $13::text[])
                as f(community, payout_id, fact_id, state, changed_at, run_id, member_id, points, amount_minor,
                     currency, end_to_end_id)
                using (community, payout_id, fact_id)
            order by f.community, f.payout_id, f.changed_at desc, new.position desc
        )
        insert into payouts as p (community, payout_id, run_id, member_id, points, amount_minor, currency,
                                  end_to_end_id, state, changed_at)
        select community, payout_id, run_id, member_id, points, amount_minor, currency, end_to_end_id, state,
               changed_at
        from newest
        on conflict (community, payout_id) do update
        set state = excluded.state, points = excluded.points, amount_minor = excluded.amount_minor,
            end_to_end_id = excluded.end_to_end_id, changed_at = excluded.changed_at
        where excluded.changed_at >= p.changed_at
        """,
        [one["community"] for one in payouts],
        [one["payout_id"] for one in data],
        [one["id"] for one in payouts],
        [one["state"] for one in data],
        [one["by"] for one in data],
        [one.get("reason") for one in data],
        [one["time"] for one in payouts],
        [one["run_id"] for one in data],
        [one["member_id"] for one in data],
        [one["points"] for one in data],
        [one["amount_minor"] for one in data],
        [one["currency"] for one in data],
        [one["end_to_end_id"] for one in data],
    )


async def received_behind_payouts(
    conn: Connection, payouts: Sequence[tuple[str, str]], limit: int
) -> list[datetime]:
    """When the events that payouts, by (community, id), pay for were received; at most `limit` of them."""
    rows = await conn.fetch(
        """
        select e.received_at
        from unnest($1::text[], $2::uuid[]) as p(community, payout_id)
        join payout_lots using (community, payout_id)
        join awards a using (community, award_id)
        join events e on e.community = a.community and e.event_uid = a.event_uid
        where e.received_at is not null
        limit $3
        """,
        [community for community, _ in payouts],
        [payout for _, payout in payouts],
        limit,
    )
    return [row["received_at"] for row in rows]


async def add_payout_lots(conn: Connection, parts: Sequence[PayoutLots]) -> None:
    """Store which awards payouts pay; a lot's place in its part is what makes a redelivery harmless."""
    lots = [
        (one["community"], one["data"]["payout_id"], one["data"]["part"], position, lot["award_id"], lot["points"])
        for one in parts
        for position, lot in enumerate(one["data"]["lots"])
    ]
    await conn.execute(
        """
        insert into payout_lots (community, payout_id, part, position, award_id, points)
        select * from unnest($1::text[], $2::uuid[], $3::int[], $4::int[], $5::uuid[], $6::bigint[])
        on conflict do nothing
        """,
        *([lot[column] for lot in lots] for column in range(6)),
    )
