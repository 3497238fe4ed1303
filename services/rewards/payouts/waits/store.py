"""The SQL of members whose points are not paid yet."""

from datetime import datetime

from services.rewards.payouts.waits.domain import WaitPlace
from shared.postgres import Connection


async def page_of_waiting(
    conn: Connection,
    *,
    community: str,
    least_points: int,
    earned_until: datetime | None,
    after: WaitPlace | None,
    limit: int,
) -> list[str]:
    """Members with available points that are fewer than are paid, or of which some were earned too late, by id."""
    rows = await conn.fetch(
        """
        select a.owner from accounts a join balances b using (community, account_id)
        where a.community = $1 and a.kind = 'available' and a.currency = 'PTS' and b.amount > 0
          and ($2::uuid is null or a.owner > $2)
          and (b.amount < $3 or exists (
              select from lots l
              where l.community = $1 and l.earned_at > $4 and l.remaining > 0 and l.remaining > l.owed
                and l.pending_until is null and l.member_id = any(array(
                    select a.owner union all
                    select g.member_id from merges g where g.community = $1 and g.head_id = a.owner))))
        order by a.owner limit $5
        """,
        community,
        after.member_id if after else None,
        least_points,
        earned_until,
        limit,
    )
    return [str(row["owner"]) for row in rows]
