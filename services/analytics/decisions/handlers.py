"""What is told of decisions into their tables, and a word to whoever decided when it is time to look again."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from services.analytics.decisions import store
from services.analytics.decisions.domain import Decision, Reminder
from services.analytics.managers.store import load_managers
from services.analytics.metrics import REMINDERS
from services.analytics.settings import Settings
from shared.calendars import Calendar
from shared.contracts.facts import (
    MESSAGE_REQUESTED,
    DecisionChanged,
    DecisionFact,
    MessageRequestedData,
)
from shared.contracts.ids import prepared, uuid5_text
from shared.followed_communities import load_calendar
from shared.topics import MESSAGES
from shared.transaction import Transaction

REMIND_EVERY_SECONDS: Final = 60.0
#: Decisions that one transaction reminds of.
REMINDED_COUNT: Final = 100
#: So long after the day began it is morning.
AFTER: Final = timedelta(hours=7)
#: Older reminders, such as those of a database that is built anew, are sent to nobody.
EXPIRES: Final = timedelta(days=14)
_MESSAGES: Final = prepared(UUID("5d2f0c41-93be-5b4a-a1c6-7e1f6a2d9b30"))


async def on_decisions(tx: Transaction[Settings], facts: list[DecisionFact]) -> None:
    """Keep what people noted and decided, as the last revision has it, and what indicators aim at."""
    calendars: dict[str, Calendar] = {}
    for fact in facts:
        if fact["type"] == "decision.changed.v1":
            community = fact["community"]
            if community not in calendars:
                calendars[community] = await load_calendar(tx.conn, community=community)
            await _put(tx, fact, calendar=calendars[community])
    objectives = [fact for fact in facts if fact["type"] == "objective.set.v1"]
    if objectives:
        await store.add_objectives(tx.conn, said=objectives)


async def _put(tx: Transaction[Settings], fact: DecisionChanged, *, calendar: Calendar) -> None:
    data = fact["data"]
    review_on = data.get("review_on")
    decision = Decision(
        fact["community"],
        data["decision_id"],
        data["revision"],
        data["kind"],
        data["figure"],
        data.get("about"),
        data.get("value"),
        data["seen_on"],
        review_on,
        data["state"],
        data.get("person_id"),
        data["made_at"],
        data["changed_at"],
    )
    remind_at = None if review_on is None else calendar.start_of(review_on) + AFTER
    await store.put_decision(tx.conn, decision, remind_at=remind_at)


async def remind(tx: Transaction[Settings]) -> bool:
    """Have whoever decided something written to on the day for looking again; True where more wait."""
    due = await store.take_reminders(tx.conn, now=tx.now, limit_count=REMINDED_COUNT)
    for one in due:
        if tx.now - one.remind_at < EXPIRES:
            await _tell(tx, one)
    return len(due) == REMINDED_COUNT


async def _tell(tx: Transaction[Settings], one: Reminder) -> None:
    """Ask for a message to who decided, or to managers where they are nobody's member any more.

    Of one decision and day it is the same message, whoever asks again.
    """
    members: Sequence[str] = []
    if one.person_id is not None:
        members = await store.load_members_of(tx.conn, community=one.community, person_id=one.person_id)
    for member_id in members or await load_managers(tx.conn, community=one.community):
        request_id = uuid5_text(_MESSAGES, f"{one.community}|{one.decision_id}|{one.review_on}|{member_id}")
        data: MessageRequestedData = {
            "request_id": request_id,
            "kind": "decision",
            "member_id": member_id,
            "values": {"seen_on": one.seen_on.isoformat(), "review_on": one.review_on.isoformat()},
            "expires_at": one.remind_at + EXPIRES,
        }
        tx.tell(
            MESSAGES,
            MESSAGE_REQUESTED,
            fact_id=request_id,
            community=one.community,
            subject=member_id,
            data=data,
        )
    REMINDERS.inc()
