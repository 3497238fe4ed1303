"""Events that were received and will not count, and the places in their lists."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from shared.calendars import Calendar, Span
from shared.contracts.fields import Timestamp


class Moments(NamedTuple):
    """The moments that days are made of: from `begin` on, up to `end`, which is not in them."""

    begin: datetime
    end: datetime

    @classmethod
    def of(cls, days: Span, calendar: Calendar) -> "Moments":
        """Those of days in a row, in the time zones that a calendar has for them."""
        return cls(calendar.start_of(days.starts_on), calendar.start_of(days.ends_on + timedelta(days=1)))


class ReasonPlace(NamedTuple):
    """A reason's place among the others: most frequent first."""

    events: int
    outcome: str
    reason_md5: str


BEFORE_ALL_REASONS = ReasonPlace(2**62, "", "")


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """How many events an outcome and reason met, when last, of how many sources, and of which most."""

    outcome: str
    reason: str
    reason_md5: str
    events: int
    last_at: datetime
    sources_count: int
    source: str

    @property
    def place(self) -> ReasonPlace:
        """Where it stands among the others."""
        return ReasonPlace(self.events, self.outcome, self.reason_md5)


class RejectionPlace(NamedTuple):
    """A rejection's place: newest first."""

    rejected_at: Timestamp
    fact_id: str


BEFORE_ALL_REJECTIONS = RejectionPlace(datetime.max.replace(tzinfo=UTC), "")


@dataclass(frozen=True, slots=True)
class RejectionFilter:
    """Which rejections are asked for: of events of a source or an id, with an outcome or a reason; None is any."""

    source: str | None = None
    event_id: str | None = None
    outcome: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Rejection:
    """An event that was received and will not count; `receipt_index` is its place in the request, from 0."""

    fact_id: str
    source: str
    event_id: str
    outcome: str
    reason: str
    rejected_at: datetime
    receipt_id: str
    receipt_index: int

    @property
    def place(self) -> RejectionPlace:
        """Where it stands among the others."""
        return RejectionPlace(self.rejected_at, self.fact_id)
