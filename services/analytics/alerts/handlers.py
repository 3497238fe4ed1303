"""What goals, the scorecard and lineage give to know is looked at, and what changed is told."""

from datetime import timedelta
from typing import Final

from services.analytics.alerts import store
from services.analytics.alerts.domain import (
    Alert,
    alert_id,
    changed,
    fact_id,
    looks_at_goals,
    looks_at_indicators,
    looks_at_lineage,
)
from services.analytics.goals.handlers import load_standings
from services.analytics.lineage.handlers import load_lost
from services.analytics.metrics import ALERTS
from services.analytics.scorecard.handlers import load_current_card
from services.analytics.settings import Settings
from services.analytics.turns.handlers import take_turns
from services.analytics.turns.store import Turns
from shared.contracts.facts import ALERT_CHANGED, AlertData
from shared.followed_communities import load_calendar
from shared.topics import ALERTS as TOPIC
from shared.transaction import Transaction

WATCH_EVERY_SECONDS: Final = 30.0
#: Communities that one transaction looks at.
WATCHED_COUNT: Final = 5


async def watch(tx: Transaction[Settings]) -> bool:
    """Tell what changed of communities' alerts; a timer calls this while it returns True."""
    return await take_turns(
        tx,
        lambda community: _watch(tx, community=community),
        turns=Turns.ALERTS,
        every=timedelta(minutes=tx.settings.alerts_check_minutes),
        limit_count=WATCHED_COUNT,
    )


async def _watch(tx: Transaction[Settings], *, community: str) -> None:
    calendar = await load_calendar(tx.conn, community=community)
    _, readings = await load_current_card(
        tx.conn,
        community=community,
        calendar=calendar,
        now=tx.now,
        activation_days=tx.settings.activation_days,
    )
    looks = {
        **looks_at_goals(await load_standings(tx.conn, community=community, calendar=calendar, now=tx.now)),
        **looks_at_indicators(readings),
        **looks_at_lineage(await load_lost(tx.conn, community=community, now=tx.now)),
    }
    kept = await store.load_alerts(tx.conn, community=community)
    told = changed(looks, kept, today=calendar.day_of(tx.now), now=tx.now)
    if told:
        await store.put_alerts(tx.conn, community=community, alerts=told)
    for alert in told:
        _tell(tx, alert, community=community)


def _tell(tx: Transaction[Settings], alert: Alert, *, community: str) -> None:
    ALERTS.labels(alert.key.name, alert.state.value).inc()
    data: AlertData = {
        "alert_id": alert_id(community, alert.key),
        "name": alert.key.name.value,
        "about": alert.key.about,
        "state": alert.state.value,
        "since": alert.since,
        "told_on": alert.told_on,
        "values": dict(alert.values),
    }
    tx.tell(
        TOPIC,
        ALERT_CHANGED,
        fact_id=fact_id(community, alert),
        community=community,
        subject=data["alert_id"],
        data=data,
    )
