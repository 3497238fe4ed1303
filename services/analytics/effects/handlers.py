"""Campaigns are measured by a timer: nobody who looks waits for members to be counted."""

import logging
from datetime import timedelta
from typing import Final

from services.analytics.effects import store
from services.analytics.effects.domain import Effect, EffectState, campaigns_of, is_settled, windows_of
from services.analytics.metrics import GIVEN_UP, MEASURED_CAMPAIGNS
from services.analytics.settings import Settings
from shared.followed_communities import load_calendar
from shared.transaction import Transaction

log = logging.getLogger(__name__)

MEASURE_EVERY_SECONDS: Final = 60.0
#: Communities whose campaigns one transaction measures: each is a look at some months of its members' days.
MEASURED_COUNT: Final = 5


async def measure(tx: Transaction[Settings]) -> bool:
    """Count who was active in both arms of campaigns; a timer calls this while it returns True.

    One for audiences is not measured: who was in them when it began is not known here.
    """
    every = timedelta(minutes=tx.settings.effects_check_minutes)
    communities = await store.lock_due(tx.conn, before=tx.now - every, limit_count=MEASURED_COUNT)
    for community in communities:
        try:
            async with tx.conn.transaction():
                await _measure(tx, community=community)
        except TimeoutError:
            # One community's members stop no other's campaigns.
            log.exception("campaigns of %s took too long to measure", community)
            GIVEN_UP.labels("campaigns").inc()
    await store.set_checked(tx.conn, communities=communities, at=tx.now)
    return len(communities) == MEASURED_COUNT


async def _measure(tx: Transaction[Settings], *, community: str) -> None:
    calendar = await load_calendar(tx.conn, community=community)
    today = calendar.day_of(tx.now)
    for campaign in campaigns_of(await store.load_documents(tx.conn, community=community)):
        if campaign.has_audiences:
            continue
        known = await store.find_measured_at(tx.conn, community=community, campaign_id=campaign.campaign_id)
        if known is not None and is_settled(campaign, calendar.day_of(known)):
            continue
        windows = windows_of(campaign, today)
        counts = await store.count(
            tx.conn,
            community=community,
            campaign=campaign,
            windows=windows,
            rule_days=None if windows.state is EffectState.PLANNED else windows.looked_at,
        )
        await store.put_effect(tx.conn, community=community, effect=Effect(campaign, windows, counts, tx.now))
        MEASURED_CAMPAIGNS.inc()
