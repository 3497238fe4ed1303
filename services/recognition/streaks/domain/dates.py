"""A member's own calendar: which dates they live through, and when each of them is over.

Somebody who moves says so; the clocks of the new zone count from the next midnight of the old one, so that no date
of before becomes another. On the way a date can be lived twice for some hours, or not at all.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

#: A date of which less is lived was jumped over: nobody owes anything on it.
OWED_MIN_TIME = timedelta(hours=12)
#: Moves that count within so long. Without a limit one could hop east and west each midnight, and owe only every
#: second date.
MOVES_MAX_COUNT = 2
MOVES_WITHIN = timedelta(days=30)
#: No zone is further ahead of another, or of UTC, with room to spare for its changes.
_REACH = timedelta(days=2)
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


class Move(NamedTuple):
    """Somebody said at a moment (aware) that they live in another zone (IANA)."""

    said_at: datetime
    zone: str


class LivedDate(NamedTuple):
    """How much of a date a member lives through, and the moment when it is over for good."""

    lived: timedelta
    over_at: datetime

    @property
    def is_owed(self) -> bool:
        """Whether leaving this date out is noticed."""
        return self.lived >= OWED_MIN_TIME


class _Spell(NamedTuple):
    """A zone, and the moment from which on its clocks count, until the next spell."""

    since: datetime
    zone: ZoneInfo


class Calendar:
    """The dates of somebody who lived in `zone` (IANA), and moved since.

    Moves may come in any order; of each 30 days two count. Raises ValueError for a naive moment, and
    ZoneInfoNotFoundError for a zone that there is not.
    """

    def __init__(self, zone: str, moves: Iterable[Move] = ()) -> None:
        self._spells = [_Spell(datetime.min.replace(tzinfo=UTC), ZoneInfo(zone))]
        counted: list[datetime] = []
        for move in sorted(moves):
            if move.said_at.tzinfo is None:
                raise ValueError("a move is said at an aware moment")
            recent = sum(at > move.said_at - MOVES_WITHIN for at in counted)
            if move.zone != self._spells[-1].zone.key and recent < MOVES_MAX_COUNT:
                counted.append(move.said_at)
                self._add(move)

    def _add(self, move: Move) -> None:
        last = self._spells[-1]
        if move.said_at < last.since:
            # Said again before midnight came: the later word counts in its place, from the same midnight.
            self._spells[-1] = _Spell(last.since, ZoneInfo(move.zone))
        else:
            tomorrow = move.said_at.astimezone(last.zone).date() + _DAY
            self._spells.append(_Spell(first_moment(tomorrow, last.zone), ZoneInfo(move.zone)))

    def date_of(self, moment: datetime) -> date:
        """The date on which a moment (aware) lies for the member."""
        index = bisect_right(self._spells, moment, key=lambda spell: spell.since) - 1
        return moment.astimezone(self._spells[index].zone).date()

    def lived(self, day: date) -> LivedDate | None:
        """A date as the member lives it; None where it has no moment for them."""
        parts = [part for part in self._parts(day) if part[0] < part[1]]
        if not parts:
            return None
        return LivedDate(sum((end - begin for begin, end in parts), timedelta(0)), parts[-1][1])

    def _parts(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """From when to when each spell has the date, oldest first; a part that is none ends before it begins."""
        midnight = datetime.combine(day, time(), UTC)
        index = max(0, bisect_right(self._spells, midnight - _REACH, key=lambda spell: spell.since) - 1)
        while index < len(self._spells) and self._spells[index].since <= midnight + 2 * _REACH:
            spell = self._spells[index]
            index += 1
            end = first_moment(day + _DAY, spell.zone)
            if index < len(self._spells):
                end = min(end, self._spells[index].since)
            yield max(first_moment(day, spell.zone), spell.since), end


def first_moment(day: date, zone: ZoneInfo) -> datetime:
    """The first moment (UTC) at which clocks of a zone show a date; where they leave it out, the first after it.

    Clocks that go forward may leave midnight out, or a date as a whole; clocks that go back show midnight twice.
    """
    midnight = datetime.combine(day, time())
    first, second = (midnight.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    # Of a midnight that there is not, the offset of before gives the later moment (PEP 495): the jump is between.
    return first if first <= second else _jump(second, first, zone)


def _jump(begin: datetime, end: datetime, zone: ZoneInfo) -> datetime:
    """The moment, to the second, from which on a zone's offset is what it is at the end."""
    offset = end.astimezone(zone).utcoffset()
    while end - begin > _SECOND:
        middle = (begin + (end - begin) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == offset:
            end = middle
        else:
            begin = middle
    return end
