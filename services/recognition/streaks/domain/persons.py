"""The dates of members who are one person: each has its own until it was merged, and from then on whose it is."""

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from services.recognition.streaks.domain.dates import Calendar, LivedDate, Move, calendar_of
from shared.calendars import Calendar as CommunityCalendar
from shared.merges.domain import Merge

_NEVER = datetime.max.replace(tzinfo=UTC)


class PersonCalendar(NamedTuple):
    """A person's dates: `head` has those of who stays, `of_members` those of each member where there are several.

    Each goes by its own clocks until it was merged, and from then on by those of whoever it is.
    """

    head: Calendar
    of_members: Mapping[str, Calendar]

    def zone_at(self, moment: datetime) -> str:
        """The zone (IANA) whose clocks count for the person at a moment (aware)."""
        return self.head.zone_at(moment)

    def date_of(self, moment: datetime) -> date:
        """The date on which a moment (aware) lies for who stays."""
        return self.head.date_of(moment)

    def date_for(self, member_id: str, moment: datetime) -> date:
        """The date on which a moment (aware) lies for one of the members."""
        return self.of_members.get(member_id, self.head).date_of(moment)

    def dates_of(self, acts: Iterable[tuple[str, Iterable[datetime]]]) -> set[date]:
        """The dates on which members did something, at these moments (aware) each."""
        return {self.date_for(member_id, act) for member_id, moments in acts for act in moments}

    def lived(self, day: date) -> LivedDate | None:
        """A date as the person lives it; None where it has no moment for any of the members.

        What one of them did not live through none of them owes, and it is over when it is for all: so whoever kept
        a streak by their own clocks keeps it when they are merged.
        """
        if not self.of_members:
            return self.head.lived(day)
        each = [calendar.lived(day) for calendar in self.of_members.values()]
        found = [lived for lived in each if lived is not None]
        if not found:
            return None
        least = min(lived.lived for lived in found) if len(found) == len(each) else timedelta(0)
        return LivedDate(least, max(lived.over_at for lived in found))


def person_calendar(
    community: CommunityCalendar,
    zones: Mapping[str, Collection[Move]],
    *,
    head_id: str,
    merges: Mapping[str, Merge],
) -> PersonCalendar:
    """The dates of the member `head_id` and of all who are merged into it, whose `merges` last, by member.

    They go by where the head says they live. Where they said nothing before anybody was merged into them, they go
    by what the others said until they do. `zones` has what each member said.
    """
    said = zones.get(head_id, ())
    if not merges:
        return PersonCalendar(calendar_of(community, said), {})
    since = min((merge.merged_at for merge in merges.values() if merge.into_id == head_id), default=_NEVER)
    first_said = min((move.said_at for move in said), default=_NEVER)
    others: list[Move] = []
    if first_said >= since:
        others = [move for one in merges for move in zones.get(one, ()) if move.said_at < first_said]
    persons = calendar_of(community, [*others, *said])
    found = {head_id: calendar_of(community, said).then(persons, since)}
    own = {one: calendar_of(community, zones.get(one, ())) for one in merges}
    for member_id in merges:
        _add(found, member_id, merges, own)
    return PersonCalendar(found[head_id], found)


def _add(
    found: dict[str, Calendar], member_id: str, merges: Mapping[str, Merge], own: Mapping[str, Calendar]
) -> None:
    """Add the calendar of a member, after those of whom it is merged into, one by one."""
    path = [member_id]
    while path[-1] not in found and (into := merges[path[-1]].into_id) not in path and into in (*merges, *found):
        path.append(into)
    for one in reversed(path):
        if one not in found:
            merge = merges[one]
            found[one] = (
                own[one].then(found[merge.into_id], merge.merged_at) if merge.into_id in found else own[one]
            )
