"""The SQL of what people gave and took back, and of the numbers of limited badges."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from asyncpg import Record

from services.recognition.badges.domain.by_hand import Gift, Withheld
from services.recognition.badges.domain.deciding import Room
from services.recognition.thresholds.domain import Due
from shared.postgres import Connection


async def load_withheld(conn: Connection, *, community: str, member_ids: Collection[str]) -> dict[str, set[str]]:
    """The badges that people took from these members."""
    rows = await conn.fetch(
        """
        select member_id, array_agg(badge) as badges from badge_withheld
        where community = $1 and member_id = any($2::uuid[]) group by member_id
        """,
        community,
        list(member_ids),
    )
    return {str(row["member_id"]): set(row["badges"]) for row in rows}


async def has_withheld(conn: Connection, *, community: str) -> bool:
    """Whether a person took a badge from anybody of a community."""
    found: bool = await conn.fetchval("select exists (select from badge_withheld where community = $1)", community)
    return found


async def put_withheld(conn: Connection, withheld: Withheld) -> None:
    """Keep that a badge was taken from a member."""
    await conn.execute(
        """
        insert into badge_withheld (community, member_id, badge, since, by_person, by_name, reason)
        values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing
        """,
        *withheld,
    )


async def add_gift(conn: Connection, gift: Gift) -> bool:
    """Keep that somebody gave a member a badge; whether it was not there."""
    added = await conn.fetchval(
        """
        insert into badge_gifts (community, grant_id, member_id, badge, citation, given_at, given_by_person,
                                 given_by)
        values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing returning true
        """,
        gift.community,
        gift.grant_id,
        gift.member_id,
        gift.badge,
        gift.citation,
        gift.given_at,
        gift.given_by_person,
        gift.given_by,
    )
    return bool(added)


async def set_taken_back(
    conn: Connection,
    *,
    community: str,
    grant_id: str,
    at: datetime,
    by_person: str | None,
    by_name: str,
    reason: str | None,
) -> None:
    """Note that what was given was taken back."""
    await conn.execute(
        """
        update badge_gifts set taken_back_at = $3, taken_back_by_person = $4, taken_back_by = $5, reason = $6
        where community = $1 and grant_id = $2 and taken_back_at is null
        """,
        community,
        grant_id,
        at,
        by_person,
        by_name,
        reason,
    )


async def load_gifts(conn: Connection, *, community: str, member_ids: Collection[str]) -> list[Gift]:
    """What people gave these members and did not take back, the newest first."""
    rows = await conn.fetch(
        """
        select * from badge_gifts
        where community = $1 and member_id = any($2::uuid[]) and taken_back_at is null
        order by given_at desc, grant_id
        """,
        community,
        list(member_ids),
    )
    return [_gift(row) for row in rows]


async def lock_gift(conn: Connection, *, community: str, member_ids: Collection[str], badge: str) -> Gift | None:
    """What somebody gave one of these members of a badge and did not take back, locked."""
    row = await conn.fetchrow(
        """
        select * from badge_gifts
        where community = $1 and member_id = any($2::uuid[]) and badge = $3 and taken_back_at is null
        order by given_at, grant_id limit 1 for update
        """,
        community,
        list(member_ids),
        badge,
    )
    return None if row is None else _gift(row)


async def find_gift(conn: Connection, *, community: str, grant_id: str) -> Gift | None:
    """What somebody gave by a grant, taken back or not; None where nobody gave it by hand."""
    row = await conn.fetchrow(
        "select * from badge_gifts where community = $1 and grant_id = $2", community, grant_id
    )
    return None if row is None else _gift(row)


async def count_gifts(conn: Connection, *, community: str, member_id: str, badge: str) -> int:
    """How often a badge was given to a member by hand."""
    count: int = await conn.fetchval(
        "select count(*) from badge_gifts where community = $1 and member_id = $2 and badge = $3",
        community,
        member_id,
        badge,
    )
    return count


async def forget_words(conn: Connection, *, community: str, member_ids: Collection[str]) -> None:
    """Forget what was written about members who were erased."""
    await conn.execute(
        "update badge_gifts set citation = null, reason = null"
        " where community = $1 and member_id = any($2::uuid[])",
        community,
        list(member_ids),
    )
    await conn.execute(
        "update badge_withheld set reason = null where community = $1 and member_id = any($2::uuid[])",
        community,
        list(member_ids),
    )


async def lock_rooms(conn: Connection, *, community: str, limits: Mapping[str, int]) -> dict[str, Room]:
    """The numbers of limited badges, of so many each; nobody else gives any until the transaction ends."""
    badges = sorted(limits)
    await conn.execute(
        "insert into badge_limits (community, badge) select $1, unnest($2::text[]) order by 2"
        " on conflict do nothing",
        community,
        badges,
    )
    rows = await conn.fetch(
        """
        select badge, given, freed from badge_limits where community = $1 and badge = any($2::text[])
        order by badge for update
        """,
        community,
        badges,
    )
    return {row["badge"]: Room(limits[row["badge"]], row["given"], tuple(row["freed"])) for row in rows}


async def set_rooms(conn: Connection, *, community: str, rooms: Mapping[str, Room]) -> None:
    """Write how many numbers were given, which are locked."""
    await conn.executemany(
        "update badge_limits set given = $3, freed = $4 where community = $1 and badge = $2",
        [(community, badge, room.given, list(room.freed)) for badge, room in rooms.items()],
    )


async def load_editions(
    conn: Connection, *, community: str, member_ids: Collection[str]
) -> dict[tuple[str, str], int]:
    """The numbers that members have, by badge and member."""
    rows = await conn.fetch(
        "select badge, member_id, number from badge_editions where community = $1 and member_id = any($2::uuid[])",
        community,
        list(member_ids),
    )
    return {(row["badge"], str(row["member_id"])): row["number"] for row in rows}


async def add_editions(
    conn: Connection, *, community: str, editions: Iterable[tuple[str, int, str]], at: datetime
) -> None:
    """Keep whose numbers these are: badge, number, member."""
    await conn.executemany(
        """
        insert into badge_editions (community, badge, number, member_id, given_at) values ($1, $2, $3, $4, $5)
        on conflict do nothing
        """,
        [(community, *edition, at) for edition in editions],
    )


async def delete_edition(
    conn: Connection, *, community: str, badge: str, member_ids: Collection[str]
) -> list[int]:
    """Have members have no number of a badge any more; return those that they had."""
    rows = await conn.fetch(
        """
        delete from badge_editions where community = $1 and badge = $2 and member_id = any($3::uuid[])
        returning number
        """,
        community,
        badge,
        list(member_ids),
    )
    return [row["number"] for row in rows]


async def add_waiting(
    conn: Connection, *, community: str, waiting: Collection[tuple[str, str]], since: datetime
) -> None:
    """Keep who has what a badge asks for, of which all numbers are given: badge, member."""
    ordered = sorted(waiting)
    await conn.execute(
        """
        insert into badge_waiting (community, badge, member_id, since)
        select $1, badge, member_id, $4 from unnest($2::text[], $3::uuid[]) as k(badge, member_id)
        order by badge, member_id on conflict do nothing
        """,
        community,
        [badge for badge, _ in ordered],
        [member_id for _, member_id in ordered],
        since,
    )


async def load_waiting(
    conn: Connection, *, community: str, badges: Collection[str], member_ids: Collection[str]
) -> list[tuple[str, str]]:
    """Who of these members waits for a number of which of these badges: badge, member."""
    rows = await conn.fetch(
        """
        select badge, member_id from badge_waiting
        where community = $1 and badge = any($2::text[]) and member_id = any($3::uuid[])
        """,
        community,
        list(badges),
        list(member_ids),
    )
    return [(row["badge"], str(row["member_id"])) for row in rows]


async def delete_waiting(conn: Connection, *, community: str, waiting: Collection[tuple[str, str]]) -> None:
    """Have members wait no more for a number of a badge, which is locked: badge, member."""
    await conn.execute(
        """
        delete from badge_waiting w using unnest($2::text[], $3::uuid[]) as k(badge, member_id)
        where w.community = $1 and w.badge = k.badge and w.member_id = k.member_id
        """,
        community,
        [badge for badge, _ in waiting],
        [member_id for _, member_id in waiting],
    )


async def load_first(conn: Connection, *, community: str, badge: str, limit_count: int) -> list[str]:
    """The members who wait for a number of a badge the longest, in that order."""
    rows = await conn.fetch(
        """
        select member_id from badge_waiting where community = $1 and badge = $2
        order by since, member_id limit $3
        """,
        community,
        badge,
        limit_count,
    )
    return [str(row["member_id"]) for row in rows]


async def add_due(conn: Connection, *, community: str, member_ids: Collection[str], due: Due) -> None:
    """Have members looked at again who are not to be anyway.

    Waits for nobody who takes them out: whoever looks at them at this moment has yet to lock the numbers.
    """
    await conn.execute(
        """
        insert into badge_due (community, member_id, event_time, day, is_backfill)
        select $1, member_id, $3, $4, $5 from unnest($2::uuid[]) as k(member_id)
        where not exists (select from badge_due d where d.community = $1 and d.member_id = k.member_id)
        order by member_id on conflict do nothing
        """,
        community,
        list(member_ids),
        *due,
    )


async def load_given(conn: Connection, *, community: str) -> dict[str, int]:
    """How many numbers of each limited badge are somebody's."""
    rows = await conn.fetch(
        "select badge, given - cardinality(freed) as given from badge_limits where community = $1", community
    )
    return {row["badge"]: row["given"] for row in rows}


def _gift(row: Record) -> Gift:
    return Gift(
        community=row["community"],
        grant_id=str(row["grant_id"]),
        member_id=str(row["member_id"]),
        badge=row["badge"],
        citation=row["citation"],
        given_at=row["given_at"],
        given_by_person=None if row["given_by_person"] is None else str(row["given_by_person"]),
        given_by=row["given_by"],
    )
