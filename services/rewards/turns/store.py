"""The SQL of turns: which communities have what is due, and after whom the next turn begins."""

from datetime import datetime

from services.rewards.turns.domain import Due, DueRows
from shared.postgres import Connection


async def find_place(conn: Connection, due: Due) -> str:
    """The community after which the next turn begins."""
    place: str = await conn.fetchval("select after from due_turns where due = $1", due)
    return place


async def set_place(conn: Connection, due: Due, *, after: str) -> None:
    """Note after which community the next turn begins."""
    await conn.execute("update due_turns set after = $2 where due = $1", due, after)


async def page_of_communities(
    conn: Connection, rows: DueRows, *, now: datetime, after: str, until: str | None, limit: int
) -> list[str]:
    """Communities with rows that are due, after one and until another (None: to the end), in order.

    Goes from community to community in the index: how many rows one has does not matter.
    """
    found = await conn.fetch(
        f"""
        with recursive held as (
            (select community from {rows.table} where {rows.indexed} and community > $1
             order by community limit 1)
            union all
            select (select l.community from {rows.table} l where {rows.indexed} and l.community > h.community
                    order by l.community limit 1)
            from held h where h.community is not null and ($2::text is null or h.community < $2))
        select community from (
            select community from held h
            where community is not null and ($2::text is null or community <= $2)
              and exists (
                  select from {rows.table} l
                  where l.community = h.community and {rows.indexed} and l.{rows.column} <= $3 and {rows.also})
            limit $4) found
        order by 1
        """,  # noqa: S608 -- of constants
        after,
        until,
        now,
        limit,
    )
    return [row["community"] for row in found]
