"""What asks and answers is noted as it is heard of; a timer says what became of each question."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from services.analytics.kept.domain import days_kept, kept_spans, terms_of
from services.analytics.metrics import RESPONSES_BEHIND
from services.analytics.periods.domain import periods
from services.analytics.response_times.domain.asking import said_by
from services.analytics.response_times.domain.report import Summary, reports, summary
from services.analytics.response_times.domain.topics import topics_of
from services.analytics.response_times.store import keeping, reading, settling
from services.analytics.response_times.store.keeping import KeptTimes
from services.analytics.response_times.store.reading import Asked
from services.analytics.settings import Settings
from services.analytics.turns.handlers import take_turns
from services.analytics.turns.store import Turns
from shared.calendars import By, Calendar, Span
from shared.contracts.activities import TARGETING_TYPES
from shared.contracts.facts import AcceptedEvent
from shared.followed_communities import load_calendar
from shared.merges import MemberKey
from shared.postgres import Connection
from shared.transaction import Transaction

SETTLE_EVERY_SECONDS: Final = 1.0
#: Marks that one transaction takes.
SETTLE_MAX_COUNT: Final = 2_000
KEEP_EVERY_SECONDS: Final = 60.0
#: Communities whose response times one transaction looks at.
KEPT_COUNT: Final = 5
#: What is kept is by week, with what is promised by default.
KEPT_BY: Final[By] = "week"
KEPT_WITHIN_HOURS: Final = 24


async def note_said(tx: Transaction, events: Sequence[AcceptedEvent]) -> None:
    """Note what events ask and answer, and which of those are taken back or restored."""
    if said := [one for event in events for one in said_by(event)]:
        await settling.add_said(tx.conn, said=said)
    decided = {
        (event["community"], event["targetuid"])
        for event in events
        if event["type"] in TARGETING_TYPES and "targetuid" in event
    }
    if decided:
        await settling.mark_decided(tx.conn, events=decided)


async def note_moved(tx: Transaction, members: Collection[MemberKey]) -> None:
    """Have questions and answers of members looked at again who are others now."""
    if members:
        await settling.mark_moved(tx.conn, members=members)


async def settle(tx: Transaction[Any]) -> bool:
    """Say what became of questions of which something changed; True where more wait."""
    if not await settling.lock_settling(tx.conn):
        return False
    items = await settling.take_marks(tx.conn, limit_count=SETTLE_MAX_COUNT)
    if items:
        await settling.settle(tx.conn, items=items)
    oldest = await settling.find_oldest_mark(tx.conn)
    RESPONSES_BEHIND.set(0 if oldest is None else max(0.0, (tx.now - oldest).total_seconds()))
    return oldest is not None


async def load_summary(
    conn: Connection,
    asked: Asked,
    *,
    is_rounded: bool,
    bounds: Sequence[datetime],
    now: datetime,
    within: timedelta,
) -> Summary:
    """What response times come to: to the second, or of many with waits that are rounded.

    `bounds` begin the periods.
    """
    load = reading.load_rounded_waits if is_rounded else reading.load_waits
    return summary(
        reports(
            await load(conn, asked, bounds=bounds, now=now, within=within),
            answerers=await reading.load_answerers(conn, asked),
            is_rounded=is_rounded,
        )
    )


def kept_times(
    community: str, span: Span, calendar: Calendar, *, settings: Settings, now: datetime
) -> KeptTimes | None:
    """What is kept of these days, by KEPT_BY and KEPT_WITHIN_HOURS; None where nothing is."""
    days = days_kept(span, calendar.day_of(now))
    if days is None:
        return None
    return KeptTimes(
        community, days, terms_of(span, calendar, calendar.week_starts, settings.exact_questions_max_count)
    )


def kept_topics(
    community: str, span: Span, calendar: Calendar, *, settings: Settings, now: datetime
) -> KeptTimes | None:
    """Of which days topics are kept as these are asked for; None where nothing is."""
    days = days_kept(span, calendar.day_of(now))
    return (
        None if days is None else KeptTimes(community, days, terms_of(span, calendar, settings.slices_max_count))
    )


async def keep_times(tx: Transaction[Settings]) -> bool:
    """Count the response times and topics of many questions up to today; called while it returns True."""
    return await take_turns(
        tx,
        lambda community: _keep(tx, community=community),
        turns=Turns.RESPONSES,
        every=timedelta(minutes=tx.settings.kept_figures_check_minutes),
        limit_count=KEPT_COUNT,
    )


async def _keep(tx: Transaction[Settings], *, community: str) -> None:
    """What is of few questions, or of more than one answer goes through, is not kept."""
    settings, calendar = tx.settings, await load_calendar(tx.conn, community=community)
    least, most = settings.kept_figures_min_count, settings.questions_max_count
    for span in kept_spans(calendar.day_of(tx.now)).values():
        kept = kept_times(community, span, calendar, settings=settings, now=tx.now)
        topics = kept_topics(community, span, calendar, settings=settings, now=tx.now)
        if kept is None or topics is None:
            continue
        starts_at, ends_at = calendar.start_of(span.starts_on), calendar.start_of(span.ends_on + timedelta(days=1))
        asked = Asked(community, starts_at, ends_at)
        rows = await reading.count_questions(tx.conn, asked, limit_count=most + 1)
        if not rows or not least <= rows <= most:
            await keeping.delete_kept(tx.conn, kept)
            continue
        spans, _ = periods(KEPT_BY, span.starts_on, span.ends_on, kept.days, calendar)
        found = await load_summary(
            tx.conn,
            asked,
            is_rounded=rows > settings.exact_questions_max_count,
            bounds=[max(starts_at, calendar.start_of(one.starts_on)) for one in spans],
            now=tx.now,
            within=timedelta(hours=KEPT_WITHIN_HOURS),
        )
        await keeping.put_summary(tx.conn, kept, summary=found, at=tx.now)
        asked_about = await reading.load_topics(tx.conn, asked, audience=None)
        shown = topics_of(asked_about, limit_count=settings.slices_max_count)
        await keeping.put_topics(tx.conn, topics, topics=shown, at=tx.now)
