"""The SQL of saved views."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.postgres import Connection

#: A removed view can be brought back for so long.
UNDO = timedelta(hours=1)


@dataclass(frozen=True)
class SavedView:
    """A table's page with its filters and sorting, under a name of its owner's."""

    view_id: str
    page: str
    name: str
    query: str

    @property
    def href(self) -> str:
        """Where it is."""
        return f"{self.page}?{self.query}"


async def load_views(conn: Connection, *, community: str, person_id: str, page: str) -> list[SavedView]:
    """Somebody's views of a page, oldest first."""
    rows = await conn.fetch(
        """
        select view_id::text, page, name, query from saved_views
        where community = $1 and person_id = $2 and page = $3 and removed_at is null
        order by created_at, view_id
        """,
        community,
        person_id,
        page,
    )
    return [SavedView(**row) for row in rows]


async def load_all_views(conn: Connection, *, community: str, person_id: str) -> list[SavedView]:
    """Somebody's views of all pages, in the order of their names; how many there may be is bounded."""
    rows = await conn.fetch(
        """
        select view_id::text, page, name, query from saved_views
        where community = $1 and person_id = $2 and removed_at is null
        order by lower(name), view_id
        """,
        community,
        person_id,
    )
    return [SavedView(**row) for row in rows]


async def put_view(
    conn: Connection,
    *,
    community: str,
    person_id: str,
    page: str,
    name: str,
    query: str,
    now: datetime,
    max_count: int,
    all_max_count: int,
) -> bool:
    """Store a view; one of the same name is replaced. False where the page, or all, have as many as may be."""
    await conn.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", f"{community}|{person_id}")
    done = await conn.execute(
        """
        insert into saved_views (community, person_id, page, name, query, created_at)
        select $1, $2, $3, $4, $5, $6
        where exists (
                select from saved_views where community = $1 and person_id = $2 and page = $3 and name = $4)
            or (select count(*) filter (where page = $3) < $7 and count(*) < $8 from saved_views
                where community = $1 and person_id = $2)
        on conflict (community, person_id, page, name)
        do update set query = excluded.query, removed_at = null
        """,
        community,
        person_id,
        page,
        name,
        query,
        now,
        max_count,
        all_max_count,
    )
    return str(done) == "INSERT 0 1"


async def set_removed(
    conn: Connection, *, community: str, person_id: str, view_id: str, removed_at: datetime | None
) -> bool:
    """Remove one's own view, or bring it back (None); False when it is nobody's or another's."""
    done = await conn.execute(
        """
        update saved_views set removed_at = $4
        where view_id = $3::uuid and community = $1 and person_id = $2
        """,
        community,
        person_id,
        view_id,
        removed_at,
    )
    return str(done) == "UPDATE 1"


async def delete_removed(conn: Connection, *, now: datetime) -> None:
    """Delete what was removed and cannot be brought back any more."""
    await conn.execute("delete from saved_views where removed_at < $1", now - UNDO)
