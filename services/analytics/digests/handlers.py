"""A digest of each week, made once when it is over, and told to managers."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.analytics.digests import store
from services.analytics.digests.domain import Digest, WeekFigures, digest_of, week_before
from services.analytics.goals.handlers import load_standings
from services.analytics.managers.store import load_managers
from services.analytics.metrics import DIGESTS
from services.analytics.scorecard.domain.weeks import (
    weeks_before,
)
from services.analytics.scorecard.handlers import load_card
from services.analytics.settings import Settings
from services.analytics.turns.handlers import take_turns
from services.analytics.turns.store import Turns
from shared.calendars import Calendar, Span
from shared.contracts.facts import MESSAGE_REQUESTED, MessageRequestedData
from shared.contracts.ids import prepared, uuid5_text
from shared.followed_communities import load_calendar
from shared.topics import MESSAGES
from shared.transaction import Transaction

WRITE_EVERY_SECONDS: Final = 60.0
#: Communities that one transaction asks, and how often each is.
ASKED_COUNT: Final = 10
ASKED_EVERY: Final = timedelta(minutes=15)
#: After the week so long: its last events have come, and it is morning.
AFTER: Final = timedelta(hours=7)
#: A question that waited for less keeps nobody waiting yet.
WAITED: Final = timedelta(hours=24)
#: A digest of an older week is not sent any more.
EXPIRES: Final = timedelta(days=3)
_MESSAGES: Final = prepared(UUID("0b0f2a64-7a0e-5b2c-8a3c-3d1f6a55c7f2"))


async def write(tx: Transaction[Settings]) -> bool:
    """Make the digests of weeks that are over; a timer calls this while it returns True."""
    return await take_turns(
        tx,
        lambda community: _write(tx, community=community),
        turns=Turns.DIGEST,
        every=ASKED_EVERY,
        limit_count=ASKED_COUNT,
    )


async def _write(tx: Transaction[Settings], *, community: str) -> None:
    calendar = await load_calendar(tx.conn, community=community)
    week = week_before(calendar.day_of(tx.now), calendar)
    if tx.now < calendar.start_of(week.ends_on + timedelta(days=1)) + AFTER:
        return
    if await store.has_digest(tx.conn, community=community, week=week):
        return
    digest = await _digest(tx, week, community=community, calendar=calendar)
    if digest is not None and await store.add_digest(tx.conn, community=community, digest=digest):
        DIGESTS.inc()
        await _tell(tx, digest, community=community)


async def _digest(tx: Transaction[Settings], week: Span, *, community: str, calendar: Calendar) -> Digest | None:
    conn, now = tx.conn, tx.now
    before = calendar.week_of(week.starts_on - timedelta(days=1))
    this, last = [await store.count_activity(conn, community=community, week=span) for span in (week, before)]
    questions, reports = await store.count_waiting(conn, community=community, asked_before=now - WAITED, now=now)
    figures = WeekFigures(
        this.active,
        last.active,
        this.events,
        last.events,
        await store.count_new_members(conn, community=community, week=week),
        questions,
        reports,
    )
    readings = await load_card(
        conn,
        community=community,
        calendar=calendar,
        spans=weeks_before(week.ends_on + timedelta(days=1)),
        now=now,
        activation_days=tx.settings.activation_days,
    )
    standings = await load_standings(conn, community=community, calendar=calendar, now=now)
    return digest_of(week, figures, standings=standings, readings=readings, now=now)


async def _tell(tx: Transaction[Settings], digest: Digest, *, community: str) -> None:
    """Ask for a message to each manager; of one week it is the same message, whoever asks again."""
    until: datetime = digest.made_at + EXPIRES
    for member_id in await load_managers(tx.conn, community=community):
        request_id = uuid5_text(_MESSAGES, f"{community}|{digest.week.starts_on}|{member_id}")
        figures = digest.figures
        data: MessageRequestedData = {
            "request_id": request_id,
            "kind": "digest",
            "member_id": member_id,
            "values": {
                "active": str(figures.active),
                "before": str(figures.active_before),
                "newcomers": str(figures.new_members),
                "off": str(digest.off_count) if digest.off_count else "",
                "questions": str(figures.questions_waiting) if figures.questions_waiting else "",
                "reports": str(figures.reports_waiting) if figures.reports_waiting else "",
                "todo": digest.todo.value,
            },
            "expires_at": until,
        }
        tx.tell(
            MESSAGES,
            MESSAGE_REQUESTED,
            fact_id=request_id,
            community=community,
            subject=member_id,
            data=data,
        )
