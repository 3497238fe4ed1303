"""Payouts, the states they went through, and the awards that they pay."""

from collections.abc import Sequence
from datetime import datetime

from services.analytics.payouts.domain import PayoutKey
from shared.contracts.facts import PayoutChanged, PayoutLots
from shared.postgres import Connection


async def add_changes(conn: Connection, *, changes: Sequence[PayoutChanged]) -> None:
    """Store each change of state, and who made it; the payout has that of the newest change, and counts in it."""
    data = [change["data"] for change in changes]
    await conn.execute(
        """
        with new as (
            insert into payout_states (community, payout_id, fact_id, state, changed_by, reason, changed_at,
                                       person_id, outcome_id, traceparent)
            select community, payout_id, fact_id, state, changed_by, reason, changed_at, person_id, outcome_id,
                   traceparent
            from unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[],
                        $14::uuid[], $15::uuid[], $16::text[])
                with ordinality as f(community, payout_id, fact_id, state, changed_by, reason, changed_at,
                                     person_id, outcome_id, traceparent, n)
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
        ),
        moved as (
            insert into payouts as p (community, payout_id, run_id, member_id, points, amount_minor, currency,
                                      end_to_end_id, state, changed_at)
            select community, payout_id, run_id, member_id, points, amount_minor, currency, end_to_end_id, state,
                   changed_at
            from newest
            on conflict (community, payout_id) do update
            set state = excluded.state, points = excluded.points, amount_minor = excluded.amount_minor,
                end_to_end_id = excluded.end_to_end_id, changed_at = excluded.changed_at
            where excluded.changed_at >= p.changed_at
            returning community, currency, state, points, amount_minor, old.currency as currency_before,
                old.state as state_before, old.points as points_before, old.amount_minor as amount_before
        )
        insert into payout_counts as c (community, state, currency, number, points, amount_minor)
        select community, state, currency, sum(change), sum(change * points), sum(change * amount_minor)
        from (
            select community, state, currency, points, amount_minor, 1 as change from moved
            union all
            select community, state_before, currency_before, points_before, amount_before, -1
            from moved where state_before is not null
        ) changes
        group by 1, 2, 3 having sum(change) <> 0 or sum(change * points) <> 0 or sum(change * amount_minor) <> 0
        order by 1, 2, 3
        on conflict (community, state, currency) do update
        set number = c.number + excluded.number, points = c.points + excluded.points,
            amount_minor = c.amount_minor + excluded.amount_minor
        """,
        [change["community"] for change in changes],
        [payout["payout_id"] for payout in data],
        [change["id"] for change in changes],
        [payout["state"] for payout in data],
        [payout["by"] for payout in data],
        [payout.get("reason") for payout in data],
        [change["time"] for change in changes],
        [payout["run_id"] for payout in data],
        [payout["member_id"] for payout in data],
        [payout["points"] for payout in data],
        [payout["amount_minor"] for payout in data],
        [payout["currency"] for payout in data],
        [payout["end_to_end_id"] for payout in data],
        [payout.get("person_id") for payout in data],
        [payout.get("outcome_id") for payout in data],
        [change.get("traceparent") for change in changes],
    )


async def add_lots(conn: Connection, *, parts: Sequence[PayoutLots]) -> None:
    """Store which awards payouts pay; a lot's place in its part is what makes a redelivery harmless."""
    lots = [
        (
            part["community"],
            part["data"]["payout_id"],
            part["data"]["part"],
            position,
            lot["award_id"],
            lot["points"],
        )
        for part in parts
        for position, lot in enumerate(part["data"]["lots"])
    ]
    await conn.execute(
        """
        insert into payout_lots (community, payout_id, part, position, award_id, points)
        select * from unnest($1::text[], $2::uuid[], $3::int[], $4::int[], $5::uuid[], $6::bigint[])
        on conflict do nothing
        """,
        *([lot[column] for lot in lots] for column in range(6)),
    )


async def load_receipt_times(conn: Connection, *, payouts: Sequence[PayoutKey], limit: int) -> list[datetime]:
    """When the events that payouts pay for were received; at most `limit` of them."""
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
        [payout.community for payout in payouts],
        [payout.payout_id for payout in payouts],
        limit,
    )
    return [row["received_at"] for row in rows]
