"""What members could use at a moment, without locking it."""

from collections.abc import Sequence
from datetime import datetime

from shared.postgres import Connection


async def load_usable(
    conn: Connection, *, community: str, member_ids: Sequence[str], now: datetime
) -> dict[str, int]:
    """The points that are available to members, less those whose time is over and that nobody has booked yet."""
    rows = await conn.fetch(
        """
        with over as (
            select member_id,
                   greatest(sum(remaining - owed) filter (where expires_at <= $3) - sum(lacking), 0) as points
            from lots
            where community = $1 and member_id = any($2::uuid[]) and pending_until is null
              and (expires_at <= $3 and remaining > owed or lacking > 0)
            group by 1)
        select a.owner, (b.amount - coalesce(o.points, 0))::bigint as points
        from accounts a join balances b using (community, account_id) left join over o on o.member_id = a.owner
        where a.community = $1 and a.owner = any($2::uuid[]) and a.kind = 'available' and a.currency = 'PTS'
        """,
        community,
        member_ids,
        now,
    )
    return {str(row["owner"]): row["points"] for row in rows}
