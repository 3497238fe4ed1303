"""The period that a page is about, and the one before it, as links in the URL say."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

DAYS = {"7": 7, "30": 30, "90": 90}
DEFAULT = "30"


@dataclass(frozen=True)
class Days:
    """The last days until today, and as many before them."""

    key: str
    first: date
    last: date

    @property
    def count(self) -> int:
        """How many they are."""
        return (self.last - self.first).days + 1

    @property
    def before(self) -> tuple[date, date]:
        """The first and last day of the period before."""
        return self.first - timedelta(days=self.count), self.first - timedelta(days=1)


def asked_days(params: Mapping[str, str], zone: ZoneInfo) -> Days:
    """The days that the URL asks for (`days=7`), today being the community's."""
    key = params.get("days", DEFAULT)
    count = DAYS.get(key, DAYS[DEFAULT])
    today = datetime.now(zone).date()
    return Days(key if key in DAYS else DEFAULT, today - timedelta(days=count - 1), today)
