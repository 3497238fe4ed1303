"""The routes of response times: how long questions waited, and which still wait."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Response

from services.analytics.audiences.api import AskedAudience
from services.analytics.periods.api import (
    CSV_ANSWER,
    INVALID_DAYS,
    AskedCalendar,
    AskedDays,
    Reader,
    cut_periods,
    table,
)
from services.analytics.response_times.api.models import OpenQuestionShown, ResponseTimes
from services.analytics.response_times.handlers import KEPT_BY, KEPT_WITHIN_HOURS, kept_times, load_summary
from services.analytics.response_times.store import keeping, reading
from services.analytics.response_times.store.reading import Asked, QuestionPlace
from services.analytics.settings import Settings
from shared.contracts.fields import Slug
from shared.http import (
    Conn,
    FieldError,
    Limit,
    Page,
    Principal,
    Problem,
    Scope,
    after,
    configured,
    problem_responses,
    requires,
)
from shared.http.problem_types import INVALID_CURSOR, UNKNOWN_AUDIENCE
from shared.postgres import Connection

router = APIRouter(tags=["analytics"])

WITHIN_MAX_HOURS: Final = 720
PROBLEMS = problem_responses(INVALID_DAYS)

OwnSettings = Annotated[Settings, configured(Settings)]
By = Annotated[
    Literal["day", "week", "month"],
    Query(description="A day, a week or a calendar month, by the community's calendar"),
]
Within = Annotated[
    int, Query(ge=1, le=WITHIN_MAX_HOURS, description="Hours within which an answer is promised; then is in time")
]
Channel = Annotated[Slug | None, Query(description="Only what was asked in this channel")]


@router.get("/v1/response-times", summary="How long questions wait for an answer", responses=PROBLEMS)
async def get_response_times(
    principal: Reader,
    days: AskedDays,
    calendar: AskedCalendar,
    conn: Conn,
    settings: OwnSettings,
    by: By = "week",
    within_hours: Within = 24,
    channel: Channel = None,
) -> ResponseTimes:
    """Of what was asked in those days: posts, suggestions, issues and pull requests that were opened.

    An answer is the first event by another member that replies to it, is no bot's and was not taken back. It
    follows what is new within some seconds. Of many questions, those of the last 30 and of the last 90 days by
    week are as a timer counted them at `counted_at`.
    """
    asked = Asked(
        principal.community,
        calendar.start_of(days.starts_on),
        calendar.start_of(days.ends_on + timedelta(days=1)),
        channel,
    )
    spans, now = cut_periods(by, days, calendar), datetime.now(UTC)
    is_usual = (by, within_hours, channel) == (KEPT_BY, KEPT_WITHIN_HOURS, None)
    kept = kept_times(asked.community, days, calendar, settings=settings, now=now) if is_usual else None
    known = kept and await keeping.find_summary(conn, kept)
    if known:
        found, counted_at = known
    else:
        exact = min(settings.exact_questions_max_count, settings.questions_max_count)
        is_rounded = await reading.count_questions(conn, asked, limit_count=exact + 1) > exact
        if is_rounded:
            await check(conn, asked, settings=settings)
        found = await load_summary(
            conn,
            asked,
            is_rounded=is_rounded,
            bounds=[calendar.start_of(span.starts_on) for span in spans],
            now=now,
            within=timedelta(hours=within_hours),
        )
        counted_at = None
    return ResponseTimes.shown(days, list(spans), found, within_hours=within_hours, counted_at=counted_at)


@router.get(
    "/v1/response-times.csv",
    summary="Response times as a table",
    response_class=Response,
    responses={**PROBLEMS, **CSV_ANSWER},
)
async def get_response_times_csv(
    principal: Reader,
    days: AskedDays,
    calendar: AskedCalendar,
    conn: Conn,
    settings: OwnSettings,
    by: By = "week",
    within_hours: Within = 24,
    channel: Channel = None,
) -> Response:
    """A line for each period."""
    shown = await get_response_times(principal, days, calendar, conn, settings, by, within_hours, channel)
    counts = ("starts_on", "ends_on", "asked", "answered", "unanswered", "median_seconds")
    rows: list[list[Any]] = [
        [*(getattr(one, name) for name in counts), one.in_time.of, one.in_time.number, one.in_time.cell]
        for one in shown.periods
    ]
    return table("response-times", [*counts, "due", "in_time", "in_time_share"], rows)


async def check(conn: Connection, asked: Asked, *, settings: Settings) -> None:
    """Raise Problem 422 where more was asked than one answer may go through."""
    most = settings.questions_max_count
    if await reading.count_questions(conn, asked, limit_count=most + 1) > most:
        detail = f"More than {most:,} questions were asked in these days: ask for less by `from` and `to`"
        raise Problem(INVALID_DAYS, detail, [FieldError(field="from", detail=detail)])


@router.get(
    "/v1/open-questions",
    summary="Questions that nobody answered",
    responses=problem_responses(INVALID_CURSOR, UNKNOWN_AUDIENCE),
)
async def get_open_questions(
    principal: Annotated[Principal, requires(Scope.ANALYTICS_READ, reads="member_id")],
    audience: AskedAudience,
    conn: Conn,
    place: Annotated[QuestionPlace | None, after(QuestionPlace)],
    channel: Channel = None,
    topic: Annotated[str | None, Query(max_length=1_000, description="Only questions about this topic")] = None,
    limit: Limit = 100,
) -> Page[OpenQuestionShown]:
    """The oldest first: who waits longest is on top; in all, or asked by who is in an audience now."""
    found = await reading.page_of_open(
        conn,
        community=principal.community,
        channel=channel,
        topic=topic,
        audience=audience,
        after=place,
        limit_count=limit,
    )
    now = datetime.now(UTC)
    return Page.of(
        found,
        limit,
        item=lambda question: OpenQuestionShown.shown(question, now=now),
        place=lambda question: question.place,
    )
