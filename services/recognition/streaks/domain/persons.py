"""The dates of members who are one person: each has its own until it was merged, and from then on whose it is."""

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import NamedTuple

from services.recognition.streaks.domain.dates import Calendar, Move, calendar_of
from shared.calendars import Calendar as CommunityCalendar
from shared.merges.domain import Merge

_NEVER = datetime.max.replace(tzinfo=UTC)


class PersonCalendar(NamedTuple):
    """A person's calendar, and what the dates of its members were before they were one.

    `own` has each member's calendar where there are several, and `merges` into whom each was merged and when;
    the member `head_id` was by itself until `since`.
    """

    calendar: Calendar
    head_id: str
    since: datetime
    own: Mapping[str, Calendar]
    merges: Mapping[str, Merge]

    def date_of(self, member_id: str, moment: datetime) -> date:
        """The date on which a moment (aware) lies for one of the members."""
        merge = self.merges.get(member_id)
        while merge is not None and merge.merged_at <= moment:
            member_id = merge.into_id
            merge = self.merges.get(member_id)
        is_persons = member_id not in self.own or (member_id == self.head_id and self.since <= moment)
        return (self.calendar if is_persons else self.own[member_id]).date_of(moment)

    def dates_of(self, acts: Iterable[tuple[str, Iterable[datetime]]]) -> set[date]:
        """The dates on which members did something, at these moments (aware) each."""
        return {self.date_of(member_id, act) for member_id, moments in acts for act in moments}


def person_calendar(
    community: CommunityCalendar,
    zones: Mapping[str, Collection[Move]],
    *,
    head_id: str,
    merges: Mapping[str, Merge],
) -> PersonCalendar:
    """The calendar of the member `head_id` and of all who are merged into it, whose `merges` last, by member.

    It goes by where the head says they live. Where they said nothing before anybody was merged into them, it goes
    by what the others said until they do. `zones` has what each member said.
    """
    said = zones.get(head_id, ())
    if not merges:
        return PersonCalendar(calendar_of(community, said), head_id, _NEVER, {}, {})
    since = min((merge.merged_at for merge in merges.values() if merge.into_id == head_id), default=_NEVER)
    first_said = min((move.said_at for move in said), default=_NEVER)
    others: list[Move] = []
    if first_said >= since:
        others = [move for one in merges for move in zones.get(one, ()) if move.said_at < first_said]
    own = {one: calendar_of(community, zones.get(one, ())) for one in (head_id, *merges)}
    return PersonCalendar(calendar_of(community, [*others, *said]), head_id, since, own, merges)
