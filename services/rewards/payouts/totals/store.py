"""The SQL of what persons were paid in a year."""

from datetime import datetime

from services.rewards.payouts.totals.domain import ON_ITS_WAY, PAID, TotalPlace, YearTotal
from shared.postgres import Connection


async def page_of_totals(
    conn: Connection,
    *,
    community: str,
    since: datetime,
    until: datetime,
    member_id: str | None,
    after: TotalPlace | None,
    limit: int,
) -> list[YearTotal]:
    """Totals of payouts whose file was written within a time, by person and currency, beginning after a place.

    Of one person with `member_id`. Whoever is merged is one; what came back is not paid.
    """
    rows = await conn.fetch(
        """
        select coalesce(g.head_id, p.member_id) as person_id, p.currency,
               count(*) filter (where p.state = any($4)) as paid_count,
               coalesce(sum(p.amount_minor) filter (where p.state = any($4)), 0)::bigint as paid_minor,
               coalesce(sum(p.amount_minor) filter (where p.state = any($5)), 0)::bigint as on_its_way_minor
        from payouts p
        join payout_changes s on s.community = p.community and s.payout_id = p.payout_id and s.state = 'submitted'
        left join merges g on g.community = p.community and g.member_id = p.member_id
        where p.community = $1 and s.changed_at >= $2 and s.changed_at < $3 and p.state = any($4 || $5)
          and ($6::uuid is null or coalesce(g.head_id, p.member_id) = coalesce(
              (select head_id from merges where community = $1 and member_id = $6), $6::uuid))
          and ($7::uuid is null or (coalesce(g.head_id, p.member_id), p.currency) > ($7, $8))
        group by 1, 2 order by 1, 2 limit $9
        """,
        community,
        since,
        until,
        PAID,
        ON_ITS_WAY,
        member_id,
        *(after or (None, None)),
        limit,
    )
    return [
        YearTotal(
            str(row["person_id"]), row["currency"], row["paid_count"], row["paid_minor"], row["on_its_way_minor"]
        )
        for row in rows
    ]
