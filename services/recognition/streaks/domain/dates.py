"""A member's own calendar: which dates they live through, and when each of them is over.

Somebody who moves says so; the clocks of the new zone count from the next midnight of the old one, so that no date
of before becomes another. On the way a date can be lived twice for some hours, or not at all.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple, Protocol

from shared.calendars import Calendar as CommunityCalendar
from shared.zones import day_start, zone, zone_day, zone_names

#: A date of which less is lived was jumped over: nobody owes anything on it.
OWED_MIN_TIME = timedelta(hours=12)
#: Moves that count within so long. Without a limit one could hop east and west each midnight, and owe only every
#: second date.
MOVES_MAX_COUNT = 2
MOVES_WITHIN = timedelta(days=30)
#: No zone is further ahead of another, or of UTC, with room to spare for its changes.
_REACH = timedelta(days=2)
_DAY = timedelta(days=1)
_A_MOMENT = timedelta(microseconds=1)


class Move(NamedTuple):
    """Somebody said at a moment (aware) that they live in another zone (IANA)."""

    said_at: datetime
    zone: str


class LivedDate(NamedTuple):
    """How much of a date somebody lives through, and the moment when it is over for good."""

    lived: timedelta
    over_at: datetime

    @property
    def is_owed(self) -> bool:
        """Whether leaving this date out is noticed."""
        return self.lived >= OWED_MIN_TIME


class _Spell(NamedTuple):
    """A zone, and the moment from which on its clocks count, until the next spell."""

    since: datetime
    zone: str


class Dates(Protocol):
    """Which date a moment (aware) lies on for somebody, and how much of a date they live through."""

    def date_of(self, moment: datetime) -> date: ...

    def lived(self, day: date) -> LivedDate | None: ...


class Calendar:
    """The dates of somebody who lived in the zone `home` (IANA), and moved since.

    Moves may come in any order; of each 30 days two count. Those `of_community` are from before them, and all
    count: nobody gains by them what moving would bring. Raises ValueError for a naive moment, and KeyError for a
    zone that there is not.
    """

    def __init__(self, home: str, moves: Iterable[Move] = (), *, of_community: Iterable[Move] = ()) -> None:
        self._spells = [_Spell(datetime.min.replace(tzinfo=UTC), home)]
        counted: list[datetime] = []
        zone(home)
        for move in sorted(of_community):
            if move.zone != self._spells[-1].zone:
                self._add(move)
        for move in sorted(moves):
            if move.said_at.tzinfo is None:
                raise ValueError("a move is said at an aware moment")
            recent = sum(at > move.said_at - MOVES_WITHIN for at in counted)
            if move.zone != self._spells[-1].zone and recent < MOVES_MAX_COUNT:
                counted.append(move.said_at)
                self._add(move)

    def _add(self, move: Move) -> None:
        zone(move.zone)
        last = self._spells[-1]
        if move.said_at < last.since:
            # Said again before midnight came: the later word counts in its place, from the same midnight.
            self._spells[-1] = _Spell(last.since, move.zone)
        else:
            tomorrow = zone_day(last.zone, move.said_at) + _DAY
            self._spells.append(_Spell(day_start(last.zone, tomorrow), move.zone))

    def then(self, other: "Calendar", at: datetime) -> "Calendar":
        """The dates of somebody who goes by this calendar until a moment (aware), and from it on by another."""
        joined = Calendar(self._spells[0].zone)
        joined._spells = [
            *(spell for spell in self._spells if spell.since < at),
            _Spell(at, other.zone_at(at)),
            *(spell for spell in other._spells if spell.since > at),
        ]
        return joined

    def zone_at(self, moment: datetime) -> str:
        """The zone (IANA) whose clocks count at a moment (aware)."""
        return self._spells[self._place(moment)].zone

    def _place(self, moment: datetime) -> int:
        return max(0, bisect_right(self._spells, moment, key=lambda spell: spell.since) - 1)

    def date_of(self, moment: datetime) -> date:
        """The date on which a moment (aware) lies for the member."""
        return zone_day(self.zone_at(moment), moment)

    def lived(self, day: date) -> LivedDate | None:
        """A date as the member lives it; None where it has no moment for them."""
        parts = [part for part in self._parts(day) if part[0] < part[1]]
        if not parts:
            return None
        return LivedDate(sum((end - begin for begin, end in parts), timedelta(0)), parts[-1][1])

    def _parts(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """From when to when each spell has the date, oldest first; a part that is none ends before it begins."""
        midnight = datetime.combine(day, time(), UTC)
        index = self._place(midnight - _REACH)
        while index < len(self._spells) and self._spells[index].since <= midnight + 2 * _REACH:
            spell = self._spells[index]
            index += 1
            end = day_start(spell.zone, day + _DAY)
            if index < len(self._spells):
                end = min(end, self._spells[index].since)
            yield max(day_start(spell.zone, day), spell.since), end


def calendar_of(community: CommunityCalendar, own: Iterable[Move]) -> Calendar:
    """The calendar of a member: the community's zones until they say one themselves, and from then on their own.

    What is no zone is passed over.
    """
    said = sorted(move for move in own if move.zone in zone_names())
    first, *later = community.reckonings
    before = [
        # A community's change is told with the midnight from which it holds; a move is said before that.
        Move(one.since - _A_MOMENT, one.time_zone)
        for one in later
        if one.since is not None and (not said or one.since <= said[0].said_at)
    ]
    return Calendar(first.time_zone, said, of_community=before)
