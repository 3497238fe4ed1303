"""The SQL that looks for lots which lead to no award."""

from datetime import datetime

from services.analytics.lineage.domain.watching import Link, LotKey, Watch
from shared.postgres import Connection

#: The column that names the payout or redemption of a lot.
_ID = {Link.PAYOUT_LOTS: "payout_id", Link.REDEMPTION_LOTS: "redemption_id"}


async def lock_watch(conn: Connection) -> Watch:
    """How far the looking is, for this transaction alone."""
    (row,) = await conn.fetch(
        "select link, community, id::text, part, position, rounds from lineage_watch for update"
    )
    key = LotKey(row["community"], row["id"], row["part"], row["position"])
    return Watch(Link(row["link"]), key, row["rounds"])


async def set_watch(conn: Connection, watch: Watch) -> None:
    """Note how far the looking is."""
    await conn.execute(
        "update lineage_watch set link = $1, community = $2, id = $3, part = $4, position = $5, rounds = $6",
        watch.link,
        *watch.after,
        watch.rounds,
    )


async def find_end(conn: Connection, watch: Watch, *, rows_max_count: int) -> LotKey | None:
    """The lot so many rows on; None where the table has no more.

    Its id as text has a name of its own: one that is the column's would be sorted by, which no index does.
    """
    row = await conn.fetchrow(
        f"""
        select community, {_ID[watch.link]}::text as id, part, position from {watch.link}
        where (community, {_ID[watch.link]}, part, position) > ($1, $2::uuid, $3, $4)
        order by community, {_ID[watch.link]}, part, position offset $5 limit 1
        """,  # noqa: S608 -- an enum's
        *watch.after,
        rows_max_count - 1,
    )
    return LotKey(*row) if row else None


async def add_orphans(
    conn: Connection, watch: Watch, *, until: LotKey | None, at: datetime, limit_count: int
) -> None:
    """Note lots after the watch's place, up to and with `until`, whose award is not there; so many at most."""
    name = _ID[watch.link]
    bound = "" if until is None else f"and (community, {name}, part, position) <= ($8, $9::uuid, $10, $11)"
    await conn.execute(
        f"""
        insert into lineage_orphans (community, link, id, part, position, award_id, found_at)
        select community, $5, {name}, part, position, award_id, $6
        from {watch.link} l
        where (community, {name}, part, position) > ($1, $2::uuid, $3, $4) {bound}
          and not exists (select from awards a where a.community = l.community and a.award_id = l.award_id)
        order by community, {name}, part, position limit $7
        on conflict do nothing
        """,  # noqa: S608 -- an enum's and constants
        *watch.after,
        watch.link,
        at,
        limit_count,
        *(until or ()),
    )


async def delete_arrived(conn: Connection) -> None:
    """Forget lots whose award has arrived since."""
    await conn.execute(
        """
        delete from lineage_orphans o
        where exists (select from awards a where a.community = o.community and a.award_id = o.award_id)
        """
    )


async def count_orphans(conn: Connection, *, found_before: datetime) -> int:
    """How many lots without an award are known since before that moment."""
    count: int = await conn.fetchval("select count(*) from lineage_orphans where found_at <= $1", found_before)
    return count
