"""The SQL of badges that are taken in from what was told of them."""

from collections.abc import Collection

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


async def put_edition(conn: Connection, *, grant: Grant) -> None:
    """Have the number of a grant be its member's."""
    key = (grant.community, grant.key.base_id)
    await conn.execute(
        """
        insert into badge_editions (community, badge, number, member_id, given_at) values ($1, $2, $3, $4, $5)
        on conflict do nothing
        """,
        *key,
        grant.edition,
        grant.member_id,
        grant.event_time,
    )
    await conn.execute(
        """
        insert into badge_limits as l (community, badge, given) values ($1, $2, $3)
        on conflict (community, badge) do update
        set given = greatest(l.given, excluded.given), freed = array_remove(l.freed, $3)
        """,
        *key,
        grant.edition,
    )


async def free_edition(conn: Connection, *, grant: Grant) -> None:
    """Have the number of what was taken back by hand be free."""
    await conn.execute(
        """
        with gone as (
            delete from badge_editions where community = $1 and badge = $2 and member_id = $3 returning number)
        update badge_limits l set freed = l.freed || gone.number from gone
        where l.community = $1 and l.badge = $2 and gone.number <> all(l.freed)
        """,
        grant.community,
        grant.key.base_id,
        grant.member_id,
    )
