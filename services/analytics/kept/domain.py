"""Which figures are kept of those days that pages ask for."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final, NamedTuple

from shared.calendars import Calendar, Span

#: Figures are kept of so many days, today being the last.
KEPT_DAYS: Final = (7, 30, 90)


class KeptFigure(StrEnum):
    """What is kept."""

    NETWORK = "network"
    RESPONSE_TIMES = "response_times"
    QUESTION_TOPICS = "question_topics"


class Kept(NamedTuple):
    """An answer as it was counted then."""

    answer: Mapping[str, Any]
    counted_at: datetime


def kept_spans(today: date) -> dict[int, Span]:
    """The days of which figures are kept today, by how many they are."""
    return {days: Span(today - timedelta(days=days - 1), today) for days in KEPT_DAYS}


def days_kept(span: Span, today: date) -> int | None:
    """How many days these are, where figures of them are kept today."""
    return next((days for days, one in kept_spans(today).items() if one == span), None)


def terms_of(span: Span, calendar: Calendar, *more: object) -> str:
    """What a figure is counted by: by other days, zones or terms it is another."""
    bounds = (calendar.start_of(span.starts_on), calendar.start_of(span.ends_on + timedelta(days=1)))
    return " ".join([*(bound.isoformat() for bound in bounds), *map(str, more)])
