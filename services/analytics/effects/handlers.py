"""Campaigns are measured by a timer: nobody who looks waits for members to be counted."""

from datetime import timedelta
from itertools import islice
from typing import Final

from services.analytics.audiences.store import load_titles
from services.analytics.effects import store
from services.analytics.effects.domain import Effect, EffectState, campaigns_of, is_settled, windows_of
from services.analytics.metrics import MEASURED_CAMPAIGNS
from services.analytics.settings import Settings
from services.analytics.turns.handlers import take_turns
from services.analytics.turns.store import Turns
from shared.followed_communities import load_calendar
from shared.transaction import Transaction

MEASURE_EVERY_SECONDS: Final = 60.0
#: Communities whose campaigns one transaction measures: each is a look at some months of its members' days.
MEASURED_COUNT: Final = 5


async def measure(tx: Transaction[Settings]) -> bool:
    """Count who was active in both arms of campaigns; a timer calls this while it returns True."""
    return await take_turns(
        tx,
        lambda community: _measure(tx, community=community),
        turns=Turns.CAMPAIGNS,
        every=timedelta(minutes=tx.settings.effects_check_minutes),
        limit_count=MEASURED_COUNT,
    )


async def _measure(tx: Transaction[Settings], *, community: str) -> None:
    campaigns = campaigns_of(await store.load_documents(tx.conn, community=community))
    if not campaigns:
        return
    calendar = await load_calendar(tx.conn, community=community)
    today = calendar.day_of(tx.now)
    titles = dict(
        islice(sorted((await load_titles(tx.conn, community=community)).items()), tx.settings.slices_max_count)
    )
    for campaign in campaigns:
        known = await store.find_measured_at(tx.conn, community=community, campaign_id=campaign.campaign_id)
        if known is not None and is_settled(campaign, calendar.day_of(known)):
            continue
        windows = windows_of(campaign, today)
        begins_at = calendar.start_of(windows.looked_at.starts_on)
        counts = await store.count(
            tx.conn,
            community=community,
            campaign=campaign,
            windows=windows,
            begins_at=begins_at,
            rule_days=None if windows.state is EffectState.PLANNED else windows.looked_at,
        )
        audiences = await store.count_audiences(
            tx.conn,
            community=community,
            campaign=campaign,
            windows=windows,
            begins_at=begins_at,
            titles=titles,
        )
        effect = Effect(campaign, windows, counts, tx.now, audiences)
        await store.put_effect(tx.conn, community=community, effect=effect)
        MEASURED_CAMPAIGNS.inc()
