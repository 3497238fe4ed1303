"""A moment or a day as a route's parameter, written out: bare numbers would be taken for a time since 1970."""

import re
from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator

DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _moment_written_out(value: str) -> str:
    if DAY.match(value) is None or value[10:11] not in ("T", "t", " "):
        raise ValueError("expected a date and time with a time zone, as in 2026-01-31T12:00:00Z")
    return value


def _day_written_out(value: str) -> str:
    if DAY.fullmatch(value) is None:
        raise ValueError("expected a day, as in 2026-01-31")
    return value


def _within_utc(moment: datetime) -> datetime:
    """Refuse what lies in the year 0 or 10000 in UTC: the database would take it, no client could read it."""
    try:
        moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("expected a moment in the years 1 to 9999 of UTC") from error
    return moment


Moment = Annotated[AwareDatetime, BeforeValidator(_moment_written_out), AfterValidator(_within_utc)]
Day = Annotated[date, BeforeValidator(_day_written_out)]
