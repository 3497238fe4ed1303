"""Awards for boards of one channel that came before their events."""

from datetime import datetime, timedelta
from typing import Final, NamedTuple

#: Until when an event is waited for: none is that late.
PARKED_MAX_TIME: Final = timedelta(days=7)
#: What has waited is looked at again after a quarter of that time, but within these: most events come in seconds,
#: and of a million awards whose events never come 1,700 a second are looked at in the end.
WAITS_AT_LEAST: Final = timedelta(seconds=1)
WAITS_AT_MOST: Final = timedelta(minutes=10)
_PART: Final = 4


class Parked(NamedTuple):
    """An award's fact as JSON, since when it waits, and whether its event has come."""

    award_id: str
    award: str
    parked_at: datetime
    has_come: bool

    def is_over(self, now: datetime) -> bool:
        """Whether no event is waited for any longer."""
        return now - self.parked_at > PARKED_MAX_TIME

    def look_at(self, now: datetime) -> datetime:
        """When to look again, once its event had not come."""
        return now + min(max((now - self.parked_at) / _PART, WAITS_AT_LEAST), WAITS_AT_MOST)
