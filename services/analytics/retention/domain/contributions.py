"""What one person's active days add to the figures: a function of the days, whenever they were heard of."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final, Literal, NamedTuple

from services.analytics.retention.domain.love import Monthly, moves_of
from shared.calendars import Calendar

PeriodBy = Literal["week", "month"]

#: The days N of which it is kept who was there on day N, and on day N or later.
RETENTION_DAYS: Final = (*range(15), 21, 28, 30, 60, 90)
#: First and last day of the brackets of which it is kept who was there on any day of them.
BRACKETS: Final = ((1, 3), (4, 7), (8, 30))
#: What members do without adding anything: who did nothing else is not activated.
PASSIVE_TYPES: Final = (
    "chat.reaction.v1",
    "chat.reaction_removed.v1",
    "code.star.v1",
    "content.read.v1",
    "member.joined.v1",
    "member.visited.v1",
    "policy.accepted.v1",
)
#: What of one person's events in a month is told apart: the number is an int of four bytes.
EVENTS_MAX_COUNT: Final = 2_000_000_000
#: Under which day it is counted what is of no day.
EVER: Final = date.min
_A_DAY = timedelta(days=1)


class Figure(StrEnum):
    """What is counted of people. `number` of a Key is what it says behind each, else 0."""

    WEEK_NEW = "week_new"
    WEEK_RETAINED = "week_retained"
    WEEK_RESURRECTED = "week_resurrected"
    WEEK_CHURNED = "week_churned"
    MONTH_NEW = "month_new"
    MONTH_RETAINED = "month_retained"
    MONTH_RESURRECTED = "month_resurrected"
    MONTH_CHURNED = "month_churned"
    #: By the first day of a cohort's period: days from there to the first day of the period that somebody was in.
    WEEK_COHORT = "week_cohort"
    MONTH_COHORT = "month_cohort"
    #: By the first day of somebody: N, one of RETENTION_DAYS.
    ON_DAY = "on_day"
    FROM_DAY = "from_day"
    #: By the first day of somebody: the last day of one of the BRACKETS.
    IN_BRACKET = "in_bracket"
    #: By the first day of somebody, in the channel where that was.
    ACTIVATED = "activated"
    NEWCOMER = "newcomer"
    #: By the day on which somebody left, and those of them who were back in time; by the day of any return.
    LEFT = "left"
    WON_BACK = "won_back"
    RETURNED = "returned"
    #: By the first day of a month: so many events that somebody has in it.
    MONTH_EVENTS = "month_events"
    #: By the first day of a month: the level that somebody came from, ten times, and the one they came to.
    ORBIT = "orbit"
    #: Of slices alone: by a day, who was active on it, `number` days after the day before; and the events of all.
    ACTIVE = "active"
    EVENTS = "events"
    #: By EVER: who was ever active in it.
    MEMBER = "member"


class Key(NamedTuple):
    """What a number of people is of."""

    figure: Figure
    day: date
    number: int = 0
    channel: str = ""


class Terms(NamedTuple):
    """What silence, winning back and activation mean here, in local days."""

    silence_days: int
    win_back_days: int
    activation_days: int


class Person(NamedTuple):
    """The days on which a person was active, in order; the channel of their first event; are they activated?

    And how many events they have in each month. Who has no days does not count.
    """

    days: Sequence[date] = ()
    channel: str = ""
    is_activated: bool = False
    months: Sequence[Monthly] = ()


NOBODY: Final = Person()

_GROWTH: Final = {
    "week": (Figure.WEEK_NEW, Figure.WEEK_RETAINED, Figure.WEEK_RESURRECTED, Figure.WEEK_CHURNED),
    "month": (Figure.MONTH_NEW, Figure.MONTH_RETAINED, Figure.MONTH_RESURRECTED, Figure.MONTH_CHURNED),
}
COHORTS: Final = {"week": Figure.WEEK_COHORT, "month": Figure.MONTH_COHORT}


def change(before: Person, after: Person, *, calendar: Calendar, terms: Terms) -> dict[Key, int]:
    """What it changes that a person is another than was counted."""
    changes = Counter(contribution(after, calendar=calendar, terms=terms))
    changes.subtract(Counter(contribution(before, calendar=calendar, terms=terms)))
    return {key: number for key, number in changes.items() if number}


def contribution(person: Person, *, calendar: Calendar, terms: Terms) -> Iterator[Key]:
    """Everything that a person counts in, once each."""
    if not person.days:
        return
    first = person.days[0]
    yield Key(Figure.NEWCOMER, first, channel=person.channel)
    if person.is_activated:
        yield Key(Figure.ACTIVATED, first, channel=person.channel)
    yield from of_days(person.days, calendar=calendar, terms=terms)
    for month, events in person.months:
        yield Key(Figure.MONTH_EVENTS, month, min(events, EVENTS_MAX_COUNT))
    for move in moves_of(person.months):
        yield Key(Figure.ORBIT, move.month, 10 * move.before + move.after)


def of_days(days: Sequence[date], *, calendar: Calendar, terms: Terms) -> Iterator[Key]:
    """What follows from the active days of a person alone, of whom there are some, in order."""
    yield from _growth("week", days, calendar)
    yield from _growth("month", days, calendar)
    yield from _curves(days)
    yield from _silences(days, terms)


def _growth(by: PeriodBy, days: Sequence[date], calendar: Calendar) -> Iterator[Key]:
    """New, retained, resurrected and churned, by the first days of periods; and the person's cohort in each."""
    new, retained, resurrected, churned = _GROWTH[by]
    following: date | None = None
    cohort: date | None = None
    end: date | None = None
    for day in days:
        if end is not None and day <= end:
            continue
        span = calendar.period_of(by, day)
        if cohort is None:
            cohort = span.starts_on
            yield Key(new, span.starts_on)
        elif span.starts_on == following:
            yield Key(retained, span.starts_on)
        else:
            yield Key(resurrected, span.starts_on)
            if following is not None:
                yield Key(churned, following)
        yield Key(COHORTS[by], cohort, (span.starts_on - cohort).days)
        end, following = span.ends_on, _after(span.ends_on)
    if following is not None:
        yield Key(churned, following)


