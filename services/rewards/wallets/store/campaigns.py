"""The SQL of what wallets pay of the points of campaigns."""

from collections.abc import Collection, Sequence

from asyncpg import Record

from services.rewards.wallets.domain.campaigns import CampaignKey, CampaignPoints
from services.rewards.wallets.domain.reservations import Reservation
from services.rewards.wallets.store.wallets import reservation_of
from shared.postgres import Connection


async def add_due(conn: Connection, due: Sequence[tuple[CampaignKey, int]]) -> None:
    """Note points that were booked, and are counted later."""
    await conn.execute(
        """
        insert into campaign_points_due (community, campaign_id, points)
        select * from unnest($1::text[], $2::text[], $3::bigint[])
        """,
        [key.community for key, _ in due],
        [key.campaign_id for key, _ in due],
        [points for _, points in due],
    )


async def find_due(conn: Connection, *, limit: int) -> set[CampaignKey]:
    """The campaigns of the first notes of points."""
    rows = await conn.fetch(
        """
        select distinct community, campaign_id
        from (select community, campaign_id from campaign_points_due order by id limit $1) first
        """,
        limit,
    )
    return {CampaignKey(row["community"], row["campaign_id"]) for row in rows}


async def take_due(conn: Connection, keys: Collection[CampaignKey], *, limit: int) -> dict[CampaignKey, int]:
    """Take the first notes of points of campaigns out, which are locked; return their sums."""
    rows = await conn.fetch(
        """
        with taken as (
            delete from campaign_points_due where id in (
                select id from campaign_points_due
                join unnest($1::text[], $2::text[]) as k(community, campaign_id) using (community, campaign_id)
                order by id limit $3)
            returning community, campaign_id, points)
        select community, campaign_id, sum(points)::bigint as points from taken group by 1, 2
        """,
        [key.community for key in keys],
        [key.campaign_id for key in keys],
        limit,
    )
    return {CampaignKey(row["community"], row["campaign_id"]): row["points"] for row in rows}


async def take_due_of(conn: Connection, key: CampaignKey) -> int:
    """Take the noted points of a campaign out, which is locked; return their sum."""
    points: int = await conn.fetchval(
        """
        with taken as (
            delete from campaign_points_due where community = $1 and campaign_id = $2 returning points)
        select coalesce(sum(points), 0)::bigint from taken
        """,
        *key,
    )
    return points


async def load_unpaid(conn: Connection, *, limit: int) -> list[CampaignPoints]:
    """Campaigns whose wallet has something to pay, or to get back, and is no known to lack it."""
    rows = await conn.fetch(
        """
        select c.* from wallet_campaigns c join wallets w using (community, wallet_id)
        where awarded_points <> free_points + paid_points and w.state = 'open'
          and (not is_lacking or awarded_points < free_points + paid_points)
        order by c.community, c.campaign_id limit $1
        """,
        limit,
    )
    return [_points(row) for row in rows]


async def lock_campaigns(conn: Connection, keys: Collection[CampaignKey]) -> dict[CampaignKey, CampaignPoints]:
    """How campaigns stand, which nobody else changes until the commit; behind the rows of their wallets."""
    arrays = [key.community for key in sorted(keys)], [key.campaign_id for key in sorted(keys)]
    await conn.execute(
        """
        insert into wallet_campaigns (community, campaign_id)
        select * from unnest($1::text[], $2::text[]) order by 1, 2 on conflict do nothing
        """,
        *arrays,
    )
    rows = await conn.fetch(
        """
        select c.* from wallet_campaigns c
        join unnest($1::text[], $2::text[]) as k(community, campaign_id) using (community, campaign_id)
        order by c.community, c.campaign_id for update of c
        """,
        *arrays,
    )
    return {one.key: one for one in map(_points, rows)}


async def load_campaigns(conn: Connection, keys: Collection[CampaignKey]) -> dict[CampaignKey, CampaignPoints]:
    """How campaigns stand of which something is known."""
    rows = await conn.fetch(
        """
        select c.* from wallet_campaigns c
        join unnest($1::text[], $2::text[]) as k(community, campaign_id) using (community, campaign_id)
        """,
        [key.community for key in keys],
        [key.campaign_id for key in keys],
    )
    return {one.key: one for one in map(_points, rows)}


async def put_campaigns(conn: Connection, campaigns: Sequence[CampaignPoints]) -> None:
    """Keep how campaigns stand, which are locked."""
    for one in campaigns:
        await conn.execute(
            """
            update wallet_campaigns set wallet_id = $3, awarded_points = $4, free_points = $5, paid_points = $6,
                limit_points = $7, revision = $8, is_lacking = $9
            where community = $1 and campaign_id = $2
            """,
            *one.key,
            one.wallet_id,
            one.awarded_points,
            one.free_points,
            one.paid_points,
            one.limit_points,
            one.revision,
            one.is_lacking,
        )


async def count_lacking(conn: Connection) -> int:
    """How many campaigns awarded points that their wallet cannot pay."""
    count: int = await conn.fetchval("select count(*) from wallet_campaigns where is_lacking")
    return count


async def load_paying(conn: Connection, *, community: str, wallet_id: str, limit: int) -> list[Reservation]:
    """What a wallet paid of its campaign and did not get back, newest first."""
    rows = await conn.fetch(
        """
        select * from wallet_reservations
        where community = $1 and wallet_id = $2 and used_for = 'campaign' and posted > refunded
        order by created_at desc, reservation_id desc limit $3
        """,
        community,
        wallet_id,
        limit,
    )
    return [reservation_of(row) for row in rows]


def _points(row: Record) -> CampaignPoints:
    return CampaignPoints(
        CampaignKey(row["community"], row["campaign_id"]),
        str(row["wallet_id"]) if row["wallet_id"] else None,
        row["awarded_points"],
        row["free_points"],
        row["paid_points"],
        row["limit_points"],
        row["revision"],
        row["is_lacking"],
    )
