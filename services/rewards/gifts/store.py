"""The SQL of rewards that came with grants."""

from collections.abc import Collection
from datetime import datetime

from services.rewards.gifts.domain import Gift
from shared.postgres import Connection


async def lock_gifts(conn: Connection, *, community: str, member_id: str) -> None:
    """Of two grants of one person the second sees what came with the first."""
    await conn.execute("select pg_advisory_xact_lock(hashtextextended($1, 11))", f"gifts {community} {member_id}")


async def is_known(conn: Connection, *, community: str, grant_id: str) -> bool:
    """Whether it was decided what comes with a grant."""
    found: bool = await conn.fetchval(
        "select exists (select from gifts where community = $1 and grant_id = $2)", community, grant_id
    )
    return found


async def was_given(conn: Connection, *, gift: Gift, member_ids: Collection[str]) -> bool:
    """Whether one of these members was given the reward with the same badge, level or quest."""
    found: bool = await conn.fetchval(
        """
        select exists (
            select from gifts where community = $1 and member_id = any($2::uuid[]) and kind = $3 and name = $4
                and reward_id = $5 and state = 'given')
        """,
        gift.community,
        list(member_ids),
        gift.kind,
        gift.name,
        gift.reward_id,
    )
    return found


async def add_gift(conn: Connection, gift: Gift, *, at: datetime) -> None:
    """Keep what became of it."""
    await conn.execute(
        """
        insert into gifts (community, grant_id, member_id, kind, name, reward_id, state, redemption_id, decided_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing
        """,
        *gift,
        at,
    )
