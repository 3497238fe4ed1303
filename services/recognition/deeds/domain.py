"""A deed: an event that met a rule of a quest, for whom, and when."""

from datetime import date, datetime
from typing import NamedTuple


class Deed(NamedTuple):
    """What a member did of a counter, at which moment and on which day of the community."""

    community: str
    member_id: str
    counter: str
    event_uid: str
    event_time: datetime
    day: date


class Done(NamedTuple):
    """A deed as its member's: in the order of time, then of the event's uid."""

    event_time: datetime
    event_uid: str
    day: date
    member_id: str
