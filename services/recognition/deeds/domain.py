"""A deed: an event that met a rule of a quest, for whom, and when."""

from collections.abc import Mapping, Sequence
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


Deeds = Mapping[str, Mapping[str, Sequence[Done]]]
"""What members did, by member and counter."""


class Window(NamedTuple):
    """The first deeds of a member, at most `limit_count`: after a moment and uid, and before another moment.

    `first_day` and `last_day` are days of the community that bound them too, where there are such.
    """

    member_id: str
    counter: str
    after: datetime
    after_uid: str
    before: datetime
    first_day: date
    last_day: date
    limit_count: int
