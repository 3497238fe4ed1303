"""The SQL of occasions and check-ins."""

from datetime import datetime
from typing import Any

from services.ingest.checkins.domain import Occasion, OccasionPlace
from shared.postgres import Connection

_COLUMNS = """
    o.community, o.occasion_id::text, o.title, o.begins_at, o.ends_at, o.capacity, o.secret, o.device_key,
    o.made_at,
    (select count(*) from check_ins c
     where c.community = o.community and c.occasion_id = o.occasion_id) as checked_in
"""


async def add_occasion(conn: Connection, *, occasion: Occasion) -> None:
    """Add an occasion."""
    await conn.execute(
        """
        insert into occasions (community, occasion_id, title, begins_at, ends_at, capacity, secret, made_at)
        values ($1, $2::text::uuid, $3, $4, $5, $6, $7, $8)
        """,
        occasion.community,
        occasion.occasion_id,
        occasion.title,
        occasion.begins_at,
        occasion.ends_at,
        occasion.capacity,
        occasion.secret,
        occasion.made_at,
    )


async def count_to_come(conn: Connection, *, community: str, now: datetime) -> int:
    """How many occasions of a community are not over; nobody else adds one until the transaction ends."""
    await conn.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", f"occasions {community}")
    count: int = await conn.fetchval(
        "select count(*) from occasions where community = $1 and ends_at > $2", community, now
    )
    return count


async def find_occasion(conn: Connection, *, community: str, occasion_id: str) -> Occasion | None:
    """An occasion of a community; None when it has none of that id."""
    row = await conn.fetchrow(
        f"select {_COLUMNS} from occasions o where o.community = $1 and o.occasion_id = $2::text::uuid",  # noqa: S608
        community,
        occasion_id,
    )
    return None if row is None else _occasion(row)


async def lock_occasion(conn: Connection, *, community: str, occasion_id: str) -> Occasion | None:
    """An occasion, locked until the transaction ends: nobody checks in meanwhile. None when there is none."""
    locked = await conn.fetchval(
        "select true from occasions where community = $1 and occasion_id = $2::text::uuid for update",
        community,
        occasion_id,
    )
    # Counted by a statement of its own: it sees who checked in while this one waited.
    return await find_occasion(conn, community=community, occasion_id=occasion_id) if locked else None


async def page_of_occasions(
    conn: Connection, *, community: str, after: OccasionPlace | None, limit_count: int
) -> list[Occasion]:
    """The occasions of a community, those that begin last first."""
    rows = await conn.fetch(
        f"""
        select {_COLUMNS} from occasions o
        where o.community = $1
            and ($2::timestamptz is null or (o.begins_at, o.occasion_id) < ($2, $3::text::uuid))
        order by o.begins_at desc, o.occasion_id desc limit $4
        """,  # noqa: S608 -- of the code
        community,
        *((None, None) if after is None else after),
        limit_count,
    )
    return [_occasion(row) for row in rows]


async def set_device_key(conn: Connection, *, occasion: Occasion, device_key: bytes) -> None:
    """Set the key of the device that takes an occasion's lists."""
    await conn.execute(
        "update occasions set device_key = $3 where community = $1 and occasion_id = $2::text::uuid",
        occasion.community,
        occasion.occasion_id,
        device_key,
    )


async def find_check_in(conn: Connection, *, occasion: Occasion, member_id: str) -> datetime | None:
    """When a member, or whoever is merged into them, checked in at an occasion; None when they did not."""
    found: datetime | None = await conn.fetchval(
        """
        select min(checked_in_at) from check_ins
        where community = $1 and occasion_id = $2::text::uuid and (
            member_id = $3::text::uuid or member_id in (
                select member_id from merges where community = $1 and head_id = $3::text::uuid))
        """,
        occasion.community,
        occasion.occasion_id,
        member_id,
    )
    return found


async def add_check_in(conn: Connection, *, occasion: Occasion, member_id: str, at: datetime) -> None:
    """Note that a member was there, of an occasion that is locked."""
    await conn.execute(
        """
        insert into check_ins (community, occasion_id, member_id, checked_in_at)
        values ($1, $2::text::uuid, $3::text::uuid, $4)
        """,
        occasion.community,
        occasion.occasion_id,
        member_id,
        at,
    )


def _occasion(row: Any) -> Occasion:
    return Occasion(
        community=row["community"],
        occasion_id=row["occasion_id"],
        title=row["title"],
        begins_at=row["begins_at"],
        ends_at=row["ends_at"],
        capacity=row["capacity"],
        secret=row["secret"],
        device_key=row["device_key"],
        made_at=row["made_at"],
        checked_in_count=row["checked_in"],
    )
