"""Who turns to whom is noted as it is heard of; a timer counts it."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from services.analytics.kept.domain import days_kept, kept_spans, terms_of
from services.analytics.metrics import NETWORK_BEHIND
from services.analytics.network.domain.network import Network, PagedTie, Tie, network_of, strongest
from services.analytics.network.domain.ties import tied_by
from services.analytics.network.store import counting, keeping, reading
from services.analytics.network.store.keeping import KeptDays
from services.analytics.network.store.reading import AskedTies
from services.analytics.settings import Settings
from services.analytics.turns.handlers import take_turns
from services.analytics.turns.store import Turns
from shared.calendars import Calendar
from shared.contracts.activities import TARGETING_TYPES
from shared.contracts.facts import AcceptedEvent
from shared.followed_communities import load_calendar
from shared.transaction import Transaction

COUNT_EVERY_SECONDS: Final = 1.0
#: Marks that one transaction takes.
COUNT_MAX_COUNT: Final = 5_000
KEEP_EVERY_SECONDS: Final = 60.0
#: Communities whose networks one transaction looks at.
KEPT_COUNT: Final = 5
#: Ties of a network that are listed without counting it anew.
KEPT_TIES_COUNT: Final = 1_000


async def note_ties(tx: Transaction, events: Sequence[AcceptedEvent]) -> None:
    """Note whom events turn to, and which of them are taken back or restored."""
    if tied := [one for event in events if (one := tied_by(event)) is not None]:
        await counting.add_ties(tx.conn, tied=tied)
    decided = {
        (event["community"], event["targetuid"])
        for event in events
        if event["type"] in TARGETING_TYPES and "targetuid" in event
    }
    if decided:
        await counting.mark_decided(tx.conn, events=decided)


async def count(tx: Transaction[Any]) -> bool:
    """Count the ties of which something changed; True where more wait."""
    if not await counting.lock_counting(tx.conn):
        return False
    events = await counting.take_marks(tx.conn, limit_count=COUNT_MAX_COUNT)
    if events:
        await counting.count(tx.conn, events=events)
    oldest = await counting.find_oldest_mark(tx.conn)
    NETWORK_BEHIND.set(0 if oldest is None else max(0.0, (tx.now - oldest).total_seconds()))
    return oldest is not None


def kept_days(asked: AskedTies, calendar: Calendar, *, now: datetime) -> KeptDays | None:
    """What is kept of the days asked for; None where nothing is: of other days, or of one kind of ties."""
    days = days_kept(asked.days, calendar.day_of(now)) if asked.kind is None else None
    return None if days is None else KeptDays(asked.community, days, terms_of(asked.days, calendar))


async def keep_networks(tx: Transaction[Settings]) -> bool:
    """Count the networks of many ties up to today; a timer calls this while it returns True."""
    return await take_turns(
        tx,
        lambda community: _keep(tx, community=community),
        turns=Turns.NETWORK,
        every=timedelta(minutes=tx.settings.kept_figures_check_minutes),
        limit_count=KEPT_COUNT,
    )


async def _keep(tx: Transaction[Settings], *, community: str) -> None:
    """A network of few ties, or of more than a timer counts, is not kept."""
    calendar, least, most = (
        await load_calendar(tx.conn, community=community),
        tx.settings.kept_figures_min_count,
        tx.settings.kept_ties_max_count,
    )
    for days, span in kept_spans(calendar.day_of(tx.now)).items():
        asked, kept = AskedTies(community, span), KeptDays(community, days, terms_of(span, calendar))
        rows = await reading.count_rows(tx.conn, asked, limit_count=most + 1)
        if least <= rows <= most and rows:
            # Seconds of a large network: they are a thread's, for the service answers questions meanwhile.
            network, first = await asyncio.to_thread(_counted, await reading.load_ties(tx.conn, asked))
            await keeping.put_network(tx.conn, kept, network=network, first=first, at=tx.now)
        else:
            await keeping.delete_network(tx.conn, kept)


def _counted(ties: Sequence[Tie]) -> tuple[Network, Sequence[PagedTie]]:
    return network_of(ties), strongest(ties, limit_count=KEPT_TIES_COUNT)
