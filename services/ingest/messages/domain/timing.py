"""When a message goes: at once, after the quiet hours, or with others in a digest, in the member's zone."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

#: A digest of a week goes on this day: Monday.
_DIGEST_WEEKDAY: Final = 0


class Pace(StrEnum):
    """How often somebody wants to be written to."""

    AT_ONCE = "at_once"
    DAILY = "daily"
    WEEKLY = "weekly"


class QuietHours(NamedTuple):
    """From when to when nothing goes, as local times; past midnight where it begins later than it ends."""

    begins: time
    ends: time

    def holds(self, at: time) -> bool:
        """Whether it is quiet at a local time; the end is not."""
        if self.begins <= self.ends:
            return self.begins <= at < self.ends
        return at >= self.begins or at < self.ends


@dataclass(frozen=True)
class Wishes:
    """What somebody wishes: no message of the kinds in `without`, how often, and when it is quiet."""

    without: frozenset[str] = frozenset()
    pace: Pace = Pace.AT_ONCE
    quiet: QuietHours | None = None


def goes_at(now: datetime, *, zone: ZoneInfo, pace: Pace, quiet: QuietHours | None, digest: time) -> datetime:
    """When what is ready at `now` (UTC) goes, in UTC and never before `now`.

    A digest goes at the first hour of digests after `now`, weekly ones on a Monday. A local time that a change of
    the clocks leaves out is taken with the offset before it, so that nothing is lost on that day.
    """
    local = now.astimezone(zone)
    if pace is Pace.AT_ONCE:
        if quiet is None or quiet.begins == quiet.ends or not quiet.holds(local.time().replace(tzinfo=None)):
            return now
        return _next(local, quiet.ends, zone=zone)
    due = _next(local, digest, zone=zone)
    while pace is Pace.WEEKLY and due.astimezone(zone).weekday() != _DIGEST_WEEKDAY:
        due = _at(due.astimezone(zone).date() + timedelta(days=1), digest, zone=zone)
    return due


def _next(local: datetime, at: time, *, zone: ZoneInfo) -> datetime:
    """The first moment after `local` at which clocks of the zone show `at`."""
    due = _at(local.date(), at, zone=zone)
    if due > local.astimezone(ZoneInfo("UTC")):
        return due
    return _at(local.date() + timedelta(days=1), at, zone=zone)


def _at(day: date, at: time, *, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, zone).astimezone(ZoneInfo("UTC"))


def retried_after(tries_count: int) -> timedelta:
    """How long a message waits that was not taken: from a minute, twice as long each time, to 4 hours."""
    return min(timedelta(minutes=2 ** (tries_count - 1)), timedelta(hours=4))
