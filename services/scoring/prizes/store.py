"""The SQL of prizes, and of what they came to."""

from collections.abc import Collection, Iterable
from datetime import date

from asyncpg import Record

from services.scoring.prizes.domain import Book, Cut, Prize
from shared.postgres import Connection


async def lock_book(conn: Connection, *, community: str) -> int:
    """What prizes came to in a community; nobody else gives any there until the transaction ends."""
    await conn.execute("insert into prize_books (community) values ($1) on conflict do nothing", community)
    spent: int = await conn.fetchval("select points from prize_books where community = $1 for update", community)
    return spent


async def set_spent(conn: Connection, *, community: str, points: int) -> None:
    """Write what prizes came to in a community, whose book is locked."""
    await conn.execute("update prize_books set points = $2 where community = $1", community, points)


async def find_book(conn: Connection, *, community: str) -> Book:
    """What prizes came to in a community, without those that were taken back."""
    rows = await conn.fetch(
        """
        select coalesce(sum(points), 0)::bigint as points, count(*) filter (where points > 0) as prizes,
            count(*) filter (where cut is not null) as cut
        from prizes where community = $1 and not is_reversed
        """,
        community,
    )
    return Book(*rows[0])


async def load_prizes(conn: Connection, *, community: str, grant_ids: Collection[str]) -> dict[str, Prize]:
    """Prizes by the grants with which they came."""
    rows = await conn.fetch(
        "select * from prizes where community = $1 and grant_id = any($2::uuid[])", community, list(grant_ids)
    )
    return {str(row["grant_id"]): _prize(row) for row in rows}


async def sum_of(
    conn: Connection, *, community: str, member_ids: Collection[str], first: date, before: date
) -> int:
    """What prizes gave a person on days from the first on and before another."""
    found: int = await conn.fetchval(
        """
        select coalesce(sum(points), 0)::bigint from prizes
        where community = $1 and member_id = any($2::uuid[]) and day >= $3 and day < $4 and not is_reversed
        """,
        community,
        list(member_ids),
        first,
        before,
    )
    return found


async def put_prizes(conn: Connection, prizes: Iterable[Prize]) -> None:
    """Store prizes; of one that is there it is written whether it was taken back."""
    found = list(prizes)
    if not found:
        return
    await conn.execute(
        """
        insert into prizes (community, grant_id, member_id, rule_id, wanted, points, cut, event_time, day,
                            is_reversed)
        select * from unnest($1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::int[], $6::int[], $7::text[],
                             $8::timestamptz[], $9::date[], $10::boolean[])
        on conflict (community, grant_id) do update set is_reversed = excluded.is_reversed
        """,
        *(list(column) for column in zip(*found, strict=True)),
    )


async def set_book_anew(conn: Connection, *, communities: Collection[str]) -> None:
    """Add up what prizes came to in communities, after a restore."""
    await conn.execute(
        """
        insert into prize_books (community, points)
        select c.community, coalesce(sum(p.points) filter (where not p.is_reversed), 0)
        from unnest($1::text[]) as c(community) left join prizes p using (community) group by c.community
        on conflict (community) do update set points = excluded.points
        """,
        sorted(communities),
    )


def _prize(row: Record) -> Prize:
    return Prize(
        row["community"],
        str(row["grant_id"]),
        str(row["member_id"]),
        row["rule_id"],
        row["wanted"],
        row["points"],
        None if row["cut"] is None else Cut(row["cut"]),
        row["event_time"],
        row["day"],
        row["is_reversed"],
    )
