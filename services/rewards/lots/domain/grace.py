"""Until when points can be used: to the end of a day, and longer where they came back too late."""

from datetime import datetime, timedelta
from typing import NamedTuple

from shared.calendars import PLAIN, Calendar

A_DAY = timedelta(days=1)
A_MOMENT = timedelta(microseconds=1)


class Grace(NamedTuple):
    """When points came back, and until when those can be used whose time was over by then."""

    at: datetime
    until: datetime


class GraceTerms(NamedTuple):
    """For how many days of a calendar, after the one under way, points can be used that came back too late."""

    days: int
    calendar: Calendar | None = None

    def starting(self, at: datetime) -> Grace:
        """The grace of what comes back at a moment."""
        calendar = self.calendar or PLAIN
        return Grace(at, calendar.start_of(calendar.day_of(at) + (self.days + 1) * A_DAY))


def day_end(calendar: Calendar, moment: datetime) -> datetime:
    """When the day of a community ends that a moment is the last of: what is of a day is there until then."""
    return calendar.start_of(calendar.day_of(moment - A_MOMENT) + A_DAY)
