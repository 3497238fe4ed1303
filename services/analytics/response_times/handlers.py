"""What asks and answers is noted as it is heard of; a timer says what became of each question."""

from collections.abc import Collection, Sequence
from typing import Any, Final

from services.analytics.metrics import RESPONSES_BEHIND
from services.analytics.response_times.domain.asking import said_by
from services.analytics.response_times.store import settling
from shared.contracts.activities import TARGETING_TYPES
from shared.contracts.facts import AcceptedEvent
from shared.merges import MemberKey
from shared.transaction import Transaction

SETTLE_EVERY_SECONDS: Final = 1.0
#: Marks that one transaction takes.
SETTLE_MAX_COUNT: Final = 2_000


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
