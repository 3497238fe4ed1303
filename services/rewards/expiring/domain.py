"""Points that expire at the end of a day."""

from datetime import date, datetime
from typing import NamedTuple

from services.rewards.ledger.domain.entries import Owner, derived_id
from services.rewards.lots.domain.grace import A_MOMENT
from shared.calendars import Calendar
from shared.contracts.fields import Timestamp


class ExpiringPlace(NamedTuple):
    """Where a page of points that expire ended."""

    expires_at: Timestamp


class Expiring(NamedTuple):
    """So many points of a member that expire at a moment: no more of them than the member has to use."""

    owner: Owner
    expires_at: datetime
    points: int

    @property
    def place(self) -> ExpiringPlace:
        """Where it stands among those of its member."""
        return ExpiringPlace(self.expires_at)

    @property
    def request_id(self) -> str:
        """The message about it: of a member and a day there is one, however often it is asked for."""
        community, member_id = self.owner
        return derived_id(f"{community}|points expire|{member_id}|{self.expires_at.isoformat()}")


def last_day(calendar: Calendar, expires_at: datetime) -> date:
    """The last day on which points can be used that expire at a moment."""
    return calendar.day_of(expires_at - A_MOMENT)
