"""What one person did in slices: in an audience, with an attribute, on a channel; as of the day it was done."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Final, NamedTuple

from services.analytics.attributes.domain import Held, value_on
from services.analytics.audiences.domain import Stay, is_in_on
from services.analytics.retention.domain.contributions import EVER, Figure, Key, Person, Terms, of_days
from services.analytics.retention.domain.love import Monthly
from services.analytics.retention.domain.questions import Growth
from shared.calendars import Calendar

#: How long ago somebody was active before is told apart up to here, as in the rollups of active members.
GAP_MAX_DAYS: Final = 31
#: Slices of one kind that one person counts in, those with most of their days first.
SLICES_MAX_COUNT: Final = 20


class Kind(StrEnum):
    """What slices there are beside those by attributes, whose kind is the attribute's name."""

    AUDIENCE = "audience"
    CHANNEL = "channel"


class Slice(NamedTuple):
    """A part of what is done in a community; that of everything has an empty kind and value."""

    kind: str = ""
    value: str = ""


WHOLE: Final = Slice()


class DayOfChannel(NamedTuple):
    """How many events a person has on a day in a channel."""

    day: date
    channel: str
    events: int


def person_of(done: Sequence[DayOfChannel], *, channel: str, is_activated: bool) -> Person:
    """A person who did that, in the order of days, the first of it in a channel."""
    months: Counter[date] = Counter()
    for one in done:
        months[one.day.replace(day=1)] += one.events
    days = tuple(dict.fromkeys(one.day for one in done))
    return Person(days, channel, is_activated, tuple(Monthly(month, months[month]) for month in sorted(months)))


class Part(NamedTuple):
    """What a person did in a slice: active days, in order, with events; are they new to the community in it?

    Who is, is by the channel of their first event, and activated or not.
    """

    days: Sequence[date] = ()
    events: Sequence[int] = ()
    is_new: bool = False
    channel: str = ""
    is_activated: bool = False


NO_PART: Final = Part()


class Belonging(NamedTuple):
    """To what a person belongs and when: each of their members' stays in audiences, and values of attributes."""

    stays: Mapping[str, Sequence[Sequence[Stay]]]
    values: Mapping[str, Sequence[Held]]


def parts_of(
    person: Person, *, done: Sequence[DayOfChannel], belonging: Belonging, names: Sequence[str]
) -> dict[Slice, Part]:
    """What a person did in each slice. What was done before an attribute says anything is in none by it."""
    if not person.days:
        return {}
    by_slice: dict[Slice, Counter[date]] = defaultdict(Counter)
    by_day: Counter[date] = Counter()
    for one in done:
        by_day[one.day] += one.events
        by_slice[Slice(Kind.CHANNEL, one.channel)][one.day] += one.events
    for day, events in by_day.items():
        for audience_id, those in belonging.stays.items():
            if any(is_in_on(stays, day) for stays in those):
                by_slice[Slice(Kind.AUDIENCE, audience_id)][day] += events
        for name in names:
            if said := value_on(belonging.values.get(name, ()), day):
                by_slice[Slice(name, said)][day] += events
    return {slice_: _part(slice_, days, person) for slice_, days in _most(by_slice).items()}


def _most(by_slice: Mapping[Slice, Counter[date]]) -> dict[Slice, Counter[date]]:
    kinds: dict[str, list[Slice]] = defaultdict(list)
    for slice_ in by_slice:
        kinds[slice_.kind].append(slice_)
    return {
        slice_: by_slice[slice_]
        for those in kinds.values()
        for slice_ in sorted(those, key=lambda one: (-len(by_slice[one]), one.value))[:SLICES_MAX_COUNT]
    }


def _part(slice_: Slice, days: Counter[date], person: Person) -> Part:
    ordered = sorted(days)
    is_new = ordered[0] == person.days[0]
    if slice_.kind == Kind.CHANNEL:
        is_new = slice_.value == person.channel
    return Part(
        tuple(ordered),
        tuple(days[day] for day in ordered),
        is_new,
        person.channel if is_new else "",
        is_new and person.is_activated,
    )


def change_of_part(before: Part, after: Part, *, calendar: Calendar, terms: Terms) -> dict[Key, int]:
    """What it changes in a slice that a person did something else in it than was counted."""
    changes = _counted(after, calendar=calendar, terms=terms)
    changes.subtract(_counted(before, calendar=calendar, terms=terms))
    return {key: number for key, number in changes.items() if number}


def _counted(part: Part, *, calendar: Calendar, terms: Terms) -> Counter[Key]:
    counted = Counter(_contribution(part, calendar=calendar, terms=terms))
    for day, events in zip(part.days, part.events, strict=True):
        counted[Key(Figure.EVENTS, day)] += events
    return counted


def _contribution(part: Part, *, calendar: Calendar, terms: Terms) -> Iterator[Key]:
    if not part.days:
        return
    yield Key(Figure.MEMBER, EVER)
    if part.is_new:
        yield Key(Figure.NEWCOMER, part.days[0], channel=part.channel)
    if part.is_activated:
        yield Key(Figure.ACTIVATED, part.days[0], channel=part.channel)
    yield from of_days(part.days, calendar=calendar, terms=terms)
    before: date | None = None
    for day in part.days:
        gap = GAP_MAX_DAYS if before is None else min((day - before).days, GAP_MAX_DAYS)
        yield Key(Figure.ACTIVE, day, gap)
        before = day


class SliceFigures(NamedTuple):
    """A slice in a period: who was ever in it, why its active members changed, what they did, and who was new.

    `member_days` are the active members of each day, added up.
    """

    value: str
    members: int
    growth: Growth
    events: int
    member_days: int
    newcomers: int
    activated: int
