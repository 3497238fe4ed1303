"""What is told of surveys, and answers among events, into their tables; what is known changes nothing."""

from collections.abc import Sequence
from datetime import UTC

from services.analytics.feedback import domain, store
from services.analytics.feedback.domain import AskedSurvey, PeriodFeedback
from services.analytics.feedback.store import GivenAnswer
from shared.calendars import Span
from shared.contracts.facts import AcceptedEvent, SurveyFact
from shared.contracts.facts.surveys import SOURCE
from shared.postgres import Connection
from shared.transaction import Transaction

ANSWERED = "survey.response.v1"
#: Of an answer in words alone that there was one.
WORDS = "words"


async def on_surveys(tx: Transaction, facts: list[SurveyFact]) -> None:
    """Keep who was asked, and anonymous answers that were counted together."""
    asked = [fact for fact in facts if fact["type"] == "survey.asked.v1"]
    if asked:
        await store.add_asked(tx.conn, asked=asked)
    counted = [fact for fact in facts if fact["type"] == "survey.counted.v1"]
    if counted:
        await store.add_blocks(tx.conn, counted=counted)


async def note_answers(tx: Transaction, events: Sequence[AcceptedEvent]) -> None:
    """Keep what members answered by name here: their events say it, and so do retractions of them."""
    answers = [
        GivenAnswer(
            event["community"],
            event["uid"],
            event["id"].partition("/")[0],
            event["data"]["object"]["id"],
            event.get("day") or event["time"].astimezone(UTC).date(),
            str(event["data"].get("choice") or event["data"].get("score", WORDS)),
        )
        for event in events
        if event["type"] == ANSWERED and event["source"] == SOURCE
    ]
    if answers:
        await store.add_answers(tx.conn, answers=answers)


async def load_periods(
    conn: Connection, *, community: str, survey: AskedSurvey, days: Span, by: domain.By
) -> Sequence[PeriodFeedback]:
    """What a survey says in each month or quarter of some days."""
    answers = await store.load_answers(conn, community=community, survey_id=survey.survey_id, days=days)
    asked = await store.count_asked(conn, community=community, survey_id=survey.survey_id, days=days)
    return domain.by_period(survey.kind, answers, asked, by=by)
