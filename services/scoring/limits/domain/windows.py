"""Limits of a programme, and the windows that they are counted in.

A limit is counted by member, and perhaps by the other person and the object too, within an hour, a day, a week, a
month, a quarter, a year, a campaign or ever: each such combination is a window with a room of its own. A window is
of one member, so that nobody uses up another's room, unless the limit says that it is for everybody together.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Final

_BEGINNING: Final = date.min
_MONTHS_OF_QUARTER: Final = 3
#: What fits where there is no end: more than any member has from rules.
UNBOUNDED: Final = 2**31 - 1


class Within(StrEnum):
    """How long a room lasts before a new one begins, in the days of the community.

    An hour is one of UTC, cut where the community's day ends: so it lies within a day in every zone.
    """

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    CAMPAIGN = "campaign"
    EVER = "ever"


class Kind(StrEnum):
    """What a limit counts: points, or the awards that give some, the heaviest of them or the first.

    The others are counted alike: what went before within a cooldown, which turn it is of diminishing returns, and
    what there is of a score that something is taken from.
    """

    POINTS = "points"
    COUNT = "count"
    FIRST = "first"
    COOLDOWN = "cooldown"
    DIMINISHING = "diminishing"
    FLOOR = "floor"


class Holder(StrEnum):
    """Whose a rule's windows are, and who is locked: one member, or everybody, of whom nobody else changes them.

    Where all that limits a rule is counted by object it is everybody on one object.
    """

    MEMBER = ""
    OBJECT = "object"
    EVERYBODY = "everybody"


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit over the awards of `rules`: at most `most` points or awards in each of its windows.

    `id` names it over all versions of a programme; what it is counted by is part of the name, its `most` is not.
    `for_all` is for all members together. `campaign` is the one that it is within.
    """

    id: str
    rules: frozenset[str]
    kind: Kind
    most: int
    within: Within
    by_other: bool = False
    by_object: bool = False
    for_all: bool = False
    campaign: str | None = None
    holder: Holder = Holder.MEMBER
    #: The rule that finds this bound in a window that others find another in.
    owner: str | None = None
    #: How much fits: points above zero, awards below. What keeps to time binds as soon as there are two.
    bound: int = field(init=False, repr=False, compare=False)
    #: What all of its windows have in their names.
    _named: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Work out once what every claim asks for: how much fits, and its part of the names."""
        counted = -self.most if self.kind in (Kind.COUNT, Kind.FIRST) else -1
        object.__setattr__(self, "bound", self.most if self.kind in (Kind.POINTS, Kind.FLOOR) else counted)
        within = f"{self.within}{'' if self.campaign is None else ':' + self.campaign}"
        held = f"\x1e{self.holder}" if self.holder else ""
        object.__setattr__(self, "_named", f"\x1f{self.id}\x1f{self.kind}{within}{held}\x1f")

    @property
    def words(self) -> str:
        """What it allows, in words."""
        unit = "point" if self.kind is Kind.POINTS else "award"
        first = "the first " if self.kind is Kind.FIRST else ""
        by = [name for name, is_so in (("person", self.by_other), ("object", self.by_object)) if is_so]
        each = f" for each {' and '.join(by)}" if by else ""
        together = " of all members together" if self.for_all else ""
        when = {Within.EVER: "ever", Within.CAMPAIGN: "in the campaign", Within.HOUR: "an hour"}.get(
            self.within, f"a {self.within}"
        )
        return f"{first}{self.most:,} {unit}{'' if self.most == 1 else 's'}{together}{each} {when}"

    def window(
        self,
        *,
        community: str,
        member_id: str,
        other_id: str | None,
        object_id: str | None,
        day: date,
        week: date | None,
        event_time: datetime | None = None,
    ) -> bytes | None:
        """The window, 16 bytes, that something of that day belongs to; `week` is the first day of its week: its
        Monday, when that goes without saying. An hour is that of `event_time`, in UTC.

        None for what names no other person, or no object, where it is counted by them: the limit is not over it.
        It begins with when the window does, so that windows of one time lie side by side in the database.
        """
        if (self.by_other and other_id is None) or (self.by_object and object_id is None):
            return None
        start = day if self.within is Within.DAY else _start(self.within, day, week)
        member = "" if self.for_all else member_id
        other, thing = other_id if self.by_other else "", object_id if self.by_object else ""
        name = f"{community}{self._named}{member}\x1f{other}\x1f{thing}"
        if self.within is Within.HOUR and event_time is not None:
            name += f"\x1f{event_time:%Y%m%d%H}"
        ordinal = start.toordinal().to_bytes(4)
        return ordinal + sha256(ordinal + name.encode()).digest()[:12]


def _start(within: Within, day: date, week: date | None) -> date:
    match within:
        case Within.DAY | Within.HOUR:
            return day
        case Within.WEEK:
            return week or monday(day)
        case Within.MONTH:
            return day.replace(day=1)
        case Within.QUARTER:
            return day.replace(month=day.month - (day.month - 1) % _MONTHS_OF_QUARTER, day=1)
        case Within.YEAR:
            return day.replace(month=1, day=1)
    return _BEGINNING


def monday(day: date) -> date:
    """The Monday of a day's week: what goes without saying."""
    return day - timedelta(days=min(day.weekday(), day.toordinal() - 1))
