"""A moment as a route's parameter."""

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator

DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]")


def _written_out(value: str) -> str:
    """Refuse a bare number: it would be taken as seconds since 1970, and `2026` is hardly meant so."""
    if DATE.match(value) is None:
        raise ValueError("expected a date and time with a time zone, as in 2026-01-31T12:00:00Z")
    return value


def _within_utc(moment: datetime) -> datetime:
    """Refuse what lies in the year 0 or 10000 in UTC: the database would take it, no client could read it."""
    try:
        moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("expected a moment in the years 1 to 9999 of UTC") from error
    return moment


Moment = Annotated[AwareDatetime, BeforeValidator(_written_out), AfterValidator(_within_utc)]
