"""Who is in an audience: what a member did, measured by days, and the turns that follow from it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID, uuid5

from services.scoring.rules.domain.attributes import SAID_LEAD, Said, Value, as_of
from services.scoring.rules.domain.audiences import CompiledAudience
from shared.calendars import Calendar
from shared.contracts.facts import AcceptedEvent
from shared.contracts.programme import SPENDABLE, AudienceMeasure
from shared.contracts.programme.audiences import TOPIC_MAX_CHARS

#: Measures of how long ago something was stand still beyond this.
SINCE_MAX_DAYS = 3_660
#: Of the topic and the tags of one event so many count.
TOPICS_MAX_COUNT = 5
_DAY = timedelta(days=1)
#: What a turn is is hashed under this; it must never change.
_NAMESPACE = UUID("2b0f5bb5-7a0c-5b5e-9d0e-6f5a1c0d7e21")


class UnknownAudienceError(LookupError):
    """The programme in force has no such audience."""


class DayEarned(NamedTuple):
    """What a member did on one day of the community's calendar: earned of one rule and score, or about one topic.

    Of a topic there are `events` and nothing else, and no rule.
    """

    day: date
    rule_id: str
    points: int
    awards: int
    topic: str | None = None
    events: int = 0
    score: str = SPENDABLE


class State(NamedTuple):
    """Whether a member is in an audience as told last, since when; the first to enter has revision 1."""

    revision: int
    is_in: bool
    since: datetime


class Decision(NamedTuple):
    """Whether a member is in an audience, since when, and what its measures were."""

    is_in: bool
    since: datetime
    met: Mapping[str, int]


class Turn(NamedTuple):
    """A member entered an audience, or left it."""

    community: str
    member_id: str
    audience_id: str
    revision: int
    is_in: bool
    since: datetime
    known_at: datetime
    programme_version: int
    met: Mapping[str, int]


class AudiencePlace(NamedTuple):
    """Where a member stands in the list of an audience."""

    member_id: UUID


class MemberOf(NamedTuple):
    """A member of an audience, and since when."""

    member_id: str
    since: datetime
    known_at: datetime
    programme_version: int
    met: Mapping[str, int]


class EventTopic(NamedTuple):
    """That a member's event of a day was about a topic."""

    community: str
    member_id: str
    topic: str
    day: date
    event_uid: str


def topic_key(topic: str) -> str:
    """What a topic is known by, in whatever letters it is written."""
    return " ".join(topic.split()).casefold()[:TOPIC_MAX_CHARS]


def topics_of(event: AcceptedEvent) -> list[EventTopic]:
    """What an event says that it is about, its topic and then its tags, for whoever did it; the first of them."""
    data, member_id = event["data"], event.get("member")
    if member_id is None or ("topic" not in data and "tags" not in data):
        return []
    said = [data.get("topic"), *(data.get("tags") or ())]
    keys = dict.fromkeys(key for one in said if isinstance(one, str) and (key := topic_key(one)))
    day = event.get("day") or event["time"].astimezone(UTC).date()
    return [
        EventTopic(event["community"], member_id, key, day, event["uid"]) for key in [*keys][:TOPICS_MAX_COUNT]
    ]


def topics_in(measures: Iterable[AudienceMeasure]) -> set[str]:
    """The topics that are measured."""
    return {topic_key(measure.topic) for measure in measures if measure.topic is not None}


def counted(counters: Iterable[AudienceMeasure], earned: Sequence[DayEarned], today: date) -> dict[str, int]:
    """Counters on a day, by their ids: each has a value, also of who did nothing yet."""
    asked = tuple(counters)
    found = measured(asked, earned, today)
    return {one.id: found.get(one.id, SINCE_MAX_DAYS) for one in asked}


