"""Answers and acceptances among events into their table; what is known changes nothing."""

from collections.abc import Sequence
from typing import Final

from services.analytics.solutions import store
from services.analytics.solutions.store import SolutionSaid
from shared.contracts.facts import AcceptedEvent
from shared.transaction import Transaction

REPLIED: Final = "forum.reply.v1"
ACCEPTED: Final = "forum.answer_accepted.v1"


async def note_solutions(tx: Transaction, events: Sequence[AcceptedEvent]) -> None:
    """Keep by which ids answers go and what they answer, and which answers were accepted."""
    said = [one for event in events for one in _said_by(event)]
    if said:
        await store.add_said(tx.conn, said=said)


def _said_by(event: AcceptedEvent) -> list[SolutionSaid]:
    """An acceptance names an answer by its event's id, or by its object's."""
    data = event["data"]

    def said(item_id: str, question_id: str | None) -> SolutionSaid:
        return SolutionSaid(
            event["community"], item_id, data["channel"], data.get("host", ""), event["uid"], question_id
        )

    if event["type"] == REPLIED and "in_reply_to" in data:
        ids = {event["id"], *([data["object"]["id"]] if "object" in data else ())}
        return [said(item_id, data["in_reply_to"]["id"]) for item_id in sorted(ids)]
    if event["type"] == ACCEPTED and "object" in data:
        return [said(data["object"]["id"], None)]
    return []
