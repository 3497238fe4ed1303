"""The SQL of lots whose time has come, by community."""

from collections.abc import Sequence
from datetime import datetime

from services.rewards.ledger.domain.entries import Owner
from services.rewards.turns.domain import Due, DueRows
from shared.postgres import Connection

MATURING = DueRows(Due.MATURITY, "lots", "pending_until", "pending_until is not null")
EXPIRING = DueRows(
    Due.EXPIRY, "lots", "expires_at", "expires_at is not null and remaining > owed and pending_until is null"
)


async def load_due(
    conn: Connection, rows: DueRows, *, communities: Sequence[str], now: datetime, share: int
) -> dict[Owner, list[str]]:
    """Award ids of lots that are due, by who holds them: of each community a `share`, those due longest first."""
    found = await conn.fetch(
        f"""
        select l.community, coalesce(g.head_id, l.member_id) as holder_id, l.award_id
        from unnest($1::text[]) as c(community)
        cross join lateral (
            select community, member_id, award_id from lots
            where community = c.community and {rows.indexed} and {rows.column} <= $2
            order by {rows.column} limit $3) l
        left join merges g on g.community = l.community and g.member_id = l.member_id
        """,  # noqa: S608 -- of constants
        communities,
        now,
        share,
    )
    awards: dict[Owner, list[str]] = {}
    for row in found:
        awards.setdefault(Owner(row["community"], str(row["holder_id"])), []).append(str(row["award_id"]))
    return awards


async def is_expiry_due(conn: Connection, *, community: str, at: datetime) -> bool:
    """Whether a community has lots whose time was over at a moment, and whose points are not booked away yet."""
    # In the order of an index each, which has only lots of the community that are not booked away: what is not due
    # is not read, nor what is another's.
    found = await conn.fetchval(
        """
        (select true from lots
         where community = $1 and expires_at <= $2 and remaining > owed and pending_until is null
         order by expires_at limit 1)
        union all
        (select true from lots
         where community = $1 and pending_until <= $2 and expires_at <= $2 and remaining > owed
         order by pending_until limit 1)
        limit 1
        """,
        community,
        at,
    )
    return found is not None
