"""The SQL of the watch: how far it is, and what it found of each community."""

from collections.abc import Mapping

from services.rewards.watches.domain import Watch
from shared.postgres import Connection


async def load_watch(conn: Connection) -> Watch:
    """How far the watch is."""
    (row,) = await conn.fetch("select after, began_at, rests_until, took_seconds from ledger_watch")
    return Watch(*row)


async def set_watch(conn: Connection, watch: Watch) -> None:
    """Note how far the watch is."""
    await conn.execute(
        "update ledger_watch set after = $1, began_at = $2, rests_until = $3, took_seconds = $4",
        watch.after,
        watch.began_at,
        watch.rests_until,
        watch.took_seconds,
    )


async def find_next(conn: Connection, *, after: str) -> str | None:
    """The next community with accounts, in the order of their names; None behind the last."""
    found: str | None = await conn.fetchval("select min(community) from accounts where community > $1", after)
    return found


async def put_found(conn: Connection, *, community: str, found: Mapping[str, int]) -> None:
    """Keep what was found of a community in place of what was before."""
    await conn.execute("delete from ledger_watched where community = $1", community)
    wrong = {invariant: count for invariant, count in found.items() if count}
    if wrong:
        await conn.execute(
            """
            insert into ledger_watched (community, invariant, differences)
            select $1, * from unnest($2::text[], $3::int[])
            """,
            community,
            list(wrong),
            list(wrong.values()),
        )


async def load_found(conn: Connection) -> dict[str, int]:
    """How much was found of all communities, by invariant."""
    rows = await conn.fetch("select invariant, sum(differences)::bigint as n from ledger_watched group by 1")
    return {row["invariant"]: row["n"] for row in rows}
