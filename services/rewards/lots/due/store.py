"""The SQL of lots whose time has come, by community."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from services.rewards.ledger.domain.entries import Owner
from services.rewards.lots.due.domain import Due
from shared.postgres import Connection


class _Kind(NamedTuple):
    """When lots are due, and what their index is of: it has no others."""

    column: str
    indexed: str


_KINDS = {
    Due.MATURITY: _Kind("pending_until", "pending_until is not null"),
    Due.EXPIRY: _Kind("expires_at", "expires_at is not null and remaining > owed and pending_until is null"),
}


async def find_place(conn: Connection, due: Due) -> str:
    """The community after which the next turn begins."""
    place: str = await conn.fetchval("select after from lot_turns where due = $1", due)
    return place


async def set_place(conn: Connection, due: Due, *, after: str) -> None:
    """Note after which community the next turn begins."""
    await conn.execute("update lot_turns set after = $2 where due = $1", due, after)


async def page_of_communities(
    conn: Connection, due: Due, *, now: datetime, after: str, until: str | None, limit: int
) -> list[str]:
    """Communities with lots that are due, after one and until another (None: to the end), in order.

    Goes from community to community in the index: how many lots one has does not matter.
    """
    column, indexed = _KINDS[due]
    rows = await conn.fetch(
        f"""
        with recursive held as (
            (select community from lots where {indexed} and community > $1 order by community limit 1)
            union all
            select (select l.community from lots l where {indexed} and l.community > h.community
                    order by l.community limit 1)
            from held h where h.community is not null and ($2::text is null or h.community < $2))
        select community from (
            select community from held h
            where community is not null and ($2::text is null or community <= $2)
              and exists (select from lots l where l.community = h.community and {indexed} and l.{column} <= $3)
            limit $4) found
        order by 1
        """,  # noqa: S608 -- of two constants
        after,
        until,
        now,
        limit,
    )
    return [row["community"] for row in rows]


async def load_due(
    conn: Connection, due: Due, *, communities: Sequence[str], now: datetime, share: int
) -> dict[Owner, list[str]]:
    """Award ids of lots that are due, by who holds them: of each community a `share`, those due longest first."""
    column, indexed = _KINDS[due]
    rows = await conn.fetch(
        f"""
        select l.community, coalesce(g.head_id, l.member_id) as holder_id, l.award_id
        from unnest($1::text[]) as c(community)
        cross join lateral (
            select community, member_id, award_id from lots
            where community = c.community and {indexed} and {column} <= $2 order by {column} limit $3) l
        left join merges g on g.community = l.community and g.member_id = l.member_id
        """,  # noqa: S608 -- of two constants
        communities,
        now,
        share,
    )
    awards: dict[Owner, list[str]] = {}
    for row in rows:
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
