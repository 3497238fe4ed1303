"""The SQL of what wallets let campaigns come to."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from services.scoring.campaigns.domain.books import CampaignKey
from shared.postgres import Connection


class WalletLimit(NamedTuple):
    """What a campaign may come to by its wallet; None where none pays it."""

    key: CampaignKey
    limit_points: int | None
    revision: int


async def put_limits(conn: Connection, limits: Sequence[WalletLimit]) -> list[CampaignKey]:
    """Keep what was told, each campaign once; return those of which nothing newer was known."""
    rows = await conn.fetch(
        """
        insert into campaign_wallets as w (community, campaign_id, limit_points, revision)
        select * from unnest($1::text[], $2::text[], $3::bigint[], $4::int[])
        on conflict (community, campaign_id) do update
            set limit_points = excluded.limit_points, revision = excluded.revision
            where w.revision < excluded.revision
        returning community, campaign_id
        """,
        [one.key[0] for one in limits],
        [one.key[1] for one in limits],
        [one.limit_points for one in limits],
        [one.revision for one in limits],
    )
    return [(row["community"], row["campaign_id"]) for row in rows]


async def load_limits(conn: Connection, *, keys: Collection[CampaignKey]) -> dict[CampaignKey, int]:
    """What campaigns may come to that a wallet pays."""
    rows = await conn.fetch(
        """
        select community, campaign_id, limit_points from campaign_wallets
        join unnest($1::text[], $2::text[]) as k(community, campaign_id) using (community, campaign_id)
        where limit_points is not null
        """,
        [community for community, _ in keys],
        [campaign_id for _, campaign_id in keys],
    )
    return {(row["community"], row["campaign_id"]): row["limit_points"] for row in rows}


async def load_limits_of(conn: Connection, *, community: str) -> dict[str, int]:
    """What a community's campaigns may come to that a wallet pays, by their ids."""
    rows = await conn.fetch(
        "select campaign_id, limit_points from campaign_wallets where community = $1 and limit_points is not null",
        community,
    )
    return {row["campaign_id"]: row["limit_points"] for row in rows}
