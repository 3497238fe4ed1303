"""What there is in all."""

from services.analytics.summary.domain import PayoutTotal, RedemptionTotal, Summary
from shared.postgres import Connection


async def load_summary(conn: Connection, *, community: str) -> Summary:
    """What there is in all, from rollups."""
    totals = await conn.fetchrow(
        """
        select
            coalesce((select members from member_counts where community = $1), 0)
            - (select count(*) from merges join followed_members using (community, member_id)
               where community = $1 and head_id is not null and not bot) as members,
            (select coalesce(sum(events), 0)::bigint from event_days where community = $1) as events,
            coalesce((select rejections from rejection_counts where community = $1), 0) as rejections,
            (select coalesce(sum(granted), 0)::bigint from grant_days where community = $1) as granted,
            (select coalesce(sum(taken_back), 0)::bigint from grant_days where community = $1) as taken_back,
            a.awards, a.awards_taken_back, a.amendments, a.points
        from (
            select coalesce(sum(awards), 0)::bigint as awards,
                   coalesce(sum(taken_back), 0)::bigint as awards_taken_back,
                   coalesce(sum(amendments), 0)::bigint as amendments,
                   coalesce(sum(points), 0)::bigint as points
            from rule_days where community = $1
        ) a
        """,
        community,
    )
    redemptions = await conn.fetch(
        "select state, number, points from redemption_counts where community = $1 and number <> 0 order by state",
        community,
    )
    payouts = await conn.fetch(
        "select state, currency, number, points, amount_minor from payout_counts"
        " where community = $1 and number <> 0 order by state, currency",
        community,
    )
    return Summary(
        **dict(totals or {}),
        redemptions=[RedemptionTotal(**row) for row in redemptions],
        payouts=[PayoutTotal(**row) for row in payouts],
    )
