"""A community as whoever runs it declared it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, NamedTuple

from services.ingest.communities.domain.contrast import Colours
from shared.access_keys.public import Public
from shared.calendars import UTC_WEEKS, Calendar, Reckoning
from shared.contracts.facts import Standing, Weekday
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


class NothingWaitsError(Exception):
    """No change of the community's review policy waits for anybody."""


class PolicyFourEyesError(Exception):
    """Who asked for a review by fewer people approves it themselves."""


class ProposerGoneError(Exception):
    """Who asked for a review by fewer people may not do so any more; the message says why."""


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


class StandingRule(NamedTuple):
    """Of members who are something there: whom patterns take for it, and whether they earn and rank."""

    patterns: tuple[str, ...] = ()
    earns: bool = True
    ranks: bool = False


#: What holds where a community has said nothing: all of them earn, and no board has them.
DEFAULT_STANDINGS: Final[Mapping[Standing, StandingRule]] = {
    "staff": StandingRule(),
    "departed": StandingRule(),
    "hidden": StandingRule(),
}


class Rules(NamedTuple):
    """By which a community tells who is what: patterns of bots, and what holds of the others."""

    bots: tuple[str, ...]
    standings: Mapping[Standing, StandingRule]


@dataclass(frozen=True)
class Lowering:
    """Who asked that one person publish where two do: a person of a community, when."""

    person_id: str
    community: str
    asked_at: datetime


@dataclass(frozen=True)
class Community:
    """A community. `revision` counts the changes of what was declared, from 1.

    A `lowering` waits for another person, and is nothing that was declared yet.
    """

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
    standings: Mapping[Standing, StandingRule]
    #: Whose pages may show it in a frame.
    embed_sites: tuple[str, ...]
    revision: int
    lowering: Lowering | None = field(default=None, compare=False)
    #: Whether a version of the programme is backtested before it is submitted.
    backtest: bool = False


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
    """What is to be different: zone and week for the calendar, the rest by the names of Community's fields.

    `asked` is who wants it, where that makes a difference.
    """

    fields: Mapping[str, Any]
    time_zone: str | None = None
    week_start: Weekday | None = None
    asked: Lowering | None = None


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


def changed(before: Community, calendar: Calendar, change: Change) -> Community:
    """The community after a change, with the next revision where anything that counts today is different.

    That fewer people review waits for another person; who asked first is who asked. That two do is so at once, and
    ends what waits.
    """
    fields, lowering = dict(change.fields), before.lowering
    if "publishing" in fields:
        is_lower = (before.publishing, fields["publishing"]) == (Publishing.TWO_PEOPLE, Publishing.ONE_PERSON)
        lowering = before.lowering or change.asked if is_lower else None
        fields["publishing"] = before.publishing if is_lower else fields["publishing"]
    after = replace(before, calendar=calendar, lowering=lowering, **fields)
    return after if after == before else replace(after, revision=before.revision + 1)


def lowered(before: Community, *, by: str) -> Community:
    """The community where one person publishes, as another than `by` asked.

    Raises NothingWaitsError, and PolicyFourEyesError when `by` asked for it.
    """
    if before.lowering is None:
        raise NothingWaitsError
    if before.lowering.person_id == by:
        raise PolicyFourEyesError
    return replace(before, publishing=Publishing.ONE_PERSON, lowering=None, revision=before.revision + 1)


def kept(before: Community) -> Community:
    """The community where nothing waits any more. Raises NothingWaitsError when nothing did."""
    if before.lowering is None:
        raise NothingWaitsError
    return replace(before, lowering=None)
