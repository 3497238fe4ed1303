"""What leads to a nudge, whom, and who is held out: pure functions of events, definitions and the moment.

A nudge is once for its cause: a question, an event, a day, a celebration.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import Any, Final, NamedTuple
from uuid import UUID

from services.recognition.streaks.domain.dates import Calendar
from services.recognition.streaks.domain.standing import Standing
from shared.conditions.compiling import compile_condition
from shared.conditions.errors import ConditionError
from shared.conditions.evaluation import Condition, context_of, holds
from shared.contracts.drawing import is_drawn
from shared.contracts.facts import NudgeData, NudgeDecided
from shared.contracts.fields import Timestamp, Uuid
from shared.contracts.ids import prepared, uuid5_text
from shared.contracts.programme import Nudge, NudgeKind
from shared.zones import zone

_CAUSES: Final = prepared(UUID("7c0e4b1d-55a1-5f0e-9c1e-2a6d8f3b7c21"))
_NUDGES: Final = prepared(UUID("c93f1b60-0d2a-5b6c-8e57-4f1d2a3b5c61"))
JOINED: Final = "member.joined.v1"
#: An event is of so many topics at most, and what one is called is as long at most.
TOPICS_MAX_COUNT: Final = 12
TOPIC_MAX_CHARS: Final = 100
CONDITIONS_MAX_COUNT: Final = 1_000
_A_DAY: Final = timedelta(days=1)
#: For how long a word is worth sending, by what it is about; that a streak ends today is until it ends.
WORTH: Final[Mapping[NudgeKind, timedelta]] = {
    "welcome": timedelta(days=7),
    "answered": timedelta(days=7),
    "waiting": timedelta(days=2),
    "thanks": timedelta(days=7),
}

MemberKey = tuple[str, str]  # community, member id


class Prompt(NamedTuple):
    """Something that a member may be nudged of, once it is due: by an event, by a celebration, or by neither."""

    community: str
    nudge: str
    cause_id: str
    member_id: str
    event_uid: str | None
    celebration_id: str | None
    due_at: datetime


class Answered(NamedTuple):
    """That a member answered something by an event: `thing_id` stands for it."""

    community: str
    thing_id: str
    event_uid: str
    member_id: str
    answered_at: datetime


class Interest(NamedTuple):
    """That a member answered in a topic (1), or what they answered was taken back (-1)."""

    community: str
    topic: str
    member_id: str
    by: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """What decides whether a member may get a nudge at a moment, of all that they are."""

    is_there: bool
    is_suspended: bool = False
    is_unwanted: bool = False
    is_in_audience: bool = True
    #: Whether they had this nudge for this cause, when they had it last, and how many of all within seven days.
    is_known: bool = False
    last_at: datetime | None = None
    of_week: int = 0


@dataclass(frozen=True, slots=True)
class Decided:
    """A member has an occasion for a nudge: they get it, or are held out."""

    community: str
    nudge_id: str
    nudge: str
    kind: NudgeKind
    title: str
    member_id: str
    cause_id: str
    held_out: bool
    decided_at: datetime
    event_uid: str | None
    celebration_id: str | None
    version: int

    @classmethod
    def of(cls, prompt: Prompt, nudge: Nudge, *, member_id: str, now: datetime, version: int) -> "Decided":
        """What is decided for a member by a prompt: by lot goes who they are, and never anything else."""
        return cls(
            prompt.community,
            uuid5_text(_NUDGES, f"{prompt.community}|{nudge.id}|{member_id}|{prompt.cause_id}"),
            nudge.id,
            nudge.kind,
            nudge.title,
            member_id,
            prompt.cause_id,
            is_drawn("nudge", prompt.community, nudge.id, member_id, percent=nudge.holdout_percent),
            now,
            prompt.event_uid,
            prompt.celebration_id,
            version,
        )

    def told(self, nudge: Nudge) -> NudgeData:
        """What the fact says."""
        data: NudgeData = {
            "nudge_id": self.nudge_id,
            "nudge": self.nudge,
            "kind": self.kind,
            "title": self.title,
            "member_id": self.member_id,
            "cause_id": self.cause_id,
            "held_out": self.held_out,
            "decided_at": self.decided_at,
            "wished": list(nudge.wished),
            "within_days": nudge.within_days,
            "programme_version": self.version,
        }
        if self.event_uid is not None:
            data["event_uid"] = self.event_uid
        if self.celebration_id is not None:
            data["celebration_id"] = self.celebration_id
        return data

    @classmethod
    def of_fact(cls, fact: NudgeDecided) -> "Decided":
        """What a fact told of."""
        data = fact["data"]
        return cls(
            fact["community"],
            data["nudge_id"],
            data["nudge"],
            data["kind"],
            data["title"],
            data["member_id"],
            data["cause_id"],
            data["held_out"],
            data["decided_at"],
            data.get("event_uid"),
            data.get("celebration_id"),
            data["programme_version"],
        )


class DecidedPlace(NamedTuple):
    """Where a page of what was decided ended."""

    decided_at: Timestamp
    nudge_id: Uuid

    @classmethod
    def of(cls, decided: Decided) -> "DecidedPlace":
        """The place of one."""
        return cls(decided.decided_at, decided.nudge_id)


def cause_of(*parts: str) -> str:
    """The id that stands for a cause, or for a thing that is asked or answered."""
    return uuid5_text(_CAUSES, "\x1f".join(parts))


def why_not(known: Known, nudge: Nudge, *, per_week: int, now: datetime) -> str | None:
    """Why somebody gets no nudge: they are `nobody` for it, it is `known`, or too `often`; None if they do."""
    if not known.is_there or known.is_suspended or known.is_unwanted or not known.is_in_audience:
        return "nobody"
    if known.is_known:
        return "known"
    is_soon = known.last_at is not None and known.last_at > now - nudge.every_days * _A_DAY
    return "often" if is_soon or known.of_week >= per_week else None


def answered_thing(event: Mapping[str, Any]) -> str | None:
    """What an event answers, as an id; None where it answers nothing."""
    answered = event["data"].get("in_reply_to")
    thing = answered.get("id") if isinstance(answered, Mapping) else None
    return None if thing is None else cause_of(event["source"], str(thing))


def asked_things(event: Mapping[str, Any]) -> set[str]:
    """As what an event may be answered, as ids: platforms name it by itself, or by what it is about."""
    thing = event["data"].get("object")
    named = {event["id"], *([thing["id"]] if isinstance(thing, Mapping) and "id" in thing else [])}
    return {cause_of(event["source"], str(one)) for one in named}


def topics_of(event: Mapping[str, Any]) -> list[str]:
    """What an event is about, as its platform says: its topic, its tags and its category, in lower case."""
    data = event["data"]
    attributes = data.get("attributes")
    tags = data.get("tags")
    said = [
        data.get("topic"),
        *(tags if isinstance(tags, list) else ()),
        *(attributes.get(name) for name in ("topic", "category") if isinstance(attributes, Mapping)),
    ]
    found = dict.fromkeys(one.casefold()[:TOPIC_MAX_CHARS] for one in said if isinstance(one, str) and one)
    return list(found)[:TOPICS_MAX_COUNT]


def meets(event: Mapping[str, Any], nudge: Nudge) -> bool:
    """Whether an event is one that leads to a nudge."""
    if event["type"] not in nudge.types:
        return False
    if nudge.when is None:
        return True
    condition = _condition(nudge.when)
    return condition is not None and holds(condition, context_of(event, condition.variables)) is True


@lru_cache(CONDITIONS_MAX_COUNT)
def _condition(when: str) -> Condition | None:
    """The compiled condition; None for one that never was one, which nothing meets."""
    try:
        return compile_condition(when)
    except ConditionError:
        return None


def hour_of(calendar: Calendar, hour: int, *, now: datetime, is_next: bool) -> datetime:
    """When clocks show an hour where somebody lives: today, or the next time from now on (`is_next`).

    An hour that clocks leave out is when they are put forward.
    """
    here = zone(calendar.zone_at(now))
    today = datetime.combine(calendar.date_of(now), time(hour), here)
    if is_next and today <= now:
        return datetime.combine(today.date() + _A_DAY, time(hour), here)
    return today


def ends_today(found: Standing, calendar: Calendar, *, now: datetime, nudge: Nudge) -> bool:
    """Whether a streak that is worth a word ends today, and no freeze keeps it."""
    if found.ends_at is None or found.left or found.current < nudge.least:
        return False
    return calendar.date_of(found.ends_at - timedelta(microseconds=1)) <= calendar.date_of(now)


def chosen(
    candidates: Iterable[str], known: Mapping[str, Known], nudge: Nudge, *, per_week: int, now: datetime
) -> Sequence[str]:
    """Who is asked of the candidates, best first: as many as may be, of those who may get it."""
    found: list[str] = []
    for one in candidates:
        if len(found) == nudge.asked_max_count:
            break
        if one not in found and why_not(known[one], nudge, per_week=per_week, now=now) is None:
            found.append(one)
    return found


def is_bot(event: Mapping[str, Any], attribute: str) -> bool:
    """Whether whoever an attribute of an event says is no person."""
    return attribute in event.get("bots", "").split()
