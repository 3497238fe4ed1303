"""The routes of sentiment: how what is written sounds, and whether that changes."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.analytics.periods.api import (
    CSV_ANSWER,
    INVALID_DAYS,
    AskedCalendar,
    AskedDays,
    Grain,
    Reader,
    cut_periods,
    table,
)
from services.analytics.sentiment.api.models import Sentiment, tone
from services.analytics.sentiment.domain import Report
from services.analytics.sentiment.store import reading
from services.analytics.sentiment.store.reading import AskedTexts
from services.analytics.settings import Settings
from shared.calendars import Calendar, Span
from shared.contracts.fields import Slug
from shared.http import Conn, configured, problem_responses
from shared.postgres import Connection

router = APIRouter(tags=["analytics"])

PROBLEMS = problem_responses(INVALID_DAYS)

Channel = Annotated[Slug | None, Query(description="Only what was written in this channel")]
Kind = Annotated[
    str | None,
    Query(alias="type", max_length=200, description="Only what was written in events of this type"),
]
OwnSettings = Annotated[Settings, configured(Settings)]


@router.get("/v1/sentiment", summary="How what members write sounds", responses=PROBLEMS)
async def get_sentiment(
    principal: Reader,
    days: AskedDays,
    calendar: AskedCalendar,
    conn: Conn,
    settings: OwnSettings,
    by: Grain = "week",
    channel: Channel = None,
    kind: Kind = None,
) -> Sentiment:
    """Net sentiment, what was undecided and what was left out, by period, channel, type and language.

    It is measured where texts come in, and follows what is new within some seconds. A change is against as many
    days before, within each language and model.
    """
    asked = AskedTexts(principal.community, days, channel, kind)
    spans, found = await _load(conn, asked, calendar=calendar, by=by)
    return Sentiment.shown(days, spans, found, slices_max_count=settings.slices_max_count)


@router.get(
    "/v1/sentiment.csv",
    summary="Sentiment as a table",
    response_class=Response,
    responses={**PROBLEMS, **CSV_ANSWER},
)
async def get_sentiment_csv(
    principal: Reader,
    days: AskedDays,
    calendar: AskedCalendar,
    conn: Conn,
    by: Grain = "week",
    channel: Channel = None,
    kind: Kind = None,
) -> Response:
    """A line for each period and each model that measured in it."""
    asked = AskedTexts(principal.community, days, channel, kind)
    spans, found = await _load(conn, asked, calendar=calendar, by=by)
    headings = ("texts", "judged", "positive", "negative", "undecided", "left_out", "net", "low", "high")
    rows = []
    for number, span in enumerate(spans, 1):
        for model, tones in sorted(found.periods.get(number, {}).items()):
            shown = tone({model: tones})
            cells = [_cell(shown[name]) for name in headings]
            rows.append([span.starts_on, span.ends_on, model, *cells])
    return table("sentiment", ["starts_on", "ends_on", "model", *headings], rows)


def _cell(value: object) -> object:
    """A share as a number: what is below zero is no formula."""
    return Decimal(str(value)) if isinstance(value, float) else value


async def _load(
    conn: Connection, asked: AskedTexts, *, calendar: Calendar, by: Grain
) -> tuple[Sequence[Span], Report]:
    spans = cut_periods(by, asked.days, calendar)
    return spans, await reading.load_report(conn, asked, bounds=[span.starts_on for span in spans])
