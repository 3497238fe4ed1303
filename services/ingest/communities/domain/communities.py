"""A community as whoever runs it declared it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, NamedTuple

from services.ingest.communities.domain.contrast import Colours
from shared.access_keys.public import Public
from shared.calendars import UTC_WEEKS, Calendar, Reckoning
from shared.contracts.facts import Weekday
from shared.contracts.fields import Slug

#: The installation itself, which no community may be called.
INSTALLATION: Final = "plaudit"


class UnknownCommunityError(Exception):
    """Nobody declared the community."""

    def __init__(self, community: str) -> None:
        super().__init__(f"nobody declared {community}")
        self.community = community


class CommunityExistsError(Exception):
    """The community was declared before."""

    def __init__(self, community: str, revision: int) -> None:
        super().__init__(f"{community} was declared before, and has the revision {revision}")
        self.community = community


class StaleRevisionError(Exception):
    """A change was made for another revision of a community than the one it has."""

    def __init__(self, community: str, wanted: int, revision: int) -> None:
        super().__init__(f"the change is for revision {wanted}, and {community} has {revision} now")
        self.community = community


class Publishing(StrEnum):
    """How many people it takes to publish a programme; what makes money payable always takes two."""

    ONE_PERSON = "one_person"
    TWO_PEOPLE = "two_people"


class Look(NamedTuple):
    """What pages and messages look like; a logo is a PNG."""

    name: str
    colours: Colours | None = None
    logo_png: bytes | None = None


class Retention(NamedTuple):
    """How long ingest keeps texts, and the bytes of rejected events."""

    texts_days: int = 365
    rejected_days: int = 30


@dataclass(frozen=True)
class Community:
    """A community. `revision` counts the changes of what was declared, from 1."""

    community: str
    title: str
    calendar: Calendar
    currency: str
    languages: tuple[str, ...]
    look: Look
    public: tuple[Public, ...]
    publishing: Publishing
    retention: Retention
    bots: tuple[str, ...]
    revision: int


class Known(NamedTuple):
    """What ingest knows of a community: its events have made it known, or somebody declared it, or both.

    While it `has_events`, no moment that was may get another day.
    """

    calendar: Calendar
    has_events: bool
    declared: Community | None


class CommunityPlace(NamedTuple):
    """Where a page of communities ended."""

    community: Slug

    @classmethod
    def of(cls, community: Community) -> "CommunityPlace":
        """The place of a community."""
        return cls(community.community)


@dataclass(frozen=True)
class Change:
    """What is to be different: zone and week for the calendar, the rest by the names of Community's fields."""

    fields: Mapping[str, Any]
    time_zone: str | None = None
    week_start: Weekday | None = None


def new_calendar(
    known: Known, *, time_zone: str | None, week_start: Weekday | None, at: datetime, notice: timedelta
) -> Calendar:
    """The calendar with another zone or week, asked for at the moment `at`; None leaves what there is.

    Without events it is so from always. Otherwise it is so from the end of a day that is still under way when the
    `notice` is over: by then everybody who says days knows of it. Raises TooManyChangesError.
    """
    now = known.calendar.reckonings[-1]
    zone, week = time_zone or now.time_zone, week_start or now.week_start
    if not known.has_events:
        return Calendar([Reckoning(UTC_WEEKS.since, zone, week)])
    return known.calendar.changed(time_zone=zone, week_start=week, at=at, notice=notice)


def changed(before: Community, calendar: Calendar, fields: Mapping[str, Any]) -> Community:
    """The community with that calendar and `fields`, and the next revision; the same if nothing is different."""
    after = replace(before, calendar=calendar, **fields)
    return before if after == before else replace(after, revision=before.revision + 1)
