"""The SQL of a service's copy of who is in audiences; each that follows them has the table."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from shared.postgres import Connection


class FollowedTurn(NamedTuple):
    """Whether a member is in an audience since a time, as a revision says."""

    community: str
    audience_id: str
    member_id: str
    revision: int
    is_in: bool
    since: datetime


async def put_turns(conn: Connection, *, turns: Sequence[FollowedTurn]) -> None:
    """Keep who is in audiences: a revision not above the one known changes nothing, nor any of who was erased."""
    # 1. Whoever erases waits for this, or this for them: then it is seen below.
    await conn.execute(
        """
        select pg_advisory_xact_lock_shared(hashtextextended('audiences ' || community, 2))
        from (select community from unnest($1::text[]) as c(community) order by 1) ordered
        """,
        sorted({turn.community for turn in turns}),
    )
    # 2. A statement of its own, which sees what was committed until now.
    await conn.execute(
        """
        insert into followed_audiences as f (community, audience_id, member_id, revision, is_in, since)
        select t.* from unnest($1::text[], $2::text[], $3::uuid[], $4::int[], $5::boolean[], $6::timestamptz[])
            as t(community, audience_id, member_id, revision, is_in, since)
        where not exists (
            select from followed_members m
            where m.community = t.community and m.member_id = t.member_id and m.is_erased)
        on conflict (community, audience_id, member_id) do update
        set revision = excluded.revision, is_in = excluded.is_in, since = excluded.since
        where excluded.revision > f.revision
        """,
        *([list(column) for column in zip(*turns, strict=True)]),
    )


async def delete_members(conn: Connection, *, members: Sequence[tuple[str, str]]) -> None:
    """Delete what is known of members, each by its community and id; they are known as erased already."""
    for community in sorted({community for community, _ in members}):
        await conn.execute("select pg_advisory_xact_lock(hashtextextended($1, 2))", f"audiences {community}")
    await conn.execute(
        """
        delete from followed_audiences f using unnest($1::text[], $2::uuid[]) as m(community, member_id)
        where f.community = m.community and f.member_id = m.member_id
        """,
        [community for community, _ in members],
        [member_id for _, member_id in members],
    )


async def is_in(conn: Connection, *, community: str, audience_id: str, member_id: str) -> bool:
    """Whether a member is in an audience, as far as the service has heard."""
    found: bool = await conn.fetchval(
        """
        select exists (
            select from followed_audiences
            where community = $1 and audience_id = $2 and member_id = $3 and is_in)
        """,
        community,
        audience_id,
        member_id,
    )
    return found
