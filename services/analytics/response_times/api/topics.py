"""The route of what is asked about, and what is worth writing down."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Self

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from services.analytics.audiences.api import AskedAudience
from services.analytics.periods.api import (
    CSV_ANSWER,
    INVALID_DAYS,
    AskedCalendar,
    AskedDays,
    Reader,
    ShareShown,
    table,
)
from services.analytics.response_times.api.routes import Channel, check
from services.analytics.response_times.domain.topics import Topic, Topics, topics_of
from services.analytics.response_times.handlers import kept_topics
from services.analytics.response_times.store import keeping, reading
from services.analytics.response_times.store.reading import Asked
from services.analytics.settings import Settings
from shared.calendars import Calendar, Span
from shared.http import Conn, configured, problem_responses
from shared.http.problem_types import UNKNOWN_AUDIENCE
from shared.postgres import Connection

router = APIRouter(tags=["analytics"])

PROBLEMS = problem_responses(INVALID_DAYS, UNKNOWN_AUDIENCE)
OwnSettings = Annotated[Settings, configured(Settings)]


class TopicShown(BaseModel):
    """Questions about a topic."""

    topic: str = Field(description="As platforms say it; empty where they say none", examples=["Tailstock"])
    asked: int = Field(examples=[9])
    unanswered: ShareShown = Field(description="Of those asked")
    askers: int = Field(description="Members who asked", examples=[6])
    waiting: int = Field(description="Members with a question that nobody answered", examples=[4])

    @classmethod
    def shown(cls, topic: Topic) -> Self:
        """A topic as the API shows it."""
        return cls(
            topic=topic.topic,
            asked=topic.asked,
            unanswered=ShareShown.of_counts(topic.unanswered, topic.asked, why_none="nobody asked"),
            askers=topic.askers,
            waiting=topic.waiting,
        )


class QuestionTopics(BaseModel):
    """What was asked about in some days, and what is worth writing down."""

    starts_on: date
    ends_on: date
    topics: list[TopicShown] = Field(
        description="Most unanswered questions first, at most `PLAUDIT_SLICES_MAX_COUNT`"
    )
    others_asked: int = Field(description="Questions about all other topics", examples=[0])
    others_unanswered: int = Field(examples=[0])
    to_write: list[TopicShown] = Field(
        description="Up to three topics that two members or more wait for an answer to, most first;"
        " `GET /v1/open-questions?topic=` has the questions"
    )

    counted_at: datetime | None = Field(
        description="When a timer counted this, of many questions; null where it was counted as you asked"
    )

    @classmethod
    def shown(cls, days: Span, found: Topics, *, counted_at: datetime | None) -> Self:
        """Topics as the API shows them."""
        return cls(
            starts_on=days.starts_on,
            ends_on=days.ends_on,
            topics=[TopicShown.shown(one) for one in found.shown],
            others_asked=found.others_asked,
            others_unanswered=found.others_unanswered,
            to_write=[TopicShown.shown(one) for one in found.to_write],
            counted_at=counted_at,
        )


@router.get("/v1/question-topics", summary="What is asked about, and not answered", responses=PROBLEMS)
async def get_question_topics(
    principal: Reader,
    days: AskedDays,
    calendar: AskedCalendar,
    audience: AskedAudience,
    conn: Conn,
    settings: OwnSettings,
    channel: Channel = None,
) -> QuestionTopics:
    """By the topic that platforms say: how many asked, how many wait, and three topics to write about.

    Of everybody, or of who is in an audience now. Of many questions, those of the last 7, 30 and 90 days, of all
    channels and everybody, are as a timer counted them at `counted_at`.
    """
    if channel is None and audience is None:
        kept = kept_topics(principal.community, days, calendar, settings=settings, now=datetime.now(UTC))
        if known := kept and await keeping.find_topics(conn, kept):
            return QuestionTopics.shown(days, known.topics, counted_at=known.counted_at)
    found = await _load(
        conn,
        principal.community,
        days=days,
        calendar=calendar,
        settings=settings,
        channel=channel,
        audience=audience,
    )
    return QuestionTopics.shown(days, topics_of(found, limit_count=settings.slices_max_count), counted_at=None)


@router.get(
    "/v1/question-topics.csv",
    summary="Topics of questions as a table",
    response_class=Response,
    responses={**PROBLEMS, **CSV_ANSWER},
)
async def get_question_topics_csv(
    principal: Reader,
    days: AskedDays,
    calendar: AskedCalendar,
    audience: AskedAudience,
    conn: Conn,
    settings: OwnSettings,
    channel: Channel = None,
) -> Response:
    """A line for each topic, all of them."""
    found = await _load(
        conn,
        principal.community,
        days=days,
        calendar=calendar,
        settings=settings,
        channel=channel,
        audience=audience,
    )
    return table("question-topics", Topic._fields, sorted(found))


async def _load(
    conn: Connection,
    community: str,
    *,
    days: Span,
    calendar: Calendar,
    settings: Settings,
    channel: str | None,
    audience: str | None,
) -> list[Topic]:
    until = calendar.start_of(days.ends_on + timedelta(days=1))
    asked = Asked(community, calendar.start_of(days.starts_on), until, channel)
    await check(conn, asked, settings=settings)
    return await reading.load_topics(conn, asked, audience=audience)
