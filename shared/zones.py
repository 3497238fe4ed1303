"""Time zones of the IANA database in the release that is pinned: the same days on every machine.

Read from the package tzdata alone, never from the machine: its own copy may be of another year, or not there.
"""

from collections.abc import Set
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

_A_DAY = timedelta(days=1)
_A_MOMENT = timedelta(microseconds=1)
#: Outside these years an event has its UTC day: the calendar ends where a zone's clock would go on.
FIRST_YEAR, LAST_YEAR = 2, 9998
#: Day starts kept, each 200 bytes: 20 zones for half a year.
_DAY_STARTS_MAX_COUNT = 4_096


@cache
def zone_names() -> Set[str]:
    """The names of all time zones, such as `Europe/Rome`; those of before are among them, as links."""
    names = files("tzdata").joinpath("zones").read_text("ascii").split()
    return frozenset(names) - {"Factory"}


@cache
def zone(name: str) -> ZoneInfo:
    """The time zone of that name. Raises KeyError when there is none."""
    if name not in zone_names():
        raise KeyError(name)
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as stored:
        return ZoneInfo.from_file(stored, key=name)


@lru_cache(maxsize=_DAY_STARTS_MAX_COUNT)
def day_start(name: str, day: date) -> datetime:
    """The first moment (UTC) at which clocks in the zone show `day` or a later date.

    That is midnight, or where there is no midnight what clocks are put forward to; the first of two midnights. A
    date that the zone left out begins, and ends, where the next one begins.
    """
    here = zone(name)
    start = datetime.combine(day, time(), here).astimezone(UTC)
    before = start - _A_MOMENT
    if before.astimezone(here).date() < day:
        return start
    # Clocks were put forward over midnight and beyond: the day begins with that moment, up to a gap before it.
    low = datetime.combine(day, time(), here).replace(fold=1).astimezone(UTC) - _A_MOMENT
    while before - low > _A_MOMENT:
        middle = low + (before - low) // 2
        if middle.astimezone(here).date() < day:
            low = middle
        else:
            before = middle
    return before


def zone_day(name: str, moment: datetime) -> date:
    """The day in the zone: the latest that has begun, though clocks put back may show the one before again."""
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        return moment.astimezone(UTC).date()
    day = moment.astimezone(zone(name)).date()
    following = day + _A_DAY
    return following if day_start(name, following) <= moment else day