def measured(measures: Iterable[AudienceMeasure], earned: Sequence[DayEarned], today: date) -> dict[str, int]:
    """Measures on a day, by their ids: of what was earned until then, days ahead left out.

    Who earned nothing has no first and no last day: those are left out.
    """
    found: dict[str, int] = {}
    for measure in measures:
        first = None if measure.days is None else today - (measure.days - 1) * _DAY
        of_measure = [
            one
            for one in earned
            if one.day <= today
            and (first is None or one.day >= first)
            and (measure.rule is None or one.rule_id == measure.rule)
            and one.score == (measure.score or SPENDABLE)
        ]
        if measure.topic is not None:
            topic = topic_key(measure.topic)
            found[measure.id] = sum(one.events for one in of_measure if one.topic == topic)
        elif measure.of == "points":
            found[measure.id] = sum(one.points for one in of_measure)
        elif measure.of == "awards":
            found[measure.id] = sum(one.awards for one in of_measure)
        else:
            days = [one.day for one in of_measure if one.awards > 0]
            if measure.of == "active_days":
                found[measure.id] = len(set(days))
            elif days:
                ago = today - (min(days) if measure.of == "days_since_first" else max(days))
                found[measure.id] = min(ago.days, SINCE_MAX_DAYS)
    return found


def decide_at(
    audience: CompiledAudience,
    *,
    said: Mapping[str, Sequence[Said]],
    earned: Sequence[DayEarned],
    event_time: datetime,
    received_at: datetime,
    today: date,
) -> Decision:
    """Whether a member is in an audience at a time, as known at another.

    By attributes it is so since the last of them that count; by behaviour since that time itself.
    """
    by_attributes = audience.at(said, event_time=event_time, received_at=received_at)
    if not audience.is_by_behaviour:
        return Decision(by_attributes.value is True, by_attributes.since, {})
    met = measured(audience.measures, earned, today)
    values: dict[str, Value] = dict(met)
    for name in audience.attributes:
        said_last = audience_value(said.get(name, ()), event_time, received_at)
        if said_last is not None:
            values[name] = said_last
    return Decision(audience.holds_for(values), event_time, met)


def next_change(
    audiences: Sequence[CompiledAudience],
    *,
    said: Mapping[str, Sequence[Said]],
    earned: Sequence[DayEarned],
    now: datetime,
    calendar: Calendar,
) -> datetime | None:
    """When a member has to be looked at again, though nothing more is told of them; None for never.

    That is when an attribute begins to be so, or what was just said of one begins to count; when the oldest day
    leaves a window; when a day begins that something was earned on ahead of its time; and each day, where
    something is measured by how long ago it was. Days begin where those of the community do.
    """
    today = calendar.day_of(now)
    ahead = [
        moment
        for audience in audiences
        for name in audience.attributes
        for one in said.get(name, ())
        for moment in (one.since, one.said_at + SAID_LEAD)
        if moment > now
    ]
    days = [one.day for one in earned if one.day > today]
    for audience in audiences:
        for measure in audience.measures:
            if measure.days is not None:
                first = today - (measure.days - 1) * _DAY
                inside = [one.day for one in earned if first <= one.day <= today]
                days += [min(inside) + measure.days * _DAY] if inside else []
            elif measure.of.startswith("days_since") and earned:
                last = max(one.day for one in earned)
                days += [today + _DAY] if (today - last).days <= SINCE_MAX_DAYS else []
    return min(ahead + [calendar.start_of(day) for day in days], default=None)


def audience_value(said: Sequence[Said], event_time: datetime, received_at: datetime) -> Value | None:
    """What an attribute is at a time, as known at another; None where nothing was known."""
    found = as_of(said, event_time=event_time, received_at=received_at)
    return None if found is None else found.value


def turn_of(
    before: State | None,
    decision: Decision,
    *,
    community: str,
    member_id: str,
    audience_id: str,
    known_at: datetime,
    programme_version: int,
) -> Turn | None:
    """What a decision changes; None for nothing. Turns of one member follow one another in time."""
    was_in = before is not None and before.is_in
    if decision.is_in == was_in:
        return None
    since = decision.since if before is None else max(decision.since, before.since)
    revision = 1 if before is None else before.revision + 1
    return Turn(
        community,
        member_id,
        audience_id,
        revision,
        decision.is_in,
        since,
        known_at,
        programme_version,
        decision.met,
    )


def turn_id(turn: Turn) -> str:
    """The id of the fact of a turn: the same whenever it is told."""
    name = f"{turn.community}|{turn.member_id}|{turn.audience_id}|{turn.revision}"
    return str(uuid5(_NAMESPACE, name))
