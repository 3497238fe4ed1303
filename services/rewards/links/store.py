"""The SQL of links that give rewards; who claimed one is in the redemptions, which a restore reads back."""

from collections.abc import Sequence
from datetime import datetime

from asyncpg import Record

from services.rewards.links.domain import LinkPlace, RewardLink
from shared.postgres import Connection

_CLAIMS = """(
    select count(*) from redemptions r where r.community = l.community and r.made_by = 'link ' || l.link_id
        and r.made_by like 'link %' and r.state not in ('cancelled', 'expired')) as claims_count"""


async def add_link(conn: Connection, link: RewardLink) -> bool:
    """Add a link; False where it is there."""
    added = await conn.fetchval(
        """
        insert into reward_links
            (community, link_id, reward_id, note, uses_max_count, expires_at, created_at, created_by)
        values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing returning true
        """,
        link.community,
        link.link_id,
        link.reward_id,
        link.note,
        link.uses_max_count,
        link.expires_at,
        link.created_at,
        link.created_by,
    )
    return bool(added)


async def find_link(conn: Connection, *, community: str, link_id: str) -> RewardLink | None:
    """A link; None where there is none."""
    row = await conn.fetchrow(
        f"select l.*, {_CLAIMS} from reward_links l"  # noqa: S608 -- a constant
        " where l.community = $1 and l.link_id = $2",
        community,
        link_id,
    )
    return None if row is None else _link(row)


async def lock_link(conn: Connection, *, community: str, link_id: str) -> RewardLink | None:
    """A link, locked: of two who claim it the second sees that the first has. None where there is none."""
    await conn.execute(
        "select from reward_links where community = $1 and link_id = $2 for update", community, link_id
    )
    # Counted once it is locked: a statement sees what was committed before it began.
    return await find_link(conn, community=community, link_id=link_id)


async def set_revoked(conn: Connection, link: RewardLink) -> None:
    """Write when a link was revoked."""
    await conn.execute(
        "update reward_links set revoked_at = $3 where community = $1 and link_id = $2",
        link.community,
        link.link_id,
        link.revoked_at,
    )


async def find_claim(conn: Connection, link: RewardLink, *, member_ids: Sequence[str]) -> str | None:
    """The id of the redemption that one of these members, who are one person, has by a link; None without."""
    found = await conn.fetchval(
        """
        select redemption_id from redemptions
        where community = $1 and made_by = $2 and made_by like 'link %' and member_id = any($3::uuid[])
        order by created_at limit 1
        """,
        link.community,
        link.giver,
        list(member_ids),
    )
    return None if found is None else str(found)


async def page_of_links(
    conn: Connection, *, community: str, after: LinkPlace | None, limit: int
) -> list[RewardLink]:
    """Links of a community, newest first, beginning after a place."""
    rows = await conn.fetch(
        f"""
        select l.*, {_CLAIMS} from reward_links l
        where l.community = $1 and ($2::timestamptz is null or (l.created_at, l.link_id) < ($2, $3::uuid))
        order by l.created_at desc, l.link_id desc limit $4
        """,  # noqa: S608 -- a constant
        community,
        *(after or (None, None)),
        limit,
    )
    return [_link(row) for row in rows]


async def count_open(conn: Connection, *, community: str, now: datetime) -> int:
    """How many links of a community are neither over nor revoked."""
    count: int = await conn.fetchval(
        "select count(*) from reward_links where community = $1 and revoked_at is null and expires_at > $2",
        community,
        now,
    )
    return count


def _link(row: Record) -> RewardLink:
    return RewardLink(
        row["community"],
        str(row["link_id"]),
        row["reward_id"],
        row["note"],
        row["uses_max_count"],
        row["expires_at"],
        row["created_at"],
        row["created_by"],
        row["revoked_at"],
        row["claims_count"],
    )
