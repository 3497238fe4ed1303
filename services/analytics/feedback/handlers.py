"""What is told of surveys, and answers among events, into their tables; what is known changes nothing."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date
from typing import NamedTuple

from services.analytics.audiences import store as audiences_store
from services.analytics.feedback import domain, store
from services.analytics.feedback.domain import AskedSurvey, PeriodFeedback, SlicedPeriod, TooManyAnswersError
from services.analytics.feedback.store import GivenAnswer
from services.analytics.settings import Settings
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
    conn: Connection, *, community: str, survey: AskedSurvey, days: Span, today: date, by: domain.By
) -> Sequence[PeriodFeedback]:
    """What a survey says in each month or quarter of the months that some days are in.

    Anonymous answers come five at a time as they are; of those by name today's and yesterday's are held back so
    that they do, too.
    """
    months = domain.months_of(days)
    answers = await store.load_answers(conn, community=community, survey_id=survey.survey_id, days=months)
    asked = await store.count_asked(conn, community=community, survey_id=survey.survey_id, days=months)
    until = None if survey.is_anonymous else domain.counted_until(answers, today=today)
    return domain.by_period(survey.kind, answers, asked, by=by, until=until)


class Slices(NamedTuple):
    """A survey by audience: the months that were looked at, None where none is over, and each audience's title."""

    months: Span | None
    audiences: Mapping[str, str]
    periods: Sequence[SlicedPeriod]


async def load_slices(
    conn: Connection,
    settings: Settings,
    *,
    community: str,
    survey: AskedSurvey,
    days: Span,
    today: date,
    by: domain.By,
) -> Slices:
    """What those of each audience say, by who was in it as they answered. Of what is anonymous there is nothing.

    Raises TooManyAnswersError.
    """
    audiences = {} if survey.is_anonymous else await audiences_store.load_titles(conn, community=community)
    months = domain.whole_months(days, today=today)
    if not audiences or months is None:
        return Slices(months, audiences, [])
    most, of = settings.sliced_answers_max_count, {"community": community, "survey_id": survey.survey_id}
    if await store.count_answers(conn, **of, days=months, limit_count=most + 1) > most:
        raise TooManyAnswersError(most)
    cells = await store.load_cells(conn, **of, days=months, audiences=list(audiences))
    return Slices(months, audiences, domain.sliced(survey.kind, cells, list(audiences), by=by))
