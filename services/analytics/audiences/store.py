"""The SQL of who was in which audience: every turn is kept, so that days of the past have theirs."""

from collections import defaultdict
from collections.abc import Collection, Sequence

from services.analytics.audiences.domain import AudienceTurn
from shared.merges import MemberKey
from shared.postgres import Connection


async def add_turns(conn: Connection, *, turns: Sequence[AudienceTurn]) -> set[MemberKey]:
    """Add turns; return of whom some are new. What is known changes nothing, nor those of who was erased.

    1. Locks of the communities, in their order: whoever erases waits for this, or this for them.
    2. A statement of its own, which sees what was committed until then.
    """
    await conn.execute(
        """
        select pg_advisory_xact_lock_shared(hashtextextended('audiences ' || community, 2))
        from (select community from unnest($1::text[]) as c(community) order by 1) ordered
        """,
        sorted({turn.community for turn in turns}),
    )
    rows = await conn.fetch(
        """
        insert into audience_turns (community, audience_id, member_id, revision, is_in, since)
        select t.* from unnest($1::text[], $2::text[], $3::uuid[], $4::int[], $5::boolean[], $6::timestamptz[])
            as t(community, audience_id, member_id, revision, is_in, since)
        where not exists (
            select from followed_members m
            where m.community = t.community and m.member_id = t.member_id and m.is_erased)
        on conflict do nothing
        returning community, member_id::text as member_id
        """,
        *(list(column) for column in zip(*turns, strict=True)),
    )
    return {(row["community"], row["member_id"]) for row in rows}


async def delete_turns(conn: Connection, *, members: Collection[MemberKey]) -> None:
    """Delete what is known of members who were erased; they are known as that already."""
    for community in sorted({community for community, _ in members}):
        await conn.execute("select pg_advisory_xact_lock(hashtextextended($1, 2))", f"audiences {community}")
    await conn.execute(
        """
        delete from audience_turns t using unnest($1::text[], $2::uuid[]) as m(community, member_id)
        where t.community = m.community and t.member_id = m.member_id
        """,
        [community for community, _ in members],
        [member_id for _, member_id in members],
    )


async def load_turns(
    conn: Connection, *, members: Collection[MemberKey]
) -> dict[MemberKey, dict[str, list[AudienceTurn]]]:
    """What was told of members, by member and audience, in the order of revisions."""
    rows = await conn.fetch(
        """
        select t.community, t.audience_id, t.member_id::text as member_id, t.revision, t.is_in, t.since
        from unnest($1::text[], $2::uuid[]) as m(community, member_id)
        join audience_turns t on t.member_id = m.member_id and t.community = m.community
        order by t.member_id, t.community, t.audience_id, t.revision
        """,
        [community for community, _ in members],
        [member_id for _, member_id in members],
    )
    found: dict[MemberKey, dict[str, list[AudienceTurn]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        turn = AudienceTurn(*row)
        found[turn.community, turn.member_id][turn.audience_id].append(turn)
    return {key: dict(turns) for key, turns in found.items()}


async def load_titles(conn: Connection, *, community: str) -> dict[str, str]:
    """The audiences that the newest version of the programme declares: the title of each, by its id."""
    rows = await conn.fetch(
        """
        select one ->> 'id' as id, one ->> 'title' as title
        from (
            select document from programmes where community = $1 order by version desc limit 1
        ) newest, jsonb_array_elements(coalesce(document -> 'audiences', '[]')) one
        """,
        community,
    )
    return {row["id"]: row["title"] for row in rows}
