"""Limits of a programme, and the windows that they are counted in.

A limit is counted by member, and perhaps by the other person and the object too, within a day, a week, a month, a
year or ever: each such combination is a window with a room of its own. No window is shared by two members: nobody
uses up another's room.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Final

_BEGINNING: Final = date.min


class Within(StrEnum):
    """How long a room lasts before a new one begins, in the days of the community."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"
    EVER = "ever"


class Kind(StrEnum):
    """What a limit counts: points, or the awards that give some."""

    POINTS = "points"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit over the awards of `rules`: at most `most` points or awards for one member in each of its windows.

    `id` names it over all versions of a programme; what it is counted by is part of the name, its `most` is not.
    """

    id: str
    rules: frozenset[str]
    kind: Kind
    most: int
    within: Within
    by_other: bool = False
    by_object: bool = False
    #: What all of its windows have in their names.
    _named: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Write its part of the names once: every claim asks for one."""
        object.__setattr__(self, "_named", f"\x1f{self.id}\x1f{self.kind}{self.within}\x1f")

    @property
    def bound(self) -> int:
        """How much fits: points above zero, awards below."""
        return self.most if self.kind is Kind.POINTS else -self.most

    @property
    def words(self) -> str:
        """What it allows, in words."""
        unit = "point" if self.kind is Kind.POINTS else "award"
        by = [name for name, is_so in (("person", self.by_other), ("object", self.by_object)) if is_so]
        each = f" for each {' and '.join(by)}" if by else ""
        when = "ever" if self.within is Within.EVER else f"a {self.within}"
        return f"{self.most:,} {unit}{'' if self.most == 1 else 's'}{each} {when}"

    def window(
        self,
        *,
        community: str,
        member_id: str,
        other_id: str | None,
        object_id: str | None,
        day: date,
        week: date | None,
    ) -> bytes | None:
        """The window, 16 bytes, that something of that day belongs to; `week` is the first day of its week: its
        Monday, when that goes without saying.

        None for what names no other person, or no object, where it is counted by them: the limit is not over it.
        It begins with when the window does, so that windows of one time lie side by side in the database.
        """
        if (self.by_other and other_id is None) or (self.by_object and object_id is None):
            return None
        start = _start(self.within, day, week)
        other, thing = other_id if self.by_other else "", object_id if self.by_object else ""
        name = f"{community}{self._named}{member_id}\x1f{other}\x1f{thing}"
        ordinal = start.toordinal().to_bytes(4)
        return ordinal + sha256(ordinal + name.encode()).digest()[:12]


def _start(within: Within, day: date, week: date | None) -> date:
    if within is Within.DAY:
        return day
    if within is Within.WEEK:
        return week or monday(day)
    if within is Within.MONTH:
        return day.replace(day=1)
    if within is Within.YEAR:
        return day.replace(month=1, day=1)
    return _BEGINNING


def monday(day: date) -> date:
    """The Monday of a day's week: what goes without saying."""
    return day - timedelta(days=min(day.weekday(), day.toordinal() - 1))
