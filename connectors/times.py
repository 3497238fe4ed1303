"""Times as platforms and people write them. Raises MappingError for what is none."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connectors.failures import MappingError
from connectors.texts import plain_text, text_of, whole_number

_SECONDS = re.compile(r"([0-9]{1,20})(?:\.([0-9]{0,20}))?")
_WRITTEN_TIME = re.compile(
    r"(?:(?P<one>[0-9]{1,4})[-/.](?P<two>[0-9]{1,2})[-/.](?P<three>[0-9]{4}|[0-9]{1,2})"
    r"|(?P<name>[A-Za-z]{3,9})\.? (?P<named_day>[0-9]{1,2}),? (?P<named_year>[0-9]{4}))"
    r"(?:, ?| at | |T)(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}))?"
    r"(?: ?(?P<half>[AaPp])\.? ?[Mm]\.?)?"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
#: The end of the year 9999.
_LATEST_SECONDS = 253_402_300_800
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Discord's own: milliseconds since 2015 stand above the lowest 22 bits of an id.
_SNOWFLAKE_EPOCH_MS = 1_420_070_400_000


def moment(value: Any, zone: Any = None) -> datetime:
    """A time as a datetime. Raises MappingError for what is none, or has no zone and is given none."""
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str):
        raise MappingError("a number is no time: write unix(…) or unix_ms(…) around it")
    try:
        found = datetime.fromisoformat(value[:-4] + "+00:00" if value.endswith(" UTC") else value)
        if found.tzinfo is None:
            if zone is None:
                raise MappingError("the time has no zone: write moment(…, 'Europe/Rome')")
            found = found.replace(tzinfo=ZoneInfo(zone))
    except (ValueError, LookupError, OSError):
        raise MappingError("this is not a time") from None
    return found


def unix(value: Any, unit: int = 1) -> datetime:
    """Seconds since 1970, as a number or as text with a fraction; never by way of a float."""
    if type(value) is int and 0 <= value < _LATEST_SECONDS * unit:
        return _EPOCH + timedelta(seconds=value) if unit == 1 else _EPOCH + timedelta(milliseconds=value)
    text = value if type(value) is str else repr(value) if isinstance(value, float) else text_of(value)
    found = _SECONDS.fullmatch(text)
    if found is None:
        raise MappingError("this is not a number of seconds")
    whole, fraction = found.groups()
    micros = int((fraction + "000000")[:6]) if fraction else 0
    seconds, rest = divmod(int(whole), unit)
    try:
        return _EPOCH + timedelta(0, seconds, (rest * 1_000_000 + micros) // unit)
    except (ValueError, OverflowError, OSError):
        raise MappingError("this is not a number of seconds") from None


def snowflake_time(value: Any) -> datetime:
    """The time in an id of Discord's."""
    return _EPOCH + timedelta(milliseconds=(whole_number(value) >> 22) + _SNOWFLAKE_EPOCH_MS)


def written_time(value: Any, order: Any, zone: Any) -> datetime:
    """A time as people write it, `order` saying which of day and month comes first. Raises MappingError."""
    if isinstance(value, datetime):
        return value
    found = _WRITTEN_TIME.fullmatch(" ".join(plain_text(value).split()))
    if found is None:
        raise MappingError("this is not a time such as 11/19/2021 9:54:15 AM")
    numbers = [found["one"], found["two"], found["three"]]
    if found["name"]:
        year, month, day = (
            found["named_year"],
            str(_MONTHS.index(found["name"][:3].lower()) + 1),
            found["named_day"],
        )
    elif len(numbers[0]) == 4:
        year, month, day = numbers
    elif order == "dmy":
        day, month, year = numbers
    else:
        month, day, year = numbers
    hour, half = int(found["hour"]), (found["half"] or "").lower()
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    try:
        return datetime(
            int(year) + (2000 if len(year) == 2 else 0),
            int(month),
            int(day),
            hour,
            int(found["minute"]),
            int(found["second"] or 0),
            tzinfo=ZoneInfo(plain_text(zone)),
        )
    except (LookupError, OSError):
        raise MappingError("there is no such time zone: write it as Europe/Rome") from None
    except ValueError:
        other = "day before month" if order != "dmy" else "month before day"
        raise MappingError(f"there is no such day or time: is it written {other}?") from None


def covered_minutes(spans: Any) -> int:
    """How many whole minutes lie in at least one of the spans, each a list of its begin and end."""
    ends = sorted((moment(span[0]), moment(span[1])) for span in spans if None not in span)
    total, until = timedelta(), None
    for begin, end in ends:
        since = begin if until is None or begin > until else until
        if end > since:
            total += end - since
            until = end
    return int(total.total_seconds() // 60)


def latest(*values: Any) -> datetime | None:
    """The latest of the times that there are; None without any."""
    moments = [moment(value) for value in values if value is not None]
    return max(moments, default=None)


def earliest(*values: Any) -> datetime | None:
    """The earliest of the times that there are; None without any."""
    return min((moment(value) for value in values if value is not None), default=None)
