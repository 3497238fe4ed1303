"""The SQL of badges that are taken in from what was told of them."""

from collections.abc import Collection
from datetime import datetime

from services.recognition.badges.domain.deciding import MemberKey
from services.recognition.thresholds.domain import Grant
from shared.postgres import Connection


async def rebuild(conn: Connection, *, keys: Collection[MemberKey]) -> None:
    """Have stand for members what was granted to them by criteria, all of which is there."""
    await conn.execute(
        """
        insert into badge_members as m (community, member_id, standing, turns)
        select k.community, k.member_id,
            coalesce(jsonb_object_agg(g.name, jsonb_build_array(g.grant_id, g.title))
                filter (where g.name is not null and g.stands), '{}'),
            coalesce((
                select jsonb_object_agg(name, turn) from (
                    select name, count(*) as turn from grants
                    where community = k.community and member_id = k.member_id and kind = 'badge'
                        and award_id is null and event_uid is null and not by_hand and reverses is null
                    group by name) turns), '{}')
        from (select distinct * from unnest($1::text[], $2::uuid[])) as k(community, member_id)
        left join lateral (
            select name, grant_id, title, not exists (
                    select from grants r where r.community = s.community and r.reverses = s.grant_id) as stands
            from grants s
            where community = k.community and member_id = k.member_id and kind = 'badge'
                and award_id is null and event_uid is null and not by_hand and reverses is null) g on true
        group by k.community, k.member_id order by 1, 2
        on conflict (community, member_id) do update set standing = excluded.standing, turns = excluded.turns
        """,
        [community for community, _ in keys],
        [member_id for _, member_id in keys],
    )


async def is_gift(conn: Connection, *, community: str, grant_id: str) -> bool:
    """Whether a grant was given by hand."""
    found: bool = await conn.fetchval(
        "select exists (select from badge_gifts where community = $1 and grant_id = $2)", community, grant_id
    )
    return found


#: Whether a row `e` of badge_editions is of a grant that was told after $3, as far as is known.
_IS_LATER = """
    exists (
        select from grants g
        where g.community = e.community and g.kind = 'badge' and g.name = e.badge and g.reverses is null
            and g.member_id = e.member_id and g.edition = e.number and g.granted_at > $3)
"""


async def put_edition(conn: Connection, *, grant: Grant, at: datetime) -> None:
    """Have the number of a grant, which was told then, be its member's, but where the database knows better.

    That is where it knows that the grant was taken back by hand, or what was told later. A member has one number
    of a badge, and a number is one member's: what is in the way was freed.
    """
    key = (grant.community, grant.key.base_id)
    if await conn.fetchval(
        "select exists (select from grants where community = $1 and reverses = $2 and by_hand)",
        grant.community,
        grant.grant_id,
    ):
        await _put_room(conn, community=grant.community, badge=grant.key.base_id, given=grant.edition or 0)
        return
    gone = await conn.fetch(
        f"""
        delete from badge_editions e
        where e.community = $1 and e.badge = $2 and (e.number = $4) <> (e.member_id = $5) and not {_IS_LATER}
        returning e.number
        """,  # noqa: S608 -- of the code
        *key,
        at,
        grant.edition,
        grant.member_id,
    )
    is_new = await conn.fetchval(
        """
        insert into badge_editions (community, badge, number, member_id, given_at) values ($1, $2, $3, $4, $5)
        on conflict do nothing returning true
        """,
        *key,
        grant.edition,
        grant.member_id,
        grant.event_time,
    )
    taken = [grant.edition or 0] if is_new else []
    freed = {row["number"] for row in gone}.difference(taken)
    await _put_room(
        conn,
        community=grant.community,
        badge=grant.key.base_id,
        given=grant.edition or 0,
        freed=freed,
        taken=taken,
    )


async def free_editions(conn: Connection, *, grant: Grant, at: datetime) -> None:
    """Have the numbers be free that were, when it was told then that a badge was taken back by hand.

    One that its member was given again since is theirs.
    """
    key = (grant.community, grant.key.base_id)
    await conn.execute(
        f"""
        delete from badge_editions e
        where e.community = $1 and e.badge = $2 and e.number = any($4::int[]) and not {_IS_LATER}
        """,  # noqa: S608 -- of the code
        *key,
        at,
        list(grant.freed),
    )
    held = await conn.fetch(
        "select number from badge_editions where community = $1 and badge = $2 and number = any($3::int[])",
        *key,
        list(grant.freed),
    )
    freed = set(grant.freed).difference(row["number"] for row in held)
    await _put_room(conn, community=grant.community, badge=grant.key.base_id, given=max(grant.freed), freed=freed)


async def _put_room(
    conn: Connection,
    *,
    community: str,
    badge: str,
    given: int,
    freed: Collection[int] = (),
    taken: Collection[int] = (),
) -> None:
    """Note that so many numbers of a limited badge were given, and which are free, and which are not any more."""
    await conn.execute(
        """
        insert into badge_limits as l (community, badge, given, freed) values ($1, $2, $3, $4)
        on conflict (community, badge) do update
        set given = greatest(l.given, excluded.given), freed = array(
            select distinct n from unnest(l.freed || excluded.freed) n where n <> all($5::int[]) order by n)
        """,
        community,
        badge,
        given,
        sorted(freed),
        list(taken),
    )