def _curves(days: Sequence[date]) -> Iterator[Key]:
    first, last = days[0], days[-1]
    ages = {(day - first).days for day in days if (day - first).days <= RETENTION_DAYS[-1]}
    for number in RETENTION_DAYS:
        if number in ages:
            yield Key(Figure.ON_DAY, first, number)
        if (last - first).days >= number:
            yield Key(Figure.FROM_DAY, first, number)
    for begin, end in BRACKETS:
        if any(begin <= age <= end for age in ages):
            yield Key(Figure.IN_BRACKET, first, end)


def _silences(days: Sequence[date], terms: Terms) -> Iterator[Key]:
    """Each time somebody left, which is dated the day after the last of the silent ones, and came back."""
    for day, back in pairwise(days):
        left = _after(day, terms.silence_days + 1)
        if left is not None and back >= left:
            yield Key(Figure.LEFT, left)
            yield Key(Figure.RETURNED, back)
            if (back - left).days < terms.win_back_days:
                yield Key(Figure.WON_BACK, left)
    # The last silence is counted in advance: whoever asks takes what is dated today or before.
    if (left := _after(days[-1], terms.silence_days + 1)) is not None:
        yield Key(Figure.LEFT, left)


def _after(day: date, count: int = 1) -> date | None:
    """The day so many days later; None beyond the calendar's end."""
    try:
        return day + count * _A_DAY
    except OverflowError:
        return None


def activation_end(joined_at: datetime, *, calendar: Calendar, days: int) -> datetime:
    """Where the time to be activated ends: at the same time of day in the community's zone."""
    return calendar.days_later(joined_at, days)
